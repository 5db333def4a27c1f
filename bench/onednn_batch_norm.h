// Batch normalization by oneDNN, on pointers: its own header and the one that LibTorch 2 brings along are of
// different versions, so that no file can include both oneDNN's and LibTorch's headers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace evenkeel::bench {

enum class OneDnnLayout { kNc, kNchw, kNhwc, kNChw16c };

struct OneDnnProblem {
  std::vector<std::int64_t> sizes;                 // N, C or N, C, H, W
  OneDnnLayout given = OneDnnLayout::kNchw;        // how the tensors below lie
  OneDnnLayout computed_in = OneDnnLayout::kNchw;  // what they are converted to first
  bool training = true;                            // else with the running statistics
  bool backward = false;
  bool relu = false;
  double eps = 1e-5;
  const float* input = nullptr;
  const float* grad_output = nullptr;
  const float* weight = nullptr;
  const float* bias = nullptr;
  const float* running_mean = nullptr;
  const float* running_var = nullptr;
  float* grad_weight = nullptr;  // out
  float* grad_bias = nullptr;    // out
};

// Copies the tensors, and keeps the pointers to the parameters.
class OneDnnBatchNorm {
 public:
  explicit OneDnnBatchNorm(const OneDnnProblem& problem);
  ~OneDnnBatchNorm();

  void run() const;

  // The output or the gradient of the input, in the layout of the given tensors.
  void copy_result(float* to) const;

 private:
  class Work;
  std::unique_ptr<Work> work_;
};

bool onednn_found();

// "2.6.3", or why it takes no part.
std::string onednn_version();

}  // namespace evenkeel::bench
