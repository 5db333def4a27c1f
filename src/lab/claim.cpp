#include "lab/claim.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace evenkeel::lab {
namespace {

// Filled while the program starts, on one thread.
std::vector<Claim>& registry() {
  static std::vector<Claim> all;
  return all;
}

}  // namespace

Register::Register(Claim claim) {
  auto& all = registry();
  const auto place = std::upper_bound(all.begin(), all.end(), claim.number,
                                      [](int number, const Claim& other) { return number < other.number; });
  all.insert(place, std::move(claim));
}

const std::vector<Claim>& claims() { return registry(); }

const Claim& claim_named(const std::string& name) {
  for (const auto& claim : claims())
    if (claim.name == name) return claim;
  throw std::runtime_error(
      fmt::format("expected the name of a claim (evenkeel lab list has them), found \"{}\"", name));
}

}  // namespace evenkeel::lab
