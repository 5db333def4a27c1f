#include "kernels/support/inputs.h"

#include <algorithm>
#include <cmath>

#include "kernels/support/element_types.h"

namespace evenkeel::kernels::test {
namespace {

// What the channel `c` is made of.
struct Channel {
  double mean;
  double std;
  std::int64_t start;  // how many first values kLateStart spoils
};

Channel make_channel(Style style, std::int64_t c, std::int64_t count, Random& random) {
  const double std = 0.5 + 1.5 * random.uniform();
  const double sign = c % 2 == 0 ? 1.0 : -1.0;
  const std::int64_t start =
      random.log_between(1, std::max<std::int64_t>(1, std::min<std::int64_t>(200, count / 4)));
  switch (style) {
    case Style::kPlain:
    case Style::kOutlierFirst:
    case Style::kOutlierLast:
    case Style::kOutlierEverySixteenth:
      return {4.0 * random.uniform() - 2.0, std, start};
    case Style::kOffset100:
      return {sign * 100.0 * std, std, start};
    case Style::kOffset1e4:
      return {sign * 1e4 * std, std, start};
    case Style::kOffset1e6:
      return {sign * 1e6 * std, std, start};
    case Style::kConstant:
      return {sign * 1e3 * random.uniform(), c % 2 == 0 ? 0.0 : std, start};
    case Style::kLateStart:
      return {sign * 1e4, 1.0, start};
    case Style::kRamp:
      return {1e3, std, start};
    case Style::kHuge:
      return {sign * 1e30, 1e28, start};
    case Style::kTiny:
      return c % 2 == 0 ? Channel{0.0, 1e-25, start} : Channel{1e-41, 1e-41, start};
  }
  return {0.0, 1.0, start};
}

// Brings what only a float can hold into the range of float16: 3e4 +- 3e2, and multiples of 2^-24.
template <typename T>
double fitted(Style style, double value) {
  if constexpr (std::is_same_v<T, float16>) {
    if (style == Style::kHuge) value *= 3e-26;
    if (style == Style::kTiny) value *= 1e18;
    return std::clamp(value, -6e4, 6e4);
  }
  return value;
}

// Whether the position is k * count / 16, rounded down, for some k.
bool starts_a_sixteenth(std::int64_t position, std::int64_t count) {
  const std::int64_t k = (16 * position + count - 1) / count;
  return k * count / 16 == position;
}

double make_value(Style style, const Channel& channel, std::int64_t position, std::int64_t count,
                  Random& random) {
  const double noise = random.away_from_zero();
  if (style == Style::kLateStart && position < channel.start) return 0.0;
  if (style == Style::kOutlierFirst && position == 0) return 1e6;
  if (style == Style::kOutlierLast && position == count - 1) return 1e6;
  if (style == Style::kOutlierEverySixteenth && starts_a_sixteenth(position, count)) return 1e6;
  if (style == Style::kRamp) {
    return channel.mean + 100.0 * channel.std * static_cast<double>(position) / static_cast<double>(count);
  }
  return channel.mean + channel.std * noise;
}

}  // namespace

std::uint64_t Random::next() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

double Random::uniform() { return static_cast<double>(next() >> 11U) * 0x1p-53; }

std::int64_t Random::between(std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
}

std::int64_t Random::log_between(std::int64_t low, std::int64_t high) {
  const double span = std::log(static_cast<double>(high + 1) / static_cast<double>(low));
  return std::clamp(static_cast<std::int64_t>(static_cast<double>(low) * std::exp(span * uniform())), low,
                    high);
}

double Random::away_from_zero() {
  const double value = 2.0 * uniform() - 1.0;
  return value < 0 ? value - 0.5 : value + 0.5;
}

const char* name_of(Style style) {
  switch (style) {
    case Style::kPlain:
      return "plain";
    case Style::kOffset100:
      return "offset 100";
    case Style::kOffset1e4:
      return "offset 1e4";
    case Style::kOffset1e6:
      return "offset 1e6";
    case Style::kConstant:
      return "every other channel constant";
    case Style::kLateStart:
      return "late start";
    case Style::kOutlierFirst:
      return "outlier first";
    case Style::kOutlierLast:
      return "outlier last";
    case Style::kOutlierEverySixteenth:
      return "outlier at every sixteenth";
    case Style::kRamp:
      return "ramp";
    case Style::kHuge:
      return "huge";
    case Style::kTiny:
      return "tiny";
  }
  return "?";
}

template <typename T>
std::vector<T> make_tensor(const Geometry& geometry, Style style, std::uint64_t seed) {
  Random random(seed);
  std::vector<Channel> channels;
  for (std::int64_t c = 0; c < geometry.channels; ++c) {
    channels.push_back(make_channel(style, c, geometry.count(), random));
  }
  std::vector<T> values;
  values.reserve(static_cast<std::size_t>(geometry.size()));
  for (std::int64_t o = 0; o < geometry.outer; ++o) {
    for (const Channel& channel : channels) {
      for (std::int64_t i = 0; i < geometry.inner; ++i) {
        const double value = make_value(style, channel, o * geometry.inner + i, geometry.count(), random);
        values.push_back(value_of<T>(fitted<T>(style, value)));
      }
    }
  }
  return values;
}

template <typename T>
std::vector<T> make_parameters(std::int64_t channels, double low, double high, std::uint64_t seed) {
  Random random(seed);
  std::vector<T> values;
  for (std::int64_t c = 0; c < channels; ++c)
    values.push_back(static_cast<T>(low + (high - low) * random.uniform()));
  return values;
}

template std::vector<float> make_tensor<float>(const Geometry&, Style, std::uint64_t);
template std::vector<double> make_tensor<double>(const Geometry&, Style, std::uint64_t);
template std::vector<float16> make_tensor<float16>(const Geometry&, Style, std::uint64_t);
template std::vector<bfloat16> make_tensor<bfloat16>(const Geometry&, Style, std::uint64_t);
template std::vector<float> make_parameters<float>(std::int64_t, double, double, std::uint64_t);
template std::vector<double> make_parameters<double>(std::int64_t, double, double, std::uint64_t);

}  // namespace evenkeel::kernels::test
