// From a plan to the tiles that the vector kernels work on, and between values per channel and values per
// column.
#pragma once

#include <algorithm>

#include "kernels/plan.h"
#include "kernels/vector_kernels.h"
#include "kernels/workspace.h"

namespace evenkeel::kernels {

// A tile of a block and where it starts: in the tensors, in an array that `spread` made, in the `positive` bits.
struct PlacedTile {
  Tile tile;
  std::int64_t offset;
  std::int64_t parameter;
  std::int64_t bits;
};

// Calls body(placed_tile) for the tiles of a block.
template <typename Body>
void for_each_tile(const Plan& plan, std::int64_t slab, std::int64_t block, Body body) {
  const std::int64_t channels = plan.channels_of(slab);
  const bool runs = plan.walk == Walk::kRuns;
  const std::int64_t bodies = runs ? channels : 1;
  const std::int64_t row_bits = plan.bits_of_row(channels);
  const std::int64_t body_bits = plan.bits_of_body(plan.slab_channels);  // of all slabs but the last
  const Tile tile{plan.rows_of(block), plan.row_stride, runs ? plan.run : plan.columns(channels), row_bits,
                  plan.streamed,       plan.rows_ahead};
  const bool has_rest = plan.rest > 0 && block + 1 == plan.blocks;
  for (std::int64_t k = 0; k < bodies; ++k) {
    const std::int64_t first = (plan.first_channel(slab) + k) * plan.geometry.inner;
    const std::int64_t first_bits = ((runs ? plan.first_channel(slab) : slab) + k) * body_bits;
    const std::int64_t row = block * plan.block_rows;
    body(PlacedTile{tile, first + row * plan.row_stride, k, first_bits + row * row_bits});
    if (has_rest) {
      body(PlacedTile{Tile{1, 0, plan.rest}, first + plan.rows * plan.row_stride, k,
                      first_bits + plan.rows * row_bits});
    }
  }
}

// How many values of a parameter the tiles of a slab need: one per channel, or one per column.
inline std::int64_t parameter_count(const Plan& plan, std::int64_t slab) {
  const std::int64_t channels = plan.channels_of(slab);
  return plan.walk == Walk::kRuns ? channels : plan.columns(channels);
}

// Values per channel as the tiles want them. Returns `per_channel` itself where that is so already.
template <typename T>
const T* spread(const Plan& plan, std::int64_t slab, const T* per_channel, Workspace& workspace) {
  const std::int64_t inner = plan.geometry.inner;
  if (plan.walk == Walk::kRuns || (plan.fold == 1 && inner == 1)) return per_channel;
  const std::int64_t channels = plan.channels_of(slab);
  T* columns = workspace.take<T>(parameter_count(plan, slab));
  const std::int64_t once = channels * inner;
  for (std::int64_t c = 0; c < channels; ++c) std::fill_n(columns + c * inner, inner, per_channel[c]);
  for (std::int64_t f = 1; f < plan.fold; ++f) std::copy_n(columns, once, columns + f * once);
  return columns;
}

// Four sums side by side: one alone would wait for each addition to finish.
inline double sum_of(const double* values, std::int64_t count) {
  double sums[4] = {};
  std::int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (int k = 0; k < 4; ++k) sums[k] += values[i + k];
  }
  for (; i < count; ++i) sums[0] += values[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// The reverse for sums: adds what the tiles summed up to one value per channel.
inline void gather(const Plan& plan, std::int64_t slab, const double* sums, double* per_channel) {
  const std::int64_t channels = plan.channels_of(slab);
  const std::int64_t columns = plan.walk == Walk::kRuns ? 1 : plan.geometry.inner;
  for (std::int64_t f = 0; f < plan.fold; ++f, sums += channels * columns) {
    if (columns == 1) {  // a loop of its own, over vectors
      for (std::int64_t c = 0; c < channels; ++c) per_channel[c] += sums[c];
    } else {
      for (std::int64_t c = 0; c < channels; ++c) per_channel[c] += sum_of(sums + c * columns, columns);
    }
  }
}

// Adds a block's two sums per channel to `sums`, [2][channels]: body(placed_tile, sum, dot) adds the tile's.
template <typename Body>
void sum_block(const Plan& plan, std::int64_t slab, std::int64_t block, double* sums, Body body) {
  Workspace workspace;
  const std::int64_t count = parameter_count(plan, slab);
  double* tile_sums = workspace.take<double>(count);
  double* tile_dots = workspace.take<double>(count);
  std::fill_n(tile_sums, count, 0.0);
  std::fill_n(tile_dots, count, 0.0);
  for_each_tile(plan, slab, block, [&](const PlacedTile& placed) {
    body(placed, tile_sums + placed.parameter, tile_dots + placed.parameter);
  });
  gather(plan, slab, tile_sums, sums);
  gather(plan, slab, tile_dots, sums + plan.channels_of(slab));
}

}  // namespace evenkeel::kernels
