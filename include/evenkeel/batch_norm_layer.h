// What BatchNorm1d, 2d and 3d are to a program that walks a network: one kind of layer, with statistics that
// have a life of their own.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/batch_norm_options.h"

#pragma GCC visibility push(default)
namespace evenkeel {

// Parts of a layer that training leaves alone, each for itself. They stay frozen whatever train(), requires_grad_() or an
// optimiser do, are copied by clone(), go with torch::save and with state dict files, and print.
struct Frozen {
  // The running statistics: a training call normalises with those of the batch and updates nothing.
  bool statistics = false;
  // weight and bias: no gradient reaches them, so that no optimiser changes them.
  bool affine = false;
  // The mode: the layer stays in evaluation mode and normalises with its running statistics. Its backward is
  // the cheap one, for statistics that are constants.
  bool mode = false;

  static constexpr Frozen all() { return {true, true, true}; }
  bool any() const { return statistics || affine || mode; }

  // 1 for the statistics, 2 for the affine part, 4 for the mode: how archives and files keep it.
  std::int64_t bits() const { return (statistics ? 1 : 0) | (affine ? 2 : 0) | (mode ? 4 : 0); }
  static Frozen from_bits(std::int64_t bits) { return {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0}; }
  bool operator==(const Frozen&) const = default;
};

std::ostream& operator<<(std::ostream& stream, const Frozen& frozen);  // "statistics+affine+mode"

// The base of BatchNorm1d, 2d and 3d. A layer in evaluation mode may be called from several threads at once;
// everything else has to take turns.
class BatchNormLayer {
 public:
  explicit BatchNormLayer(const BatchNormOptions& options) : options(options) {}
  virtual ~BatchNormLayer() = default;

  // Freezes the parts that are set, in addition to those that are frozen already: freeze({.statistics = true}).
  // Freezing the affine part drops its gradients: an optimiser's next step must not use them. Throws c10::Error for
  // the mode of a layer without running statistics.
  void freeze(Frozen parts = Frozen::all());
  // Lets go of the parts that are set. The layer then stays in evaluation mode until train() is called.
  void unfreeze(Frozen parts = Frozen::all());
  // These parts and no others.
  void set_frozen(Frozen parts);
  const Frozen& frozen() const { return frozen_; }

  // Is called with the input of every forward, before anything else is done with it and without recording a graph;
  // an empty function takes it away again. It must not call observe(). Not part of a clone. One at a time.
  void observe(std::function<void(const torch::Tensor& input)> observer);

  // The same, with the mask of the forward beside its input; undefined if it has none.
  using Observer = std::function<void(const torch::Tensor& input, const torch::Tensor& mask)>;
  void observe_masked(Observer observer) { observer_ = std::move(observer); }

  const Observer& observer() const { return observer_; }

  // Batches that options.non_finite() kept out of the running statistics.
  std::int64_t skipped_batches() const { return skipped_batches_; }

  // The layer as the module it is.
  virtual torch::nn::Module& module() = 0;

  // Which kind of input: 1, 2 or 3 for (N, C[, L]), (N, C, H, W), (N, C, D, H, W).
  virtual int spatial_dimensions() const = 0;

  BatchNormOptions options;

  // Those of the module, registered under these names. Another tensor assigned to one of them would be computed with and never
  // saved, converted or trained, so that every call of the layer then throws c10::Error: write `running_mean.copy_(values)`,
  // without recording a graph, or `running_mean.set_data(values)`.
  torch::Tensor weight;
  torch::Tensor bias;
  torch::Tensor running_mean;
  torch::Tensor running_var;
  torch::Tensor num_batches_tracked;

  // Throws c10::Error unless the tensors above are those that the module registered.
  void check_members() const;

 protected:
  std::array<torch::Tensor, 5> registered_;  // in the order above
  Frozen frozen_;
  Observer observer_;
  std::int64_t skipped_batches_ = 0;
};

// A layer of a network and where it is: "features.1", as in its state dict.
struct NamedBatchNorm {
  std::string name;
  BatchNormLayer& layer;
};

// Evenkeel's batch norms in a network, in the order of its modules; the network itself counts, with an empty name.
// The references are good as long as the network is.
std::vector<NamedBatchNorm> batch_norms(torch::nn::Module& network);

// Those whose name matches a shell pattern (*, ?, [...]; * also matches a dot). Throws c10::Error if none does.
std::vector<NamedBatchNorm> batch_norms(torch::nn::Module& network, const std::string& pattern);

// Tells every layer its name, for messages.
void name_batch_norms(torch::nn::Module& network);

// Puts the layers that match in evaluation mode and freezes them whole: statistics, weight and bias, and the mode.
// Returns how many there are. Throws c10::Error if none matches.
std::size_t freeze(torch::nn::Module& network, const std::string& pattern = "*");
std::size_t unfreeze(torch::nn::Module& network, const std::string& pattern = "*");

}  // namespace evenkeel
#pragma GCC visibility pop
