// How a call is cut into pieces. The cuts depend on the geometry and the element size alone, never on the
// number of threads: they fix the order of every sum, and with it the bits of every result.
//
// A tensor is a set of *slabs*, groups of neighbouring channels whose values fit into a core's cache where
// the shape allows it: the second pass over a slab then reads what the first left in the cache. A slab is cut
// into *blocks* of rows, so that a few channels with many rows keep all threads busy too.
#pragma once

#include <cstdint>

#include "evenkeel/kernels/geometry.h"

namespace evenkeel::kernels {

// How the values of a slab are walked through.
enum class Walk {
  // `inner` is long: a row holds one contiguous run per channel, whose parameters stay in registers.
  kRuns,
  // `inner` is short: a row is a vector of columns, and each column brings its channel's parameters along.
  // Rows of few columns are folded: `fold` rows that follow each other in memory are treated as one.
  kColumns,
};

struct Plan {
  Geometry geometry;
  Walk walk = Walk::kColumns;

  std::int64_t fold = 1;        // outer rows in one row of the plan (kColumns)
  std::int64_t rows = 0;        // whole rows
  std::int64_t row_stride = 0;  // in elements
  std::int64_t run = 0;         // kRuns: length of a channel's run in a row
  std::int64_t rest = 0;  // values after the whole rows: per channel (kRuns), of all channels (kColumns)

  bool streamed = false;        // see Tile
  std::int64_t rows_ahead = 0;  // see Tile

  std::int64_t slab_channels = 0;
  std::int64_t slabs = 0;
  std::int64_t block_rows = 0;
  std::int64_t blocks = 0;  // per slab, at least 1

  std::int64_t first_channel(std::int64_t slab) const { return slab * slab_channels; }
  std::int64_t channels_of(std::int64_t slab) const;
  std::int64_t rows_of(std::int64_t block) const;
  // Columns of a slab that has `channels` channels.
  std::int64_t columns(std::int64_t channels) const { return fold * channels * geometry.inner; }
  std::int64_t slab_bytes(std::int64_t value_bytes) const;

  // The `positive` bits, one for each value, lie in the order of the walk: for each channel (kRuns) or slab
  // (kColumns) its rows and then its rest, each padded to whole bytes, so that no two tiles share a byte.
  // In bytes; of a row, and of a whole channel or slab, where a slab has `channels` channels.
  std::int64_t bits_of_row(std::int64_t channels) const;
  std::int64_t bits_of_body(std::int64_t channels) const;
  std::int64_t bits() const;
};

// For a sum and a map over the same data. `value_bytes` is what the second pass reads again for each value.
Plan plan_two_passes(const Geometry& geometry, std::int64_t value_bytes);

// For the calls that write or read `positive` bits, forward and backward alike: they have to walk the same way. Sums over the
// input have the same bits as without them: its slabs are those of a backward, and its blocks those of plan_two_passes.
Plan plan_with_bits(const Geometry& geometry, std::int64_t element_size);

// For a map alone: rows in memory order, cut only to give every thread some.
Plan plan_one_pass(const Geometry& geometry, std::int64_t value_bytes);

}  // namespace evenkeel::kernels
