// The proven bound of a FoldCertificate.
#pragma once

#include <torch/types.h>

#include "fold/arithmetic.h"
#include "fold/parts.h"

namespace evenkeel::folding {

// Float64 [outputs]: no output channel of the folded layer, with `folded_weight` and `folded_bias` as it stores them, is
// further from that of the pair, for inputs of at most `largest_input`. fold.h says what this assumes.
torch::Tensor fold_bound(const PairParts& pair, const torch::Tensor& folded_weight,
                         const torch::Tensor& folded_bias, double largest_input);

// Throws c10::Error where a difference that was measured exceeds the bound: something that the proof assumes does not hold here.
void check_within(const torch::Tensor& measured, const torch::Tensor& bound, const PairParts& pair);

}  // namespace evenkeel::folding
