#include "evenkeel/population_statistics.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "evenkeel/batch_norm_layer.h"
#include "evenkeel/running_statistics.h"

namespace evenkeel {
namespace {

using torch::Tensor;

bool is_measured(const BatchNormLayer& layer) {
  return layer.running_mean.defined() && !layer.frozen().statistics && !layer.frozen().mode;
}

// The network in evaluation mode, without a graph, and everything as it was at the end.
class EvaluationScope {
 public:
  explicit EvaluationScope(torch::nn::Module& network)
      : network_(network), statistics_(RunningStatistics::of(network)) {
    network.apply([this](torch::nn::Module& module) { modes_.emplace_back(&module, module.is_training()); });
    for (const auto& [name, layer] : batch_norms(network)) {
      observers_.emplace_back(&layer, layer.observer());
      layer.observe(nullptr);
    }
    network.eval();
  }

  ~EvaluationScope() {
    for (const auto& [layer, observer] : observers_) layer->observe(observer);
    for (const auto& [module, training] : modes_)
      module->train(training);  // parents first: they tell their children
    statistics_.copy_to(network_);
  }

  EvaluationScope(const EvaluationScope&) = delete;
  EvaluationScope& operator=(const EvaluationScope&) = delete;

 private:
  torch::nn::Module& network_;
  RunningStatistics statistics_;
  std::vector<std::pair<torch::nn::Module*, bool>> modes_;
  std::vector<std::pair<BatchNormLayer*, std::function<void(const Tensor&)>>> observers_;
  torch::NoGradGuard no_graph_;
};

// What observers fill, in the order in which the layers are called.
class Measurement {
 public:
  explicit Measurement(torch::nn::Module& network) {
    for (const auto& named : batch_norms(network)) {
      if (is_measured(named.layer)) waiting_.push_back(named);
    }
  }

  // The layers in the order in which a forward calls them; those that it does not call are left out.
  void find_order(const std::function<void(std::int64_t)>& forward) {
    for (const auto& named : waiting_) {
      named.layer.observe([this, named](const Tensor& input) {
        const auto same = [&](const NamedBatchNorm& earlier) { return &earlier.layer == &named.layer; };
        if (std::any_of(called_.begin(), called_.end(), same)) return;
        called_.push_back(named);
        moments_.push_back({named.name, ChannelMoments(input.size(1))});
      });
    }
    forward(0);
    for (const auto& named : waiting_) named.layer.observe(nullptr);
  }

  std::size_t size() const { return called_.size(); }
  BatchNormLayer& layer(std::size_t index) const { return called_[index].layer; }
  const ChannelMoments& moments(std::size_t index) const { return moments_[index].moments; }
  std::vector<LayerMoments> take() { return std::move(moments_); }

  void start(std::size_t index) {
    layer(index).observe(
        [this, index](const Tensor& input) { moments_[index].moments.merge(ChannelMoments::of(input)); });
  }

  void stop(std::size_t index) { layer(index).observe(nullptr); }

 private:
  std::vector<NamedBatchNorm> waiting_;
  std::vector<NamedBatchNorm> called_;
  std::vector<LayerMoments> moments_;
};

void run_all(std::int64_t batches, const std::function<void(std::int64_t)>& forward) {
  for (std::int64_t batch = 0; batch < batches; ++batch) forward(batch);
}

// Later layers see this one as the giant batch would: a batch is normalised with its biased variance.
void normalise_with(BatchNormLayer& layer, const ChannelMoments& moments) {
  layer.running_mean.copy_(moments.mean());
  layer.running_var.copy_(moments.variance(RunningVariance::kBiased));
}

void check_usable(const LayerMoments& measured) {
  const ChannelMoments& moments = measured.moments;
  TORCH_CHECK(moments.count().gt(1).all().item<bool>(), "[population_statistics] ", measured.name,
              ": expected more than 1 value per channel, got ", moments.count().min().item<double>());
  const auto finite = torch::isfinite(moments.mean()) & torch::isfinite(moments.m2());
  TORCH_CHECK(finite.all().item<bool>(), "[population_statistics] ", measured.name,
              ": expected finite inputs, got NaN or Inf in ", finite.logical_not().sum().item<std::int64_t>(),
              " of ", moments.channels(), " channels");
}

}  // namespace

std::vector<LayerMoments> measure_population_statistics(torch::nn::Module& network, std::int64_t batches,
                                                        const std::function<void(std::int64_t)>& forward,
                                                        Depth depth) {
  TORCH_CHECK(batches >= 1, "[population_statistics] expected at least 1 batch, got ", batches);
  Measurement measurement(network);
  const EvaluationScope scope(network);
  measurement.find_order(forward);
  for (std::size_t i = 0; i < measurement.size(); ++i) {
    measurement.start(i);
    if (depth == Depth::kOnePass) {
      measurement.layer(i).module().train();
    } else {
      run_all(batches, forward);
      measurement.stop(i);
      normalise_with(measurement.layer(i), measurement.moments(i));
    }
  }
  if (depth == Depth::kOnePass) run_all(batches, forward);
  return measurement.take();
}

std::vector<LayerMoments> estimate_population_statistics(torch::nn::Module& network, std::int64_t batches,
                                                         const std::function<void(std::int64_t)>& forward,
                                                         Depth depth) {
  std::vector<LayerMoments> measured = measure_population_statistics(network, batches, forward, depth);
  for (const LayerMoments& moments : measured) check_usable(moments);
  const torch::NoGradGuard no_graph;
  for (const auto& [name, layer] : batch_norms(network)) {
    const auto found =
        std::find_if(measured.begin(), measured.end(),
                     [&name = name](const LayerMoments& moments) { return moments.name == name; });
    if (found == measured.end()) continue;
    layer.running_mean.copy_(found->moments.mean());
    layer.running_var.copy_(found->moments.variance(layer.options.running_variance()));
    layer.num_batches_tracked.fill_(batches);
  }
  return measured;
}

}  // namespace evenkeel
