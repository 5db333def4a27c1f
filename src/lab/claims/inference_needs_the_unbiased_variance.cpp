#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "evenkeel/batch_norm.h"
#include "lab/claim.h"
#include "lab/trial.h"

namespace evenkeel::lab::inference_needs_the_unbiased_variance {
namespace {

// The average of what a layer's running variance takes from batches of `size`, relative to the true variance, 1.
double average_variance(std::int64_t size, RunningVariance which, std::int64_t batches) {
  constexpr std::int64_t kChannels = 4096;
  BatchNorm1d norm(BatchNormOptions(kChannels).momentum(std::nullopt).running_variance(which));
  norm->to(torch::kFloat64);
  const torch::NoGradGuard no_graph;
  for (std::int64_t batch = 0; batch < batches; ++batch)
    norm(torch::randn({size, kChannels}, torch::kFloat64));
  return norm->running_var.mean().item<double>();
}

void measure_bias_of_variance(Trial& trial) {
  const auto batches = trial.setting<std::int64_t>("batches of 4096 channels", 100);
  double biased_error = 0;
  double unbiased_error = 0;
  for (const std::int64_t m : {2, 4, 8, 32}) {
    const double expected = static_cast<double>(m - 1) / static_cast<double>(m);
    const double biased = average_variance(m, RunningVariance::kBiased, batches);
    const double unbiased = average_variance(m, RunningVariance::kUnbiased, batches);
    trial.record.number(fmt::format("biased variance over the true one, m = {}", m), biased);
    trial.record.number(fmt::format("unbiased variance over the true one, m = {}", m), unbiased);
    trial.record.point("biased", static_cast<double>(m), biased);
    trial.record.point("unbiased", static_cast<double>(m), unbiased);
    trial.record.point("(m − 1)/m", static_cast<double>(m), expected);
    biased_error = std::max(biased_error, std::abs(biased / expected - 1));
    unbiased_error = std::max(unbiased_error, std::abs(unbiased - 1));
  }
  trial.record.number("largest deviation of the biased one from (m − 1)/m", 100 * biased_error, "%");
  trial.record.number("largest deviation of the unbiased one from 1", 100 * unbiased_error, "%");
}

const Register claim({
    .number = 5,
    .name = "inference-needs-the-unbiased-variance",
    .title = "Inference needs the variance with m/(m − 1)",
    .source = "Ioffe & Szegedy 2015, section 3.1 and algorithm 2",
    .statement = "<p>A batch of m values has on average only (m − 1)/m of the true variance, because its own "
                 "mean fits it best. Batches are normalised with "
                 "that biased variance; what inference uses has to be corrected. PyTorch stores the unbiased "
                 "one in running_var, Keras and "
                 "Flax the biased one.</p>\n",
    .formula = "E[σ²<sub>batch</sub>] = σ² (m − 1)/m &emsp; Var[x] = m/(m − 1) · E[σ²<sub>batch</sub>]",
    .setup = "<p>Batches of m standard normal values per channel, through the layer in training mode with a "
             "cumulative average, which "
             "makes running_var the mean of what each batch gave.</p>\n",
    .seconds = 3,
    .measure = measure_bias_of_variance,
    .rule = {below("deviation of the biased variance from (m − 1)/m",
                   measured("largest deviation of the biased one from (m − 1)/m"), 1, "%"),
             below("deviation of running_var from the true variance",
                   measured("largest deviation of the unbiased one from 1"), 1, "%")},
    .pictures =
        {{.file = "variance",
          .title = "The variance that batches of m have on average",
          .caption = "The true variance is 1.",
          .x_label = "m, logarithmic",
          .y_label = "average variance",
          .curves = {{"unbiased", "with m/(m − 1)"}, {"biased", "biased"}, {"(m − 1)/m", "(m − 1)/m"}},
          .log_x = true,
          .markers = true,
          .x_tics = {{2, "2"}, {4, "4"}, {8, "8"}, {16, "16"}, {32, "32"}}}},
});

}  // namespace
}  // namespace evenkeel::lab::inference_needs_the_unbiased_variance
