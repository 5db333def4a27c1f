#include "training/trainer.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <stdexcept>
#include <vector>

#include "training/batches.h"
#include "training/checkpoint.h"
#include "training/evaluation.h"
#include "training/metrics.h"
#include "training/network.h"
#include "training/optimiser.h"
#include "training/run_lock.h"
#include "training/saved_model.h"

namespace evenkeel::training {
namespace {

constexpr std::int64_t kStepsPerRecord = 10;

// The global generator has to be seeded right before the network draws its weights.
std::shared_ptr<Network> seeded_network(const TrainConfig& config) {
  torch::manual_seed(config.seed);
  return make_network(config);
}

class Trainer {
 public:
  Trainer(const RunFolder& folder, const TrainConfig& config, const DataSet& data)
      : folder_(folder),
        config_(config),
        data_(data),
        pictures_(training_pictures(config, data.train.count)),
        steps_per_epoch_(batches_per_epoch(pictures_, config.batch_size)),
        steps_(config.epochs * steps_per_epoch_),
        make_batch_(data.train, config),
        network_(seeded_network(config)),
        optimiser_(*network_, config) {
    if (config.limit_steps > 0) steps_ = std::min(steps_, config.limit_steps);
    if (folder.has_checkpoint()) resume();
    metrics_.emplace(folder.metrics(), progress_.metrics_bytes);
    seconds_before_ = progress_.seconds;
    first_step_ = progress_.step;
  }

  std::optional<Summary> run(TrainingMonitor& monitor) {
    while (progress_.step < steps_) {
      step();
      monitor.after_step(status());
      if (epoch_ends()) end_epoch(monitor);
      const bool stop = monitor.stop_requested() && progress_.step < steps_;
      if (epoch_ends() || stop || progress_.step % config_.checkpoint_every == 0) checkpoint();
      if (stop) return std::nullopt;
    }
    return finish();
  }

 private:
  std::int64_t step_in_epoch() const { return (progress_.step - 1) % steps_per_epoch_ + 1; }
  std::int64_t epoch() const { return (progress_.step - 1) / steps_per_epoch_ + 1; }

  bool epoch_ends() const { return progress_.step % steps_per_epoch_ == 0 || progress_.step == steps_; }

  void resume() {
    progress_ = load_checkpoint(folder_.checkpoint(), *network_, optimiser_);
    if (progress_.step > steps_)
      throw std::runtime_error(fmt::format("{}: expected a checkpoint of at most {} steps, found one of {}",
                                           folder_.checkpoint().string(), steps_, progress_.step));
  }

  Batch next_batch() {
    const auto epoch = progress_.step / steps_per_epoch_;
    const auto place = progress_.step % steps_per_epoch_;
    if (place == 0 || order_.empty()) order_ = shuffled_order(pictures_, config_.seed, epoch);
    const auto first = place * config_.batch_size;
    const auto size = std::min(config_.batch_size, pictures_ - first);
    const auto indices =
        std::span(order_).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(size));
    return config_.augment ? make_batch_.altered(indices, epoch, first) : make_batch_(indices);
  }

  double learning_rate() const {
    const auto epochs_done = static_cast<double>(progress_.step) / static_cast<double>(steps_per_epoch_);
    return learning_rate_at(config_.schedule, config_.learning_rate, epochs_done,
                            static_cast<double>(config_.epochs));
  }

  void step() {
    const auto batch = next_batch();
    network_->train();
    const auto logits = network_->forward(batch.pictures);
    const auto loss = torch::nn::functional::cross_entropy(logits, batch.labels);
    optimiser_.zero_grad();
    loss.backward();
    optimiser_.step(learning_rate());

    const auto place = progress_.step++ % steps_per_epoch_;
    if (place == 0) progress_.epoch_loss = 0;
    if (place == 0) progress_.epoch_correct = 0;
    if (place % kStepsPerRecord == 0) progress_.record_loss = 0;
    progress_.epoch_loss += loss.item<double>();
    progress_.record_loss += loss.item<double>();
    progress_.epoch_correct += logits.detach().argmax(1).eq(batch.labels).sum().item<std::int64_t>();
    progress_.seconds = seconds_before_ + seconds_here();
    if (step_in_epoch() % kStepsPerRecord == 0 && !epoch_ends()) record(std::nullopt);
  }

  void end_epoch(TrainingMonitor& monitor) {
    auto now = status();
    test_accuracy_ = evaluate(*network_, data_.test, config_).accuracy();
    now.test_accuracy = test_accuracy_;
    progress_.seconds = seconds_before_ + seconds_here();
    record(now.test_accuracy);
    monitor.after_epoch(now);
  }

  void record(std::optional<double> test_accuracy) {
    const auto steps = (step_in_epoch() - 1) % kStepsPerRecord + 1;
    metrics_->append({progress_.step, epoch(), progress_.record_loss / static_cast<double>(steps),
                      test_accuracy, progress_.seconds});
  }

  void checkpoint() {
    progress_.metrics_bytes = metrics_->flush();
    save_checkpoint(folder_.checkpoint(), *network_, optimiser_, progress_);
  }

  Summary finish() {
    // A run killed after its last checkpoint has no accuracy yet.
    if (!test_accuracy_) test_accuracy_ = evaluate(*network_, data_.test, config_).accuracy();
    save_model(folder_.model(), *network_);
    const Summary summary{*test_accuracy_,   progress_.epoch_loss / static_cast<double>(step_in_epoch()),
                          epoch(),           progress_.step,
                          progress_.seconds, std::string(name_of(config_.norm)),
                          config_.data};
    write_summary(folder_.summary(), summary);
    return summary;
  }

  TrainingStatus status() const {
    const auto done = static_cast<double>(progress_.step - first_step_);
    const auto in_epoch = static_cast<double>(step_in_epoch());
    const auto pictures =
        std::min(in_epoch * static_cast<double>(config_.batch_size), static_cast<double>(pictures_));
    TrainingStatus status;
    status.step = progress_.step;
    status.steps = steps_;
    status.epoch = epoch();
    status.epochs = (steps_ + steps_per_epoch_ - 1) / steps_per_epoch_;
    status.loss = progress_.epoch_loss / in_epoch;
    status.accuracy = static_cast<double>(progress_.epoch_correct) / pictures;
    status.pictures_per_second = done * static_cast<double>(config_.batch_size) / seconds_here();
    status.seconds_left = static_cast<double>(steps_ - progress_.step) * seconds_here() / done;
    return status;
  }

  double seconds_here() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  const RunFolder& folder_;
  const TrainConfig& config_;
  const DataSet& data_;
  std::int64_t pictures_;  // to train on
  std::int64_t steps_per_epoch_;
  std::int64_t steps_;
  BatchMaker make_batch_;
  std::shared_ptr<Network> network_;
  Optimiser optimiser_;
  Progress progress_;
  std::optional<MetricsFile> metrics_;   // opened once it is known how much of it to keep
  std::vector<std::int64_t> order_;      // of this epoch's pictures
  std::optional<double> test_accuracy_;  // after the last epoch
  std::int64_t first_step_ = 0;          // of this process
  double seconds_before_ = 0;            // trained by earlier processes
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

RunFolder start_run(const std::filesystem::path& path, TrainConfig config, const DataSet& data) {
  check(config);
  check_pictures(data, config);
  measure_pixels(data.train, config);
  auto folder = create_run_folder(path);
  write_config(folder.config(), config);
  return folder;
}

std::optional<Summary> train(const RunFolder& folder, const DataSet& data, TrainingMonitor& monitor) {
  const auto config = read_config(folder.config());
  check_pictures(data, config);
  const RunLock lock(folder);
  remove_temporary_files(folder);
  torch::set_num_threads(config.threads);
  return Trainer(folder, config, data).run(monitor);
}

}  // namespace evenkeel::training
