// PyTorch's own batch norm on Evenkeel's kernels: nothing in a model changes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#pragma GCC visibility push(default)
namespace evenkeel {

// From here on every batch norm of this process on the CPU uses Evenkeel's kernels: torch::nn::BatchNorm1d, 2d
// and 3d, torch::batch_norm, instance norm, and what Python calls. The operators native_batch_norm,
// _native_batch_norm_legit, _batch_norm_with_update, their backwards and their out forms change beneath
// autograd, so gradients of any order, forward mode, vmap and channels-last go on working.
//
// Taken are dense float32 and float64 inputs, contiguous or channels-last, with parameters and statistics of
// the same dtype, and an eps above 0; where LibTorch has kernels for them (from 2 on), also bfloat16 and float16 inputs
// with a float32 weight, bias and statistics, as under autocast. Everything else goes to the kernel that was there before, PyTorch's or
// whoever's had taken its place, with its results and its words: other dtypes and layouts, an empty batch, one value per
// channel in training, arguments that do not fit. Only where PyTorch's kernels would use memory that is not there and end the
// process (evaluation without statistics, statistics or parameters of fewer values than channels) there is a c10::Error of one
// line instead.
//
// The first call registers kernels with PyTorch's dispatcher, which does not expect operators to run meanwhile: make it while no
// other thread computes batch norms. Loading libevenkeel_dropin.so is such a call. From then on both functions only turn a
// switch, and may be called any number of times, from any thread, while other threads compute.
void replace_torch_kernels();

// From here on the kernels that were there before compute again, to the bit. A call that has begun ends as it began. The
// operators stay registered, because a kernel cannot be taken away under a thread that may be about to call it.
void restore_torch_kernels();

// The batch norms, forward and backward, that reached the replaced operators: computed by Evenkeel, and passed
// on to the kernel before. Nothing is counted while the kernels are not replaced.
struct TorchKernelCalls {
  std::uint64_t taken = 0;
  std::uint64_t passed_on = 0;
  // How many of those were passed on for what: "dtype of the input", "layout or kind of the input", "no values",
  // "one value per channel", "eps that is not above 0", "parameters or statistics", "outputs".
  std::map<std::string, std::uint64_t, std::less<>> reasons;
};
TorchKernelCalls torch_kernel_calls();

}  // namespace evenkeel
#pragma GCC visibility pop
