#include "runs/train_run.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <stdexcept>
#include <string>

#include "data/pixel_scale.h"
#include "runs/checkpoint.h"
#include "runs/evaluate_run.h"
#include "runs/metrics.h"
#include "runs/run_lock.h"
#include "runs/saved_model.h"
#include "training/evaluation.h"
#include "training/trainer.h"

namespace evenkeel::runs {
namespace {

class TrainingRun {
 public:
  TrainingRun(const RunFolder& folder, const training::TrainConfig& config, const data::DataSet& data)
      : folder_(folder),
        config_(config),
        data_(data),
        trainer_(config, data),
        metrics_(folder.metrics(),
                 folder.has_checkpoint() ? load_checkpoint(folder.checkpoint(), trainer_) : 0) {}

  std::optional<Summary> run(TrainingMonitor& monitor) {
    while (!trainer_.finished()) {
      trainer_.step();
      monitor.after_step(trainer_.status());
      if (trainer_.epoch_ends())
        end_epoch(monitor);
      else if (trainer_.record_ends())
        record(std::nullopt);
      const bool stop = monitor.stop_requested() && !trainer_.finished();
      if (trainer_.epoch_ends() || stop || trainer_.progress().step % config_.checkpoint_every == 0)
        checkpoint();
      if (stop) return std::nullopt;
    }
    return finish();
  }

 private:
  void end_epoch(TrainingMonitor& monitor) {
    auto now = trainer_.status();
    test();
    now.test_accuracy = test_accuracy_;
    record(test_accuracy_);
    monitor.after_epoch(now);
  }

  void test() {
    const auto tested = trainer_.test();
    test_accuracy_ = tested.accuracy();
    auto evaluation = describe(trainer_.network(), tested, data_);
    evaluation.epoch = trainer_.epoch();
    evaluation.seconds = trainer_.progress().seconds;
    evaluation.training_count = training_pictures(config_, data_.train.count);
    write_evaluation(folder_.evaluation(), evaluation);
  }

  void record(std::optional<double> test_accuracy) {
    const auto& progress = trainer_.progress();
    metrics_.append(
        {progress.step, trainer_.epoch(), trainer_.record_loss(), test_accuracy, progress.seconds});
  }

  void checkpoint() { save_checkpoint(folder_.checkpoint(), trainer_, metrics_.flush()); }

  Summary finish() {
    // A run killed after its last checkpoint has no accuracy yet.
    if (!test_accuracy_) test();
    save_model(folder_.model(), trainer_.network());
    const auto& progress = trainer_.progress();
    const Summary summary{*test_accuracy_, trainer_.epoch_loss(), trainer_.epoch(),
                          progress.step,   progress.seconds,      std::string(name_of(config_.norm)),
                          config_.data};
    write_summary(folder_.summary(), summary);
    return summary;
  }

  const RunFolder& folder_;
  const training::TrainConfig& config_;
  const data::DataSet& data_;
  training::Trainer trainer_;
  MetricsFile metrics_;
  std::optional<double> test_accuracy_;  // after the last epoch
};

}  // namespace

RunFolder start_run(const std::filesystem::path& path, training::TrainConfig config,
                    const data::DataSet& data) {
  check(config);
  check_pictures(data, config);
  config.pixels = data::measure_pixels(data.train, training_pictures(config, data.train.count));
  auto folder = create_run_folder(path);
  write_config(folder.config(), config);
  return folder;
}

std::optional<Summary> train_run(const RunFolder& folder, const data::DataSet& data,
                                 TrainingMonitor& monitor) {
  const auto config = training::read_config(folder.config());
  check_pictures(data, config);
  const RunLock lock(folder);
  remove_temporary_files(folder);
  torch::set_num_threads(config.threads);
  return TrainingRun(folder, config, data).run(monitor);
}

}  // namespace evenkeel::runs
