#include "training/trainer.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <span>
#include <stdexcept>

namespace evenkeel::training {
namespace {

constexpr std::int64_t kStepsPerRecord = 10;

// The global generator has to be seeded right before the network draws its weights.
std::shared_ptr<models::Network> seeded_network(const TrainConfig& config) {
  torch::manual_seed(config.seed);
  return models::make_network(config);
}

}  // namespace

Trainer::Trainer(const TrainConfig& config, const data::DataSet& data)
    : config_(config),
      data_(data),
      pictures_(training_pictures(config, data.train.count)),
      steps_per_epoch_(data::batches_per_epoch(pictures_, config.batch_size)),
      steps_(config.epochs * steps_per_epoch_),
      make_batch_(data.train, config.pixels),
      network_(seeded_network(config)),
      optimiser_(*network_, config) {
  if (config.limit_steps > 0) steps_ = std::min(steps_, config.limit_steps);
}

void Trainer::resume(const Progress& progress) {
  if (progress.step > steps_)
    throw std::runtime_error(
        fmt::format("expected a checkpoint of at most {} steps, found one of {}", steps_, progress.step));
  progress_ = progress;
  seconds_before_ = progress.seconds;
  first_step_ = progress.step;
}

data::Batch Trainer::next_batch() {
  const auto epoch = progress_.step / steps_per_epoch_;
  const auto place = progress_.step % steps_per_epoch_;
  if (place == 0 || order_.empty()) order_ = data::shuffled_order(pictures_, config_.seed, epoch);
  const auto first = place * config_.batch_size;
  const auto size = std::min(config_.batch_size, pictures_ - first);
  const auto indices =
      std::span(order_).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(size));
  return config_.augment ? make_batch_.altered(indices, config_.seed, epoch, first) : make_batch_(indices);
}

double Trainer::learning_rate() const {
  const auto epochs_done = static_cast<double>(progress_.step) / static_cast<double>(steps_per_epoch_);
  return learning_rate_at(config_.schedule, config_.learning_rate, epochs_done,
                          static_cast<double>(config_.epochs));
}

void Trainer::step() {
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
}

bool Trainer::record_ends() const { return step_in_epoch() % kStepsPerRecord == 0 || epoch_ends(); }

double Trainer::epoch_loss() const { return progress_.epoch_loss / static_cast<double>(step_in_epoch()); }

double Trainer::record_loss() const {
  const auto steps = (step_in_epoch() - 1) % kStepsPerRecord + 1;
  return progress_.record_loss / static_cast<double>(steps);
}

Evaluation Trainer::test() {
  auto evaluation = evaluate(*network_, data_.test, config_.pixels);
  progress_.seconds = seconds_before_ + seconds_here();
  return evaluation;
}

TrainingStatus Trainer::status() const {
  const auto done = static_cast<double>(progress_.step - first_step_);
  const auto in_epoch = static_cast<double>(step_in_epoch());
  const auto pictures =
      std::min(in_epoch * static_cast<double>(config_.batch_size), static_cast<double>(pictures_));
  TrainingStatus status;
  status.step = progress_.step;
  status.steps = steps_;
  status.epoch = epoch();
  status.epochs = (steps_ + steps_per_epoch_ - 1) / steps_per_epoch_;
  status.loss = epoch_loss();
  status.accuracy = static_cast<double>(progress_.epoch_correct) / pictures;
  status.pictures_per_second = done * static_cast<double>(config_.batch_size) / seconds_here();
  status.seconds_left = static_cast<double>(steps_ - progress_.step) * seconds_here() / done;
  return status;
}

double Trainer::seconds_here() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

}  // namespace evenkeel::training
