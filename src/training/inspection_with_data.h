// What running statistics are worth, measured on pictures.
#pragma once

#include "evenkeel/inspect.h"
#include "training/config.h"
#include "training/data/data_set.h"
#include "training/network.h"

namespace evenkeel::training {

// Adds to the inspection of a network how far its running statistics are from those of the data, and how it does with
// either. Population: the first 4096 training pictures of the epoch's order, by Algorithm 2 in one pass for each layer, so
// that every layer sees what it gives out with population statistics before it. Batches: the same pictures in batches of
// config.batch_size, normalised by themselves. Gaps become findings. The network is afterwards as it was. Throws
// std::runtime_error with one line if the pictures do not fit it.
void add_data(Inspection& inspection, Network& network, const DataSet& data, const TrainConfig& config);

}  // namespace evenkeel::training
