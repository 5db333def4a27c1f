// The one way through the data: for every slab, sums over its blocks, then a map over its blocks.
//
// A Slab type has
//   Slab(const Call&, const Plan&, std::int64_t slab, Workspace&)
//   static constexpr bool kHasSums, kHasMap
//   void add_sums(block, double* sums)
//     adds the block's two sums per channel: [2][channels]
//   bool finish_sums(const double* sums)
//     takes the slab's sums; true asks for them once more, with a better shift
//   void map(block)
//     writes the block's output
#pragma once

#include <algorithm>
#include <type_traits>

#include "evenkeel/kernels/executor.h"
#include "kernels/plan.h"
#include "kernels/workspace.h"

namespace evenkeel::kernels {

// A smaller tensor is done before another thread has woken up.
constexpr std::int64_t kSerialBytes = 128 * 1024;
// What one core's cache holds of a slab; larger ones are shared.
constexpr std::int64_t kLargestOwnSlab = 1024 * 1024;

template <typename Slab>
void sum_slab(Slab& slab, const Plan& plan, std::int64_t channels, Executor& executor, Workspace& workspace) {
  const std::int64_t sums = 2 * channels;
  double* partial = workspace.take<double>(plan.blocks * sums);
  do {
    std::fill_n(partial, plan.blocks * sums, 0.0);
    executor.parallel_for(plan.blocks, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t block = begin; block < end; ++block) slab.add_sums(block, partial + block * sums);
    });
    for (std::int64_t block = 1; block < plan.blocks; ++block) {  // in this order, whoever computed them
      for (std::int64_t i = 0; i < sums; ++i) partial[i] += partial[block * sums + i];
    }
  } while (slab.finish_sums(partial));
}

template <typename Slab, typename Call>
void run_slab(const Call& call, const Plan& plan, std::int64_t index, Executor& executor) {
  Workspace workspace;
  Slab slab(call, plan, index, workspace);
  if constexpr (Slab::kHasSums) sum_slab(slab, plan, plan.channels_of(index), executor, workspace);
  if constexpr (Slab::kHasMap) {
    executor.parallel_for(plan.blocks, [&](std::int64_t begin, std::int64_t end) {
      // Backwards: the blocks that were summed last are still in the cache.
      for (std::int64_t block = end; block-- > begin;) slab.map(block);
    });
  }
}

template <typename Slab, typename Call>
void run_slabs(const Call& call, const Plan& plan, std::int64_t element_size, Executor& executor) {
  const std::int64_t threads = executor.concurrency();
  const bool serial = threads == 1 || plan.geometry.size() * element_size < kSerialBytes;
  const bool a_slab_each =
      plan.blocks == 1 || (plan.slabs >= 2 * threads && plan.slab_bytes(element_size) <= kLargestOwnSlab);
  const auto run_range = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t slab = begin; slab < end; ++slab) run_slab<Slab>(call, plan, slab, serial_executor());
  };
  if (serial) {
    run_range(0, plan.slabs);
  } else if (a_slab_each) {
    executor.parallel_for(plan.slabs, run_range);
  } else {
    for (std::int64_t slab = 0; slab < plan.slabs; ++slab) run_slab<Slab>(call, plan, slab, executor);
  }
}

}  // namespace evenkeel::kernels
