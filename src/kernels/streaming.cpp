#include "kernels/streaming.h"

#include <atomic>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

#include "hwy/highway.h"

namespace evenkeel::kernels {
namespace {

constexpr std::int64_t kHalfOfLastCache = 16 * 1024 * 1024;  // of the cores that share one, since Zen 2
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

std::int64_t choose() {
  const char* variable = std::getenv("EVENKEEL_STREAMING_STORES");
  const std::string_view wanted = variable ? variable : "auto";
  if (wanted == "always") return 0;
  if (wanted == "never") return kNever;
  if (wanted != "auto") {
    throw std::invalid_argument("[EVENKEEL_STREAMING_STORES] expected auto, always or never, got " +
                                std::string(wanted));
  }
#if HWY_ARCH_X86
  if (__builtin_cpu_is("amd")) return kHalfOfLastCache;
#endif
  return kNever;
}

}  // namespace

std::int64_t streaming_bytes() {
  // Without a lock, which another thread could hold when the process forks. The choice is the same every time.
  static constinit std::atomic<std::int64_t> chosen = -1;
  std::int64_t bytes = chosen.load(std::memory_order_relaxed);
  if (bytes < 0) chosen.store(bytes = choose(), std::memory_order_relaxed);
  return bytes;
}

}  // namespace evenkeel::kernels
