// When results are written past the caches.
#pragma once

#include <cstdint>

namespace evenkeel::kernels {

// A call whose second pass reads this many bytes or more writes its result with streaming stores: it is too large to
// be found in the cache by the next one who reads it, and a line that is written as a whole need not be read first.
// On AMD processors that is half of the last cache (measured on Zen 5: 25 MB 1.4 times as fast, 6 MB slower); on others
// never, because Intel's Cascade Lake lost at nearly every size. EVENKEEL_STREAMING_STORES=always or never decides otherwise; another value throws
// std::invalid_argument. The results are the same bits.
std::int64_t streaming_bytes();

}  // namespace evenkeel::kernels
