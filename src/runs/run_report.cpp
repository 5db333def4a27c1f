#include "runs/run_report.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <stdexcept>
#include <utility>

#include "libtorch/tensor_values.h"
#include "model_files/state_dict_file.h"
#include "report/report.h"
#include "runs/metrics.h"
#include "runs/saved_model.h"
#include "training/evaluation.h"

namespace evenkeel::runs {
namespace {

// Of a batch norm its running_var; of batch whitening, whose row of covariances per channel are those within
// its group, the diagonal.
torch::Tensor running_variance(const model_files::NamedTensors& tensors, const std::string& layer) {
  if (const auto* variance = tensors.find(layer + ".running_var")) return *variance;
  const auto& covariance = tensors[layer + ".running_covariance"];
  const auto size = covariance.size(1);
  return covariance.view({-1, size, size}).diagonal(0, 1, 2).reshape({-1});
}

std::vector<report::LayerState> layer_states(const models::Network& network) {
  constexpr std::string_view kMark = ".running_mean";
  const auto tensors = model_files::state_dict(network).tensors;
  std::vector<report::LayerState> layers;
  for (const auto& item : tensors) {
    if (!item.key().ends_with(kMark)) continue;
    const auto name = item.key().substr(0, item.key().size() - kMark.size());
    layers.push_back(
        {name, libtorch::values_of(item.value()), libtorch::values_of(running_variance(tensors, name)),
         libtorch::values_of(tensors[name + ".weight"]), libtorch::values_of(tensors[name + ".bias"])});
  }
  return layers;
}

void add_curves(const RunFolder& folder, report::RunForReport& run) {
  for (const auto& record : read_metrics(folder.metrics())) {
    const auto step = static_cast<double>(record.step);
    run.train_loss.push_back({step, record.train_loss});
    if (!record.test_accuracy) continue;
    run.test_accuracy.push_back({step, *record.test_accuracy});
    run.epochs.push_back({step, static_cast<double>(record.epoch)});
  }
}

void add_mistakes(const training::Evaluation& evaluation, const data::Pictures& pictures,
                  report::RunForReport& run) {
  constexpr std::size_t kMost = 60;  // pictures on the page
  const auto size = pictures.picture_bytes();
  for (const auto& mistake : evaluation.mistakes) {
    if (run.misclassified.size() == kMost) break;
    const auto first = pictures.pixels.begin() + mistake.index * size;
    run.misclassified.push_back({{first, first + size},
                                 pictures.rows,
                                 pictures.columns,
                                 pictures.labels[static_cast<std::size_t>(mistake.index)],
                                 mistake.predicted,
                                 mistake.confidence,
                                 pictures.channels});
  }
  run.test_errors = static_cast<std::int64_t>(evaluation.mistakes.size());
  run.test_count = evaluation.count;
}

std::string describe(models::Norm norm, bool is_compared) {
  if (norm == models::Norm::kNone) return "without batch norm";
  return fmt::format("{} {}", is_compared ? "with and without" : "with", models::words_for(norm));
}

std::string task_of(const training::TrainConfig& config) {
  return config.model == models::Model::kDigits ? "Digit recognition"
                                                : "Recognition of small colour pictures";
}

std::string network_of(const training::TrainConfig& config) {
  return config.model == models::Model::kDigits ? "two convolutions, two linear layers"
                                                : fmt::format("ResNet-9, width {}", config.width);
}

std::string learning_rate_of(const training::TrainConfig& config) {
  switch (config.schedule) {
    case training::Schedule::kConstant:
      return fmt::format("learning rate {}", config.learning_rate);
    case training::Schedule::kPeak:
      return fmt::format("learning rate from 0 to {} at 5/24 of the epochs and back to 0",
                         config.learning_rate);
    case training::Schedule::kDoubling:
      return fmt::format("learning rate {}, doubled every two epochs", config.learning_rate);
  }
  throw std::logic_error("a schedule without a description");
}

std::string optimiser_of(const training::TrainConfig& config) {
  if (config.optimiser == training::OptimiserKind::kAdam) return "Adam, " + learning_rate_of(config);
  return fmt::format("SGD, Nesterov momentum {}, weight decay {}, {}", config.momentum, config.weight_decay,
                     learning_rate_of(config));
}

std::string pixels_of(const training::TrainConfig& config) {
  std::string text;
  for (std::size_t channel = 0; channel < config.pixels.mean.size(); ++channel)
    text += fmt::format("{}(p / 255 - {}) / {}", channel == 0 ? "" : ", ", config.pixels.mean[channel],
                        config.pixels.deviation[channel]);
  return text;
}

report::RunForReport describe(const RunFolder& folder, const data::DataSet& data) {
  const auto config = training::read_config(folder.config());
  const auto summary = read_summary(folder.summary());
  const auto network = load_model(folder.model(), config);
  report::RunForReport run;
  run.label = summary.norm;
  run.final_test_accuracy = summary.test_accuracy;
  run.final_train_loss = summary.train_loss;
  run.seconds = summary.seconds;
  run.layers = layer_states(*network);
  add_curves(folder, run);
  add_mistakes(training::evaluate(*network, data.test, config.pixels), data.test, run);
  return run;
}

}  // namespace

void write_run_report(const std::filesystem::path& path, const std::vector<RunFolder>& folders,
                      const data::DataSet& data) {
  const auto config = training::read_config(folders.at(0).config());
  report::Report report;
  report.title = fmt::format("{} {}", task_of(config), describe(config.norm, folders.size() > 1));
  report.class_names = data.class_names;
  report.settings = {{"data", fmt::format("{}: {} pictures to train, {} to test", config.data,
                                          training_pictures(config, data.train.count), data.test.count)},
                     {"network", network_of(config)},
                     {"optimiser", optimiser_of(config)},
                     {"batch size", fmt::to_string(config.batch_size)},
                     {"epochs", fmt::to_string(config.epochs)},
                     {"seed", fmt::to_string(config.seed)},
                     {"threads", fmt::to_string(config.threads)},
                     {"pixels", pixels_of(config)},
                     {"LibTorch", TORCH_VERSION}};
  if (config.augment)
    report.settings.emplace_back("altered pictures",
                                 "cropped after mirroring 4 pixels, flipped, 8 x 8 cut out");
  if (config.limit_steps > 0) report.settings.emplace_back("step limit", fmt::to_string(config.limit_steps));
  for (const auto& folder : folders) report.runs.push_back(describe(folder, data));
  report::write_report(path, report);
}

}  // namespace evenkeel::runs
