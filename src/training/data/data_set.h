// Labelled pictures in memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::training {

// `count` grey pictures of rows x columns bytes each, 0 background to 255 ink, one after the other, with a
// label each.
struct Pictures {
  std::int64_t count = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<std::uint8_t> pixels;  // [count][rows][columns]
  std::vector<std::uint8_t> labels;  // [count], 0 to classes - 1
};

struct DataSet {
  std::string name;  // as it was asked for: "digits", "mnist:DIR"
  int classes = 10;
  Pictures train;
  Pictures test;
};

// "digits": the built-in digits. "mnist:DIR": the four IDX files in DIR, plain or gzipped.
// Throws std::runtime_error with one line (what was expected, what was found) for anything else, and for
// files that are missing, truncated, corrupt or do not belong together.
DataSet open_data_set(std::string_view name);

}  // namespace evenkeel::training
