// The IDX format of the original MNIST files: a magic number, the extents as 32-bit big-endian numbers, then
// bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "data/data_set.h"

namespace evenkeel::data {

// Both read plain and gzipped files alike. Memory is taken as the bytes arrive, never because a header asks
// for it. Throw std::runtime_error with one line (file, what was expected, what was found) for a file that
// cannot be read, is something else, is truncated or corrupt, or goes on after its last byte. What follows
// the end of a gzip stream and is not another one is ignored, as gzip does.
Pictures read_idx_pictures(const std::filesystem::path& file);                 // without labels
std::vector<std::uint8_t> read_idx_labels(const std::filesystem::path& file);  // each 0 to 9

}  // namespace evenkeel::data
