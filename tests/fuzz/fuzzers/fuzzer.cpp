// One fuzzer for libFuzzer; EVENKEEL_FUZZ_TARGET names its target.
#include <cstdlib>
#include <string_view>

#include "fuzz/entry_points.h"

using evenkeel::fuzz::kTargets;

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* bytes, std::size_t size, std::size_t most);

namespace {

constexpr std::string_view kName = EVENKEEL_FUZZ_TARGET;

const evenkeel::fuzz::Target& target() {
  for (const auto& candidate : kTargets)
    if (candidate.name == kName) return candidate;
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  target().read({reinterpret_cast<const char*>(bytes), size});
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* bytes, std::size_t size, std::size_t most,
                                               unsigned seed) {
  const auto changed = LLVMFuzzerMutate(bytes, size, most);
  // Some archives keep their wrong checksums: those are paths through the reader too.
  if (kName == "archive" && seed % 8 != 0) evenkeel::fuzz::repair_checksums(bytes, changed);
  return changed;
}
