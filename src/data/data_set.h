// Labelled pictures in memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::data {

// `count` pictures of rows x columns pixels, one after the other, with a label each. A pixel is one byte for each channel: grey
// from 0, background, to 255, ink; or red, green and blue, plane after plane.
struct Pictures {
  std::int64_t count = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<std::uint8_t> pixels;  // [count][channels][rows][columns]
  std::vector<std::uint8_t> labels;  // [count], 0 to classes - 1
  std::int64_t channels = 1;         // 1: grey, 3: red, green and blue

  std::int64_t picture_bytes() const { return channels * rows * columns; }
};

struct DataSet {
  std::string name;  // as it was asked for: "digits", "mnist:DIR", "cifar10:DIR"
  int classes = 10;
  Pictures train;
  Pictures test;
  std::vector<std::string> class_names = {};  // none: the labels are the names, as with digits
};

// The name by which the same data set is always known: its folder absolute, without links, ".." and a slash at its end.
std::string full_name(std::string_view name);

std::string class_name(const DataSet& set, int label);

// "digits": the built-in digits. "mnist:DIR": the four IDX files in DIR, plain or gzipped. "cifar10:DIR": the six binary
// files in DIR.
// Throws std::runtime_error with one line (what was expected, what was found) for anything else, and for
// files that are missing, truncated, corrupt or do not belong together.
DataSet open_data_set(std::string_view name);

}  // namespace evenkeel::data
