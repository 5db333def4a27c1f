// PyTorch's own batch norm on Evenkeel's kernels: nothing in a model changes.
#pragma once

#include <cstdint>

#pragma GCC visibility push(default)
namespace evenkeel {

// From here on every batch norm of this process on the CPU uses Evenkeel's kernels: torch::nn::BatchNorm1d, 2d
// and 3d, torch::batch_norm, instance norm, and what Python calls. The operators native_batch_norm,
// _native_batch_norm_legit, _batch_norm_with_update, their backwards and their out forms change beneath
// autograd, so gradients of any order, forward mode, vmap and channels-last go on working.
//
// Taken are dense float32 and float64 inputs, contiguous or channels-last, with parameters and statistics of
// the same dtype, and an eps above 0; where LibTorch has kernels for them (from 2 on), also bfloat16 and float16 inputs
// with a float32 weight, bias and statistics, as under autocast. Everything else goes to PyTorch's kernel, with its results and its words:
// other dtypes and layouts, an empty batch, one value per channel in training, arguments that do not fit.
//
// Both functions may be called any number of times, from any thread, while other threads compute.
void replace_torch_kernels();

// From here on PyTorch's kernels compute again, to the bit. A call that has begun ends as it began. The
// operators stay registered, because a kernel cannot be taken away under a thread that may be about to call it.
void restore_torch_kernels();

// The batch norms, forward and backward, that reached the replaced operators: computed by Evenkeel, and passed
// on to PyTorch's kernel. Nothing is counted while the kernels are not replaced.
struct TorchKernelCalls {
  std::uint64_t taken = 0;
  std::uint64_t passed_on = 0;
};
TorchKernelCalls torch_kernel_calls();

}  // namespace evenkeel
#pragma GCC visibility pop
