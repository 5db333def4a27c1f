// Prints the tables of docs/numerics.md: evenkeel_numerics_table > table.md
#include <fmt/format.h>
#include <torch/torch.h>

#include <cstdio>
#include <string>

#include "dropin/numerics.h"
#include "evenkeel/torch_kernels.h"

namespace {

using namespace evenkeel;            // NOLINT(google-build-using-namespace): a program
using namespace evenkeel::numerics;  // NOLINT(google-build-using-namespace)

bool torch_computes(torch::Dtype dtype) {
  return dtype == torch::kFloat || dtype == torch::kDouble || TORCH_VERSION_MAJOR >= 2;
}

std::string row(double mean, const std::string& whose, const Errors& errors) {
  std::string text = fmt::format("| {:g} | {} |", mean, whose);
  for (const double error : errors.all()) text += fmt::format(" {:.1e} |", error);
  return text + "\n";
}

void print_table(torch::Dtype dtype, testing::Layout layout) {
  std::string text = fmt::format("\n### {}, {}\n\n", torch::toString(dtype),
                                 layout == testing::Layout::kContiguous ? "channels first" : "channels last");
  text +=
      "| mean | | y | dx | dweight | dbias | running mean | running variance "
      "|\n|---|---|---|---|---|---|---|---|\n";
  for (const double mean : means_for(dtype)) {
    const Batch batch = Batch::draw(mean, dtype, layout);
    text += row(mean, "layer", errors_of(batch, results_of(batch, by_layer)));
    if (!torch_computes(dtype)) continue;
    replace_torch_kernels();
    text += row(mean, "drop-in", errors_of(batch, results_of(batch, by_operator)));
    restore_torch_kernels();
    text += row(mean, "PyTorch", errors_of(batch, results_of(batch, by_operator)));
  }
  std::fputs(text.c_str(), stdout);
}

}  // namespace

int main() {
  std::printf("LibTorch %s\n", TORCH_VERSION);
  for (const auto dtype : {torch::kFloat, torch::kDouble, torch::kBFloat16, torch::kHalf}) {
    for (const auto layout : {testing::Layout::kContiguous, testing::Layout::kChannelsLast})
      print_table(dtype, layout);
  }
  return 0;
}
