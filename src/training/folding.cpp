#include "training/folding.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

#include "lifecycle/state_dict.h"
#include "training/batches.h"
#include "training/saved_model.h"

namespace evenkeel::training {
namespace {

using torch::Tensor;

constexpr std::int64_t kPart = 250;  // pictures at a time

Tensor all_pictures(const Pictures& pictures, const TrainConfig& config) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(pictures.count));
  std::iota(order.begin(), order.end(), 0);
  return BatchMaker(pictures, config)(order).pictures;
}

// Folds one of the network's two Sequentials into the place it has in the new network.
void fold_part(const std::string& name, const torch::nn::Sequential& trained,
               const torch::nn::Sequential& folded, const Tensor& inputs, std::vector<FoldStep>& steps) {
  auto result = fold(trained, FoldOptions().data(inputs));
  for (auto& step : result.steps) {
    if (!step.folded()) throw std::runtime_error(fmt::format("{}.{}: {}", name, step.norm, step.refusal));
    step.norm = name + "." + step.norm;
    step.layer = name + "." + step.layer;
    steps.push_back(step);
  }
  lifecycle::copy_tensors(lifecycle::state_dict(*folded).tensors,
                          lifecycle::state_dict(*result.network).tensors);
}

void compare_logits(FoldedRun& run, const Tensor& pictures) {
  for (const auto& part : pictures.split(kPart)) {
    const Tensor trained = run.trained->forward(part);
    const Tensor folded = run.folded->forward(part);
    run.different_predictions += (trained.argmax(1) != folded.argmax(1)).sum().item<std::int64_t>();
    run.largest_logit_difference =
        std::max(run.largest_logit_difference, (trained - folded).abs().max().item<double>());
  }
}

}  // namespace

FoldedRun fold_run(const RunFolder& folder, const DataSet& data, int threads) {
  check_pictures(data);
  torch::set_num_threads(threads);
  const auto config = read_config(folder.config());
  check_is_batch_norm(config.norm, folder.path.string(), "fold");
  const torch::NoGradGuard no_gradients;
  FoldedRun run{load_model(folder.model(), Norm::kBatch), DigitNetwork(Norm::kNone), {}, {}, {}, 0, 0};
  run.trained->eval();
  run.folded->eval();
  const Tensor pictures = all_pictures(data.test, config);
  std::vector<Tensor> features;
  for (const auto& part : pictures.split(kPart)) features.push_back(run.trained->features->forward(part));
  fold_part("features", run.trained->features, run.folded->features, pictures, run.steps);
  fold_part("classifier", run.trained->classifier, run.folded->classifier, torch::cat(features), run.steps);

  run.of_trained = evaluate(*run.trained, data.test, config);
  run.of_folded = evaluate(*run.folded, data.test, config);
  compare_logits(run, pictures);
  return run;
}

}  // namespace evenkeel::training
