#include "training/checkpoint.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <stdexcept>

#include "lifecycle/atomic_file.h"
#include "lifecycle/state_dict_file.h"

namespace evenkeel::training {
namespace {

// The tensors of the checkpoint; those of the network and of the optimiser are their own, not copies.
lifecycle::NamedTensors tensors_of(const Network& network, const Optimiser& optimiser,
                                   const Progress& progress) {
  lifecycle::NamedTensors tensors;
  for (const auto& item : lifecycle::state_dict(network).tensors)
    tensors.insert("model." + item.key(), item.value());
  for (const auto& item : optimiser.state()) tensors.insert(item.key(), item.value());
  tensors.insert("progress.step", torch::tensor(progress.step));
  tensors.insert("progress.metrics_bytes", torch::tensor(progress.metrics_bytes));
  tensors.insert("progress.epoch_correct", torch::tensor(progress.epoch_correct));
  tensors.insert("progress.epoch_loss", torch::tensor(progress.epoch_loss, torch::kFloat64));
  tensors.insert("progress.record_loss", torch::tensor(progress.record_loss, torch::kFloat64));
  tensors.insert("progress.seconds", torch::tensor(progress.seconds, torch::kFloat64));
  return tensors;
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const Network& network, const Optimiser& optimiser,
                     const Progress& progress) {
  lifecycle::StateDict state;
  state.tensors = tensors_of(network, optimiser, progress);
  lifecycle::write_file_atomically(path, lifecycle::encode_state_dict(state));
}

Progress load_checkpoint(const std::filesystem::path& path, Network& network, Optimiser& optimiser) {
  const auto read = lifecycle::read_state_dict(path).tensors;
  const auto target = tensors_of(network, optimiser, Progress{});
  try {
    lifecycle::copy_tensors(target, read);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
  }
  const auto integer = [&](const std::string& name) {
    const auto value = target["progress." + name].item<std::int64_t>();
    if (value < 0)
      throw std::runtime_error(
          fmt::format("{}: \"progress.{}\": expected at least 0, found {}", path.string(), name, value));
    return value;
  };
  const auto number = [&](const std::string& name) { return target["progress." + name].item<double>(); };

  const Progress progress{integer("step"),      integer("metrics_bytes"), integer("epoch_correct"),
                          number("epoch_loss"), number("record_loss"),    number("seconds")};
  optimiser.set_steps(progress.step);
  return progress;
}

}  // namespace evenkeel::training
