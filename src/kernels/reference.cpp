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

bool bit_of(const std::uint8_t* bits, std::int64_t i) { return (bits[i / 8] >> (i % 8) & 1) != 0; }

void set_bit(std::uint8_t* bits, std::int64_t i, bool value) {
  const auto bit = static_cast<std::uint8_t>(1 << (i % 8));
  bits[i / 8] = static_cast<std::uint8_t>(value ? bits[i / 8] | bit : bits[i / 8] & ~bit);
}

template <typename Call>
double activate(const Call& call, bool positive, double value) {
  if (call.activation == Activation::kNone || positive) return value;
  return call.activation == Activation::kReLU ? 0.0 : call.negative_slope * value;
}

// The gradient of what the activation got, at element i.
template <typename Call>
double gradient_at(const Call& call, std::int64_t i) {
  const bool positive = call.activation == Activation::kNone || bit_of(call.positive, i);
  return activate(call, positive, static_cast<double>(call.grad_output[i]));
}

template <typename T, typename Call>
void normalize(const Call& call, std::int64_t channel, double mean, double invstd) {
  const double scale = value_or(call.weight, channel, 1.0) * invstd;
  const double bias = value_or(call.bias, channel, 0.0);
  for_each_value(call.geometry, channel, [&](std::int64_t i) {
    double y = (static_cast<double>(call.input[i]) - mean) * scale + bias;
    if (call.residual) y += static_cast<double>(call.residual[i]);
    const bool positive = !(y <= 0.0);
    if (call.positive && call.activation != Activation::kNone) set_bit(call.positive, i, positive);
    call.output[i] = static_cast<T>(activate(call, positive, y));
  });
}

struct GradientSums {
  double grad = 0.0;            // sum g
  double grad_deviation = 0.0;  // sum g (x - mean)
};

template <typename Call>
GradientSums gradient_sums(const Call& call, bool with_input, std::int64_t channel, double mean) {
  GradientSums sums;
  for_each_value(call.geometry, channel, [&](std::int64_t i) {
    const double g = gradient_at(call, i);
    sums.grad += g;
    if (with_input) sums.grad_deviation += g * (static_cast<double>(call.input[i]) - mean);
  });
  return sums;
}

// grad_input(i, g) for the elements of a channel; the gradient of the residual is g itself.
template <typename T, typename Call, typename GradInput>
void write_gradients(const Call& call, std::int64_t channel, GradInput grad_input) {
  if (!call.grad_input) return;
  for_each_value(call.geometry, channel, [&](std::int64_t i) {
    const double g = gradient_at(call, i);
    if (call.grad_residual) call.grad_residual[i] = static_cast<T>(g);
    call.grad_input[i] = static_cast<T>(grad_input(i, g));
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
    normalize<T>(call, c, call.mean[c], invstd);
  }
}

template <typename T>
void run(const TrainingBackward<T>& call) {
  using R = Parameter<T>;
  const auto count = static_cast<double>(call.geometry.count());
  for (std::int64_t c = 0; c < call.geometry.channels; ++c) {
    const double mean = call.mean[c];
    const double invstd = 1.0 / std::sqrt(variance_of(call.m2[c], call.geometry.count()) + call.eps);
    const GradientSums sums = gradient_sums(call, true, c, mean);
    const double grad_weight = count > 0 ? sums.grad_deviation * invstd : 0.0;  // not 0 * Inf when eps is 0
    const double scale = value_or(call.weight, c, 1.0) * invstd;
    write_gradients<T>(call, c, [&](std::int64_t i, double g) {
      const double normalized = (static_cast<double>(call.input[i]) - mean) * invstd;
      return scale * (g - sums.grad / count - normalized * grad_weight / count);
    });
    if (call.grad_weight) call.grad_weight[c] = static_cast<R>(grad_weight);
    if (call.grad_bias) call.grad_bias[c] = static_cast<R>(sums.grad);
  }
}

template <typename T>
void run(const EvaluationForward<T>& call) {
  for (std::int64_t c = 0; c < call.geometry.channels; ++c) {
    const double invstd = 1.0 / std::sqrt(static_cast<double>(call.variance[c]) + call.eps);
    normalize<T>(call, c, static_cast<double>(call.mean[c]), invstd);
  }
}

template <typename T>
void run(const EvaluationBackward<T>& call) {
  using R = Parameter<T>;
  for (std::int64_t c = 0; c < call.geometry.channels; ++c) {
    const double invstd = 1.0 / std::sqrt(static_cast<double>(call.variance[c]) + call.eps);
    const bool with_input = call.grad_weight != nullptr;
    const GradientSums sums = gradient_sums(call, with_input, c, static_cast<double>(call.mean[c]));
    const double scale = value_or(call.weight, c, 1.0) * invstd;
    write_gradients<T>(call, c, [&](std::int64_t, double g) { return scale * g; });
    const double grad_weight = call.geometry.count() > 0 ? sums.grad_deviation * invstd : 0.0;
    if (call.grad_weight) call.grad_weight[c] = static_cast<R>(grad_weight);
    if (call.grad_bias) call.grad_bias[c] = static_cast<R>(sums.grad);
  }
}

#define EVENKEEL_INSTANTIATE(T)                                                 \
  template Moments channel_moments<T>(const T*, const Geometry&, std::int64_t); \
  template bool is_constant<T>(const T*, const Geometry&, std::int64_t);        \
  template void run<T>(const ChannelMoments<T>&);                               \
  template void run<T>(const TrainingForward<T>&);                              \
  template void run<T>(const TrainingBackward<T>&);                             \
  template void run<T>(const EvaluationForward<T>&);                            \
  template void run<T>(const EvaluationBackward<T>&);
EVENKEEL_INSTANTIATE(float)
EVENKEEL_INSTANTIATE(double)
EVENKEEL_INSTANTIATE(float16)
EVENKEEL_INSTANTIATE(bfloat16)
#undef EVENKEEL_INSTANTIATE

}  // namespace evenkeel::kernels::reference
