// CIFAR-10 (Krizhevsky 2009) in its binary version: small colour pictures of ten kinds of things.
#pragma once

#include <filesystem>

#include "data/data_set.h"

namespace evenkeel::data {

// Reads data_batch_1.bin to data_batch_5.bin (to train) and test_batch.bin from `folder`. They are records without a header:
// one byte with the label, then the red, the green and the blue plane of 32 x 32 bytes, each row by row. A file may hold any
// number of records from one on. Throws std::runtime_error with one line if a file is missing, empty or truncated, or has a
// label above 9. The name of the set stays empty.
DataSet read_cifar10(const std::filesystem::path& folder);

}  // namespace evenkeel::data
