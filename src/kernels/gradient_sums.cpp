#include "kernels/gradient_sums.h"

#include <algorithm>
#include <cmath>

#include "kernels/reference.h"

namespace evenkeel::kernels {

template <typename T>
template <typename Mean>
GradientSums<T>::GradientSums(const Plan& plan, std::int64_t slab, const T* input, const T* grad_output,
                              const Mean* mean, Workspace& workspace)
    : plan_(plan),
      slab_(slab),
      channels_(plan.channels_of(slab)),
      input_(input),
      grad_output_(grad_output),
      mean_(workspace.take<double>(channels_)),
      grad_(workspace.take<double>(channels_)),
      grad_deviation_(workspace.take<double>(channels_)) {
  T* high = workspace.take<T>(channels_);
  for (std::int64_t c = 0; c < channels_; ++c) {
    mean_[c] = static_cast<double>(mean[plan.first_channel(slab) + c]);
    high[c] = SplitMean<T>(mean_[c]).high;
  }
  mean_columns_ = spread(plan, slab, high, workspace);
}

template <typename T>
void GradientSums<T>::add_sums(std::int64_t block, double* sums) const {
  const VectorKernels<T>& kernels = vector_kernels<T>(plan_.walk);
  sum_block(plan_, slab_, block, sums,
            [&](const Tile& tile, std::int64_t offset, std::int64_t parameter, double* sum, double* dot) {
              kernels.gradient_sums(tile, input_ + offset, grad_output_ + offset, mean_columns_ + parameter,
                                    sum, dot);
            });
}

template <typename T>
void GradientSums<T>::finish_sums(const double* sums) {
  for (std::int64_t c = 0; c < channels_; ++c) {
    grad_[c] = sums[c];
    grad_deviation_[c] = sums[channels_ + c] - SplitMean<T>(mean_[c]).low * sums[c];
    if (!std::isfinite(grad_[c]) ||
        !std::isfinite(grad_deviation_[c])) {  // too large for T, or not numbers at all
      const auto exact = reference::gradient_sums(input_, grad_output_, plan_.geometry,
                                                  plan_.first_channel(slab_) + c, mean_[c]);
      grad_[c] = exact.grad;
      grad_deviation_[c] = exact.grad_deviation;
    }
  }
}

template class GradientSums<float>;
template class GradientSums<double>;
template GradientSums<float>::GradientSums(const Plan&, std::int64_t, const float*, const float*,
                                           const float*, Workspace&);
template GradientSums<float>::GradientSums(const Plan&, std::int64_t, const float*, const float*,
                                           const double*, Workspace&);
template GradientSums<double>::GradientSums(const Plan&, std::int64_t, const double*, const double*,
                                            const double*, Workspace&);

}  // namespace evenkeel::kernels
