#include "runs/folded_file.h"

#include <torch/torch.h>

#include <memory>

#include "runs/folding.h"
#include "runs/saved_model.h"

namespace evenkeel::runs {
namespace {

std::function<void()> pass_over(const std::shared_ptr<models::Network>& network,
                                const torch::Tensor& pictures) {
  return [network, pictures] {
    const torch::InferenceMode no_gradients;
    network->forward(pictures);
  };
}

}  // namespace

FoldedFile fold_run_to_file(const RunFolder& folder, const data::DataSet& data, int threads,
                            const std::filesystem::path& file) {
  const auto run = fold_run(folder, data, threads);
  save_model(file, *run.folded);
  FoldedFile result;
  for (const auto& step : run.steps)
    result.layers.push_back({step.layer, step.norm, step.certificate.largest_input,
                             step.certificate.largest_measured(), step.certificate.largest_bound()});
  result.test_count = run.of_trained.count;
  result.trained_accuracy = run.of_trained.accuracy();
  result.folded_accuracy = run.of_folded.accuracy();
  result.different_predictions = run.different_predictions;
  result.largest_logit_difference = run.largest_logit_difference;

  const auto shape = models::picture_shape(training::read_config(folder.config()).model);
  const auto pictures = torch::randn({result.pictures_per_pass, shape.channels, shape.rows, shape.columns});
  result.trained_pass = pass_over(run.trained, pictures);
  result.folded_pass = pass_over(run.folded, pictures);
  return result;
}

}  // namespace evenkeel::runs
