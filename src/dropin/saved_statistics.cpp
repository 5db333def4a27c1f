#include "dropin/saved_statistics.h"

#include <torch/torch.h>

#include <cmath>
#include <cstring>

#include "libtorch/kernel_calls.h"

namespace evenkeel::dropin {
namespace {

using torch::Tensor;

// Ends the memory of a save_mean that has the rests: float[C] means, float[C] the same, float[C] rests, and this.
constexpr char kRests[] = "evenkeel rests";
constexpr std::int64_t kTagValues = sizeof(kRests) / sizeof(float) + 1;

// Where the second means lie, or null.
float* second_means_of(const Tensor& save_mean) {
  const std::int64_t channels = save_mean.numel();
  const std::size_t bytes = static_cast<std::size_t>(3 * channels + kTagValues) * sizeof(float);
  if (save_mean.scalar_type() != torch::kFloat || save_mean.storage_offset() != 0 ||
      !save_mean.is_contiguous() || save_mean.storage().nbytes() != bytes) {
    return nullptr;
  }
  float* means = save_mean.data_ptr<float>();
  return std::memcmp(means + 3 * channels, kRests, sizeof(kRests)) == 0 ? means + channels : nullptr;
}

// Whether the rests are known, and of these means: somebody may have written others.
bool add_rests(const Tensor& save_mean, double* mean) {
  const std::int64_t channels = save_mean.numel();
  const float* second = second_means_of(save_mean);
  const auto bytes = static_cast<std::size_t>(channels) * sizeof(float);
  if (second == nullptr || std::memcmp(second, save_mean.data_ptr<float>(), bytes) != 0) return false;
  for (std::int64_t c = 0; c < channels; ++c) mean[c] += static_cast<double>(second[channels + c]);
  return true;
}

// A mean in float32 is off by 2^-25 of itself at most; up to this many deviations that is no more than the rounding of the
// deviations themselves.
constexpr double kSmallMean = 1;

bool has_large_mean(const float* mean, const float* invstd, std::int64_t channels) {
  bool large = false;
  for (std::int64_t c = 0; c < channels; ++c) large |= std::abs(mean[c] * invstd[c]) > kSmallMean;
  return large;
}

// The means of the input, where the saved ones are those but for rounding, by whoever's kernel. Any others are what the caller
// wants to differentiate at.
void compute_means_anew(const Tensor& input, double* mean) {
  constexpr double kRounding = 0x1p-20;
  const Tensor moments = libtorch::moments_of(input).moments;
  const double* exact = moments.data_ptr<double>();
  for (std::int64_t c = 0; c < moments.size(1); ++c) {
    if (std::abs(exact[c] - mean[c]) <= kRounding * std::abs(mean[c])) mean[c] = exact[c];
  }
}

}  // namespace

Tensor empty_saved_mean(std::int64_t channels, const torch::TensorOptions& options) {
  if (options.dtype() != torch::kFloat || channels == 0) return at::empty({channels}, options);
  Tensor mean = at::empty({3 * channels + kTagValues}, options);
  std::memcpy(mean.data_ptr<float>() + 3 * channels, kRests, sizeof(kRests));
  mean.unsafeGetTensorImpl()->set_sizes_contiguous({channels});
  return mean;
}

void save_statistics(const Tensor& moments, std::int64_t count, double eps, const Tensor& save_mean,
                     const Tensor& save_invstd) {
  const std::int64_t channels = moments.size(1);
  const double* mean = moments.data_ptr<double>();
  const double* m2 = mean + channels;
  AT_DISPATCH_FLOATING_TYPES(save_mean.scalar_type(), "batch_norm", [&] {
    scalar_t* means = save_mean.data_ptr<scalar_t>();
    scalar_t* invstds = save_invstd.data_ptr<scalar_t>();
    for (std::int64_t c = 0; c < channels; ++c) {
      means[c] = static_cast<scalar_t>(mean[c]);
      invstds[c] = static_cast<scalar_t>(1 / std::sqrt(m2[c] / static_cast<double>(count) + eps));
    }
  });
  float* second = second_means_of(save_mean);
  if (second == nullptr) return;
  std::memcpy(second, save_mean.data_ptr<float>(), static_cast<std::size_t>(channels) * sizeof(float));
  for (std::int64_t c = 0; c < channels; ++c) {
    second[channels + c] = static_cast<float>(mean[c] - static_cast<double>(second[c]));
  }
}

Tensor restored_moments(const Tensor& input, const Tensor& save_mean, const Tensor& save_invstd) {
  const std::int64_t channels = input.size(1);
  const auto count = static_cast<double>(input.numel() / channels);
  Tensor moments = libtorch::empty_moments(input);
  double* mean = moments.data_ptr<double>();
  double* m2 = mean + channels;
  AT_DISPATCH_FLOATING_TYPES(save_mean.scalar_type(), "batch_norm_backward", [&] {
    const scalar_t* means = save_mean.data_ptr<scalar_t>();
    const scalar_t* invstds = save_invstd.data_ptr<scalar_t>();
    for (std::int64_t c = 0; c < channels; ++c) {
      const auto invstd = static_cast<double>(invstds[c]);
      mean[c] = static_cast<double>(means[c]);
      m2[c] = count / (invstd * invstd);
    }
  });
  if (save_mean.scalar_type() != torch::kFloat || add_rests(save_mean, mean)) return moments;
  if (has_large_mean(save_mean.data_ptr<float>(), save_invstd.data_ptr<float>(), channels)) {
    compute_means_anew(input, mean);
  }
  return moments;
}

}  // namespace evenkeel::dropin
