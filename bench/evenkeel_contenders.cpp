#include <torch/torch.h>

#include <memory>
#include <vector>

#include "bench/contender.h"
#include "bench/memory.h"
#include "evenkeel/kernels/batch_norm.h"
#include "libtorch/executor.h"

namespace evenkeel::bench {
namespace {

using torch::Tensor;

float* floats(const Tensor& tensor) { return tensor.data_ptr<float>(); }

// What a call reads and writes: as long as the contender lives.
struct EvenkeelWork {
  EvenkeelWork(const Problem& of, const Operation& operation)
      : problem(of),
        activation(operation.relu ? kernels::Activation::kReLU : kernels::Activation::kNone),
        result{torch::empty_like(of.input), torch::empty_like(of.weight), torch::empty_like(of.bias)},
        mean(static_cast<std::size_t>(of.shape.channels)),
        m2(mean),
        positive(static_cast<std::size_t>(kernels::positive_bytes<float>(of.geometry()))) {}

  // What the backward needs of the forward; the evaluation leaves none.
  std::uint8_t* positive_bits() {
    return activation == kernels::Activation::kNone ? nullptr : positive.data();
  }

  Problem problem;
  kernels::Activation activation;
  Result result;
  std::vector<double> mean;
  std::vector<double> m2;
  std::vector<std::uint8_t> positive;
};

void run_training(EvenkeelWork& work, const Tensor& output) {
  kernels::TrainingForward<float> call;
  call.geometry = work.problem.geometry();
  call.input = floats(work.problem.input);
  call.weight = floats(work.problem.weight);
  call.bias = floats(work.problem.bias);
  call.eps = Problem::kEps;
  call.activation = work.activation;
  call.output = floats(output);
  call.positive = work.positive_bits();
  call.mean = work.mean.data();
  call.m2 = work.m2.data();
  kernels::run(call, libtorch::executor());
}

void run_backward(EvenkeelWork& work, const Tensor& grad_input) {
  kernels::TrainingBackward<float> call;
  call.geometry = work.problem.geometry();
  call.input = floats(work.problem.input);
  call.grad_output = floats(work.problem.grad_output);
  call.weight = floats(work.problem.weight);
  call.mean = work.mean.data();
  call.m2 = work.m2.data();
  call.eps = Problem::kEps;
  call.activation = work.activation;
  call.positive = work.positive_bits();
  call.grad_input = floats(grad_input);
  call.grad_weight = floats(work.result.grad_weight);
  call.grad_bias = floats(work.result.grad_bias);
  kernels::run(call, libtorch::executor());
}

void run_evaluation(EvenkeelWork& work, const Tensor& output) {
  kernels::EvaluationForward<float> call;
  call.geometry = work.problem.geometry();
  call.input = floats(work.problem.input);
  call.weight = floats(work.problem.weight);
  call.bias = floats(work.problem.bias);
  call.mean = floats(work.problem.running_mean);
  call.variance = floats(work.problem.running_var);
  call.eps = Problem::kEps;
  call.activation = work.activation;
  call.output = floats(output);
  kernels::run(call, libtorch::executor());
}

}  // namespace

std::vector<Contender> evenkeel_contenders(const Problem& problem, const Operation& operation) {
  const auto work = std::make_shared<EvenkeelWork>(problem, operation);
  run_training(*work, work->result.values);  // statistics and positive bits for the backward
  const auto run = operation.pass == Pass::kTraining   ? run_training
                   : operation.pass == Pass::kBackward ? run_backward
                                                       : run_evaluation;
  const auto into_used_memory = [work, run] { run(*work, work->result.values); };
  const auto into_fresh_memory = [work, run] {
    const FreshMemory fresh;
    run(*work, torch::empty_like(work->problem.input));
  };
  return {{Peer::kEvenkeel, "", into_used_memory, [work] { return work->result; }},
          {Peer::kEvenkeelFresh, "", into_fresh_memory, {}}};
}

}  // namespace evenkeel::bench
