// The batch norms of a network in memory.
#include "evenkeel/inspect.h"

#include <torch/types.h>

#include "evenkeel/batch_norm_layer.h"
#include "libtorch/tensor_values.h"
#include "model_files/norm_states.h"
#include "model_files/state_dict.h"

namespace evenkeel {

Inspection inspect(const torch::nn::Module& network) {
  const auto tensors = model_files::state_dict(network).tensors;
  std::vector<model_files::NormValue> values;
  for (const auto& item : tensors) {
    const auto tensor = item.value();
    values.push_back({item.key(), tensor.sizes().vec(), tensor.is_floating_point(),
                      model_files::describe(tensor), "", [tensor] { return libtorch::values_of(tensor); }});
  }
  Inspection inspection{"network", model_files::find_layers(values), {}};
  for (const auto& module : network.named_modules()) {
    const auto* norm = dynamic_cast<const BatchNormLayer*>(module.value().get());
    if (norm == nullptr) continue;
    for (auto& layer : inspection.layers) {
      if (layer.state.name != module.key()) continue;
      layer.state.eps = norm->options.eps();
      layer.state.momentum = norm->options.momentum().value_or(0);
      layer.state.settings_assumed = false;
    }
  }
  model_files::add_defects(inspection);
  return inspection;
}

}  // namespace evenkeel
