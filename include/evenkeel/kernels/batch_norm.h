// Batch normalization on raw pointers.
//
// For a channel with the m values x_1 ... x_m of a batch (Ioffe & Szegedy 2015, Algorithm 1):
//   mean = 1/m sum x_i        variance = 1/m sum (x_i - mean)^2  (biased)
//   y_i  = weight * (x_i - mean) / sqrt(variance + eps) + bias
//
// All functions
// - take tensors of float, double, float16 or bfloat16 (T) in any layout that Geometry describes, at any
//   alignment of T; parameters are Parameter<T>, which is float for the halves and T otherwise,
// - keep statistics in double: `mean` and `m2` = sum (x_i - mean)^2 are arrays of geometry.channels,
// - give the same bits for any executor, any number of threads and every repetition on one instruction set, whatever other results
//   are asked for,
// - throw std::invalid_argument, before anything is written, for a negative extent, a null pointer where a
//   value is required, an eps that is negative or not a number, or an unknown EVENKEEL_INSTRUCTION_SET
//   or EVENKEEL_STREAMING_STORES (auto, always or never: whether results are written past the caches), and std::bad_alloc,
//   before anything is written too, where there is no memory for a call's scratch space,
// - may be called from several threads at once, on different outputs,
// - let NaN and Inf through as the formulas do: a channel that holds one normalises to NaN.
// A null `weight` stands for ones and a null `bias` for zeros. An output may not overlap an input unless the
// field says so. An empty batch (m = 0) writes mean = m2 = 0 and zero parameter gradients.
//
// Accuracy for float, against a float64 computation on the same input: relative error of the variance <= 1e-6
// up to |mean| / std = 1e4 and <= 1e-3 at 1e6; a channel whose values are all equal normalises to exactly
// `bias`; inputs up to 1e30 in magnitude are handled without overflow. Halves are computed as floats and rounded
// once, when they are stored. Sums of gradients count deviations in a power of two next to the standard deviation, so that products
// neither vanish nor overflow where the results do not. weight / std has to be a finite Parameter<T>: with
// eps = 0, values whose deviations lie below the normal numbers of T normalise to Inf.
#pragma once

#include <cstdint>

#include "evenkeel/kernels/activation.h"
#include "evenkeel/kernels/element.h"
#include "evenkeel/kernels/executor.h"
#include "evenkeel/kernels/geometry.h"

#pragma GCC visibility push(default)
namespace evenkeel::kernels {

// Mean and sum of squared deviations of each channel.
template <typename T>
struct ChannelMoments {
  Geometry geometry;
  const T* input = nullptr;
  double* mean = nullptr;  // out, [channels]
  double* m2 = nullptr;    // out, [channels]
};

// The same of values that count for more or less: sum of w, 1/sum(w) sum w x, sum w (x - mean)^2. A weight stands for
// all channels of its position; what stands where it is 0 has no influence, be it NaN or Inf.
template <typename T>
struct WeightedMoments {
  Geometry geometry;
  const T* input = nullptr;
  const Parameter<T>* weights = nullptr;  // [outer][inner], finite and at least 0
  double* count = nullptr;  // out, one value: the sum of the weights; if it is 0, all results are
  double* mean = nullptr;   // out, [channels]
  double* m2 = nullptr;     // out, [channels]
};

// Normalises a batch with its own statistics: output = activation(y + residual).
template <typename T>
struct TrainingForward {
  Geometry geometry;
  const T* input = nullptr;
  const Parameter<T>* weight = nullptr;  // [channels] or null
  const Parameter<T>* bias = nullptr;    // [channels] or null
  double eps = 1e-5;
  T* output = nullptr;          // out, may be `input` or `residual` itself
  double* mean = nullptr;       // out, [channels]: what the backward takes
  double* m2 = nullptr;         // out, [channels]
  const T* residual = nullptr;  // laid out as `input`, or null
  Activation activation = Activation::kNone;
  double negative_slope = 0.01;      // of kLeakyReLU
  std::uint8_t* positive = nullptr;  // out, positive_bytes<T>(geometry), with an activation, or null
};

// TrainingForward with moments that are known already: of this batch, of those of its values that count, or of a larger
// batch of which this is a part. With those that TrainingForward would write it gives the same bits.
template <typename T>
struct GivenMomentsForward {
  Geometry geometry;
  const T* input = nullptr;
  const Parameter<T>* weight = nullptr;  // [channels] or null
  const Parameter<T>* bias = nullptr;    // [channels] or null
  const double* mean = nullptr;          // [channels]
  const double* m2 = nullptr;            // [channels]
  double count = 0;                      // what m2 is a sum over: variance = m2 / count; above 0
  double eps = 1e-5;
  T* output = nullptr;          // out, may be `input` or `residual` itself
  const T* residual = nullptr;  // laid out as `input`, or null
  Activation activation = Activation::kNone;
  double negative_slope = 0.01;      // of kLeakyReLU
  std::uint8_t* positive = nullptr;  // out, positive_bytes<T>(geometry), with an activation, or null
};

// The gradient of TrainingForward, through the batch statistics. With n = (x - mean) / std and g the gradient of
// what the activation got, grad_output where `positive` says 1 and the slope times that elsewhere:
//   grad_bias = sum g     grad_weight = sum g n     grad_residual = g
//   grad_input = weight/std (g - grad_bias/m - n grad_weight/m)
// With moments of weighted positions, all of which were normalised, m is the sum of the weights p and
//   grad_input = weight/std (g - p grad_bias/m - p n grad_weight/m)
// A position with a weight and a g of 0 adds nothing to the sums, even if it holds NaN or Inf.
template <typename T>
struct TrainingBackward {
  Geometry geometry;
  const T* input = nullptr;
  const T* grad_output = nullptr;
  const Parameter<T>* weight = nullptr;  // [channels] or null
  const double* mean = nullptr;          // [channels], as TrainingForward wrote them
  const double* m2 = nullptr;
  double eps = 1e-5;
  T* grad_input = nullptr;              // out, or null when not wanted; may be `grad_output` itself
  Parameter<T>* grad_weight = nullptr;  // out, [channels] or null
  Parameter<T>* grad_bias = nullptr;    // out, [channels] or null
  Activation activation = Activation::kNone;
  double negative_slope = 0.01;
  const std::uint8_t* positive = nullptr;  // as TrainingForward wrote them; needed with an activation
  T* grad_residual =
      nullptr;       // out, with an activation and grad_input, or null; without one it is grad_output
  double count = 0;  // the m, where it is not geometry.count(); 0: it is
  const Parameter<T>* position_weights = nullptr;  // [outer][inner], as WeightedMoments took them, or null
};

// Normalises with given statistics: y = weight * (x - mean) / sqrt(variance + eps) + bias, and then
// output = activation(y + residual).
template <typename T>
struct EvaluationForward {
  Geometry geometry;
  const T* input = nullptr;
  const Parameter<T>* weight = nullptr;    // [channels] or null
  const Parameter<T>* bias = nullptr;      // [channels] or null
  const Parameter<T>* mean = nullptr;      // [channels]
  const Parameter<T>* variance = nullptr;  // [channels]
  double eps = 1e-5;
  T* output = nullptr;          // out, may be `input` or `residual` itself
  const T* residual = nullptr;  // laid out as `input`, or null
  Activation activation = Activation::kNone;
  double negative_slope = 0.01;      // of kLeakyReLU
  std::uint8_t* positive = nullptr;  // out, positive_bytes<T>(geometry), with an activation, or null
};

// The gradient of EvaluationForward; the statistics are constants. Reads `input` only for grad_weight.
template <typename T>
struct EvaluationBackward {
  Geometry geometry;
  const T* input = nullptr;  // may be null when grad_weight is null
  const T* grad_output = nullptr;
  const Parameter<T>* weight = nullptr;    // [channels] or null
  const Parameter<T>* mean = nullptr;      // [channels]
  const Parameter<T>* variance = nullptr;  // [channels]
  double eps = 1e-5;
  T* grad_input = nullptr;              // out, or null when not wanted; may be `grad_output` itself
  Parameter<T>* grad_weight = nullptr;  // out, [channels] or null
  Parameter<T>* grad_bias = nullptr;    // out, [channels] or null
  Activation activation = Activation::kNone;
  double negative_slope = 0.01;
  const std::uint8_t* positive = nullptr;  // as EvaluationForward wrote them; needed with an activation
  T* grad_residual =
      nullptr;  // out, with an activation and grad_input, or null; without one it is grad_output
};

// For float, double, float16 and bfloat16.
template <typename T>
void run(const ChannelMoments<T>& call, Executor& executor);
template <typename T>
void run(const WeightedMoments<T>& call, Executor& executor);
template <typename T>
void run(const TrainingForward<T>& call, Executor& executor);
template <typename T>
void run(const GivenMomentsForward<T>& call, Executor& executor);
template <typename T>
void run(const TrainingBackward<T>& call, Executor& executor);
template <typename T>
void run(const EvaluationForward<T>& call, Executor& executor);
template <typename T>
void run(const EvaluationBackward<T>& call, Executor& executor);

// Adds a batch to another: (count, mean, m2) += (other_count, other_mean, other_m2), exact up to rounding
// (Chan, Golub & LeVeque 1983). A count is a number of values or the sum of their weights, and may be 0.
void merge_moments(std::int64_t channels, double count, double* mean, double* m2, double other_count,
                   const double* other_mean, const double* other_m2);

// running = (1 - momentum) * running + momentum * batch, with PyTorch's convention: `momentum` weights the
// new value, and running_var takes the unbiased variance m2 / (count - 1), or the biased one, m2 / count. Computed in
// double, rounded once.
template <typename T>
struct RunningUpdate {
  std::int64_t channels = 0;
  double count = 0;              // values per channel of the batch, or the sum of their weights; more than 1
  const double* mean = nullptr;  // [channels]
  const double* m2 = nullptr;    // [channels]
  double momentum = 0.1;
  T* running_mean = nullptr;  // in and out, [channels]
  T* running_var = nullptr;   // in and out, [channels]
  bool unbiased = true;
};

void run(const RunningUpdate<float>& call);
void run(const RunningUpdate<double>& call);

}  // namespace evenkeel::kernels
#pragma GCC visibility pop
