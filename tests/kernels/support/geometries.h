// The geometries on which kernels are tried.
#pragma once

#include <cstdint>
#include <vector>

#include "evenkeel/kernels/geometry.h"
#include "kernels/support/inputs.h"

namespace evenkeel::kernels::test {

// Every critical extent (one below, at and one above each power of two a kernel may block by, and what
// networks use) in every place, with the other extents drawn from the critical ones so that no tensor exceeds
// `max_size`.
std::vector<Geometry> critical_geometries(std::int64_t max_size, std::uint64_t seed);

// One for each way through memory that a kernel may treat on its own: long runs, short runs, channels last
// with many, few and one channel, one value per channel.
std::vector<Geometry> typical_geometries();

// The same ways, cut to some 8000 values.
std::vector<Geometry> small_geometries();

// Large enough that the work is split over threads, over slabs of channels and over blocks of rows.
std::vector<Geometry> large_geometries();

// Extents small ones as often as large ones, at most `max_size` elements.
Geometry random_geometry(std::int64_t max_size, Random& random);

}  // namespace evenkeel::kernels::test
