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
  std::int64_t row;  // of the plan, where it starts
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
    body(PlacedTile{tile, first + row * plan.row_stride, k, first_bits + row * row_bits, row});
    if (has_rest) {
      body(PlacedTile{Tile{1, 0, plan.rest}, first + plan.rows * plan.row_stride, k,
                      first_bits + plan.rows * row_bits, plan.rows});
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

// Weights of positions, [outer][inner], one for each value of a tile that walks columns: a row of columns repeats those
// of its outer rows for every channel.
template <typename R>
void repeat_for_channels(const PlacedTile& placed, const Plan& plan, std::int64_t channels, const R* weights,
                         R* to) {
  const std::int64_t inner = plan.geometry.inner;
  const R* from = weights + placed.row * plan.fold * inner;
  const std::int64_t outer = placed.tile.rows * placed.tile.width / (channels * inner);
  for (std::int64_t o = 0; o < outer; ++o, from += inner) {
    if (inner == 1) {
      to = std::fill_n(to, channels, *from);
    } else {
      for (std::int64_t c = 0; c < channels; ++c) to = std::copy_n(from, inner, to);
    }
  }
}

// Weights that are written out at a time; rows of more are written out four at a time.
inline constexpr std::int64_t kWrittenOut = 8192;

// Calls body(placed_tile, tile_weights). Weights may be null; those of runs lie in memory as a tile wants them; for columns
// they are written out, for so many rows at a time that they stay in the cache.
template <typename R, typename Body>
void with_weights(const PlacedTile& placed, const Plan& plan, std::int64_t slab, const R* weights,
                  Workspace scratch, Body body) {
  if (!weights) return body(placed, TileWeights<R>());
  if (plan.walk == Walk::kRuns)
    return body(placed, TileWeights<R>{weights + placed.row * plan.run, plan.run});
  const Tile& tile = placed.tile;
  const std::int64_t at_once = kWrittenOut / tile.width < 4 ? 4 : kWrittenOut / tile.width / 4 * 4;
  R* columns = scratch.take<R>(at_once * tile.width);
  for (std::int64_t row = 0; row < tile.rows; row += at_once) {
    PlacedTile part = placed;
    part.tile.rows = std::min(at_once, tile.rows - row);
    part.offset += row * tile.stride;
    part.bits += row * tile.bits_stride;
    part.row += row;
    repeat_for_channels(part, plan, plan.channels_of(slab), weights, columns);
    body(part, TileWeights<R>{columns, tile.width});
  }
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

// Adds a block's two sums per channel to `sums`, [2][channels]: body(placed_tile, sum, dot, scratch) adds the
// tile's.
template <typename Body>
void sum_block(const Plan& plan, std::int64_t slab, std::int64_t block, double* sums, Workspace scratch,
               Body body) {
  const std::int64_t count = parameter_count(plan, slab);
  double* tile_sums = scratch.take<double>(count);
  double* tile_dots = scratch.take<double>(count);
  std::fill_n(tile_sums, count, 0.0);
  std::fill_n(tile_dots, count, 0.0);
  for_each_tile(plan, slab, block, [&](const PlacedTile& placed) {
    body(placed, tile_sums + placed.parameter, tile_dots + placed.parameter, scratch);
  });
  gather(plan, slab, tile_sums, sums);
  gather(plan, slab, tile_dots, sums + plan.channels_of(slab));
}

}  // namespace evenkeel::kernels
