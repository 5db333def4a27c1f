// Which names of a file belong to a batch norm, however its framework calls them. Needs no LibTorch.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace evenkeel::model_files {

enum class NormNaming { kTorch, kKeras, kFlax, kOnnx, kOther };

// A batch norm's name and where its parts are in the list of names.
struct NormParts {
  std::string layer;
  NormNaming naming = NormNaming::kTorch;
  std::optional<std::size_t> mean, variance, weight, bias, counter;
};

// The batch norms of a file, in the order of their statistics. A layer is known by them: running_mean and running_var (PyTorch,
// MXNet), moving_mean and moving_variance (TensorFlow, Keras, MindSpore), batch_stats/.../mean and var (Flax) and what else
// is called so; names as short as mean and var need scale and shift beside them. One of two statistics alone is a layer
// with a part missing, except for words as common as mean.
//
// Between a layer and a part stands a dot, a slash, an underscore or anything else; behind it may stand ":0" and what
// TensorFlow adds for averages and checkpoints.
std::vector<NormParts> find_norms(const std::vector<std::string>& names);

}  // namespace evenkeel::model_files
