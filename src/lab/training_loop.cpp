#include "lab/training_loop.h"

#include <torch/nn.h>
#include <torch/optim.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "data/batches.h"

namespace evenkeel::lab {
namespace {

std::unique_ptr<torch::optim::Optimizer> optimiser(Network& network, const Training& training) {
  if (training.adam)
    return std::make_unique<torch::optim::Adam>(
        network->parameters(),
        torch::optim::AdamOptions(training.learning_rate).weight_decay(training.weight_decay));
  return std::make_unique<torch::optim::SGD>(network->parameters(),
                                             torch::optim::SGDOptions(training.learning_rate)
                                                 .momentum(training.momentum)
                                                 .weight_decay(training.weight_decay));
}

}  // namespace

Batches::Batches(const Sample& sample, std::int64_t size, std::uint64_t seed)
    : sample_(sample), size_(std::min(size, sample.count())), seed_(seed) {}

Sample Batches::next() {
  const auto place = step_ % per_epoch();
  if (place == 0) order_ = data::shuffled_order(sample_.count(), seed_, step_ / per_epoch());
  ++step_;
  return sample_.at(torch::from_blob(order_.data() + place * size_, {size_}, torch::kInt64));
}

Sample some_of(const Sample& sample, std::int64_t count, std::uint64_t seed) {
  constexpr std::int64_t kNoEpoch = -1;  // an order that no training uses
  auto order = data::shuffled_order(sample.count(), seed, kNoEpoch);
  return sample.at(torch::from_blob(order.data(), {std::min(count, sample.count())}, torch::kInt64));
}

double train(Trial& trial, Network& network, const Sample& sample, const Training& training,
             const AfterStep& after_step) {
  network->train();
  const auto optimise = optimiser(network, training);
  Batches batches(sample, training.batch_size, trial.seed);
  const auto last = std::max<std::int64_t>(training.steps / 10, 1);
  double sum = 0;
  for (std::int64_t step = 1; step <= training.steps; ++step) {
    optimise->zero_grad();
    const auto loss = loss_of(network, batches.next());
    const double value = loss.item<double>();
    if (!std::isfinite(value)) {
      trial.advance(static_cast<double>(training.steps - step + 1));
      return std::numeric_limits<double>::quiet_NaN();
    }
    loss.backward();
    optimise->step();
    if (step > training.steps - last) sum += value;
    if (after_step) after_step(step, value);
    trial.advance();
  }
  return sum / static_cast<double>(last);
}

torch::Tensor loss_of(Network& network, const Sample& batch) {
  return torch::nn::functional::cross_entropy(network->forward(batch.pictures), batch.labels);
}

void descend(Network& network, double learning_rate) {
  const torch::NoGradGuard no_graph;
  for (auto& parameter : network->parameters())
    if (parameter.grad().defined()) parameter.sub_(parameter.grad(), learning_rate);
}

double accuracy(Network& network, const Sample& sample) {
  constexpr std::int64_t kBatchSize = 1000;
  const torch::NoGradGuard no_graph;
  const bool was_training = network->is_training();
  network->eval();
  std::int64_t correct = 0;
  for (std::int64_t first = 0; first < sample.count(); first += kBatchSize) {
    const auto size = std::min(kBatchSize, sample.count() - first);
    const auto logits = network->forward(sample.pictures.narrow(0, first, size));
    correct += logits.argmax(1).eq(sample.labels.narrow(0, first, size)).sum().item<std::int64_t>();
  }
  network->train(was_training);
  return 100 * static_cast<double>(correct) / static_cast<double>(sample.count());
}

}  // namespace evenkeel::lab
