// The activation on vectors, and its gradient from the bits that say where its input was positive. Compiled once
// for each instruction set.
#if defined(EVENKEEL_KERNELS_ACTIVATIONS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_KERNELS_ACTIVATIONS_INL_H_
#undef EVENKEEL_KERNELS_ACTIVATIONS_INL_H_
#else
#define EVENKEEL_KERNELS_ACTIVATIONS_INL_H_
#endif

#include "kernels/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {
namespace {

// v where the mask says positive, negative_slope * v elsewhere: a leaky ReLU, and its gradient.
template <typename R>
class Slope {
 public:
  using D = hn::ScalableTag<R>;
  explicit HWY_INLINE Slope(R negative_slope)
      : slope_(hn::Set(D(), negative_slope)), kept_(hn::VecFromMask(D(), hn::Ne(slope_, hn::Zero(D())))) {}

  HWY_INLINE hn::Vec<D> operator()(hn::Mask<D> positive, hn::Vec<D> values) const {
    // A slope of 0 gives +0, even for -Inf and for what would be -0.
    return hn::IfThenElse(positive, values, hn::And(hn::Mul(values, slope_), kept_));
  }

 private:
  hn::Vec<D> slope_;
  hn::Vec<D> kept_;
};

// NaN counts as positive: it goes through, and so does its gradient.
template <typename D>
HWY_INLINE hn::Mask<D> is_positive(D d, hn::Vec<D> values) {
  return hn::Not(hn::Le(values, hn::Zero(d)));
}

}  // namespace
}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
