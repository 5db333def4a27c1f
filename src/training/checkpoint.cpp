#include "training/checkpoint.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <memory>
#include <sstream>
#include <stdexcept>
#include <type_traits>

#include "lifecycle/atomic_file.h"
#include "lifecycle/state_dict_file.h"

namespace evenkeel::training {
namespace {

// LibTorch 2 finds a parameter's state by its address, LibTorch 1 by its address as text.
template <typename States>
auto& state_of(States& states, const torch::Tensor& parameter) {
  using Key = typename States::key_type;
  void* address = parameter.unsafeGetTensorImpl();
  if constexpr (std::is_same_v<Key, std::string>) {
    std::ostringstream text;
    text << address;
    return states[text.str()];
  } else {
    return states[address];
  }
}

torch::optim::AdamParamState& adam_state(torch::optim::Adam& adam, const torch::Tensor& parameter) {
  return static_cast<torch::optim::AdamParamState&>(*state_of(adam.state(), parameter));
}

// The tensors of the checkpoint; those of the network and of Adam are their own, not copies.
lifecycle::NamedTensors tensors_of(const DigitNetwork& network, torch::optim::Adam& adam,
                                   const Progress& progress) {
  lifecycle::NamedTensors tensors;
  for (const auto& item : lifecycle::state_dict(*network).tensors)
    tensors.insert("model." + item.key(), item.value());
  for (const auto& item : network->named_parameters()) {
    auto& state = adam_state(adam, item.value());
    tensors.insert("adam." + item.key() + ".exp_avg", state.exp_avg());
    tensors.insert("adam." + item.key() + ".exp_avg_sq", state.exp_avg_sq());
  }
  tensors.insert("progress.step", torch::tensor(progress.step));
  tensors.insert("progress.metrics_bytes", torch::tensor(progress.metrics_bytes));
  tensors.insert("progress.epoch_correct", torch::tensor(progress.epoch_correct));
  tensors.insert("progress.epoch_loss", torch::tensor(progress.epoch_loss, torch::kFloat64));
  tensors.insert("progress.record_loss", torch::tensor(progress.record_loss, torch::kFloat64));
  tensors.insert("progress.seconds", torch::tensor(progress.seconds, torch::kFloat64));
  return tensors;
}

}  // namespace

void prepare_adam(torch::optim::Adam& adam, const DigitNetwork& network) {
  for (const auto& parameter : network->parameters()) {
    auto state = std::make_unique<torch::optim::AdamParamState>();
    state->step(0);
    state->exp_avg(torch::zeros_like(parameter, torch::MemoryFormat::Preserve));
    state->exp_avg_sq(torch::zeros_like(parameter, torch::MemoryFormat::Preserve));
    state_of(adam.state(), parameter) = std::move(state);
  }
}

void save_checkpoint(const std::filesystem::path& path, const DigitNetwork& network, torch::optim::Adam& adam,
                     const Progress& progress) {
  lifecycle::StateDict state;
  state.tensors = tensors_of(network, adam, progress);
  lifecycle::write_file_atomically(path, lifecycle::encode_state_dict(state));
}

Progress load_checkpoint(const std::filesystem::path& path, DigitNetwork& network, torch::optim::Adam& adam) {
  const auto read = lifecycle::read_state_dict(path).tensors;
  const auto target = tensors_of(network, adam, Progress{});
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
  for (const auto& parameter : network->parameters()) adam_state(adam, parameter).step(progress.step);
  return progress;
}

}  // namespace evenkeel::training
