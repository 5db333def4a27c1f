#include "libtorch/second_order.h"

#include <torch/torch.h>

#include <algorithm>
#include <vector>

namespace evenkeel::libtorch {
namespace {

// Sums and shapes of an (N, C, ...) tensor, seen from its channels.
class Channels {
 public:
  explicit Channels(const Tensor& input)
      : count_(std::max<std::int64_t>(1, input.numel() / std::max<std::int64_t>(1, input.size(1)))),
        broadcast_(static_cast<std::size_t>(input.dim()), 1) {
    broadcast_[1] = input.size(1);
    for (std::int64_t d = 0; d < input.dim(); ++d) {
      if (d != 1) others_.push_back(d);
    }
  }

  double count() const { return static_cast<double>(count_); }
  Tensor sum(const Tensor& values) const { return values.sum(others_, /*keepdim=*/true); }
  Tensor mean(const Tensor& values) const { return sum(values) / count(); }
  // C values, so that they meet an (N, C, ...) tensor along its channels.
  Tensor spread(const Tensor& values) const { return values.reshape(broadcast_); }
  // The way back, for what sum() and mean() gave.
  static Tensor gather(const Tensor& values) { return values.flatten(); }

 private:
  std::int64_t count_;  // values per channel; 1 for an empty batch, whose sums are all 0
  std::vector<std::int64_t> broadcast_;
  std::vector<std::int64_t> others_;
};

// Halves are computed with as floats; autograd rounds what comes out to the dtype it is the gradient of.
Tensor in_float(const Tensor& values) {
  return values.defined() && is_half(values.scalar_type()) ? values.to(torch::kFloat) : values;
}

// An undefined tensor is zero.
Tensor sum_of(const Tensor& a, const Tensor& b) {
  if (!a.defined()) return b;
  return b.defined() ? a + b : a;
}

}  // namespace

// With n = (x - mean) / std, r = 1 / std, E the mean over a channel and the projection
//   P(u) = u - E[u] - n E[u n],
// the gradients that are differentiated here are
//   grad_input = w r P(g)        grad_weight = sum g n        grad_bias = sum g.
// For L = sum a grad_input + b grad_weight + c grad_bias, and because P is symmetric:
//   dL/dg = w r P(a) + b n + c
//   dL/dw = r sum a P(g)
//   dL/dx = r P(t) - w r^2 E[a P(g)] n,   t = b g - w r (a E[g n] + g E[a n]),
// where r P(t) is t pulled back through n(x), and the last term is what the r in grad_input contributes.
SecondOrder training_second_order(const GradientArguments& at, const Gradients& cotangents,
                                  SecondOrderWanted wanted) {
  const Channels channels(at.input);
  const Tensor x = in_float(at.input);
  const Tensor g = in_float(at.grad_output);
  const Tensor a = in_float(cotangents.input);

  // The mean of `centered` is what rounding left in the mean; without it a large mean would spoil n.
  Tensor centered = x - channels.mean(x);
  centered = centered - channels.mean(centered);
  const Tensor r = torch::rsqrt(channels.mean(centered * centered) + at.eps);
  const Tensor n = centered * r;
  const Tensor wr = is_given(at.weight) ? channels.spread(at.weight) * r : r;
  const auto project = [&](const Tensor& u) { return u - channels.mean(u) - n * channels.mean(u * n); };

  SecondOrder result;
  Tensor t;
  if (a.defined()) {
    const Tensor a_pg = channels.mean(a * project(g));
    if (wanted.grad_output) result.grad_output = wr * project(a);
    if (wanted.weight) result.weight = channels.gather(r * a_pg * channels.count());
    if (wanted.input) {
      result.input = -(wr * r * a_pg) * n;
      t = -wr * (a * channels.mean(g * n) + g * channels.mean(a * n));
    }
  }
  if (cotangents.weight.defined()) {
    const Tensor b = channels.spread(cotangents.weight);
    if (wanted.grad_output) result.grad_output = sum_of(result.grad_output, b * n);
    if (wanted.input) t = sum_of(t, b * g);
  }
  if (cotangents.bias.defined() && wanted.grad_output) {
    result.grad_output = sum_of(result.grad_output, channels.spread(cotangents.bias).expand_as(g));
  }
  if (t.defined()) result.input = sum_of(result.input, r * project(t));
  return result;
}

Tensor differentiable_activation_backward(const Backward& call) {
  const Tensor& g = call.grad_output;
  if (!call.settings.activated()) return g;
  const bool leaky = call.settings.activation == kernels::Activation::kLeakyReLU;
  const Tensor below_zero = leaky ? g * call.settings.negative_slope : torch::zeros_like(g);
  return torch::where(positive_mask(call.input, call.positive), g, below_zero);
}

// With the weights p of sum m, n = (x - mean) / std and sums over a channel:
//   grad_input = w / std (g - p / m (sum g + n sum g n))       grad_weight = sum g n       grad_bias = sum g
Gradients differentiable_weighted_backward(const Backward& call, const BatchMoments& batch) {
  const Wanted& wanted = call.wanted;
  const Tensor passed = differentiable_activation_backward(call);
  const Tensor g = in_float(passed);
  const Tensor& p = batch.weights;
  const Tensor shares = p / batch.count;
  const Tensor left_out = p == 0;
  Tensor x = in_float(call.input);
  // Where nothing counts and no gradient comes from, NaN and Inf are kept out of the sums.
  x = x.masked_fill(left_out.logical_and(g == 0).logical_and(x.isfinite().logical_not()), 0);

  const Channels channels(x);
  const auto weighted_mean = [&](const Tensor& u) {
    return channels.sum(shares * u.masked_fill(left_out, 0));
  };
  Tensor centered = x - weighted_mean(x);
  centered = centered - weighted_mean(centered);
  const Tensor r = torch::rsqrt(weighted_mean(centered * centered) + call.settings.eps);
  const Tensor n = centered * r;
  const Tensor sum_g = channels.sum(g);
  const Tensor sum_gn = channels.sum(g * n);
  Gradients result;
  if (wanted.input) {
    const Tensor wr = is_given(call.weight) ? channels.spread(call.weight) * r : r;
    result.input = wr * (g - shares * (sum_g + n * sum_gn));
  }
  if (wanted.weight) result.weight = channels.gather(sum_gn);
  if (wanted.bias) result.bias = channels.gather(sum_g);
  if (wanted.residual) result.residual = passed;
  return result;
}

Gradients differentiable_evaluation_backward(const Backward& call, const Tensor& statistics) {
  const Wanted& wanted = call.wanted;
  const Tensor passed = differentiable_activation_backward(call);
  const Tensor g = in_float(passed);
  const Channels channels(g);
  const Tensor r = channels.spread(torch::rsqrt(statistics[1] + call.settings.eps));
  Gradients result;
  if (wanted.input) result.input = is_given(call.weight) ? g * (channels.spread(call.weight) * r) : g * r;
  if (wanted.weight) {
    const Tensor n = (in_float(call.input) - channels.spread(statistics[0])) * r;
    result.weight = channels.gather(channels.sum(g * n));
  }
  if (wanted.bias) result.bias = channels.gather(channels.sum(g));
  if (wanted.residual) result.residual = passed;
  return result;
}

}  // namespace evenkeel::libtorch
