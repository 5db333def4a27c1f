// The normalisations that a network of this program can have, by name.
#pragma once

#include <string>
#include <string_view>

namespace evenkeel::training {

enum class Norm {
  kBatch,  // Evenkeel's batch norm
  kTorch,  // LibTorch's batch norm
  kNone,   // nothing
};

std::string_view name_of(Norm norm);         // "batch", "torch", "none", ...
Norm norm_from_name(std::string_view name);  // throws std::runtime_error with one line for any other name
std::string norm_names();                    // "batch, torch, none", ...

}  // namespace evenkeel::training
