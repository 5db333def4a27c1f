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

double variance_of(double m2, double count) { return count > 0 ? m2 / count : 0.0; }

// What the values of a tensor count in its moments.
template <typename R>
class Weights {
 public:
  Weights(const Geometry& geometry, const R* weights) : geometry_(geometry), weights_(weights) {}

  // Of the value at an index into the tensor.
  double at(std::int64_t i) const {
    if (!weights_) return 1.0;
    const std::int64_t inner = geometry_.inner;
    const std::int64_t outer = i / (geometry_.channels * inner);
    return static_cast<double>(weights_[outer * inner + i % inner]);
  }

  double total() const {
    if (!weights_) return static_cast<double>(geometry_.count());
    double sum = 0.0;
    for (std::int64_t i = 0; i < geometry_.count(); ++i) sum += static_cast<double>(weights_[i]);
    return sum;
  }

 private:
  const Geometry& geometry_;
  const R* weights_;
};

bool bit_of(const std::uint8_t* bits, std::int64_t i) { return (bits[i / 8] >> (i % 8) & 1) != 0; }

void set_bit(std::uint8_t* bits, std::int64_t i, bool value) {
  const auto bit = static_cast<std::uint8_t>(1 << (i % 8));
  bits[i / 8] = static_cast<std::uint8_t>(value ? bits[i / 8] | bit : bits[i / 8] & ~bit);
}

template <typename Call>
double activate(const Call& call, bool positive, double value) {
  if (call.activation == Activation::kNone || positive) return value;
  const double slope = call.activation == Activation::kReLU ? 0.0 : call.negative_slope;
  return slope == 0.0 ? 0.0 : slope * value;  // +0, even for -Inf
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

constexpr auto kEveryValue = [](std::int64_t) { return 1.0; };

template <typename Call, typename WeightAt>
GradientSums gradient_sums(const Call& call, bool with_input, std::int64_t channel, double mean,
                           WeightAt weight_at) {
  GradientSums sums;
  for_each_value(call.geometry, channel, [&](std::int64_t i) {
    const double g = gradient_at(call, i);
    sums.grad += g;
    const bool nothing = g == 0.0 && weight_at(i) == 0.0;  // even of NaN and Inf
    if (with_input && !nothing) sums.grad_deviation += g * (static_cast<double>(call.input[i]) - mean);
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
Moments channel_moments(const T* input, const Geometry& geometry, std::int64_t channel,
                        const Parameter<T>* weights) {
  const Weights<Parameter<T>> weighting(geometry, weights);
  const double count = weighting.total();
  if (count == 0) return {0.0, 0.0};
  const auto for_each_counted = [&](auto body) {
    for_each_value(geometry, channel, [&](std::int64_t i) {
      const double weight = weighting.at(i);
      if (weight > 0) body(weight, static_cast<double>(input[i]));
    });
  };
  double sum = 0.0;
  for_each_counted([&](double weight, double x) { sum += weight * x; });
  const double mean = sum / count;
  double m2 = 0.0;
  double rest = 0.0;  // what rounding left out of the mean
  for_each_counted([&](double weight, double x) {
    const double deviation = x - mean;
    rest += weight * deviation;
    m2 += weight * deviation * deviation;
  });
  return {std::isfinite(rest) ? mean + rest / count : mean, m2 - rest * (rest / count)};
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
void run(const WeightedMoments<T>& call) {
  *call.count = Weights<Parameter<T>>(call.geometry, call.weights).total();
  for (std::int64_t c = 0; c < call.geometry.channels; ++c) {
    const Moments moments = channel_moments(call.input, call.geometry, c, call.weights);
    call.mean[c] = moments.mean;
    call.m2[c] = moments.m2;
  }
}

template <typename T>
void run(const TrainingForward<T>& call) {
  run(ChannelMoments<T>{call.geometry, call.input, call.mean, call.m2});
  const auto count = static_cast<double>(call.geometry.count());
  run(GivenMomentsForward<T>{call.geometry, call.input, call.weight, call.bias, call.mean, call.m2, count,
                             call.eps, call.output, call.residual, call.activation, call.negative_slope,
                             call.positive});
}

template <typename T>
void run(const GivenMomentsForward<T>& call) {
  for (std::int64_t c = 0; c < call.geometry.channels; ++c) {
    const double invstd = 1.0 / std::sqrt(variance_of(call.m2[c], call.count) + call.eps);
    normalize<T>(call, c, call.mean[c], invstd);
  }
}

template <typename T>
void run(const TrainingBackward<T>& call) {
  using R = Parameter<T>;
  const double count = call.count > 0 ? call.count : static_cast<double>(call.geometry.count());
  const Weights<R> weighting(call.geometry, call.position_weights);
  for (std::int64_t c = 0; c < call.geometry.channels; ++c) {
    const double mean = call.mean[c];
    const double invstd = 1.0 / std::sqrt(variance_of(call.m2[c], count) + call.eps);
    const GradientSums sums =
        gradient_sums(call, true, c, mean, [&](std::int64_t i) { return weighting.at(i); });
    const double grad_weight = count > 0 ? sums.grad_deviation * invstd : 0.0;  // not 0 * Inf when eps is 0
    const double scale = value_or(call.weight, c, 1.0) * invstd;
    write_gradients<T>(call, c, [&](std::int64_t i, double g) {
      const double weight = weighting.at(i);
      if (weight == 0.0) return scale * g;
      const double normalized = (static_cast<double>(call.input[i]) - mean) * invstd;
      return scale * (g - weight * (sums.grad / count + normalized * grad_weight / count));
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
    const GradientSums sums =
        gradient_sums(call, with_input, c, static_cast<double>(call.mean[c]), kEveryValue);
    const double scale = value_or(call.weight, c, 1.0) * invstd;
    write_gradients<T>(call, c, [&](std::int64_t, double g) { return scale * g; });
    const double grad_weight = call.geometry.count() > 0 ? sums.grad_deviation * invstd : 0.0;
    if (call.grad_weight) call.grad_weight[c] = static_cast<R>(grad_weight);
    if (call.grad_bias) call.grad_bias[c] = static_cast<R>(sums.grad);
  }
}

#define EVENKEEL_INSTANTIATE(T)                                                                      \
  template Moments channel_moments<T>(const T*, const Geometry&, std::int64_t, const Parameter<T>*); \
  template void run<T>(const ChannelMoments<T>&);                                                    \
  template void run<T>(const WeightedMoments<T>&);                                                   \
  template void run<T>(const TrainingForward<T>&);                                                   \
  template void run<T>(const GivenMomentsForward<T>&);                                               \
  template void run<T>(const TrainingBackward<T>&);                                                  \
  template void run<T>(const EvaluationForward<T>&);                                                 \
  template void run<T>(const EvaluationBackward<T>&);
EVENKEEL_INSTANTIATE(float)
EVENKEEL_INSTANTIATE(double)
EVENKEEL_INSTANTIATE(float16)
EVENKEEL_INSTANTIATE(bfloat16)
#undef EVENKEEL_INSTANTIATE

}  // namespace evenkeel::kernels::reference
