#include "runs/evaluate_run.h"

#include <torch/torch.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "libtorch/tensor_values.h"
#include "model_files/state_dict.h"
#include "models/network.h"
#include "runs/saved_model.h"
#include "training/config.h"

namespace evenkeel::runs {
namespace {

// Of a batch norm its running_var; of batch whitening, whose row of covariances per channel are those within
// its group, the diagonal.
torch::Tensor running_variance(const model_files::NamedTensors& tensors, const std::string& layer) {
  if (const auto* variance = tensors.find(layer + ".running_var")) return *variance;
  const auto& covariance = tensors[layer + ".running_covariance"];
  const auto size = covariance.size(1);
  return covariance.view({-1, size, size}).diagonal(0, 1, 2).reshape({-1});
}

std::vector<report::LayerState> layer_states(const models::Network& network) {
  constexpr std::string_view kMark = ".running_mean";
  const auto tensors = model_files::state_dict(network).tensors;
  std::vector<report::LayerState> layers;
  for (const auto& item : tensors) {
    if (!item.key().ends_with(kMark)) continue;
    const auto name = item.key().substr(0, item.key().size() - kMark.size());
    report::LayerState layer;
    layer.name = name;
    layer.running_mean = libtorch::values_of(item.value());
    layer.running_var = libtorch::values_of(running_variance(tensors, name));
    layer.weight = libtorch::values_of(tensors[name + ".weight"]);
    layer.bias = libtorch::values_of(tensors[name + ".bias"]);
    layers.push_back(std::move(layer));
  }
  return layers;
}

report::Misclassified picture_of(const training::Mistake& mistake, const data::Pictures& pictures) {
  const auto size = pictures.picture_bytes();
  const auto first = pictures.pixels.begin() + mistake.index * size;
  return {{first, first + size}, pictures.rows,
          pictures.columns,      pictures.labels[static_cast<std::size_t>(mistake.index)],
          mistake.predicted,     mistake.confidence,
          pictures.channels};
}

}  // namespace

training::Evaluation evaluate_run(const RunFolder& folder, const std::filesystem::path& model,
                                  const data::DataSet& data, int threads) {
  const auto config = training::read_config(folder.config());
  check_pictures(data, config);
  torch::set_num_threads(threads);
  const auto network = load_model(model, config);
  return training::evaluate(*network, data.test, config.pixels);
}

RunEvaluation describe(const models::Network& network, const training::Evaluation& evaluation,
                       const data::DataSet& data) {
  constexpr std::size_t kMost = 60;  // pictures on the page
  RunEvaluation result;
  auto& test = result.test;
  test.count = evaluation.count;
  test.errors = static_cast<std::int64_t>(evaluation.mistakes.size());
  test.class_names = data.class_names;
  for (const auto& row : evaluation.confusion) test.confusion.emplace_back(row.begin(), row.end());
  for (std::size_t i = 0; i < std::min(kMost, evaluation.mistakes.size()); ++i)
    test.misclassified.push_back(picture_of(evaluation.mistakes[i], data.test));
  result.layers = layer_states(network);
  return result;
}

}  // namespace evenkeel::runs
