#include "runs/run_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "files/json_file.h"
#include "report/report.h"
#include "runs/metrics.h"
#include "runs/run_evaluation.h"
#include "training/config.h"

namespace evenkeel::runs {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

// What a run has left.
struct Left {
  RunFolder folder;
  training::TrainConfig config;
  std::string writer;
  RunEvaluation evaluation;
};

Left read(const RunFolder& folder) {
  const auto writer = files::JsonFile(folder.config()).written_by();
  return {folder, training::read_config(folder.config()), writer ? text_of(*writer) : "not recorded",
          read_evaluation(folder.evaluation())};
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

Settings settings_of(const Left& run) {
  const auto& config = run.config;
  Settings settings{{"data", fmt::format("{}: {} pictures to train, {} to test", config.data,
                                         run.evaluation.training_count, run.evaluation.test.count)},
                    {"network", network_of(config)},
                    {"norm", std::string(models::words_for(config.norm))},
                    {"optimiser", optimiser_of(config)},
                    {"batch size", fmt::to_string(config.batch_size)},
                    {"epochs", fmt::to_string(config.epochs)},
                    {"seed", fmt::to_string(config.seed)},
                    {"threads", fmt::to_string(config.threads)},
                    {"pixels", pixels_of(config)},
                    {"begun by", run.writer}};
  if (config.augment)
    settings.emplace_back("altered pictures", "cropped after mirroring 4 pixels, flipped, 8 x 8 cut out");
  if (config.limit_steps > 0) settings.emplace_back("step limit", fmt::to_string(config.limit_steps));
  return settings;
}

const std::string* find(const Settings& settings, const std::string& name) {
  const auto found =
      std::find_if(settings.begin(), settings.end(), [&](const auto& item) { return item.first == name; });
  return found == settings.end() ? nullptr : &found->second;
}

// What all runs share is said once; what differs, for each.
Settings settings_of(const std::vector<Left>& runs, const std::vector<std::string>& labels) {
  std::vector<Settings> each;
  Settings result;
  for (const auto& run : runs) {
    each.push_back(settings_of(run));
    for (const auto& item : each.back())
      if (find(result, item.first) == nullptr) result.push_back(item);
  }
  for (auto& [name, value] : result) {
    std::string values;
    bool same = true;
    for (std::size_t i = 0; i < each.size(); ++i) {
      const auto* found = find(each[i], name);
      same = same && found != nullptr && *found == value;
      values += fmt::format("{}{}: {}", i == 0 ? "" : "; ", labels[i], found == nullptr ? "none" : *found);
    }
    if (!same) value = values;
  }
  return result;
}

// The norm, where that tells the runs apart; otherwise the folder's name, or its whole path.
std::vector<std::string> labels_of(const std::vector<Left>& runs) {
  const auto labels = [&](const auto& label_of) {
    std::vector<std::string> all;
    for (const auto& run : runs) all.push_back(label_of(run));
    return all;
  };
  const auto differ = [](const std::vector<std::string>& all) {
    return std::set<std::string>(all.begin(), all.end()).size() == all.size();
  };
  const auto by_norm = labels([](const Left& run) { return std::string(name_of(run.config.norm)); });
  if (differ(by_norm)) return by_norm;
  const auto by_name = labels([](const Left& run) {
    return std::filesystem::absolute(run.folder.path / ".")
        .lexically_normal()
        .parent_path()
        .filename()
        .string();
  });
  return differ(by_name) ? by_name : labels([](const Left& run) { return run.folder.path.string(); });
}

std::string title_of(const std::vector<Left>& runs, const std::vector<std::string>& labels) {
  const auto& first = runs.front().config;
  const auto words = models::words_for(first.norm);
  if (runs.size() == 1)
    return first.norm == models::Norm::kNone ? task_of(first) + " without batch norm"
                                             : fmt::format("{} with {}", task_of(first), words);
  if (runs.size() == 2 && runs.back().config.norm == models::Norm::kNone)
    return fmt::format("{} with and without {}", task_of(first), words);
  return fmt::format("{}: {}", task_of(first), fmt::join(labels, ", "));
}

// A run that is not finished ends, for the page, where it was tested last.
report::RunForReport describe(const Left& run, std::string label) {
  report::RunForReport result;
  result.label = std::move(label);
  result.test = run.evaluation.test;
  result.layers = run.evaluation.layers;
  result.seconds = run.evaluation.seconds;
  add_curves(run.folder, result);
  if (run.folder.is_finished()) {
    const auto summary = read_summary(run.folder.summary());
    result.final_test_accuracy = summary.test_accuracy;
    result.final_train_loss = summary.train_loss;
    result.seconds = summary.seconds;
  } else {
    result.final_test_accuracy = result.test_accuracy.empty() ? 0 : result.test_accuracy.back().y;
    result.final_train_loss = result.train_loss.empty() ? 0 : result.train_loss.back().y;
  }
  return result;
}

}  // namespace

void write_run_report(const std::filesystem::path& path, const std::vector<RunFolder>& folders) {
  if (folders.empty()) throw std::runtime_error("expected a run to draw, found none");
  std::vector<Left> runs;
  for (const auto& folder : folders) runs.push_back(read(folder));
  const auto labels = labels_of(runs);
  report::Report report;
  report.title = title_of(runs, labels);
  report.settings = settings_of(runs, labels);
  for (std::size_t i = 0; i < runs.size(); ++i) report.runs.push_back(describe(runs[i], labels[i]));
  report::write_report(path, report);
}

}  // namespace evenkeel::runs
