#include "kernels/support/results.h"

#include <cstring>
#include <sstream>

#include "kernels/support/arrays.h"

namespace evenkeel::kernels::test {
namespace {

template <typename V>
std::vector<V> values_of(const PlacedArray<V>& array) {
  return std::vector<V>(array.data(), array.data() + array.size());
}

std::int64_t channel_of(const Geometry& geometry, std::size_t size, std::size_t index) {
  const bool per_channel = size == static_cast<std::size_t>(geometry.channels);
  const auto i = static_cast<std::int64_t>(index);
  return per_channel ? i : i / geometry.inner % geometry.channels;
}

template <typename V>
std::string difference(const char* name, const Geometry& geometry, const std::vector<V>& a,
                       const std::vector<V>& b, std::int64_t except_channel) {
  if (a.size() != b.size()) return std::string(name) + " has another size";
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::memcmp(&a[i], &b[i], sizeof(V)) == 0) continue;
    const std::int64_t channel = channel_of(geometry, a.size(), i);
    if (channel == except_channel) continue;
    std::ostringstream text;
    text.precision(20);
    text << name << '[' << i << "] of channel " << channel << ": " << real(a[i]) << " and " << real(b[i]);
    return text.str();
  }
  return {};
}

}  // namespace

template <typename T>
Results<T> run_every_call(const Problem<T>& asked, const Subject& subject) {
  Problem<T> problem = with_bits(asked);
  Options& options = problem.options;
  options.grad_input = options.grad_weight = options.grad_bias = options.grad_residual = true;
  const auto channels = static_cast<std::size_t>(problem.geometry.channels);
  const PlacedArray<Parameter<T>> given_mean(problem.mean, options.placement);
  const PlacedArray<Parameter<T>> given_variance(problem.variance, options.placement);
  const PlacedArray<T> input(problem.input, options.placement);
  const PlacedArray<double> mean(channels, options.placement);
  const PlacedArray<double> m2(channels, options.placement);
  Results<T> results;

  subject(ChannelMoments<T>{problem.geometry, input.data(), mean.data(), m2.data()});
  results.moments_mean = values_of(mean);
  results.moments_m2 = values_of(m2);
  {
    const ForwardArrays<T> forward(problem);
    subject(forward.training(mean.data(), m2.data()));
    results.mean = values_of(mean);
    results.m2 = values_of(m2);
    results.output = values_of(forward.output());
    const BackwardArrays<T> backward(problem, forward.positive());
    subject(backward.training(mean.data(), m2.data()));
    results.grad_input = values_of(backward.grad_input());
    results.grad_residual = values_of(backward.grad_residual());
    results.grad_weight = values_of(backward.grad_weight());
    results.grad_bias = values_of(backward.grad_bias());
  }
  {
    const ForwardArrays<T> forward(problem);
    subject(forward.evaluation(given_mean.data(), given_variance.data()));
    results.evaluation_output = values_of(forward.output());
    const BackwardArrays<T> backward(problem, forward.positive());
    subject(backward.evaluation(given_mean.data(), given_variance.data()));
    results.evaluation_grad_input = values_of(backward.grad_input());
    results.evaluation_grad_residual = values_of(backward.grad_residual());
    results.evaluation_grad_weight = values_of(backward.grad_weight());
    results.evaluation_grad_bias = values_of(backward.grad_bias());
  }
  return results;
}

template <typename T>
std::string first_difference(const Geometry& geometry, const Results<T>& a, const Results<T>& b,
                             std::int64_t except_channel) {
  std::string found;
  const auto compare = [&](const char* name, const auto& one, const auto& other) {
    if (found.empty()) found = difference(name, geometry, one, other, except_channel);
  };
  compare("moments mean", a.moments_mean, b.moments_mean);
  compare("moments m2", a.moments_m2, b.moments_m2);
  compare("forward mean", a.mean, b.mean);
  compare("forward m2", a.m2, b.m2);
  compare("output", a.output, b.output);
  compare("grad_input", a.grad_input, b.grad_input);
  compare("grad_residual", a.grad_residual, b.grad_residual);
  compare("grad_weight", a.grad_weight, b.grad_weight);
  compare("grad_bias", a.grad_bias, b.grad_bias);
  compare("evaluation output", a.evaluation_output, b.evaluation_output);
  compare("evaluation grad_input", a.evaluation_grad_input, b.evaluation_grad_input);
  compare("evaluation grad_residual", a.evaluation_grad_residual, b.evaluation_grad_residual);
  compare("evaluation grad_weight", a.evaluation_grad_weight, b.evaluation_grad_weight);
  compare("evaluation grad_bias", a.evaluation_grad_bias, b.evaluation_grad_bias);
  return found;
}

#define EVENKEEL_INSTANTIATE(T)                                                                   \
  template Results<T> run_every_call<T>(const Problem<T>&, const Subject&);                       \
  template std::string first_difference<T>(const Geometry&, const Results<T>&, const Results<T>&, \
                                           std::int64_t);
EVENKEEL_INSTANTIATE(float)
EVENKEEL_INSTANTIATE(double)
EVENKEEL_INSTANTIATE(float16)
EVENKEEL_INSTANTIATE(bfloat16)
#undef EVENKEEL_INSTANTIATE

}  // namespace evenkeel::kernels::test
