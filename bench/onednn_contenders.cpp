#include <torch/torch.h>

#include <memory>

#include "bench/contender.h"
#include "bench/onednn_batch_norm.h"

namespace evenkeel::bench {
namespace {

using torch::Tensor;

OneDnnLayout own_layout(Layout layout) {
  return layout == Layout::kFlat           ? OneDnnLayout::kNc
         : layout == Layout::kChannelsLast ? OneDnnLayout::kNhwc
                                           : OneDnnLayout::kNchw;
}

struct OneDnnWork {
  Problem problem;  // keeps alive what `norm` points at
  Result result;
  std::unique_ptr<OneDnnBatchNorm> norm;
};

Contender contender(const Problem& problem, const Operation& operation, const char* way,
                    OneDnnLayout layout) {
  const auto work = std::make_shared<OneDnnWork>();
  work->problem = problem;
  work->result = {torch::empty_like(problem.input), {}, {}};
  OneDnnProblem what;
  what.sizes = problem.shape.sizes();
  what.given = own_layout(problem.layout);
  what.computed_in = layout;
  what.training = operation.pass != Pass::kEvaluation;
  what.backward = operation.pass == Pass::kBackward;
  what.relu = operation.relu;
  what.eps = Problem::kEps;
  what.input = problem.input.data_ptr<float>();
  what.grad_output = problem.grad_output.data_ptr<float>();
  what.weight = problem.weight.data_ptr<float>();
  what.bias = problem.bias.data_ptr<float>();
  what.running_mean = problem.running_mean.data_ptr<float>();
  what.running_var = problem.running_var.data_ptr<float>();
  if (what.backward) {
    work->result.grad_weight = torch::empty_like(problem.weight);
    work->result.grad_bias = torch::empty_like(problem.bias);
    what.grad_weight = work->result.grad_weight.data_ptr<float>();
    what.grad_bias = work->result.grad_bias.data_ptr<float>();
  }
  work->norm = std::make_unique<OneDnnBatchNorm>(what);
  const auto result = [work] {
    work->norm->copy_result(work->result.values.data_ptr<float>());
    return work->result;
  };
  return {Peer::kOneDnn, way, [work] { work->norm->run(); }, result};
}

}  // namespace

std::vector<Contender> onednn_contenders(const Problem& problem, const Operation& operation) {
  if (!onednn_found()) return {};
  const OneDnnLayout own = own_layout(problem.layout);
  if (own == OneDnnLayout::kNc) return {contender(problem, operation, "nc", own)};
  return {contender(problem, operation, own == OneDnnLayout::kNhwc ? "nhwc" : "nchw", own),
          contender(problem, operation, "nChw16c", OneDnnLayout::kNChw16c)};
}

}  // namespace evenkeel::bench
