// The MNIST database as its four original files.
#pragma once

#include <filesystem>

#include "data/data_set.h"

namespace evenkeel::data {

// Reads train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte
// from `folder`; each may end in .gz, and may have a dot before "idx". Throws std::runtime_error with one
// line if one is missing or wrong (idx_file.h) or if they do not belong together. The name of the set stays
// empty.
DataSet read_mnist(const std::filesystem::path& folder);

}  // namespace evenkeel::data
