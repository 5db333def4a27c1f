// Batch-norm layers that stand in for torch::nn::BatchNorm1d, BatchNorm2d and BatchNorm3d.
#pragma once

#include <torch/nn/cloneable.h>
#include <torch/nn/modules/common.h>
#include <torch/nn/modules/container/any_value.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstddef>
#include <ostream>

#include "evenkeel/batch_norm_layer.h"
#include "evenkeel/batch_norm_options.h"

#pragma GCC visibility push(default)
namespace evenkeel {

// The layer behind BatchNorm1d, 2d and 3d; D is the number of spatial dimensions. Input:
//   D = 1: (N, C) or (N, C, L)      D = 2: (N, C, H, W)      D = 3: (N, C, D, H, W)
// with C = options.num_features(), in any memory layout; the output has the sizes and strides of the input.
//
// train(): normalises with the mean and the biased variance of the batch and updates the running statistics;
// eval(): normalises with the running statistics, or with those of the batch if there are none. Formulas,
// dtypes, layouts, what the backward keeps, when `inplace` is, the empty batch and what throws: functional.h. A
// wrong number of dimensions throws with PyTorch's words.
//
// options.activation() and a residual are worked in while the normalised value is at hand:
//   forward(x)            activation(norm(x))
//   forward(x, residual)  activation(norm(x) + residual)       residual: the sizes and dtype of x
//
// Names, shapes and dtypes are PyTorch's, so that archives and state dicts pass both ways (the activation is an
// option, which they do not hold):
//   parameters  weight [C] (ones), bias [C] (zeros)                       undefined if not affine
//   buffers     running_mean [C] (zeros), running_var [C] (ones),
//               num_batches_tracked (int64 scalar, 0)                     undefined if not
//               track_running_stats
//
//
// Options and tensors, and what is done to statistics beside training (freeze, observe): batch_norm_layer.h.
template <std::size_t D, typename Derived>
class BatchNormImpl : public torch::nn::Cloneable<Derived>, public BatchNormLayer {
 public:
  explicit BatchNormImpl(const BatchNormOptions& options);

  // `mask` says which positions of a training batch count (functional.h); all of them are normalised.
  torch::Tensor forward(const torch::Tensor& input, const torch::Tensor& residual = {},
                        const torch::Tensor& mask = {});

  // Registers parameters and buffers anew; for clone(), which calls it on a copy without any.
  void reset() override;
  // Sets parameters and running statistics to their first values.
  void reset_parameters();
  void reset_running_stats();

  // Parameters and running statistics get the new dtype; num_batches_tracked keeps its dtype, int64, and its value (LibTorch
  // converts it, and in a half it would be lost).
  using torch::nn::Module::to;
  void to(torch::Device device, torch::Dtype dtype, bool non_blocking = false) override;
  void to(torch::Dtype dtype, bool non_blocking = false) override;

  // Has no effect while the mode is frozen.
  void train(bool on = true) override;

  // What LibTorch's layers save, and what is frozen. Loading converts what the archive has in another dtype, and reads a counter
  // that was saved as a float or a half, or with size [1], as the count it is. It throws c10::Error, before anything is changed,
  // for other sizes or a counter that is none (NaN, Inf, negative). An archive that does not say what is frozen leaves that.
  void save(torch::serialize::OutputArchive& archive) const override;
  void load(torch::serialize::InputArchive& archive) override;

  void pretty_print(std::ostream& stream) const override;

  torch::nn::Module& module() override { return *this; }
  int spatial_dimensions() const override { return static_cast<int>(D); }

 protected:
  // Lets it stand in a Sequential.
  FORWARD_HAS_DEFAULT_ARGS({1, torch::nn::AnyValue(torch::Tensor())},
                           {2, torch::nn::AnyValue(torch::Tensor())})
};

class BatchNorm1dImpl : public BatchNormImpl<1, BatchNorm1dImpl> {
 public:
  using BatchNormImpl::BatchNormImpl;
};

class BatchNorm2dImpl : public BatchNormImpl<2, BatchNorm2dImpl> {
 public:
  using BatchNormImpl::BatchNormImpl;
};

class BatchNorm3dImpl : public BatchNormImpl<3, BatchNorm3dImpl> {
 public:
  using BatchNormImpl::BatchNormImpl;
};

extern template class BatchNormImpl<1, BatchNorm1dImpl>;
extern template class BatchNormImpl<2, BatchNorm2dImpl>;
extern template class BatchNormImpl<3, BatchNorm3dImpl>;

// Holders with the semantics of a shared pointer, as all of LibTorch's: BatchNorm2d norm(64); y = norm(x);
TORCH_MODULE(BatchNorm1d);
TORCH_MODULE(BatchNorm2d);
TORCH_MODULE(BatchNorm3d);

}  // namespace evenkeel
#pragma GCC visibility pop
