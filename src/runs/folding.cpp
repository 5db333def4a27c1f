#include "runs/folding.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "data/batches.h"
#include "model_files/state_dict.h"
#include "runs/saved_model.h"

namespace evenkeel::runs {
namespace {

using torch::Tensor;

constexpr std::int64_t kPart = 250;  // pictures at a time

Tensor all_pictures(const data::Pictures& pictures, const training::TrainConfig& config) {
  return data::Batches(pictures, config.pixels, pictures.count)[0].pictures;
}

// All that a part gives out of the measured pictures is held at once: 4 kB of a digit, up to 256 kB of a colour picture.
std::int64_t most_measured(models::Model model) { return model == models::Model::kDigits ? 100'000 : 500; }

// Folds a part of the network into the place it has in the new network.
void fold_part(const std::string& name, const torch::nn::Sequential& trained, const torch::nn::Module& folded,
               const Tensor& inputs, std::vector<FoldStep>& steps) {
  auto result = fold(trained, FoldOptions().data(inputs));
  for (auto& step : result.steps) {
    if (!step.folded()) throw std::runtime_error(fmt::format("{}.{}: {}", name, step.norm, step.refusal));
    step.norm = name + "." + step.norm;
    step.layer = name + "." + step.layer;
    steps.push_back(step);
  }
  model_files::copy_tensors(model_files::state_dict(folded).tensors,
                            model_files::state_dict(*result.network).tensors);
}

void fold_parts(FoldedRun& run, const Tensor& pictures) {
  const auto places = run.folded->named_children();
  run.trained->forward_by_parts(pictures,
                                [&](const std::string& name, torch::nn::Sequential& part, const Tensor& x) {
                                  fold_part(name, part, *places[name], x, run.steps);
                                  std::vector<Tensor> outputs;
                                  for (const auto& some : x.split(kPart))
                                    outputs.push_back(part->forward(some));
                                  return torch::cat(outputs);
                                });
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

FoldedRun fold_run(const RunFolder& folder, const data::DataSet& data, int threads) {
  const auto config = training::read_config(folder.config());
  training::check_pictures(data, config);
  models::check_is_batch_norm(config.norm, folder.path.string(), "fold");
  torch::set_num_threads(threads);
  const torch::NoGradGuard no_gradients;
  auto with_norm = config;
  with_norm.norm = models::Norm::kBatch;
  auto without_norm = config;
  without_norm.norm = models::Norm::kNone;
  FoldedRun run;
  run.trained = load_model(folder.model(), with_norm);
  run.folded = models::make_network(without_norm);
  run.trained->eval();
  run.folded->eval();
  const Tensor pictures = all_pictures(data.test, config);
  run.measured = std::min(data.test.count, most_measured(config.model));
  fold_parts(run, pictures.narrow(0, 0, run.measured));

  run.of_trained = training::evaluate(*run.trained, data.test, config.pixels);
  run.of_folded = training::evaluate(*run.folded, data.test, config.pixels);
  compare_logits(run, pictures);
  return run;
}

}  // namespace evenkeel::runs
