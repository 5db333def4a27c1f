#include "training/run_report.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <stdexcept>
#include <utility>

#include "lifecycle/state_dict_file.h"
#include "training/evaluation.h"
#include "training/metrics.h"
#include "training/report/report.h"
#include "training/saved_model.h"

namespace evenkeel::training {
namespace {

std::vector<double> values(const torch::Tensor& tensor) {
  const auto wide = tensor.to(torch::kFloat64).contiguous();
  return {wide.data_ptr<double>(), wide.data_ptr<double>() + wide.numel()};
}

// Of a batch norm its running_var; of batch whitening, whose row of covariances per channel are those within
// its group, the diagonal.
torch::Tensor running_variance(const lifecycle::NamedTensors& tensors, const std::string& layer) {
  if (const auto* variance = tensors.find(layer + ".running_var")) return *variance;
  const auto& covariance = tensors[layer + ".running_covariance"];
  const auto size = covariance.size(1);
  return covariance.view({-1, size, size}).diagonal(0, 1, 2).reshape({-1});
}

std::vector<LayerState> layer_states(const DigitNetwork& network) {
  constexpr std::string_view kMark = ".running_mean";
  const auto tensors = lifecycle::state_dict(*network).tensors;
  std::vector<LayerState> layers;
  for (const auto& item : tensors) {
    if (!item.key().ends_with(kMark)) continue;
    const auto name = item.key().substr(0, item.key().size() - kMark.size());
    layers.push_back({name, values(item.value()), values(running_variance(tensors, name)),
                      values(tensors[name + ".weight"]), values(tensors[name + ".bias"])});
  }
  return layers;
}

void add_curves(const RunFolder& folder, RunForReport& run) {
  for (const auto& record : read_metrics(folder.metrics())) {
    const auto step = static_cast<double>(record.step);
    run.train_loss.push_back({step, record.train_loss});
    if (!record.test_accuracy) continue;
    run.test_accuracy.push_back({step, *record.test_accuracy});
    run.epochs.push_back({step, static_cast<double>(record.epoch)});
  }
}

void add_mistakes(const Evaluation& evaluation, const Pictures& pictures, RunForReport& run) {
  constexpr std::size_t kMost = 60;  // pictures on the page
  const auto size = pictures.rows * pictures.columns;
  for (const auto& mistake : evaluation.mistakes) {
    if (run.misclassified.size() == kMost) break;
    const auto first = pictures.pixels.begin() + mistake.index * size;
    run.misclassified.push_back({{first, first + size},
                                 pictures.rows,
                                 pictures.columns,
                                 pictures.labels[static_cast<std::size_t>(mistake.index)],
                                 mistake.predicted,
                                 mistake.confidence});
  }
  run.test_errors = static_cast<std::int64_t>(evaluation.mistakes.size());
  run.test_count = evaluation.count;
}

std::string describe(Norm norm, bool is_compared) {
  if (norm == Norm::kNone) return "without batch norm";
  return fmt::format("{} {}", is_compared ? "with and without" : "with", words_for(norm));
}

RunForReport describe(const RunFolder& folder, const DataSet& data) {
  const auto config = read_config(folder.config());
  const auto summary = read_summary(folder.summary());
  auto network = load_model(folder.model(), config.norm);
  RunForReport run;
  run.label = summary.norm;
  run.final_test_accuracy = summary.test_accuracy;
  run.final_train_loss = summary.train_loss;
  run.seconds = summary.seconds;
  run.layers = layer_states(network);
  add_curves(folder, run);
  add_mistakes(evaluate(*network, data.test, config), data.test, run);
  return run;
}

}  // namespace

void write_run_report(const std::filesystem::path& path, const std::vector<RunFolder>& folders,
                      const DataSet& data) {
  const auto config = read_config(folders.at(0).config());
  Report report;
  report.title = "Digit recognition " + describe(config.norm, folders.size() > 1);
  report.settings = {
      {"data",
       fmt::format("{}: {} pictures to train, {} to test", config.data, data.train.count, data.test.count)},
      {"optimiser", fmt::format("Adam, learning rate {}", config.learning_rate)},
      {"batch size", fmt::to_string(config.batch_size)},
      {"epochs", fmt::to_string(config.epochs)},
      {"seed", fmt::to_string(config.seed)},
      {"threads", fmt::to_string(config.threads)},
      {"pixels", fmt::format("(p / 255 - {}) / {}", config.pixel_mean, config.pixel_deviation)},
      {"LibTorch", TORCH_VERSION}};
  if (config.limit_steps > 0) report.settings.emplace_back("step limit", fmt::to_string(config.limit_steps));
  for (const auto& folder : folders) report.runs.push_back(describe(folder, data));
  write_report(path, report);
}

}  // namespace evenkeel::training
