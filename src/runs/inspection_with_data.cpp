#include "runs/inspection_with_data.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <utility>

#include "data/batches.h"
#include "evenkeel/batch_norm_layer.h"
#include "evenkeel/population_statistics.h"
#include "evenkeel/running_statistics.h"
#include "libtorch/tensor_values.h"
#include "models/network.h"
#include "runs/run_folder.h"
#include "runs/saved_model.h"
#include "training/evaluation.h"

namespace evenkeel::runs {
namespace {

constexpr std::size_t kMostPictures = 4096;

using data::Batches;

// A last batch of one picture is left out: it has no variance.
std::int64_t usable(const Batches& batches, const training::TrainConfig& config) {
  return data::batches_per_epoch(batches.pictures(), config.batch_size);
}

Batches sample(const data::Pictures& pictures, const training::TrainConfig& config) {
  auto order = data::shuffled_order(training::training_pictures(config, pictures.count), config.seed, 0);
  order.resize(std::min(order.size(), kMostPictures));
  return {pictures, config.pixels, std::move(order), config.batch_size};
}

// Each batch normalised with its own statistics, as in training; the network's stay as they are.
void run_in_training_mode(models::Network& network, const Batches& batches, std::int64_t count,
                          const std::function<void(const data::Batch&, const torch::Tensor& logits)>& use) {
  const bool was_training = network.is_training();
  const torch::NoGradGuard no_gradients;
  const NoStatisticsUpdateGuard no_update;
  network.train();
  for (std::int64_t i = 0; i < count; ++i) {
    const auto batch = batches[i];
    use(batch, network.forward(batch.pictures));
  }
  network.train(was_training);
}

double accuracy_by_batch(models::Network& network, const data::Pictures& pictures,
                         const training::TrainConfig& config) {
  const Batches batches(pictures, config.pixels, config.batch_size);
  std::int64_t right = 0;
  std::int64_t count = 0;
  run_in_training_mode(network, batches, usable(batches, config),
                       [&](const data::Batch& batch, const auto& logits) {
                         right += logits.argmax(1).eq(batch.labels).sum().template item<std::int64_t>();
                         count += batch.labels.size(0);
                       });
  return static_cast<double>(right) / static_cast<double>(std::max<std::int64_t>(count, 1));
}

// Mean and variance of a layer's input, and how far they are from those of the population.
struct Distance {
  double mean = 0;          // mean over channels of ((mean - population mean) / population std)^2
  double log_variance = 0;  // mean over channels of ln(variance / population variance)^2
};

Distance distance(const torch::Tensor& mean, const torch::Tensor& variance,
                  const ChannelMoments& population) {
  // A channel that is constant in the data has no scale to measure with.
  const auto population_variance = population.variance(RunningVariance::kUnbiased);
  const auto varies = population_variance.gt(0).logical_and(variance.to(torch::kFloat64).gt(0));
  const auto mean_of = [&](const torch::Tensor& squares) {
    return varies.any().item<bool>() ? squares.masked_select(varies).mean().item<double>() : 0;
  };
  return {mean_of((mean.to(torch::kFloat64) - population.mean()).square() / population_variance),
          mean_of((variance.to(torch::kFloat64) / population_variance).log().square())};
}

// Root mean square over channels and batches of the distance of single batches.
std::map<std::string, Distance> batch_noise(models::Network& network, const Batches& batches,
                                            std::int64_t count,
                                            const std::map<std::string, ChannelMoments>& population) {
  std::map<std::string, Distance> noise;
  const auto layers = batch_norms(network);
  for (const auto& [name, layer] : layers) {
    layer.observe([&noise, &population, key = name](const torch::Tensor& input) {
      const auto moments = ChannelMoments::of(input);
      const auto one =
          distance(moments.mean(), moments.variance(RunningVariance::kUnbiased), population.at(key));
      noise[key].mean += one.mean;
      noise[key].log_variance += one.log_variance;
    });
  }
  run_in_training_mode(network, batches, count, [](const data::Batch&, const torch::Tensor&) {});
  for (const auto& [name, layer] : layers) layer.observe({});
  for (auto& [name, sum] : noise) {
    sum.mean = std::sqrt(sum.mean / static_cast<double>(count));
    sum.log_variance = std::sqrt(sum.log_variance / static_cast<double>(count));
  }
  return noise;
}

void add_findings(LayerInspection& layer) {
  const auto add = [&](Defect defect, std::string what) {
    layer.findings.push_back({defect, Severity::kWarning, std::move(what), {}});
  };
  if (layer.gap->mean_gap > kMeanGapInStd)
    add(Defect::kMeanGap, fmt::format("running means are {:.2g} standard deviations from those of the data",
                                      layer.gap->mean_gap));
  if (layer.gap->log_variance_gap > kLogVarianceGap)
    add(Defect::kVarianceGap,
        fmt::format("running variances are off by a factor of {:.2g} from those of the data",
                    std::exp(layer.gap->log_variance_gap)));
}

// The settings of the run that the model lies in; a model alone takes those that a run on the data would have.
training::TrainConfig config_for(const std::filesystem::path& model, const data::DataSet& data) {
  const RunFolder folder{model.parent_path()};
  if (std::filesystem::exists(folder.config())) return training::read_config(folder.config());
  training::TrainConfig config;
  recognise_model(model, config);
  config.pixels = data::measure_pixels(data.train, training::training_pictures(config, data.train.count));
  return config;
}

}  // namespace

void add_data(Inspection& inspection, models::Network& network, const data::DataSet& data,
              const training::TrainConfig& config) {
  training::check_pictures(data, config);
  const auto batches = sample(data.train, config);
  const auto count = usable(batches, config);
  Accuracies accuracies;
  accuracies.running = training::evaluate(network, data.test, config.pixels).accuracy();
  accuracies.batch = accuracy_by_batch(network, data.test, config);

  std::map<std::string, ChannelMoments> population;
  {
    const StatisticsTransaction put_back(network);
    for (auto& layer : estimate_population_statistics(
             network, count, [&](std::int64_t i) { network.forward(batches[i].pictures); }))
      population.emplace(layer.name, std::move(layer.moments));
    accuracies.population = training::evaluate(network, data.test, config.pixels).accuracy();
  }
  inspection.accuracies = accuracies;

  const auto noise = batch_noise(network, batches, count, population);
  for (const auto& [name, layer] : batch_norms(network)) {
    for (auto& inspected : inspection.layers) {
      const auto& known_as = inspected.state.name;  // in a checkpoint it is a part of what there is
      if ((known_as != name && known_as != "model." + name) || !population.contains(name)) continue;
      const auto& moments = population.at(name);
      const auto gap = distance(layer.running_mean, layer.running_var, moments);
      inspected.gap = {libtorch::values_of(moments.mean()),
                       libtorch::values_of(moments.variance(RunningVariance::kUnbiased)),
                       std::sqrt(gap.mean),
                       std::sqrt(gap.log_variance),
                       noise.at(name).mean,
                       noise.at(name).log_variance};
      add_findings(inspected);
    }
  }
}

void add_data(Inspection& inspection, const std::filesystem::path& model, const std::string& name,
              const std::string& data_name, int threads) {
  const auto data = data::open_data_set(data_name);
  auto config = config_for(model, data);
  models::check_is_batch_norm(config.norm, name, "inspect with pictures");
  if (inspection.layers.empty()) return;
  // The limit was one of the run's pictures.
  if (data::full_name(data_name) != data::full_name(config.data)) config.limit_pictures = 0;
  config.norm = models::Norm::kBatch;
  const auto network = load_model(model, config);
  torch::set_num_threads(threads);
  add_data(inspection, *network, data, config);
}

}  // namespace evenkeel::runs
