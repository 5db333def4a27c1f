// The normalisations that a network of this program can have, by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::models {

// make_norm.h says what each is exactly.
enum class Norm {
  kBatch,     // Evenkeel's batch norm
  kTorch,     // LibTorch's batch norm
  kNone,      // nothing
  kGroup,     // group norm
  kLayer,     // layer norm
  kInstance,  // instance norm
  kRenorm,    // batch renormalization
  kGhost,     // batch norm of ghost batches
  kWhiten,    // batch whitening
  kDetached,  // batch norm outside the gradient
};

std::vector<Norm> all_norms();
std::string_view name_of(Norm norm);         // "batch", "torch", "none", ...
Norm norm_from_name(std::string_view name);  // throws std::runtime_error with one line for any other name
std::string norm_names();                    // "batch, torch, none", ...
std::string_view words_for(Norm norm);       // "batch norm", "LibTorch's batch norm", ...

// Whether training normalises with statistics over the pictures of a batch, which takes two of them.
bool needs_batch(Norm norm);

// Whether in evaluation it is a batch norm: running_mean and running_var for each channel, under the names
// and in the formula of PyTorch's. Such norms can stand for each other in a trained network.
bool is_batch_norm_in_evaluation(Norm norm);

// Throws std::runtime_error with one line unless it is: "RUN: expected a run with batch norm to fold, found
// norm group".
void check_is_batch_norm(Norm norm, std::string_view run, std::string_view purpose);

}  // namespace evenkeel::models
