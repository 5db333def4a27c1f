// The one way through the data: for every slab, sums over its blocks, then a map over its blocks.
//
// A Slab type has
//   Slab(const Call&, const Plan&, std::int64_t slab, Workspace&)
//   static constexpr bool kHasSums, kHasMap
//   static bool weighted(const Call&)
//     whether the positions have weights
//   void add_sums(block, double* sums, Workspace scratch)
//     adds the block's two sums per channel: [2][channels]
//   bool finish_sums(const double* sums)
//     takes the slab's sums; true asks for them once more, with a better shift
//   void map(block, Workspace scratch)
//     writes the block's output
#pragma once

#include <algorithm>

#include "evenkeel/kernels/executor.h"
#include "kernels/tiles.h"

namespace evenkeel::kernels {

// A smaller tensor is done before another thread has woken up.
constexpr std::int64_t kSerialBytes = 128 * 1024;
// What one core's cache holds of a slab; larger ones are shared.
constexpr std::int64_t kLargestOwnSlab = 1024 * 1024;

// What a slab takes of its workspace: room for so many values of 8 bytes for each channel and each column, and the blocks' sums.
template <typename Slab>
std::size_t slab_needs(const Plan& plan) {
  constexpr std::size_t kPerChannel = Slab::kHasSums ? 20 : 8, kPerColumn = Slab::kHasSums ? 10 : 4;
  const std::size_t sums = Slab::kHasSums ? scratch_bytes(plan.blocks * 2 * plan.slab_channels, 8) : 0;
  return kPerChannel * scratch_bytes(plan.slab_channels, 8) +
         kPerColumn * scratch_bytes(parameter_count(plan, 0), 8) + sums;
}

// What is taken while a block is summed or mapped: see sum_block, with_weights and MomentSums.
template <typename Slab>
std::size_t block_needs(const Plan& plan, bool weighted) {
  const std::int64_t columns = parameter_count(plan, 0);
  return (Slab::kHasSums ? 3 * scratch_bytes(columns, 8) : 0) +
         (weighted ? scratch_bytes(std::max(kWrittenOut, 4 * columns), 8) : 0);
}

// Deals [0, count) to at most `parts` parts: body(part, begin, end). No two with the same number run at the same time.
template <typename Body>
void deal(Executor& executor, std::int64_t parts, std::int64_t count, Body body) {
  parts = std::min(parts, count);
  executor.parallel_for(parts, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t k = first; k < last; ++k) body(k, count * k / parts, count * (k + 1) / parts);
  });
}

// One slab on so many parts; scratch(part) is what a part has for its blocks.
template <typename Slab, typename Call, typename Scratch>
void run_slab(const Call& call, const Plan& plan, std::int64_t index, Executor& executor, std::int64_t parts,
              Workspace workspace, Scratch scratch) {
  const std::int64_t sums = 2 * plan.channels_of(index);
  double* partial = Slab::kHasSums ? workspace.take<double>(plan.blocks * sums) : nullptr;
  Slab slab(call, plan, index, workspace);
  if constexpr (Slab::kHasSums) {
    do {
      std::fill_n(partial, plan.blocks * sums, 0.0);
      deal(executor, parts, plan.blocks, [&](std::int64_t part, std::int64_t begin, std::int64_t end) {
        for (std::int64_t block = begin; block < end; ++block) {
          slab.add_sums(block, partial + block * sums, scratch(part));
        }
      });
      for (std::int64_t block = 1; block < plan.blocks; ++block) {  // in this order, whoever computed them
        for (std::int64_t i = 0; i < sums; ++i) partial[i] += partial[block * sums + i];
      }
    } while (slab.finish_sums(partial));
  }
  if constexpr (Slab::kHasMap) {
    deal(executor, parts, plan.blocks, [&](std::int64_t part, std::int64_t begin, std::int64_t end) {
      // Backwards: the blocks that were summed last are still in the cache.
      for (std::int64_t block = end; block-- > begin;) slab.map(block, scratch(part));
    });
  }
}

template <typename Slab, typename Call>
void run_slabs(const Call& call, const Plan& plan, std::int64_t element_size, Executor& executor) {
  const std::int64_t threads = std::max(1, executor.concurrency());
  const bool serial = threads == 1 || plan.geometry.size() * element_size < kSerialBytes;
  const bool a_slab_each = serial || plan.blocks == 1 ||
                           (plan.slabs >= 2 * threads && plan.slab_bytes(element_size) <= kLargestOwnSlab);
  const std::size_t of_slab = slab_needs<Slab>(plan);
  const std::size_t of_block = block_needs<Slab>(plan, Slab::weighted(call));
  if (a_slab_each) {
    const std::int64_t parts = serial ? 1 : std::min(threads, plan.slabs);
    const std::size_t slabs_end = static_cast<std::size_t>(parts) * of_slab;
    const CallMemory memory(slabs_end + static_cast<std::size_t>(parts) * of_block);
    deal(serial ? serial_executor() : executor, parts, plan.slabs,
         [&](std::int64_t part, std::int64_t begin, std::int64_t end) {
           for (std::int64_t slab = begin; slab < end; ++slab) {
             run_slab<Slab>(call, plan, slab, serial_executor(), 1, memory.piece(of_slab, part),
                            [&](std::int64_t) { return memory.piece(of_block, part, slabs_end); });
           }
         });
  } else {
    const CallMemory memory(of_slab + static_cast<std::size_t>(threads) * of_block);
    for (std::int64_t slab = 0; slab < plan.slabs; ++slab) {
      run_slab<Slab>(call, plan, slab, executor, threads, memory.piece(of_slab),
                     [&](std::int64_t part) { return memory.piece(of_block, part, of_slab); });
    }
  }
}

}  // namespace evenkeel::kernels
