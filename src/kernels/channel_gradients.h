// The gradients of the parameters of a slab's channels, and what they make the input gradient of.
#pragma once

#include "kernels/channel_kernels.h"
#include "kernels/gradient_sums.h"
#include "kernels/normalization_map.h"

namespace evenkeel::kernels {

// Coefficients per channel of the slab; see GradientOfChannels.
template <typename R>
struct GradientCoefficients {
  R *mean, *scale, *slope, *offset;
};

// `mean` and `m2` hold the slab's channels: sums over `count` values. Writes the call's grad_weight and grad_bias.
template <typename T, typename Call>
GradientCoefficients<Parameter<T>> finish_gradients(const Call& call, const Plan& plan, std::int64_t slab,
                                                    const GradientSums<T>& sums, const double* mean,
                                                    const double* m2, double count, Workspace& workspace) {
  using R = Parameter<T>;
  const std::int64_t first = plan.first_channel(slab);
  const std::int64_t channels = plan.channels_of(slab);
  const auto take = [&] { return workspace.take<R>(channels); };
  const GradientCoefficients<R> result{take(), take(), take(), take()};
  R* grad_weight = call.grad_weight ? call.grad_weight + first : take();
  R* grad_bias = call.grad_bias ? call.grad_bias + first : take();
  channel_kernels<R>().gradient({channels, count, call.eps, mean, m2, from_channel(call.weight, first),
                                 sums.grad(), sums.grad_deviation(), sums.unit(), grad_weight, grad_bias,
                                 result.mean, result.scale, result.slope, result.offset});
  return result;
}

}  // namespace evenkeel::kernels
