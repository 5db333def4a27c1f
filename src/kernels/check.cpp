#include "kernels/check.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>

namespace evenkeel::kernels {
namespace {

[[noreturn]] void refuse(const char* operation, const std::string& what) {
  throw std::invalid_argument(std::string("[") + operation + "] expected " + what);
}

void check_geometry(const char* operation, const Geometry& g) {
  const std::string got = "(outer, channels, inner) = (" + std::to_string(g.outer) + ", " +
                          std::to_string(g.channels) + ", " + std::to_string(g.inner) + ")";
  if (g.outer < 0 || g.channels < 0 || g.inner < 0) refuse(operation, "extents of at least 0, got " + got);
  // An extent of 0 does not excuse the others: counts per channel and strides are their products too.
  std::int64_t size = 1;
  bool fits = true;
  for (const std::int64_t extent : {g.outer, g.channels, g.inner}) {
    fits = fits && !__builtin_mul_overflow(size, std::max<std::int64_t>(extent, 1), &size);
  }
  if (!fits || size > std::numeric_limits<std::int64_t>::max() / 64) {
    refuse(operation, "a size that fits into memory, got " + got);
  }
}

// std::to_string would show a small number as 0.
std::string shown(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

void check_eps(const char* operation, double eps) {
  if (!(eps >= 0)) refuse(operation, "eps of at least 0, got " + shown(eps));
}

void check_pointer(const char* operation, const char* name, const void* pointer) {
  if (!pointer) refuse(operation, std::string("a pointer for `") + name + "`, got null");
}

// Tensors without elements may be null.
void check_tensor(const char* operation, const char* name, const void* pointer, const Geometry& geometry) {
  if (geometry.size() > 0) check_pointer(operation, name, pointer);
}

void check_channels(const char* operation, const char* name, const void* pointer, std::int64_t channels) {
  if (channels > 0) check_pointer(operation, name, pointer);
}

template <typename Call>
void check_activation(const char* operation, const Call& call) {
  switch (call.activation) {
    case Activation::kNone:
    case Activation::kReLU:
      return;
    case Activation::kLeakyReLU: {
      if (std::isfinite(call.negative_slope)) return;
      refuse(operation, "a finite negative_slope, got " + shown(call.negative_slope));
    }
  }
  refuse(operation, "a known activation, got " + std::to_string(static_cast<int>(call.activation)));
}

void check_moments(const char* operation, const double* mean, const double* m2, std::int64_t channels) {
  check_channels(operation, "mean", mean, channels);
  check_channels(operation, "m2", m2, channels);
}

template <typename Call>
void check_statistics(const char* operation, const Call& call) {
  check_channels(operation, "mean", call.mean, call.geometry.channels);
  check_channels(operation, "variance", call.variance, call.geometry.channels);
}

template <typename Call>
void check_normalization(const char* operation, const Call& call) {
  check_geometry(operation, call.geometry);
  check_eps(operation, call.eps);
  check_tensor(operation, "input", call.input, call.geometry);
  check_tensor(operation, "output", call.output, call.geometry);
  check_activation(operation, call);
}

template <typename Call>
void check_incoming_gradient(const char* operation, const Call& call) {
  check_activation(operation, call);
  check_tensor(operation, "grad_output", call.grad_output, call.geometry);
  if (call.activation != Activation::kNone) {
    check_tensor(operation, "positive", call.positive, call.geometry);
  } else if (call.grad_residual) {
    refuse(operation, "no grad_residual without an activation, where it is grad_output; got a pointer");
  }
  if (call.grad_residual) check_tensor(operation, "grad_input", call.grad_input, call.geometry);
}

}  // namespace

template <typename T>
void check(const ChannelMoments<T>& call) {
  constexpr const char* kName = "channel_moments";
  check_geometry(kName, call.geometry);
  check_tensor(kName, "input", call.input, call.geometry);
  check_moments(kName, call.mean, call.m2, call.geometry.channels);
}

template <typename T>
void check(const WeightedMoments<T>& call) {
  constexpr const char* kName = "weighted_moments";
  check_geometry(kName, call.geometry);
  check_tensor(kName, "input", call.input, call.geometry);
  check_tensor(kName, "weights", call.weights, call.geometry);
  check_pointer(kName, "count", call.count);
  check_moments(kName, call.mean, call.m2, call.geometry.channels);
  if (call.geometry.size() == 0) return;
  for (std::int64_t i = 0; i < call.geometry.count(); ++i) {
    const auto weight = static_cast<double>(call.weights[i]);
    if (!(weight >= 0 && weight <= std::numeric_limits<double>::max())) {
      refuse(kName, "finite weights of at least 0, got " + shown(weight));
    }
  }
}

template <typename T>
void check(const GivenMomentsForward<T>& call) {
  constexpr const char* kName = "given_moments_forward";
  check_normalization(kName, call);
  check_moments(kName, call.mean, call.m2, call.geometry.channels);
  const bool counted = call.count > 0 && std::isfinite(call.count);
  if (call.geometry.size() > 0 && !counted) refuse(kName, "a count above 0, got " + shown(call.count));
}

template <typename T>
void check(const TrainingForward<T>& call) {
  constexpr const char* kName = "training_forward";
  check_normalization(kName, call);
  check_moments(kName, call.mean, call.m2, call.geometry.channels);
}

template <typename T>
void check(const TrainingBackward<T>& call) {
  constexpr const char* kName = "training_backward";
  check_geometry(kName, call.geometry);
  check_eps(kName, call.eps);
  check_tensor(kName, "input", call.input, call.geometry);
  check_incoming_gradient(kName, call);
  check_moments(kName, call.mean, call.m2, call.geometry.channels);
  const bool counted = call.count >= 0 && std::isfinite(call.count);
  if (!counted) refuse(kName, "a count of at least 0, got " + shown(call.count));
}

template <typename T>
void check(const EvaluationForward<T>& call) {
  constexpr const char* kName = "evaluation_forward";
  check_normalization(kName, call);
  check_statistics(kName, call);
}

template <typename T>
void check(const EvaluationBackward<T>& call) {
  constexpr const char* kName = "evaluation_backward";
  check_geometry(kName, call.geometry);
  check_eps(kName, call.eps);
  check_incoming_gradient(kName, call);
  if (call.grad_weight) check_tensor(kName, "input", call.input, call.geometry);
  check_statistics(kName, call);
}

template <typename T>
void check(const RunningUpdate<T>& call) {
  constexpr const char* kName = "running_update";
  if (call.channels < 0) refuse(kName, "channels of at least 0, got " + std::to_string(call.channels));
  if (!(call.count > 1)) refuse(kName, "more than 1 value per channel, got " + shown(call.count));
  check_moments(kName, call.mean, call.m2, call.channels);
  check_channels(kName, "running_mean", call.running_mean, call.channels);
  check_channels(kName, "running_var", call.running_var, call.channels);
}

void check_merge(std::int64_t channels, double count, const double* mean, const double* m2,
                 double other_count, const double* other_mean, const double* other_m2) {
  constexpr const char* kName = "merge_moments";
  if (channels < 0) refuse(kName, "channels of at least 0, got " + std::to_string(channels));
  if (!(count >= 0 && other_count >= 0)) {
    refuse(kName, "counts of at least 0, got " + shown(count) + " and " + shown(other_count));
  }
  check_moments(kName, mean, m2, channels);
  check_channels(kName, "other_mean", other_mean, channels);
  check_channels(kName, "other_m2", other_m2, channels);
}

#define EVENKEEL_INSTANTIATE(T)                          \
  template void check<T>(const ChannelMoments<T>&);      \
  template void check<T>(const WeightedMoments<T>&);     \
  template void check<T>(const TrainingForward<T>&);     \
  template void check<T>(const GivenMomentsForward<T>&); \
  template void check<T>(const TrainingBackward<T>&);    \
  template void check<T>(const EvaluationForward<T>&);   \
  template void check<T>(const EvaluationBackward<T>&);
EVENKEEL_INSTANTIATE(float)
EVENKEEL_INSTANTIATE(double)
EVENKEEL_INSTANTIATE(float16)
EVENKEEL_INSTANTIATE(bfloat16)
#undef EVENKEEL_INSTANTIATE
template void check<float>(const RunningUpdate<float>&);
template void check<double>(const RunningUpdate<double>&);

}  // namespace evenkeel::kernels
