// The networks whose training steps are measured, with the batch norms of one kind or another.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::bench {

enum class Norms {
  kTorch,
  kEvenkeel,       // takes the place of PyTorch's layer
  kEvenkeelFused,  // does the ReLU and the addition before it too
};
std::string_view name(Norms norms);
const std::vector<Norms>& all_norms();

// A batch norm and what follows it in a network.
class NormRelu : public torch::nn::Module {
 public:
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;  // relu(norm(x))
  virtual torch::Tensor forward(const torch::Tensor& x,
                                const torch::Tensor& residual) = 0;  // relu(norm(x) + residual)
};
std::shared_ptr<NormRelu> make_norm_relu(Norms norms, std::int64_t channels);

struct StepNetwork {
  std::shared_ptr<torch::nn::Module> module;
  std::function<torch::Tensor(const torch::Tensor&)> forward;  // pictures to logits of 10 classes
};

// What is trained, and on pictures of which extents.
struct StepTask {
  std::string name;
  std::vector<std::int64_t> input;
  // From LibTorch's global generator: seeded alike, networks with either norms start from the same weights.
  std::function<StepNetwork(Norms)> make;
};

// The networks of `evenkeel train`, ResNet-9 with 16 and 32 channels in its first layer, and a small ResNet for 32x32 pictures.
const std::vector<StepTask>& step_tasks();

}  // namespace evenkeel::bench
