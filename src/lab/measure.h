// The harness knows no LibTorch, the claims' measurements do: this is the one door between them.
#pragma once

#include <functional>

#include "data/data_set.h"
#include "lab/claim.h"
#include "lab/effort.h"
#include "lab/record.h"

namespace evenkeel::lab {

// One seed of a claim, on one thread.
Record measure(const Claim& claim, const data::DataSet& data, std::uint64_t seed, Effort effort,
               const std::function<void(double)>& report);

}  // namespace evenkeel::lab
