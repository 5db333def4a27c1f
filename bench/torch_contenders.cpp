#include <torch/torch.h>

#include <memory>

#include "bench/contender.h"
#include "bench/memory.h"

namespace evenkeel::bench {
namespace {

using torch::Tensor;

struct TorchWork {
  Problem problem;
  bool relu = false;
  Tensor output;  // after ReLU, for its backward
  Tensor mean;
  Tensor invstd;
  Result result;
};

// ReLU writes a tensor of its own, as torch::relu does in a network that is trained.
Result torch_training(TorchWork& work) {
  const Problem& p = work.problem;
  Tensor output;
  std::tie(output, work.mean, work.invstd) = at::native_batch_norm(p.input, p.weight, p.bias, {}, {},
                                                                   /*training=*/true, 0.1, Problem::kEps);
  return {work.relu ? at::relu(output) : output, {}, {}};
}

Result torch_backward(TorchWork& work) {
  const Problem& p = work.problem;
  const Tensor grad = work.relu ? at::threshold_backward(p.grad_output, work.output, 0) : p.grad_output;
  const auto [grad_input, grad_weight, grad_bias] =
      at::native_batch_norm_backward(grad, p.input, p.weight, {}, {}, work.mean, work.invstd, /*train=*/true,
                                     Problem::kEps, {true, true, true});
  return {grad_input, grad_weight, grad_bias};
}

// Without a backward to come nothing speaks against ReLU in place.
Result torch_evaluation(TorchWork& work) {
  const Problem& p = work.problem;
  Tensor output = std::get<0>(at::native_batch_norm(p.input, p.weight, p.bias, p.running_mean, p.running_var,
                                                    /*training=*/false, 0.1, Problem::kEps));
  return {work.relu ? at::relu_(output) : output, {}, {}};
}

}  // namespace

std::vector<Contender> torch_contenders(const Problem& problem, const Operation& operation) {
  const auto work = std::make_shared<TorchWork>();
  work->problem = problem;
  work->relu = operation.relu;
  if (operation.pass == Pass::kBackward) work->output = torch_training(*work).values;
  const auto run = operation.pass == Pass::kTraining   ? torch_training
                   : operation.pass == Pass::kBackward ? torch_backward
                                                       : torch_evaluation;
  // The old result is freed first: its memory is what the new one gets.
  const auto into_kept_memory = [work, run] {
    work->result = {};
    work->result = run(*work);
  };
  const auto into_fresh_memory = [work, run] {
    const FreshMemory fresh;
    run(*work);
  };
  return {{Peer::kTorch, "", into_kept_memory, [work] { return work->result; }},
          {Peer::kTorchFresh, "", into_fresh_memory, {}}};
}

}  // namespace evenkeel::bench
