// The state of each batch norm, from tensors under names. Needs no LibTorch.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "evenkeel/inspect.h"

namespace evenkeel::model_files {

// A tensor or what stands in its place.
struct NormValue {
  std::string name;
  std::vector<std::int64_t> sizes;
  bool floating_point = false;
  std::string what;     // "Float [64]"
  std::string problem;  // why there is no tensor: "the Python object numpy.ndarray"; empty for a tensor
  std::function<std::vector<double>()> values;
};

// The batch norms among the values, in their order, with findings for what could not be read and no other.
std::vector<LayerInspection> find_layers(const std::vector<NormValue>& values);

// What is wrong with each of them, behind what was found before.
void add_defects(Inspection& inspection);

}  // namespace evenkeel::model_files
