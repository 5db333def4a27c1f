#include "evenkeel/batch_norm_layer.h"

#include <fnmatch.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <utility>

#include "libtorch/check.h"

namespace evenkeel {

using torch::Tensor;

std::ostream& operator<<(std::ostream& stream, const Frozen& frozen) {
  const char* separator = "";
  const auto part = [&](bool is_frozen, const char* name) {
    if (is_frozen) stream << separator << name;
    if (is_frozen) separator = "+";
  };
  part(frozen.statistics, "statistics");
  part(frozen.affine, "affine");
  part(frozen.mode, "mode");
  return stream;
}

void BatchNormLayer::observe(std::function<void(const Tensor& input)> observer) {
  observer_ = nullptr;
  if (observer) observer_ = [seen = std::move(observer)](const Tensor& input, const Tensor&) { seen(input); };
}

void BatchNormLayer::freeze(Frozen parts) { set_frozen(Frozen::from_bits(frozen_.bits() | parts.bits())); }

void BatchNormLayer::unfreeze(Frozen parts) { set_frozen(Frozen::from_bits(frozen_.bits() & ~parts.bits())); }

void BatchNormLayer::set_frozen(Frozen parts) {
  TORCH_CHECK(!parts.mode || running_mean.defined(), "[freeze] ",
              options.name().empty() ? "" : options.name() + ": ",
              "expected running statistics to freeze the mode of a layer, got one without");
  frozen_ = parts;
  if (parts.mode) module().eval();
  if (!parts.affine) return;
  for (Tensor* parameter : {&weight, &bias}) {
    if (parameter->defined()) parameter->mutable_grad().reset();
  }
}

void BatchNormLayer::check_members() const {
  static constexpr std::array kNames{"weight", "bias", "running_mean", "running_var", "num_batches_tracked"};
  const std::array<const Tensor*, 5> members{&weight, &bias, &running_mean, &running_var,
                                             &num_batches_tracked};
  for (std::size_t i = 0; i < members.size(); ++i) {
    TORCH_CHECK(members[i]->is_same(registered_[i]), "[batch_norm] expected ", kNames[i],
                " to be the tensor that the module registered, found another one assigned: use ", kNames[i],
                ".copy_() or set_data()");
  }
}

std::vector<NamedBatchNorm> batch_norms(torch::nn::Module& network) {
  std::vector<NamedBatchNorm> found;
  network.apply([&](const std::string& name, torch::nn::Module& module) {
    auto* layer = dynamic_cast<BatchNormLayer*>(&module);
    const auto same = [layer](const NamedBatchNorm& earlier) { return &earlier.layer == layer; };
    // A layer that stands in two places has one name, the first, as among Python's named_modules().
    if (layer == nullptr || std::any_of(found.begin(), found.end(), same)) return;
    libtorch::with_name(name, [layer] { layer->check_members(); });
    found.push_back({name, *layer});
  });
  return found;
}

std::vector<NamedBatchNorm> batch_norms(torch::nn::Module& network, const std::string& pattern) {
  std::vector<NamedBatchNorm> matching;
  for (const auto& found : batch_norms(network)) {
    if (fnmatch(pattern.c_str(), found.name.c_str(), 0) == 0) matching.push_back(found);
  }
  TORCH_CHECK(!matching.empty(), "[batch_norms] expected a batch norm with a name like \"", pattern,
              "\", got a network without");
  return matching;
}

void name_batch_norms(torch::nn::Module& network) {
  for (const auto& [name, layer] : batch_norms(network)) layer.options.name(name);
}

std::size_t freeze(torch::nn::Module& network, const std::string& pattern) {
  const auto layers = batch_norms(network, pattern);
  for (const auto& [name, layer] : layers) layer.freeze();
  return layers.size();
}

std::size_t unfreeze(torch::nn::Module& network, const std::string& pattern) {
  const auto layers = batch_norms(network, pattern);
  for (const auto& [name, layer] : layers) layer.unfreeze();
  return layers.size();
}

}  // namespace evenkeel
