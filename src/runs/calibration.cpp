#include "runs/calibration.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

#include "data/batches.h"
#include "evenkeel/batch_norm_layer.h"
#include "evenkeel/population_statistics.h"
#include "models/network.h"
#include "runs/saved_model.h"

namespace evenkeel::runs {
namespace {

struct Statistics {
  torch::Tensor mean;
  torch::Tensor variance;
};

std::map<std::string, Statistics> running_statistics(models::Network& network) {
  std::map<std::string, Statistics> statistics;
  for (const auto& [name, layer] : batch_norms(network)) {
    statistics[name] = {layer.running_mean.to(torch::kDouble), layer.running_var.to(torch::kDouble)};
  }
  return statistics;
}

double root_mean_square(const torch::Tensor& values) { return values.square().mean().sqrt().item<double>(); }

LayerChange change_of(const LayerMoments& layer, const Statistics& before) {
  const torch::Tensor variance = layer.moments.variance(RunningVariance::kUnbiased);
  // A dead channel has no deviation; the smallest normal float stands for it, so that no ratio is 0 / 0.
  const torch::Tensor deviation = variance.clamp_min(std::numeric_limits<float>::min()).sqrt();
  const torch::Tensor before_deviation = before.variance.clamp_min(std::numeric_limits<float>::min()).sqrt();
  return {layer.name, layer.moments.channels(),
          root_mean_square((layer.moments.mean() - before.mean) / deviation),
          std::exp(2 * root_mean_square((deviation / before_deviation).log()))};
}

void check(const CalibrationSettings& settings, std::int64_t pictures) {
  if (settings.batch_size < 1 || settings.batch_size > pictures)
    throw std::runtime_error(
        fmt::format("batch size: expected 1 to {} pictures, found {}", pictures, settings.batch_size));
  const std::int64_t most = (pictures + settings.batch_size - 1) / settings.batch_size;
  if (settings.batches < 0 || settings.batches > most)
    throw std::runtime_error(fmt::format("batches: expected 0 to {} of {} pictures, found {}", most,
                                         settings.batch_size, settings.batches));
}

}  // namespace

double Calibration::noise() const {
  std::set<std::int64_t> wrong_before;
  for (const auto& mistake : before.mistakes) wrong_before.insert(mistake.index);
  std::size_t both = 0;
  for (const auto& mistake : after.mistakes) both += wrong_before.count(mistake.index);
  const auto one_alone = before.mistakes.size() + after.mistakes.size() - 2 * both;
  return before.count == 0
             ? 0
             : 2 * std::sqrt(static_cast<double>(one_alone)) / static_cast<double>(before.count);
}

Calibration calibrate(models::Network& network, const data::DataSet& data,
                      const training::TrainConfig& config, const CalibrationSettings& settings,
                      const CalibrationProgress& progress) {
  training::check_pictures(data, config);
  const auto available = training::training_pictures(config, data.train.count);
  check(settings, available);
  const auto before = running_statistics(network);
  if (before.empty())
    throw std::runtime_error("expected a network with batch norm to calibrate, found one without");

  auto order = data::shuffled_order(available, config.seed, 0);
  if (settings.batches > 0)
    order.resize(static_cast<std::size_t>(std::min(available, settings.batches * settings.batch_size)));
  const data::Batches batches(data.train, config.pixels, std::move(order), settings.batch_size);
  Calibration result;
  result.batches = batches.count();
  result.pictures = batches.pictures();
  result.before = training::evaluate(network, data.test, config.pixels);

  const auto passes = !settings.one_pass ? static_cast<std::int64_t>(before.size()) : 1;
  std::int64_t done = 0;
  const auto forward = [&](std::int64_t batch) {
    // One batch finds the order of the layers; a forward need not end.
    progress(++done, passes * result.batches + 1);
    network.forward(batches[batch].pictures);
  };
  for (const LayerMoments& layer : estimate_population_statistics(
           network, result.batches, forward, settings.one_pass ? Depth::kOnePass : Depth::kExact)) {
    result.layers.push_back(change_of(layer, before.at(layer.name)));
  }
  result.after = training::evaluate(network, data.test, config.pixels);
  return result;
}

Calibration calibrate_run(const RunFolder& folder, const std::string& data_name,
                          const std::filesystem::path& file, const CalibrationSettings& settings, int threads,
                          const CalibrationProgress& progress) {
  auto config = training::read_config(folder.config());
  models::check_is_batch_norm(config.norm, folder.path.string(), "calibrate");
  const auto data = data::open_data_set(data_name);
  // The limit was one of the run's pictures.
  if (data::full_name(data_name) != data::full_name(config.data)) config.limit_pictures = 0;
  config.norm = models::Norm::kBatch;
  torch::set_num_threads(threads);
  const auto network = load_model(folder.model(), config);
  auto result = calibrate(*network, data, config, settings, progress);
  save_model(file, *network);
  return result;
}

}  // namespace evenkeel::runs
