#include "kernels/support/positive.h"

#include <gtest/gtest.h>

namespace evenkeel::kernels::test {

template <typename T>
std::vector<bool> read_positive(const Geometry& geometry, const std::uint8_t* bits, const Subject& subject) {
  // The gradient 1 comes back behind a ReLU as 1 or as 0.
  const auto size = static_cast<std::size_t>(geometry.size());
  const auto channels = static_cast<std::size_t>(geometry.channels);
  const std::vector<Parameter<T>> mean(channels, 0), variance(channels, 1);
  const std::vector<T> ones(size, value_of<T>(1));
  std::vector<T> grad_input(size), gradient(size);
  EvaluationBackward<T> call;
  call.geometry = geometry;
  call.grad_output = ones.data();
  call.mean = mean.data();
  call.variance = variance.data();
  call.grad_input = grad_input.data();
  call.activation = Activation::kReLU;
  call.positive = bits;
  call.grad_residual = gradient.data();
  subject(call);
  std::vector<bool> positive;
  positive.reserve(size);
  bool zeros_and_ones = true;
  for (const T value : gradient) {
    positive.push_back(real(value) == 1);
    zeros_and_ones = zeros_and_ones && (real(value) == 1 || real(value) == 0);
  }
  EXPECT_TRUE(zeros_and_ones) << "a gradient of ones came back through a ReLU as something else";
  return positive;
}

#define EVENKEEL_INSTANTIATE(T) \
  template std::vector<bool> read_positive<T>(const Geometry&, const std::uint8_t*, const Subject&);
EVENKEEL_INSTANTIATE(float)
EVENKEEL_INSTANTIATE(double)
EVENKEEL_INSTANTIATE(float16)
EVENKEEL_INSTANTIATE(bfloat16)
#undef EVENKEEL_INSTANTIATE

}  // namespace evenkeel::kernels::test
