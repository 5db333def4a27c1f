#include "evenkeel/channel_moments.h"

#include <torch/torch.h>

#include <algorithm>
#include <compare>
#include <limits>
#include <utility>

#include "libtorch/check.h"
#include "libtorch/kernel_calls.h"

namespace evenkeel {
namespace {

using torch::Tensor;

// What one channel has seen.
struct Part {
  double count = 0;
  double mean = 0;
  double m2 = 0;
};

// Chan, Golub & LeVeque 1983.
Part merge(const Part& a, const Part& b) {
  if (a.count == 0) return b;  // with its bits
  if (b.count == 0) return a;
  const double share = b.count / (a.count + b.count);
  const double delta = b.mean - a.mean;
  return {a.count + b.count, a.mean + delta * share, a.m2 + b.m2 + delta * delta * (a.count * share)};
}

// An order that tells every two parts apart that differ in a bit.
bool stands_before(const Part& a, const Part& b) {
  if (const auto order = std::strong_order(a.mean, b.mean); order != 0) return order < 0;
  if (const auto order = std::strong_order(a.count, b.count); order != 0) return order < 0;
  return std::strong_order(a.m2, b.m2) < 0;
}

// In pairs, so that the rounding errors grow with the logarithm of their number.
Part merge_all(const Part* first, std::size_t size) {
  if (size == 0) return {};
  if (size == 1) return *first;
  const std::size_t half = size / 2;
  return merge(merge_all(first, half), merge_all(first + half, size - half));
}

Tensor zeros(std::int64_t channels) { return torch::zeros({channels}, torch::kDouble); }

// C values as float64 of their own, without a graph.
Tensor own(const Tensor& values) {
  return values.detach().to(torch::kDouble, /*non_blocking=*/false, /*copy=*/true);
}

Part part(const ChannelMoments& moments, std::int64_t channel) {
  const auto value = [channel](const Tensor& values) { return values.data_ptr<double>()[channel]; };
  return {value(moments.count()), value(moments.mean()), value(moments.m2())};
}

void put(const Part& part, std::int64_t channel, const Tensor& count, const Tensor& mean, const Tensor& m2) {
  count.data_ptr<double>()[channel] = part.count;
  mean.data_ptr<double>()[channel] = part.mean;
  m2.data_ptr<double>()[channel] = part.m2;
}

void check_channels(std::int64_t found, std::int64_t expected) {
  TORCH_CHECK(found == expected, "[channel_moments] expected moments of ", expected, " channels, got ",
              found);
}

void check_values(const char* name, const Tensor& values, std::int64_t channels) {
  TORCH_CHECK(values.defined() && values.dim() == 1 && values.size(0) == channels,
              "[channel_moments] expected ", name, " of size [", channels, "], got ",
              values.defined() ? values.sizes() : torch::IntArrayRef());
}

}  // namespace

ChannelMoments::ChannelMoments(std::int64_t channels)
    : count_(zeros(channels)), mean_(zeros(channels)), m2_(zeros(channels)) {}

ChannelMoments::ChannelMoments(Tensor count, Tensor mean, Tensor m2)
    : count_(std::move(count)), mean_(std::move(mean)), m2_(std::move(m2)) {}

ChannelMoments::ChannelMoments(const ChannelMoments& other)
    : ChannelMoments(other.count_.clone(), other.mean_.clone(), other.m2_.clone()) {}

ChannelMoments& ChannelMoments::operator=(const ChannelMoments& other) {
  return *this = ChannelMoments(other);
}

ChannelMoments ChannelMoments::of(const Tensor& input) {
  libtorch::check_input("channel_moments", input);
  return from_batch(libtorch::moments_of(libtorch::dense(input.detach())));
}

ChannelMoments ChannelMoments::of(const Tensor& input, const Tensor& mask) {
  libtorch::check_input("channel_moments", input);
  TORCH_CHECK(mask.defined(), "[channel_moments] expected a mask, got an undefined tensor");
  libtorch::check_mask("channel_moments", mask, input);
  const Tensor dense = libtorch::dense(input.detach());
  return from_batch(libtorch::moments_of(dense, libtorch::position_weights(dense, mask.detach())));
}

ChannelMoments ChannelMoments::from_batch(const libtorch::BatchMoments& batch) {
  const Tensor& moments = batch.moments;
  return {torch::full({moments.size(1)}, batch.count, torch::kDouble), moments[0].clone(),
          moments[1].clone()};
}

ChannelMoments ChannelMoments::from_variance(const Tensor& count, const Tensor& mean, const Tensor& variance,
                                             RunningVariance kind) {
  TORCH_CHECK(mean.defined() && mean.dim() == 1, "[channel_moments] expected a mean of one dimension, got ",
              mean.defined() ? mean.sizes() : torch::IntArrayRef());
  check_values("count", count, mean.size(0));
  check_values("variance", variance, mean.size(0));
  const Tensor counts = own(count);
  const Tensor divisor = kind == RunningVariance::kBiased ? counts : counts - 1;
  // One value, or none, has no deviations, whatever its variance is said to be.
  const Tensor m2 = torch::where(divisor > 0, own(variance) * divisor, torch::zeros_like(counts));
  return {counts, torch::where(counts > 0, own(mean), torch::zeros_like(counts)), m2};
}

void ChannelMoments::merge(const ChannelMoments& other) {
  check_channels(other.channels(), channels());
  for (std::int64_t c = 0; c < channels(); ++c) {
    put(evenkeel::merge(part(*this, c), part(other, c)), c, count_, mean_, m2_);
  }
}

ChannelMoments ChannelMoments::merged(const std::vector<ChannelMoments>& parts, std::int64_t channels) {
  for (const ChannelMoments& moments : parts) check_channels(moments.channels(), channels);
  ChannelMoments result(channels);
  std::vector<Part> of_channel(parts.size());
  for (std::int64_t c = 0; c < channels; ++c) {
    std::transform(parts.begin(), parts.end(), of_channel.begin(),
                   [c](const ChannelMoments& moments) { return part(moments, c); });
    std::sort(of_channel.begin(), of_channel.end(), stands_before);
    put(merge_all(of_channel.data(), of_channel.size()), c, result.count_, result.mean_, result.m2_);
  }
  return result;
}

Tensor ChannelMoments::variance(RunningVariance kind) const {
  const Tensor divisor = kind == RunningVariance::kBiased ? count_ : count_ - 1;
  return torch::where(divisor > 0, m2_ / divisor,
                      torch::full_like(m2_, std::numeric_limits<double>::quiet_NaN()));
}

void ChannelMoments::save(torch::serialize::OutputArchive& archive) const {
  archive.write("count", count_);
  archive.write("mean", mean_);
  archive.write("m2", m2_);
}

void ChannelMoments::load(torch::serialize::InputArchive& archive) {
  Tensor count;
  Tensor mean;
  Tensor m2;
  archive.read("count", count);
  archive.read("mean", mean);
  archive.read("m2", m2);
  TORCH_CHECK(count.dim() == 1, "[channel_moments] expected a count of one dimension, got ", count.sizes());
  for (const auto& [name, values] : {std::pair{"count", count}, {"mean", mean}, {"m2", m2}}) {
    check_values(name, values, count.size(0));
    TORCH_CHECK(values.scalar_type() == torch::kDouble, "[channel_moments] expected ", name,
                " of dtype Double, got ", values.scalar_type());
  }
  TORCH_CHECK(!count.lt(0).any().item<bool>() && !m2.lt(0).any().item<bool>(),
              "[channel_moments] expected counts and sums of squares of at least 0, got negative ones");
  *this = ChannelMoments(count.contiguous(), mean.contiguous(), m2.contiguous());
}

torch::serialize::OutputArchive& operator<<(torch::serialize::OutputArchive& archive,
                                            const ChannelMoments& moments) {
  moments.save(archive);
  return archive;
}

torch::serialize::InputArchive& operator>>(torch::serialize::InputArchive& archive, ChannelMoments& moments) {
  moments.load(archive);
  return archive;
}

}  // namespace evenkeel
