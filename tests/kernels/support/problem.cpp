#include "kernels/support/problem.h"

#include <type_traits>

#include "kernels/support/oracle.h"

namespace evenkeel::kernels::test {

template <typename T>
Problem<T>::Problem(const Geometry& problem_geometry, Style problem_style, std::uint64_t problem_seed,
                    const Options& problem_options)
    : geometry(problem_geometry),
      style(problem_style),
      seed(problem_seed),
      options(problem_options),
      input(make_tensor<T>(geometry, style, seed)),
      grad_output(make_tensor<T>(geometry, Style::kPlain, seed + 1)),
      weight(make_parameters<T>(geometry.channels, -2.0, 2.0, seed + 2)),
      bias(make_parameters<T>(geometry.channels, -3.0, 3.0, seed + 3)) {
  const oracle::Moments moments = oracle::moments(input, geometry);
  for (std::size_t c = 0; c < moments.mean.size(); ++c) {
    const auto count = static_cast<long double>(geometry.count());
    mean.push_back(static_cast<T>(moments.mean[c]));
    variance.push_back(geometry.count() > 0 ? static_cast<T>(1.1L * moments.m2[c] / count) : T{0});
    // A running variance beyond the range of float is not a case of its own.
    if (variance.back() > static_cast<T>(1e36)) variance.back() = static_cast<T>(1e36);
  }
}

template <typename T>
std::ostream& operator<<(std::ostream& out, const Problem<T>& problem) {
  const Options& options = problem.options;
  out << (std::is_same_v<T, float> ? "float" : "double") << " (outer, channels, inner) = ("
      << problem.geometry.outer << ", " << problem.geometry.channels << ", " << problem.geometry.inner
      << "), " << name_of(problem.style) << ", seed " << problem.seed << ", at " << name_of(options.placement)
      << ", eps " << options.eps;
  if (!options.weight) out << ", no weight";
  if (!options.bias) out << ", no bias";
  if (options.in_place) out << ", in place";
  if (!options.grad_input) out << ", no grad_input";
  if (!options.grad_weight) out << ", no grad_weight";
  if (!options.grad_bias) out << ", no grad_bias";
  return out;
}

template struct Problem<float>;
template struct Problem<double>;
template std::ostream& operator<<(std::ostream&, const Problem<float>&);
template std::ostream& operator<<(std::ostream&, const Problem<double>&);

}  // namespace evenkeel::kernels::test
