#include "evenkeel/fold.h"

#include <torch/torch.h>

#include <limits>

#include "fold/pair.h"

namespace evenkeel {
namespace {

double largest(const torch::Tensor& values) {
  return values.defined() ? values.max().item<double>() : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

double FoldCertificate::largest_measured() const { return largest(measured); }
double FoldCertificate::largest_bound() const { return largest(bound); }

FoldedModules fold_modules(const std::shared_ptr<torch::nn::Module>& first,
                           const std::shared_ptr<torch::nn::Module>& second, const FoldOptions& options) {
  folding::FoldPair pair(first, second, options.network());
  if (options.data().defined()) pair.measure(options.data());
  const auto& norm = pair.parts().norm;
  return {pair.folded(),
          pair.parts().place,
          norm.activation,
          norm.negative_slope,
          pair.certificate(options.largest_input()),
          copy_of(*first),
          copy_of(*second)};
}

}  // namespace evenkeel
