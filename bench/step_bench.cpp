#include "bench/step_bench.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <cmath>
#include <memory>
#include <stdexcept>

#include "bench/memory.h"
#include "libtorch/executor.h"

namespace evenkeel::bench {
namespace {

using torch::Tensor;

constexpr int kComparedSteps = 3;

// Rounding differs between the layers, and each step lets the difference grow.
constexpr double kLossTolerance = 1e-3;

// A network, its optimiser and the batch it learns: always the same one.
class Trainee {
 public:
  Trainee(const StepTask& task, Norms norms) {
    torch::manual_seed(1);
    network_ = task.make(norms);
    network_.module->train();
    optimizer_ = std::make_shared<torch::optim::SGD>(network_.module->parameters(),
                                                     torch::optim::SGDOptions(0.01).momentum(0.9));
    torch::manual_seed(2);
    pictures_ = torch::randn(task.input);
    labels_ = torch::randint(10, {task.input.front()}, torch::kLong);
  }

  double step() {
    optimizer_->zero_grad();
    const Tensor loss = torch::nn::functional::cross_entropy(network_.forward(pictures_), labels_);
    loss.backward();
    optimizer_->step();
    return loss.item<double>();
  }

 private:
  StepNetwork network_;
  std::shared_ptr<torch::optim::SGD> optimizer_;
  Tensor pictures_;
  Tensor labels_;
};

std::vector<double> first_losses(Trainee& trainee) {
  std::vector<double> losses;
  for (int i = 0; i < kComparedSteps; ++i) losses.push_back(trainee.step());
  return losses;
}

void compare_losses(const std::string& network, const StepTiming& timing, const StepTiming& expected) {
  for (std::size_t i = 0; i < timing.first_loss.size(); ++i) {
    const double found = timing.first_loss[i], wanted = expected.first_loss[i];
    if (std::abs(found - wanted) <= kLossTolerance * std::abs(wanted)) continue;
    throw std::runtime_error(
        fmt::format("{} with {}: expected the loss {:.6g} in step {}, as with {}, found {:.6g}", network,
                    name(timing.norms), wanted, i + 1, name(expected.norms), found));
  }
}

StepMeasurement measure(const StepTask& task, const TurnSettings& turns, ParallelProbe& probe) {
  StepMeasurement measurement{task.name, {}};
  std::vector<std::shared_ptr<Trainee>> trainees;
  std::vector<std::function<void()>> calls;
  for (const Norms norms : all_norms()) {
    const auto trainee = std::make_shared<Trainee>(task, norms);
    auto& timing = measurement.timings.emplace_back();
    timing.norms = norms;
    timing.first_loss = first_losses(*trainee);
    compare_losses(task.name, timing, measurement.timings.front());
    calls.emplace_back([trainee] { trainee->step(); });
  }
  const auto timings = take_turns(calls, turns, probe);
  for (std::size_t i = 0; i < timings.size(); ++i) static_cast<Timing&>(measurement.timings[i]) = timings[i];
  return measurement;
}

StepMemory measure_memory(Norms norms, bool with_residual) {
  const auto layer = make_norm_relu(norms, 64);
  const Tensor x = torch::randn({64, 64, 32, 32}).requires_grad_();
  const Tensor residual = torch::randn_like(x).requires_grad_();
  const TensorBytes bytes;
  const Tensor y = with_residual ? layer->forward(x, residual) : layer->forward(x);
  return {with_residual ? "relu(norm(x) + residual)" : "relu(norm(x))", norms, x.numel() * x.element_size(),
          bytes.live(), bytes.peak()};
}

}  // namespace

StepBenchResult run_step_bench(const StepBenchSettings& settings, const BenchProgress& progress) {
  torch::set_num_threads(settings.threads);
  std::vector<StepTask> tasks;
  for (const StepTask& task : step_tasks())
    if (task.name.find(settings.filter) != std::string::npos) tasks.push_back(task);
  if (tasks.empty())
    throw std::invalid_argument(
        fmt::format("filter: expected a part of a network's name, as \"ResNet\", found \"{}\", which leaves "
                    "nothing to measure",
                    settings.filter));
  StepBenchResult result{environment(), settings, {}, {}};
  ParallelProbe probe(libtorch::executor());
  for (const StepTask& task : tasks) {
    progress(static_cast<int>(result.measurements.size()), static_cast<int>(tasks.size()), task.name);
    result.measurements.push_back(measure(task, settings.turns, probe));
  }
  for (const bool with_residual : {false, true})
    for (const Norms norms : all_norms()) result.memory.push_back(measure_memory(norms, with_residual));
  return result;
}

}  // namespace evenkeel::bench
