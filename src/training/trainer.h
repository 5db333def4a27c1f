// The steps of a training, without its files: runs/train_run.h has those.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "data/batches.h"
#include "data/data_set.h"
#include "models/network.h"
#include "training/config.h"
#include "training/evaluation.h"
#include "training/optimiser.h"
#include "training/status.h"

namespace evenkeel::training {

// Where a training stands between two steps.
struct Progress {
  std::int64_t step = 0;           // steps done; epoch and place in the epoch follow from it
  std::int64_t epoch_correct = 0;  // training pictures recognised so far in this epoch
  double epoch_loss = 0;           // sum over the steps of this epoch
  double record_loss = 0;          // sum over the steps since the last record
  double seconds = 0;              // of training so far, those of earlier processes among them
};

// Same configuration and data, same machine and threads: the same weights, bit by bit, whether or not the training went on from a
// progress in between.
class Trainer {
 public:
  // Keeps references. Seeds LibTorch's global generator, which the network draws its weights from.
  Trainer(const TrainConfig& config, const data::DataSet& data);

  // Goes on from there; the tensors of network() and optimiser() are those of that moment already. Throws std::runtime_error with
  // one line for more steps than the training has.
  void resume(const Progress& progress);

  void step();  // one more, when it is not finished()

  bool finished() const { return progress_.step >= steps_; }
  bool epoch_ends() const { return progress_.step % steps_per_epoch_ == 0 || progress_.step == steps_; }
  bool record_ends() const;  // after some steps, and at the end of an epoch
  std::int64_t epoch() const { return (progress_.step - 1) / steps_per_epoch_ + 1; }
  double epoch_loss() const;   // mean over the steps of this epoch
  double record_loss() const;  // mean over the steps of this record
  Evaluation test();           // of the network as it is now

  TrainingStatus status() const;
  const Progress& progress() const { return progress_; }
  models::Network& network() { return *network_; }
  Optimiser& optimiser() { return optimiser_; }

 private:
  std::int64_t step_in_epoch() const { return (progress_.step - 1) % steps_per_epoch_ + 1; }
  data::Batch next_batch();
  double learning_rate() const;
  double seconds_here() const;

  const TrainConfig& config_;
  const data::DataSet& data_;
  std::int64_t pictures_;  // to train on
  std::int64_t steps_per_epoch_;
  std::int64_t steps_;
  data::BatchMaker make_batch_;
  std::shared_ptr<models::Network> network_;
  Optimiser optimiser_;
  Progress progress_;
  std::vector<std::int64_t> order_;  // of this epoch's pictures
  std::int64_t first_step_ = 0;      // of this process
  double seconds_before_ = 0;        // trained by earlier processes
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace evenkeel::training
