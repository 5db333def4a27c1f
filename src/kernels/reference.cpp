#include "kernels/reference.h"

#include <algorithm>
#include <cmath>

namespace evenkeel::kernels::reference {
namespace {

// Calls body(index) for the elements of one channel, in memory order.
template <typename Body>
void for_each_value(const Geometry& geometry, std::int64_t channel, Body body) {
  for (std::int64_t o = 0; o < geometry.outer; ++o) {
    const std::int64_t first = (o * geometry.channels + channel) * geometry.inner;
    for (std::int64_t i = first; i < first + geometry.inner; ++i) body(i);
  }
}

template <typename T>
double value_or(const T* values, std::int64_t channel, double otherwise) {
  return values ? static_cast<double>(values[channel]) : otherwise;
}

double variance_of(double m2, std::int64_t count) {
  return count > 0 ? m2 / static_cast<double>(count) : 0.0;
}

template <typename T>
void normalize(const T* input, T* output, const Geometry& geometry, std::int64_t channel, double mean,
               double scale, double bias) {
  for_each_value(geometry, channel, [&](std::int64_t i) {
    output[i] = static_cast<T>((static_cast<double>(input[i]) - mean) * scale + bias);
  });
}

}  // namespace

template <typename T>
Moments channel_moments(const T* input, const Geometry& geometry, std::int64_t channel) {
  if (geometry.count() == 0) return {0.0, 0.0};
  const auto count = static_cast<double>(geometry.count());
  double sum = 0.0;
  for_each_value(geometry, channel, [&](std::int64_t i) { sum += static_cast<double>(input[i]); });
  const double mean = sum / count;
  double m2 = 0.0;
  double rest = 0.0;  // what rounding left out of the mean
  for_each_value(geometry, channel, [&](std::int64_t i) {
    const double deviation = static_cast<double>(input[i]) - mean;
    rest += deviation;
    m2 += deviation * deviation;
  });
  return {std::isfinite(rest) ? mean + rest / count : mean, m2 - rest * (rest / count)};
}

template <typename T>
bool is_constant(const T* input, const Geometry& geometry, std::int64_t channel) {
  const T first = input[channel * geometry.inner];
  for (std::int64_t o = 0; o < geometry.outer; ++o) {
    const T* run = input + (o * geometry.channels + channel) * geometry.inner;
    if (!std::all_of(run, run + geometry.inner, [&](T value) { return value == first; })) return false;
  }
  return true;
}

template <typename T>
GradientSums gradient_sums(const T* input, const T* grad_output, const Geometry& geometry,
                           std::int64_t channel, double mean) {
  GradientSums sums{0.0, 0.0};
  for_each_value(geometry, channel, [&](std::int64_t i) {
    const auto gradient = static_cast<double>(grad_output[i]);
    sums.grad += gradient;
    if (input) sums.grad_deviation += gradient * (static_cast<double>(input[i]) - mean);
  });
  return sums;
}

template <typename T>
void run(const ChannelMoments<T>& call) {
  for (std::int64_t c = 0; c < call.geometry.channels; ++c) {
    const Moments moments = channel_moments(call.input, call.geometry, c);
    call.mean[c] = moments.mean;
    call.m2[c] = moments.m2;
  }
}

template <typename T>
void run(const TrainingForward<T>& call) {
  run(ChannelMoments<T>{call.geometry, call.input, call.mean, call.m2});
  for (std::int64_t c = 0; c < call.geometry.channels; ++c) {
    const double invstd = 1.0 / std::sqrt(variance_of(call.m2[c], call.geometry.count()) + call.eps);
    normalize(call.input, call.output, call.geometry, c, call.mean[c], value_or(call.weight, c, 1.0) * invstd,
              value_or(call.bias, c, 0.0));
  }
}

template <typename T>
void run(const TrainingBackward<T>& call) {
  const auto count = static_cast<double>(call.geometry.count());
  for (std::int64_t c = 0; c < call.geometry.channels; ++c) {
    const double mean = call.mean[c];
    const double invstd = 1.0 / std::sqrt(variance_of(call.m2[c], call.geometry.count()) + call.eps);
    const GradientSums sums = gradient_sums(call.input, call.grad_output, call.geometry, c, mean);
    const double grad_weight = count > 0 ? sums.grad_deviation * invstd : 0.0;  // not 0 * Inf when eps is 0
    const double scale = value_or(call.weight, c, 1.0) * invstd;
    if (call.grad_input) {
      for_each_value(call.geometry, c, [&](std::int64_t i) {
        const double normalized = (static_cast<double>(call.input[i]) - mean) * invstd;
        const double centered = static_cast<double>(call.grad_output[i]) - sums.grad / count;
        call.grad_input[i] = static_cast<T>(scale * (centered - normalized * grad_weight / count));
      });
    }
    if (call.grad_weight) call.grad_weight[c] = static_cast<T>(grad_weight);
    if (call.grad_bias) call.grad_bias[c] = static_cast<T>(sums.grad);
  }
}

template <typename T>
void run(const EvaluationForward<T>& call) {
  for (std::int64_t c = 0; c < call.geometry.channels; ++c) {
    const double invstd = 1.0 / std::sqrt(static_cast<double>(call.variance[c]) + call.eps);
    normalize(call.input, call.output, call.geometry, c, static_cast<double>(call.mean[c]),
              value_or(call.weight, c, 1.0) * invstd, value_or(call.bias, c, 0.0));
  }
}

template <typename T>
void run(const EvaluationBackward<T>& call) {
  for (std::int64_t c = 0; c < call.geometry.channels; ++c) {
    const double invstd = 1.0 / std::sqrt(static_cast<double>(call.variance[c]) + call.eps);
    const GradientSums sums = gradient_sums(call.grad_weight ? call.input : nullptr, call.grad_output,
                                            call.geometry, c, static_cast<double>(call.mean[c]));
    if (call.grad_input) {
      const double scale = value_or(call.weight, c, 1.0) * invstd;
      for_each_value(call.geometry, c, [&](std::int64_t i) {
        call.grad_input[i] = static_cast<T>(scale * static_cast<double>(call.grad_output[i]));
      });
    }
    const double grad_weight = call.geometry.count() > 0 ? sums.grad_deviation * invstd : 0.0;
    if (call.grad_weight) call.grad_weight[c] = static_cast<T>(grad_weight);
    if (call.grad_bias) call.grad_bias[c] = static_cast<T>(sums.grad);
  }
}

#define EVENKEEL_INSTANTIATE(T)                                                                      \
  template Moments channel_moments<T>(const T*, const Geometry&, std::int64_t);                      \
  template bool is_constant<T>(const T*, const Geometry&, std::int64_t);                             \
  template GradientSums gradient_sums<T>(const T*, const T*, const Geometry&, std::int64_t, double); \
  template void run<T>(const ChannelMoments<T>&);                                                    \
  template void run<T>(const TrainingForward<T>&);                                                   \
  template void run<T>(const TrainingBackward<T>&);                                                  \
  template void run<T>(const EvaluationForward<T>&);                                                 \
  template void run<T>(const EvaluationBackward<T>&);
EVENKEEL_INSTANTIATE(float)
EVENKEEL_INSTANTIATE(double)
#undef EVENKEEL_INSTANTIATE

}  // namespace evenkeel::kernels::reference
