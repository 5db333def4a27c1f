#include "kernels/support/problem.h"

#include "kernels/support/oracle.h"

namespace evenkeel::kernels::test {

Options varied_options(std::size_t number) {
  static constexpr Activation kActivations[] = {Activation::kNone, Activation::kReLU, Activation::kLeakyReLU};
  static constexpr double kSlopes[] = {0.01, 0.25, -0.5, 2.0, 0.0};
  Options options;
  options.placement = kPlacements[number % kPlacements.size()];
  options.weight = number % 4 != 1;
  options.bias = number % 5 != 2;
  options.in_place = number % 7 < 2;
  options.residual = number % 8 < 3;
  options.into_residual = number % 11 < 4;
  options.activation = kActivations[number / 3 % 3];
  options.negative_slope = kSlopes[number / 9 % 5];
  options.positive = number % 13 != 5;
  options.grad_residual = number % 10 < 6;
  return options;
}

template <typename T>
Problem<T>::Problem(const Geometry& problem_geometry, Style problem_style, std::uint64_t problem_seed,
                    const Options& problem_options)
    : geometry(problem_geometry),
      style(problem_style),
      seed(problem_seed),
      options(problem_options),
      input(make_tensor<T>(geometry, style, seed)),
      residual(make_tensor<T>(geometry, Style::kPlain, seed + 4)),
      grad_output(make_tensor<T>(geometry, Style::kPlain, seed + 1)),
      weight(make_parameters<R>(geometry.channels, -2.0, 2.0, seed + 2)),
      bias(make_parameters<R>(geometry.channels, -3.0, 3.0, seed + 3)) {
  const oracle::Moments moments = oracle::moments(input, geometry);
  for (std::size_t c = 0; c < moments.mean.size(); ++c) {
    const auto count = static_cast<long double>(geometry.count());
    mean.push_back(static_cast<R>(moments.mean[c]));
    variance.push_back(geometry.count() > 0 ? static_cast<R>(1.1L * moments.m2[c] / count) : R{0});
    // A running variance beyond the range of float is not a case of its own.
    if (variance.back() > static_cast<R>(1e36)) variance.back() = static_cast<R>(1e36);
  }
}

template <typename T>
std::ostream& operator<<(std::ostream& out, const Problem<T>& problem) {
  const Options& options = problem.options;
  out << Format<T>::kName << " (outer, channels, inner) = (" << problem.geometry.outer << ", "
      << problem.geometry.channels << ", " << problem.geometry.inner << "), " << name_of(problem.style)
      << ", seed " << problem.seed << ", at " << name_of(options.placement) << ", eps " << options.eps;
  if (!options.weight) out << ", no weight";
  if (!options.bias) out << ", no bias";
  if (options.in_place) out << ", in place";
  if (options.residual) out << (options.into_residual ? ", output into the residual" : ", residual");
  if (options.activation == Activation::kReLU) out << ", ReLU";
  if (options.activation == Activation::kLeakyReLU) out << ", leaky ReLU " << options.negative_slope;
  if (options.activated() && !options.positive) out << ", no bits";
  if (options.activated() && !options.grad_residual) out << ", no grad_residual";
  if (!options.grad_input) out << ", no grad_input";
  if (!options.grad_weight) out << ", no grad_weight";
  if (!options.grad_bias) out << ", no grad_bias";
  return out;
}

template struct Problem<float>;
template struct Problem<double>;
template struct Problem<float16>;
template struct Problem<bfloat16>;
template std::ostream& operator<<(std::ostream&, const Problem<float>&);
template std::ostream& operator<<(std::ostream&, const Problem<double>&);
template std::ostream& operator<<(std::ostream&, const Problem<float16>&);
template std::ostream& operator<<(std::ostream&, const Problem<bfloat16>&);

}  // namespace evenkeel::kernels::test
