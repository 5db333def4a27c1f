// Normalises a LibTorch tensor with Evenkeel's layer and with LibTorch's own.
#include <evenkeel/evenkeel.h>
#include <torch/torch.h>

#include <cstdio>

int main() {
  const torch::Tensor input = torch::arange(48.0F).reshape({2, 3, 4, 2});
  evenkeel::BatchNorm2d norm(evenkeel::BatchNormOptions(3));
  torch::nn::BatchNorm2d torch_norm(torch::nn::BatchNormOptions(3));
  const bool right = torch::allclose(norm(input), torch_norm(input)) &&
                     torch::allclose(norm->running_var, torch_norm->running_var);
  std::printf("libtorch: %s\n", right ? "right" : "wrong");
  return right ? 0 : 1;
}
