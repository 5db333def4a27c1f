#include "kernels/support/results.h"

#include <cstring>
#include <sstream>

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
    text << name << '[' << i << "] of channel " << channel << ": " << a[i] << " and " << b[i];
    return text.str();
  }
  return {};
}

}  // namespace

template <typename T>
Results<T> run_every_call(const Problem<T>& problem, const Subject& subject) {
  const Geometry& geometry = problem.geometry;
  const Options& options = problem.options;
  const Placement placement = options.placement;
  const std::size_t size = problem.input.size();
  const auto channels = static_cast<std::size_t>(geometry.channels);
  const PlacedArray<T> weight_values(problem.weight, placement);
  const PlacedArray<T> bias_values(problem.bias, placement);
  const PlacedArray<T> given_mean(problem.mean, placement);
  const PlacedArray<T> given_variance(problem.variance, placement);
  const T* weight = options.weight ? weight_values.data() : nullptr;
  const T* bias = options.bias ? bias_values.data() : nullptr;
  const PlacedArray<T> input(problem.input, placement);
  const PlacedArray<double> mean(channels, placement);
  const PlacedArray<double> m2(channels, placement);
  const PlacedArray<T> grad_weight(channels, placement);
  const PlacedArray<T> grad_bias(channels, placement);
  Results<T> results;

  subject(ChannelMoments<T>{geometry, input.data(), mean.data(), m2.data()});
  results.moments_mean = values_of(mean);
  results.moments_m2 = values_of(m2);
  {
    const PlacedArray<T> output(problem.input, placement);
    const T* from = options.in_place ? output.data() : input.data();
    subject(
        TrainingForward<T>{geometry, from, weight, bias, options.eps, output.data(), mean.data(), m2.data()});
    results.mean = values_of(mean);
    results.m2 = values_of(m2);
    results.output = values_of(output);
  }
  {
    const PlacedArray<T> output(problem.input, placement);
    const T* from = options.in_place ? output.data() : input.data();
    subject(EvaluationForward<T>{geometry, from, weight, bias, given_mean.data(), given_variance.data(),
                                 options.eps, output.data()});
    results.evaluation_output = values_of(output);
  }
  {
    const PlacedArray<T> grad_output(problem.grad_output, placement);
    const PlacedArray<T> separate(size, placement);
    const PlacedArray<T>& grad_input = options.in_place ? grad_output : separate;
    subject(TrainingBackward<T>{geometry, input.data(), grad_output.data(), weight, mean.data(), m2.data(),
                                options.eps, grad_input.data(), grad_weight.data(), grad_bias.data()});
    results.grad_input = values_of(grad_input);
    results.grad_weight = values_of(grad_weight);
    results.grad_bias = values_of(grad_bias);
  }
  {
    const PlacedArray<T> grad_output(problem.grad_output, placement);
    const PlacedArray<T> separate(size, placement);
    const PlacedArray<T>& grad_input = options.in_place ? grad_output : separate;
    subject(EvaluationBackward<T>{geometry, input.data(), grad_output.data(), weight, given_mean.data(),
                                  given_variance.data(), options.eps, grad_input.data(), grad_weight.data(),
                                  grad_bias.data()});
    results.evaluation_grad_input = values_of(grad_input);
    results.evaluation_grad_weight = values_of(grad_weight);
    results.evaluation_grad_bias = values_of(grad_bias);
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
  compare("grad_weight", a.grad_weight, b.grad_weight);
  compare("grad_bias", a.grad_bias, b.grad_bias);
  compare("evaluation output", a.evaluation_output, b.evaluation_output);
  compare("evaluation grad_input", a.evaluation_grad_input, b.evaluation_grad_input);
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
#undef EVENKEEL_INSTANTIATE

}  // namespace evenkeel::kernels::test
