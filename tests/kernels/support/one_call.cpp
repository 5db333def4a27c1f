#include "kernels/support/one_call.h"

#include <cstddef>

namespace evenkeel::kernels::test {

OneCall one_call(Executor& executor, const Geometry& geometry) {
  const auto size = static_cast<std::size_t>(geometry.size());
  const auto channels = static_cast<std::size_t>(geometry.channels);
  const std::vector<float> values(size), per_channel(channels);
  const std::vector<double> statistics(channels);
  OneCall made{values, values, values, per_channel, per_channel, statistics, statistics};
  for (std::size_t i = 0; i < size; ++i) made.input[i] = static_cast<float>(i * 37 % 101) * 0.125F;
  TrainingForward<float> forward{geometry, made.input.data()};
  forward.output = made.output.data();
  forward.mean = made.mean.data();
  forward.m2 = made.m2.data();
  run(forward, executor);
  TrainingBackward<float> backward{geometry, made.input.data(), made.output.data()};
  backward.mean = made.mean.data();
  backward.m2 = made.m2.data();
  backward.grad_input = made.grad_input.data();
  backward.grad_weight = made.grad_weight.data();
  backward.grad_bias = made.grad_bias.data();
  run(backward, executor);
  return made;
}

int wrong_results(Executor& executor) {
  static const OneCall& expected = *new OneCall(one_call(serial_executor()));  // never destroyed
  return one_call(executor) == expected ? 0 : 1;
}

}  // namespace evenkeel::kernels::test
