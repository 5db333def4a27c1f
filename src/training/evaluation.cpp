#include "training/evaluation.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "data/batches.h"
#include "models/network.h"

namespace evenkeel::training {
namespace {

void add(const torch::Tensor& logits, const torch::Tensor& labels, Evaluation& result) {
  const auto [confidence, predicted] = logits.softmax(1).max(1);
  const auto confidences = confidence.accessor<float, 1>();
  const auto predictions = predicted.accessor<std::int64_t, 1>();
  const auto truths = labels.accessor<std::int64_t, 1>();
  for (std::int64_t i = 0; i < labels.size(0); ++i, ++result.count) {
    ++result.confusion[static_cast<std::size_t>(truths[i])][static_cast<std::size_t>(predictions[i])];
    if (predictions[i] != truths[i])
      result.mistakes.push_back({result.count, static_cast<int>(predictions[i]), confidences[i]});
  }
}

// A network that has broken is sure of nothing, not even in its confidence.
double rank(const Mistake& mistake) { return std::isnan(mistake.confidence) ? -1 : mistake.confidence; }

}  // namespace

Evaluation evaluate(models::Network& network, const data::Pictures& pictures,
                    const data::PixelScale& pixels) {
  constexpr std::int64_t kBatchSize = 250;
  const bool was_training = network.is_training();
  const torch::InferenceMode no_gradients;
  network.eval();

  Evaluation result;
  const data::Batches batches(pictures, pixels, kBatchSize);
  for (std::int64_t i = 0; i < batches.count(); ++i) {
    const auto batch = batches[i];
    add(network.forward(batch.pictures), batch.labels, result);
  }
  std::stable_sort(result.mistakes.begin(), result.mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return rank(a) > rank(b); });
  network.train(was_training);
  return result;
}

void check_pictures(const data::DataSet& data, const TrainConfig& config) {
  const auto shape = models::picture_shape(config.model);
  for (const auto* pictures : {&data.train, &data.test}) {
    if (pictures->channels != shape.channels || pictures->rows != shape.rows ||
        pictures->columns != shape.columns)
      throw std::runtime_error(
          fmt::format("{}: expected pictures of {} x {} x {} for the model {}, found {} x {} x {}", data.name,
                      shape.channels, shape.rows, shape.columns, name_of(config.model), pictures->channels,
                      pictures->rows, pictures->columns));
    if (pictures->count < 2)
      throw std::runtime_error(fmt::format("{}: expected at least 2 pictures to train and to test, found {}",
                                           data.name, pictures->count));
  }
  if (data.classes != models::kClasses)
    throw std::runtime_error(
        fmt::format("{}: expected {} classes, found {}", data.name, models::kClasses, data.classes));
}

}  // namespace evenkeel::training
