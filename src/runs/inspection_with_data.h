// What running statistics are worth, measured on pictures.
#pragma once

#include <filesystem>
#include <string>

#include "data/data_set.h"
#include "evenkeel/inspect.h"
#include "training/config.h"

namespace evenkeel::models {
class Network;
}

namespace evenkeel::runs {

// Adds to the inspection of a network how far its running statistics are from those of the data, and how it does with
// either. Population: the first 4096 training pictures of the epoch's order, by Algorithm 2 in one pass for each layer, so
// that every layer sees what it gives out with population statistics before it. Batches: the same pictures in batches of
// config.batch_size, normalised by themselves. Gaps become findings. The network is afterwards as it was. Throws
// std::runtime_error with one line if the pictures do not fit it.
void add_data(Inspection& inspection, models::Network& network, const data::DataSet& data,
              const training::TrainConfig& config);

// The same for the network in a file: a model.pt or checkpoint.pt in its run folder, or a model.pt alone, which is taken for one of a run
// on that data set. `name` is what messages call it.
void add_data(Inspection& inspection, const std::filesystem::path& model, const std::string& name,
              const std::string& data, int threads);

}  // namespace evenkeel::runs
