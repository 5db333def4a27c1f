#include "model_files/state_dict.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>
#include <utility>

#include "evenkeel/batch_norm_layer.h"
#include "libtorch/check.h"

namespace evenkeel::model_files {
namespace {

// Version 2 of a batch norm is the one with num_batches_tracked; every other layer we use is version 1.
constexpr std::int64_t kVersion = 1;
constexpr std::int64_t kVersionWithBatchCounter = 2;

}  // namespace

std::string describe(const torch::Tensor& tensor) {
  return fmt::format("{} [{}]", torch::toString(tensor.scalar_type()), fmt::join(tensor.sizes(), ", "));
}

torch::Tensor in_memory(const std::string& name, const torch::Tensor& tensor) {
  if (tensor.is_meta() || tensor.layout() != torch::kStrided)
    throw std::runtime_error(
        fmt::format("\"{}\": expected a dense tensor with values to save, found {} on {}", name,
                    describe(tensor), tensor.device().str()));
  return tensor.detach().cpu().resolve_conj().resolve_neg().contiguous();
}

StateDict state_dict(const torch::nn::Module& root) {
  StateDict state;
  for (const auto& module : root.named_modules(/*name_prefix=*/std::string(), /*include_self=*/true)) {
    const std::string prefix = module.key().empty() ? "" : module.key() + ".";
    const auto buffers = module.value()->named_buffers(/*recurse=*/false);
    for (const auto& parameter : module.value()->named_parameters(/*recurse=*/false))
      state.tensors.insert(prefix + parameter.key(), parameter.value().detach());
    for (const auto& buffer : buffers) state.tensors.insert(prefix + buffer.key(), buffer.value());
    ModuleMetadata metadata{module.key(), kVersion, std::nullopt};
    if (buffers.contains("num_batches_tracked")) metadata.version = kVersionWithBatchCounter;
    if (const auto* layer = dynamic_cast<const BatchNormLayer*>(module.value().get())) {
      libtorch::with_name(module.key(), [layer] { layer->check_members(); });
      metadata.frozen = layer->frozen().bits();
    }
    state.modules.push_back(std::move(metadata));
  }
  return state;
}

void copy_tensors(const NamedTensors& target, const NamedTensors& source) {
  for (const auto& item : target) {
    const auto* given = source.find(item.key());
    if (given == nullptr)
      throw std::runtime_error(fmt::format("expected a tensor \"{}\", found none of that name", item.key()));
    if (given->sizes() != item.value().sizes() || given->scalar_type() != item.value().scalar_type())
      throw std::runtime_error(
          fmt::format("\"{}\": expected {}, found {}", item.key(), describe(item.value()), describe(*given)));
  }
  for (const auto& item : source)
    if (!target.contains(item.key()))
      throw std::runtime_error(
          fmt::format("expected {} tensors, found one more: \"{}\"", target.size(), item.key()));
  torch::NoGradGuard no_grad;
  for (const auto& item : target) item.value().copy_(source[item.key()]);
}

}  // namespace evenkeel::model_files
