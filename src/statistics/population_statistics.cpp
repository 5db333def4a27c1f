#include "evenkeel/population_statistics.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "evenkeel/batch_norm_layer.h"
#include "evenkeel/running_statistics.h"
#include "statistics/torch_norm_observer.h"

namespace evenkeel {
namespace {

using torch::Tensor;

// A batch norm of Evenkeel or of LibTorch, and what its statistics are.
struct Norm {
  std::string name;
  torch::nn::Module* module;
  BatchNormLayer* layer;  // null for LibTorch's
  Tensor running_mean, running_var, num_batches_tracked;

  RunningVariance kind() const {
    return layer ? layer->options.running_variance() : RunningVariance::kUnbiased;
  }
  bool is_measured() const {
    const bool frozen = layer != nullptr && (layer->frozen().statistics || layer->frozen().mode);
    return running_mean.defined() && !frozen;
  }
};

template <typename Layer>
bool add_torch_norm(std::vector<Norm>& norms, const std::string& name, torch::nn::Module& module) {
  const auto* layer = dynamic_cast<const Layer*>(&module);
  if (layer == nullptr) return false;
  const auto same = [&](const Norm& earlier) { return earlier.module == &module; };
  if (std::none_of(norms.begin(), norms.end(), same)) {
    norms.push_back(
        {name, &module, nullptr, layer->running_mean, layer->running_var, layer->num_batches_tracked});
  }
  return true;
}

std::vector<Norm> norms_of(torch::nn::Module& network) {
  std::vector<Norm> norms;
  for (const auto& [name, layer] : batch_norms(network)) {
    norms.push_back(
        {name, &layer.module(), &layer, layer.running_mean, layer.running_var, layer.num_batches_tracked});
  }
  network.apply([&](const std::string& name, torch::nn::Module& module) {
    add_torch_norm<torch::nn::BatchNorm1dImpl>(norms, name, module) ||
        add_torch_norm<torch::nn::BatchNorm2dImpl>(norms, name, module) ||
        add_torch_norm<torch::nn::BatchNorm3dImpl>(norms, name, module);
  });
  return norms;
}

// The network in evaluation mode, without a graph, and everything as it was at the end.
class EvaluationScope {
 public:
  explicit EvaluationScope(torch::nn::Module& network) : step_(network) {
    network.apply([this](torch::nn::Module& module) { modes_.emplace_back(&module, module.is_training()); });
    for (const auto& [name, layer] : batch_norms(network)) {
      observers_.emplace_back(&layer, layer.observer());
      layer.observe(nullptr);
    }
    network.eval();
  }

  ~EvaluationScope() {
    for (const auto& [layer, observer] : observers_) layer->observe_masked(observer);
    for (const auto& [module, training] : modes_)
      module->train(training);  // parents first: they tell their children
  }

  EvaluationScope(const EvaluationScope&) = delete;
  EvaluationScope& operator=(const EvaluationScope&) = delete;

 private:
  StatisticsTransaction step_;  // rolled back last
  std::vector<std::pair<torch::nn::Module*, bool>> modes_;
  std::vector<std::pair<BatchNormLayer*, BatchNormLayer::Observer>> observers_;
  torch::NoGradGuard no_graph_;
};

// Thrown through a forward whose rest nobody needs. No std::exception, so that a forward which handles those lets it pass.
struct ForwardIsDone {};

// What the observers of a network's batch norms fill, in the order in which these are called.
class Measurement {
 public:
  explicit Measurement(torch::nn::Module& network)
      : norms_(norms_of(network)), torchs_([this](const Tensor& running_mean, const Tensor& input) {
          for (const Norm& norm : norms_) {
            if (norm.layer == nullptr && norm.running_mean.is_same(running_mean)) see(norm, input, {});
          }
        }) {
    norms_.erase(std::remove_if(norms_.begin(), norms_.end(), [](const Norm& n) { return !n.is_measured(); }),
                 norms_.end());
    for (const Norm& norm : norms_) {
      if (norm.layer == nullptr) continue;
      norm.layer->observe_masked(
          [this, &norm](const Tensor& input, const Tensor& mask) { see(norm, input, mask); });
    }
  }

  // The layers in the order in which a forward calls them, and how often; those that it does not call are left out.
  void find_order(const std::function<void(std::int64_t)>& forward) {
    see_ = [this](const Norm& norm, const Tensor& input, const Tensor&) {
      const auto same = [&](const Called& earlier) { return earlier.norm == &norm; };
      const auto known = std::find_if(called_.begin(), called_.end(), same);
      if (known != called_.end()) {
        ++known->calls;
      } else {
        called_.push_back({&norm, 1, ChannelMoments(input.size(1))});
      }
    };
    run(forward, 0);
  }

  std::size_t size() const { return called_.size(); }
  const Norm& norm(std::size_t index) const { return *called_[index].norm; }
  const ChannelMoments& moments(std::size_t index) const { return called_[index].moments; }

  std::vector<LayerMoments> take() {
    std::vector<LayerMoments> result;
    for (Called& called : called_) result.push_back({called.norm->name, std::move(called.moments)});
    return result;
  }

  // All layers, over whole forwards.
  void measure_all(std::int64_t batches, const std::function<void(std::int64_t)>& forward) {
    see_ = [this](const Norm& norm, const Tensor& input, const Tensor& mask) {
      for (Called& called : called_) {
        if (called.norm == &norm) add(called, input, mask);
      }
    };
    for (std::int64_t batch = 0; batch < batches; ++batch) run(forward, batch);
  }

  // One layer, over forwards that end behind it.
  void measure(std::size_t index, std::int64_t batches, const std::function<void(std::int64_t)>& forward) {
    Called& called = called_[index];
    std::int64_t calls = 0;
    see_ = [&](const Norm& norm, const Tensor& input, const Tensor& mask) {
      if (&norm != called.norm) return;
      add(called, input, mask);
      // Out of LibTorch's layers there is no way but through.
      if (++calls == called.calls && norm.layer != nullptr) throw ForwardIsDone();
    };
    for (std::int64_t batch = 0; batch < batches; ++batch) {
      calls = 0;
      try {
        run(forward, batch);
      } catch (const ForwardIsDone&) {
        torchs_.rethrow();
      }
    }
  }

 private:
  struct Called {
    const Norm* norm;
    std::int64_t calls;  // in the first forward
    ChannelMoments moments;
  };

  static void add(Called& called, const Tensor& input, const Tensor& mask) {
    called.moments.merge(mask.defined() ? ChannelMoments::of(input, mask) : ChannelMoments::of(input));
  }

  void see(const Norm& norm, const Tensor& input, const Tensor& mask) {
    if (see_) see_(norm, input, mask);
  }

  void run(const std::function<void(std::int64_t)>& forward, std::int64_t batch) {
    forward(batch);
    torchs_.rethrow();
  }

  std::vector<Norm> norms_;
  std::vector<Called> called_;
  std::function<void(const Norm&, const Tensor&, const Tensor&)> see_;
  TorchNormObserver torchs_;
};

// Later layers see this one as the giant batch would: a batch is normalised with its biased variance.
void normalise_with(const Norm& norm, const ChannelMoments& moments) {
  norm.running_mean.copy_(moments.mean());
  norm.running_var.copy_(moments.variance(RunningVariance::kBiased));
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
  const EvaluationScope scope(network);
  Measurement measurement(network);
  measurement.find_order(forward);
  if (depth == Depth::kOnePass) {
    for (std::size_t i = 0; i < measurement.size(); ++i) measurement.norm(i).module->train();
    measurement.measure_all(batches, forward);
    return measurement.take();
  }
  for (std::size_t i = 0; i < measurement.size(); ++i) {
    measurement.measure(i, batches, forward);
    normalise_with(measurement.norm(i), measurement.moments(i));
  }
  return measurement.take();
}

std::vector<LayerMoments> estimate_population_statistics(torch::nn::Module& network, std::int64_t batches,
                                                         const std::function<void(std::int64_t)>& forward,
                                                         Depth depth) {
  std::vector<LayerMoments> measured = measure_population_statistics(network, batches, forward, depth);
  for (const LayerMoments& moments : measured) check_usable(moments);
  const torch::NoGradGuard no_graph;
  for (const Norm& norm : norms_of(network)) {
    const auto found = std::find_if(measured.begin(), measured.end(),
                                    [&](const LayerMoments& moments) { return moments.name == norm.name; });
    if (found == measured.end()) continue;
    norm.running_mean.copy_(found->moments.mean());
    norm.running_var.copy_(found->moments.variance(norm.kind()));
    norm.num_batches_tracked.fill_(batches);
  }
  return measured;
}

}  // namespace evenkeel
