// The loops of channel_kernels.h. They are plain: the compiler makes vectors of them. Compiled once for each
// instruction set.
#if defined(EVENKEEL_KERNELS_CHANNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_KERNELS_CHANNELS_INL_H_
#undef EVENKEEL_KERNELS_CHANNELS_INL_H_
#else
#define EVENKEEL_KERNELS_CHANNELS_INL_H_
#endif

#include <cstdint>
#include <limits>

#include "hwy/highway.h"
#include "kernels/channel_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {
namespace {

template <typename R>
void moments_of_channels(const MomentsOfChannels<R>& of) {
  const double count = of.count, smallest = of.smallest_m2;
  const R* HWY_RESTRICT shift = of.shift;
  const double* HWY_RESTRICT sum = of.sum;
  const double* HWY_RESTRICT dot = of.dot;
  double* HWY_RESTRICT mean = of.mean;
  double* HWY_RESTRICT m2 = of.m2;
  bool* HWY_RESTRICT pending = of.pending;
  for (std::int64_t c = 0; c < of.channels; ++c) {
    const double offset = sum[c] / count;  // of the mean from the shift
    const double squares = dot[c] - sum[c] * offset;
    mean[c] = static_cast<double>(shift[c]) + offset;
    m2[c] = squares;
    // Written so that NaN is not good.
    const bool good = (squares >= smallest) & (squares <= std::numeric_limits<double>::max()) &
                      (offset * offset * count <= kWorstShift * squares);
    pending[c] = !good;
  }
}

template <typename R>
void normalization_of_channels(const NormalizationOfChannels<R>& of) {
  const double count = of.count, eps = of.eps;
  const double* HWY_RESTRICT mean = of.mean;
  const double* HWY_RESTRICT m2 = of.m2;
  const R* HWY_RESTRICT weight = of.weight;
  const R* HWY_RESTRICT bias = of.bias;
  R* HWY_RESTRICT mean_high = of.mean_high;
  R* HWY_RESTRICT scale = of.scale;
  R* HWY_RESTRICT offset = of.offset;
  for (std::int64_t c = 0; c < of.channels; ++c) {
    const double factor =
        (weight ? static_cast<double>(weight[c]) : 1.0) / __builtin_sqrt(m2[c] / count + eps);
    const R high = static_cast<R>(mean[c]);
    // With an infinite mean the low part is NaN, and so is every output: as the formula has it.
    const double low = mean[c] - static_cast<double>(high);
    mean_high[c] = high;
    scale[c] = static_cast<R>(factor);
    offset[c] = static_cast<R>((bias ? static_cast<double>(bias[c]) : 0.0) - low * factor);
  }
}

template <typename R>
void units_of_channels(const UnitsOfChannels<R>& of) {
  // The bits of a double's exponent, which is 1023 more than that of the power of two.
  constexpr std::int64_t kBits = 52, kOne = 1023;
  constexpr std::int64_t kLargest = std::numeric_limits<R>::max_exponent - 2;
  const double count = of.count, eps = of.eps;
  const double* HWY_RESTRICT m2 = of.m2;
  double* HWY_RESTRICT unit = of.unit;
  R* HWY_RESTRICT per_unit = of.per_unit;
  for (std::int64_t c = 0; c < of.channels; ++c) {
    const double square = m2[c] / count + eps;
    const bool known = (square > 0.0) & (square <= std::numeric_limits<double>::max());
    const std::int64_t exponent = (__builtin_bit_cast(std::int64_t, known ? square : 1.0) >> kBits) - kOne;
    const std::int64_t half = ((exponent + 2 * kOne + 1) >> 1) - kOne;  // rounded down, below 0 as well
    const std::int64_t kept = half < -kLargest ? -kLargest : half > kLargest ? kLargest : half;
    unit[c] = __builtin_bit_cast(double, (kOne + kept) << kBits);
    per_unit[c] = static_cast<R>(__builtin_bit_cast(double, (kOne - kept) << kBits));
  }
}

template <typename R>
void gradient_of_channels(const GradientOfChannels<R>& of) {
  const double count = of.count, per_value = 1.0 / of.count, eps = of.eps;
  const double* HWY_RESTRICT mean = of.mean;
  const double* HWY_RESTRICT m2 = of.m2;
  const R* HWY_RESTRICT weight = of.weight;
  const double* HWY_RESTRICT grad = of.grad;
  const double* HWY_RESTRICT grad_deviation = of.grad_deviation;
  const double* HWY_RESTRICT unit = of.unit;
  R* HWY_RESTRICT grad_weight = of.grad_weight;
  R* HWY_RESTRICT grad_bias = of.grad_bias;
  R* HWY_RESTRICT mean_high = of.mean_high;
  R* HWY_RESTRICT scale = of.scale;
  R* HWY_RESTRICT slope = of.slope;
  R* HWY_RESTRICT offset = of.offset;
  for (std::int64_t c = 0; c < of.channels; ++c) {
    const double deviation = __builtin_sqrt(m2[c] / count + eps);
    const double inverse = 1.0 / deviation;
    // As in normalization_of_channels, which is what a gradient of the input alone takes.
    const double factor = (weight ? static_cast<double>(weight[c]) : 1.0) / deviation;
    const double units = unit[c] * inverse;  // about 1: of a unit in a standard deviation
    const double of_weight = grad_deviation[c] * units;
    const double tilt = factor * of_weight * per_value;
    const R high = static_cast<R>(mean[c]);
    const double low = mean[c] - static_cast<double>(high);
    mean_high[c] = high;
    scale[c] = static_cast<R>(factor);
    slope[c] = static_cast<R>(-tilt * units);
    offset[c] = static_cast<R>(tilt * low * inverse - factor * grad[c] * per_value);
    grad_weight[c] = static_cast<R>(of_weight);
    grad_bias[c] = static_cast<R>(grad[c]);
  }
}

}  // namespace
}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
