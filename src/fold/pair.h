// One pair of modules: folded at once, measured on as much data as comes, certified at the end.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <memory>
#include <optional>

#include "evenkeel/fold.h"
#include "fold/parts.h"

namespace evenkeel::folding {

class FoldPair {
 public:
  // Throws c10::Error with the reason when they cannot be folded. `network` may be null.
  FoldPair(std::shared_ptr<torch::nn::Module> first, std::shared_ptr<torch::nn::Module> second,
           const torch::nn::Module* network);

  const std::shared_ptr<torch::nn::Module>& folded() const { return folded_; }
  const PairParts& parts() const { return parts_; }

  // Gives the input to the pair and to the folded layer, and returns what the pair makes of it, before the activation.
  torch::Tensor measure(const torch::Tensor& input);

  // For inputs of at most `largest_input`, or as large as those measured. Throws c10::Error if those were larger.
  FoldCertificate certificate(std::optional<double> largest_input) const;

 private:
  void check_input(const torch::Tensor& input) const;

  std::shared_ptr<torch::nn::Module> layer_;  // of the pair
  PairParts parts_;
  std::shared_ptr<torch::nn::Module> folded_;
  torch::Tensor folded_weight_, folded_bias_;
  torch::Tensor measured_;
  std::optional<double> largest_input_;  // of what was measured
};

}  // namespace evenkeel::folding
