#include "files/words.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>

namespace evenkeel::files {

std::string duration(double seconds, std::string_view space) {
  if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e12) return "unknown";
  if (seconds < 59.95)
    return fmt::format("{:.{}f}{}s", seconds, seconds == std::floor(seconds) ? 0 : 1, space);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  const std::int64_t minutes = whole / 60;
  if (minutes < 60) return fmt::format("{}{}min {}{}s", minutes, space, whole % 60, space);
  return fmt::format("{}{}h {:02}{}min", minutes / 60, space, minutes % 60, space);
}

}  // namespace evenkeel::files
