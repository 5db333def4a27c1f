#include "runs/evaluate_run.h"

#include <torch/torch.h>

#include "runs/saved_model.h"
#include "training/config.h"

namespace evenkeel::runs {

training::Evaluation evaluate_run(const RunFolder& folder, const std::filesystem::path& model,
                                  const data::DataSet& data, int threads) {
  const auto config = training::read_config(folder.config());
  check_pictures(data, config);
  torch::set_num_threads(threads);
  const auto network = load_model(model, config);
  return training::evaluate(*network, data.test, config.pixels);
}

}  // namespace evenkeel::runs
