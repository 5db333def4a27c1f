// Normalises a LibTorch tensor with Evenkeel's kernels.
#include <evenkeel/kernels.h>
#include <torch/torch.h>

#include <cstdio>

int main() {
  const torch::Tensor input = torch::arange(12.0F).reshape({2, 3, 2});
  torch::Tensor mean = torch::empty({3}, torch::kDouble);
  torch::Tensor m2 = torch::empty({3}, torch::kDouble);
  evenkeel::kernels::ChannelMoments<float> call{evenkeel::kernels::channels_first(2, 3, 2), input.data_ptr<float>(),
                                                mean.data_ptr<double>(), m2.data_ptr<double>()};
  evenkeel::kernels::run(call, evenkeel::kernels::default_executor());
  const bool right = torch::allclose(mean, input.to(torch::kDouble).mean(torch::IntArrayRef({0, 2})));
  std::printf("libtorch: %s\n", right ? "right" : "wrong");
  return right ? 0 : 1;
}
