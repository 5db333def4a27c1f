#include <torch/torch.h>

#include "bench/contender.h"
#include "bench/memory_loops.h"
#include "libtorch/executor.h"

namespace evenkeel::bench {

std::vector<Contender> limit_contenders(const Problem& problem, const Operation& operation) {
  const torch::Tensor a = problem.input;
  const torch::Tensor b = problem.grad_output;
  const torch::Tensor to = torch::empty_like(a);
  std::vector<Contender> contenders;
  for (const MemoryLoop& loop : memory_loops()) {
    if (loop.reads_two != (operation.pass == Pass::kBackward)) continue;
    const auto run = [a, b, to, loop] {
      libtorch::executor().parallel_for(a.numel(), [&](std::int64_t begin, std::int64_t end) {
        loop.run(a.data_ptr<float>(), b.data_ptr<float>(), to.data_ptr<float>(), begin, end);
      });
    };
    contenders.push_back({Peer::kLimit, loop.name, run, {}});
  }
  return contenders;
}

}  // namespace evenkeel::bench
