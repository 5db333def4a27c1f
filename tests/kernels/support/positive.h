// What the `positive` bits say, one entry for each value. Their order is the kernels' own, so a backward is asked.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/support/problem.h"

namespace evenkeel::kernels::test {

template <typename T>
std::vector<bool> read_positive(const Geometry& geometry, const std::uint8_t* bits, const Subject& subject);

}  // namespace evenkeel::kernels::test
