// Batch normalization outside the gradient, which is what makes it fail.
#pragma once

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/options/batchnorm.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <ostream>

namespace evenkeel::models {

// Which statistics of the batch are constants to the gradient.
struct Detached {
  bool mean = true;
  bool variance = true;
};

// Computes what a batch norm computes and has, of both detached, the gradient of a scale by constants:
//   y = weight * (x - mean) / sqrt(variance + eps) + bias,   dL/dx = weight / sqrt(variance + eps) * dL/dy
// The paper (Ioffe and Szegedy 2015, section 2) warns of it: a step then does not know that the normalisation
// undoes it, and parameters grow while the loss stays. With one of the two detached the laboratory sees which
// one matters. The variance has no share in a gradient by way of the mean, of which it is the minimum.
//
// Input (N, C) or (N, C, ...). Options, parameters, buffers, running statistics (momentum weights the new
// value, running_var is unbiased) and evaluation are those of torch::nn::BatchNorm. Throws c10::Error for
// another number of dimensions or channels, and for fewer than 2 values per channel where the batch's
// statistics are used.
class DetachedBatchNormImpl
    : public torch::nn::NormImplBase<0, DetachedBatchNormImpl, torch::nn::BatchNormOptions> {
 public:
  explicit DetachedBatchNormImpl(const torch::nn::BatchNormOptions& options, Detached detached = {});

  torch::Tensor forward(const torch::Tensor& input);

  void pretty_print(std::ostream& stream) const override;

  Detached detached;

 protected:
  void _check_input_dim(const torch::Tensor& input) override;

 private:
  void update(const torch::Tensor& mean, const torch::Tensor& variance, std::int64_t count);
};
TORCH_MODULE(DetachedBatchNorm);

}  // namespace evenkeel::models
