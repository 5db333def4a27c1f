// Sees the inputs of LibTorch's own batch norms, which have no place to observe them at.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>

#include <exception>
#include <functional>

namespace evenkeel {

// While one lives, `seen` gets the running mean and the input of every torch::batch_norm() that this thread calls, the one that
// layers call too. One at a time on a thread.
class TorchNormObserver {
 public:
  using Seen = std::function<void(const at::Tensor& running_mean, const at::Tensor& input)>;

  explicit TorchNormObserver(Seen seen);
  ~TorchNormObserver();
  TorchNormObserver(const TorchNormObserver&) = delete;
  TorchNormObserver& operator=(const TorchNormObserver&) = delete;

  // LibTorch swallows what its callbacks throw; this throws it, if `seen` did.
  void rethrow();

 private:
  static std::unique_ptr<at::ObserverContext> on_operator(const at::RecordFunction& call);

  Seen seen_;
  std::exception_ptr thrown_;
  at::CallbackHandle handle_;
};

}  // namespace evenkeel
