// The calls that PyTorch's operators make, and Evenkeel's answer to those it takes.
//
// PyTorch keeps the statistics of a batch as save_mean and save_invstd = 1 / sqrt(variance + eps), in the dtype
// of the parameters; both are empty tensors after an evaluation.
#pragma once

#include <torch/types.h>

#include <array>
#include <string_view>
#include <tuple>

namespace evenkeel::dropin {

using torch::Tensor;

// Whether this LibTorch normalises bfloat16 and float16 on the CPU; where it throws, so does a call with them.
bool torch_computes_halves();

// Why Evenkeel does not take a call; kNone: it does.
enum class Refusal { kNone, kDtype, kLayout, kNoValues, kOneValue, kEps, kParameters, kOutputs };

// As people read them.
inline constexpr std::array<std::string_view, 8> kRefusalNames{"none",
                                                               "dtype of the input",
                                                               "layout or kind of the input",
                                                               "no values",
                                                               "one value per channel",
                                                               "eps that is not above 0",
                                                               "parameters or statistics",
                                                               "outputs"};

struct Outputs {
  Tensor output, save_mean, save_invstd;
};

struct ForwardCall {
  Tensor input, weight, bias, running_mean, running_var;
  bool training;
  double momentum, eps;

  Refusal refusal() const;
  Refusal refusal_into(const Outputs& outputs) const;
  // Throws c10::Error where PyTorch's kernels, which do not look, would use memory that is not there.
  void check_memory() const;
  Outputs run() const;
  void run_into(const Outputs& outputs) const;
};

struct BackwardCall {
  Tensor grad_output, input, weight, running_mean, running_var, save_mean, save_invstd;
  bool training;
  double eps;
  std::array<bool, 3> wanted;  // the gradients of input, weight, bias

  Refusal refusal() const;
  void check_memory() const;
  std::tuple<Tensor, Tensor, Tensor> run() const;
};

}  // namespace evenkeel::dropin
