// What happens once per channel between the passes over the data. With many channels and few values of each this is
// most of the work, so these loops too are compiled for every instruction set.
#pragma once

#include <cstdint>

namespace evenkeel::kernels {

// With a shift s the sums lose about (mean - s)^2 / variance of their accuracy. The eight samples that a shift is
// taken from keep that below 1 nearly always.
inline constexpr double kWorstShift = 4.0;

// Mean and m2 from sums about a shift: sum = sum u and dot = sum u * u with u = x - shift.
// pending[c] becomes false where they are good: finite, not below `smallest_m2`, and with a shift near enough to the
// mean that the difference of the sums keeps its digits.
template <typename R>
struct MomentsOfChannels {
  std::int64_t channels = 0;
  double count = 0;
  double smallest_m2 = 0;
  const R* shift = nullptr;
  const double* sum = nullptr;
  const double* dot = nullptr;
  double* mean = nullptr;
  double* m2 = nullptr;
  bool* pending = nullptr;
};

// The coefficients of y = (x - mean) * scale + offset. A float mean leaves a rest that goes into the offset.
template <typename R>
struct NormalizationOfChannels {
  std::int64_t channels = 0;
  double count = 0;
  double eps = 0;
  const double* mean = nullptr;
  const double* m2 = nullptr;
  const R* weight = nullptr;  // or null
  const R* bias = nullptr;    // or null
  R *mean_high = nullptr, *scale = nullptr, *offset = nullptr;
};

// The unit that deviations from the mean are counted in: the power of two next to sqrt(m2 / count + eps), and 1 where that is 0 or
// not a number. Products with deviations in it neither vanish nor overflow unless what they are multiplied with is at the end of R's
// range itself, and nothing is rounded.
template <typename R>
struct UnitsOfChannels {
  std::int64_t channels = 0;
  double count = 0;
  double eps = 0;
  const double* m2 = nullptr;
  double* unit = nullptr;
  R* per_unit = nullptr;  // 1 / unit
};

// The gradients of the parameters and the coefficients of
//   grad_input = g * scale + ((x - mean) * per_unit) * slope + offset
// from grad = sum g and grad_deviation = sum g (x - mean) / unit.
template <typename R>
struct GradientOfChannels {
  std::int64_t channels = 0;
  double count = 0;
  double eps = 0;
  const double* mean = nullptr;
  const double* m2 = nullptr;
  const R* weight = nullptr;  // or null
  const double* grad = nullptr;
  const double* grad_deviation = nullptr;
  const double* unit = nullptr;
  R *grad_weight = nullptr, *grad_bias = nullptr;
  R *mean_high = nullptr, *scale = nullptr, *slope = nullptr, *offset = nullptr;
};

template <typename R>
struct ChannelKernels {
  void (*moments)(const MomentsOfChannels<R>&);
  void (*normalization)(const NormalizationOfChannels<R>&);
  void (*units)(const UnitsOfChannels<R>&);
  void (*gradient)(const GradientOfChannels<R>&);
};

// Those of the instruction set in use, for R = float and double.
template <typename R>
const ChannelKernels<R>& channel_kernels();

}  // namespace evenkeel::kernels
