#include "kernels/plan.h"

#include <algorithm>
#include <numeric>

#include "kernels/streaming.h"

namespace evenkeel::kernels {
namespace {

constexpr std::int64_t kLongestShortRun = 256;    // elements; longer runs amortise their horizontal sums
constexpr std::int64_t kSlabBytes = 256 * 1024;   // what a core's cache keeps until the second pass
constexpr std::int64_t kFewestColumns = 1024;     // narrower slabs read too little of each memory page
constexpr std::int64_t kFoldedColumns = 512;      // what narrow rows are folded to
constexpr std::int64_t kMostColumns = 8192;       // wider ones push their own column sums out of the cache
constexpr std::int64_t kPieceOfLongRun = 4096;    // elements, when one run is the whole channel
constexpr std::int64_t kBlockBytes = 128 * 1024;  // below that a block is not worth a thread's while
constexpr std::int64_t kFewestRows = 64;  // of a block with column sums, which cost as much as some rows
constexpr std::int64_t kOwnCacheBytes = 1024 * 1024;  // larger tensors come from further away
constexpr std::int64_t kShortRow = 512;               // elements
constexpr std::int64_t kMostBlocks = 32;              // more only multiply the partial sums
constexpr std::int64_t kFewestPieces = 16;            // of a map, to keep many cores busy
constexpr std::int64_t kCacheLine = 16;               // elements
constexpr std::int64_t kRowsTogether = 4;             // the vector kernels take four rows at a time

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

void cut_channels(Plan& plan, std::int64_t wanted) {
  const std::int64_t channels = plan.geometry.channels;
  plan.slabs = ceil_div(channels, std::clamp<std::int64_t>(wanted, 1, channels));
  plan.slab_channels = ceil_div(channels, plan.slabs);  // slabs of nearly equal size
  plan.slabs = ceil_div(channels, plan.slab_channels);
}

// Slabs whose rows start and end with a cache line: loads that straddle two lines cost twice.
void start_at_cache_lines(Plan& plan) {
  const std::int64_t whole_lines = kCacheLine / std::gcd(kCacheLine, plan.geometry.inner);
  if (plan.slabs == 1 || plan.slab_channels <= whole_lines / 2) return;
  plan.slab_channels = (plan.slab_channels + whole_lines / 2) / whole_lines * whole_lines;
  plan.slabs = ceil_div(plan.geometry.channels, plan.slab_channels);
}

void cut_rows(Plan& plan, std::int64_t value_bytes, std::int64_t most_blocks, std::int64_t fewest_rows) {
  const std::int64_t row =
      plan.walk == Walk::kRuns ? plan.run * plan.slab_channels : plan.columns(plan.slab_channels);
  const std::int64_t fewest = plan.walk == Walk::kColumns ? std::min(fewest_rows, plan.rows) : 1;
  const std::int64_t block =
      std::max({ceil_div(kBlockBytes, row * value_bytes), ceil_div(plan.rows, most_blocks), fewest});
  plan.block_rows = block == 1 ? 1 : ceil_div(block, kRowsTogether) * kRowsTogether;
  plan.blocks =
      std::max<std::int64_t>(1, plan.rows / plan.block_rows);  // the last one takes what is left over
}

void walk_runs(Plan& plan) {
  const Geometry& g = plan.geometry;
  plan.walk = Walk::kRuns;
  if (g.outer == 1) {  // one run is the whole channel: cut it into rows
    plan.run = std::min(g.inner, kPieceOfLongRun);
    plan.rows = g.inner / plan.run;
    plan.rest = g.inner % plan.run;
    plan.row_stride = plan.run;
  } else {
    plan.run = g.inner;
    plan.rows = g.outer;
    plan.row_stride = g.channels * g.inner;
  }
}

void walk_columns(Plan& plan) {
  const Geometry& g = plan.geometry;
  const std::int64_t width = g.channels * g.inner;
  plan.walk = Walk::kColumns;
  plan.fold = 1;
  if (plan.slabs == 1 && width < kFoldedColumns) {
    const std::int64_t most = std::min((kFoldedColumns - 1) / width, g.outer / (4 * kRowsTogether));
    const std::int64_t whole_lines =
        kCacheLine / std::gcd(kCacheLine, width);  // so many rows end with a cache line
    plan.fold = std::max<std::int64_t>(1, most > whole_lines ? most - most % whole_lines : most);
  }
  plan.rows = g.outer / plan.fold;
  plan.rest = (g.outer % plan.fold) * width;
  plan.row_stride = plan.fold * width;
}

}  // namespace

std::int64_t Plan::channels_of(std::int64_t slab) const {
  return std::min(slab_channels, geometry.channels - first_channel(slab));
}

std::int64_t Plan::rows_of(std::int64_t block) const {
  return block + 1 < blocks ? block_rows : rows - block * block_rows;
}

std::int64_t Plan::slab_bytes(std::int64_t value_bytes) const {
  return slab_channels * geometry.count() * value_bytes;
}

std::int64_t Plan::bits_of_row(std::int64_t channels) const {
  return ceil_div(walk == Walk::kRuns ? run : columns(channels), 8);
}

std::int64_t Plan::bits_of_body(std::int64_t channels) const {
  return rows * bits_of_row(channels) + ceil_div(rest, 8);
}

std::int64_t Plan::bits() const {
  if (walk == Walk::kRuns) return geometry.channels * bits_of_body(1);
  return (slabs - 1) * bits_of_body(slab_channels) +
         bits_of_body(channels_of(slabs - 1));  // the last may be narrow
}

Plan plan_two_passes(const Geometry& geometry, std::int64_t value_bytes) {
  Plan plan;
  plan.geometry = geometry;
  if (geometry.inner > kLongestShortRun) {
    walk_runs(plan);
    cut_channels(plan, kSlabBytes / (geometry.count() * value_bytes));
  } else {
    std::int64_t columns = kSlabBytes / (geometry.outer * value_bytes);
    if (columns < kFewestColumns) columns = columns >= kFewestColumns / 4 ? kFewestColumns : kMostColumns;
    columns = std::min(columns, kMostColumns);
    cut_channels(plan, columns / geometry.inner);
    start_at_cache_lines(plan);
    walk_columns(plan);
    // Four short streams side by side, each soon at its end: the processor does not see where they go on.
    if (geometry.size() * value_bytes > kOwnCacheBytes) {
      plan.rows_ahead = plan.columns(plan.slab_channels) > kShortRow ? kRowsTogether : 2 * kRowsTogether;
    }
  }
  cut_rows(plan, value_bytes, kMostBlocks, kFewestRows);
  plan.streamed = geometry.size() * value_bytes >= streaming_bytes();
  return plan;
}

Plan plan_with_bits(const Geometry& geometry, std::int64_t element_size) {
  Plan plan = plan_two_passes(geometry, 2 * element_size);
  const Plan sums = plan_two_passes(geometry, element_size);  // has the same rows, whatever its slabs
  plan.block_rows = sums.block_rows;
  plan.blocks = sums.blocks;
  return plan;
}

Plan plan_one_pass(const Geometry& geometry, std::int64_t value_bytes) {
  // Short runs: in slabs, because coefficients for the columns of all channels would be as much as a row.
  if (geometry.inner > 1 && geometry.inner <= kLongestShortRun) return plan_two_passes(geometry, value_bytes);
  Plan plan;
  plan.geometry = geometry;
  const auto cut = [&](std::int64_t slab_channels) {
    cut_channels(plan, slab_channels);
    if (geometry.inner > 1) {
      walk_runs(plan);
    } else {
      walk_columns(plan);
    }
    cut_rows(plan, value_bytes, plan.rows, 1);
  };
  cut(geometry.channels);
  const std::int64_t worth = std::min(kFewestPieces, geometry.size() * value_bytes / kBlockBytes);
  if (plan.blocks < worth) {  // too few rows to go round: cut the channels too
    cut(std::max(ceil_div(geometry.channels * plan.blocks, worth), ceil_div(kFewestColumns, geometry.inner)));
  }
  plan.streamed = geometry.size() * value_bytes >= streaming_bytes();
  return plan;
}

}  // namespace evenkeel::kernels
