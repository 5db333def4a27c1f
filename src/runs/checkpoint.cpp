#include "runs/checkpoint.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <stdexcept>

#include "files/atomic_file.h"
#include "model_files/state_dict_file.h"

namespace evenkeel::runs {
namespace {

// The tensors of the checkpoint; those of the network and of the optimiser are their own, not copies.
model_files::NamedTensors tensors_of(training::Trainer& trainer, std::int64_t metrics_bytes) {
  model_files::NamedTensors tensors;
  for (const auto& item : model_files::state_dict(trainer.network()).tensors)
    tensors.insert("model." + item.key(), item.value());
  for (const auto& item : trainer.optimiser().state()) tensors.insert(item.key(), item.value());
  const auto& progress = trainer.progress();
  tensors.insert("progress.step", torch::tensor(progress.step));
  tensors.insert("progress.metrics_bytes", torch::tensor(metrics_bytes));
  tensors.insert("progress.epoch_correct", torch::tensor(progress.epoch_correct));
  tensors.insert("progress.epoch_loss", torch::tensor(progress.epoch_loss, torch::kFloat64));
  tensors.insert("progress.record_loss", torch::tensor(progress.record_loss, torch::kFloat64));
  tensors.insert("progress.seconds", torch::tensor(progress.seconds, torch::kFloat64));
  return tensors;
}

std::int64_t natural(const model_files::NamedTensors& tensors, const std::string& name) {
  const auto value = tensors["progress." + name].item<std::int64_t>();
  if (value < 0)
    throw std::runtime_error(fmt::format("\"progress.{}\": expected at least 0, found {}", name, value));
  return value;
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, training::Trainer& trainer,
                     std::int64_t metrics_bytes) {
  model_files::StateDict state;
  state.tensors = tensors_of(trainer, metrics_bytes);
  files::write_file_atomically(path, model_files::encode_state_dict(state));
}

std::int64_t load_checkpoint(const std::filesystem::path& path, training::Trainer& trainer) {
  const auto read = model_files::read_state_dict(path).tensors;
  const auto tensors = tensors_of(trainer, 0);
  try {
    model_files::copy_tensors(tensors, read);
    const auto number = [&](const std::string& name) { return tensors["progress." + name].item<double>(); };
    const training::Progress progress{natural(tensors, "step"), natural(tensors, "epoch_correct"),
                                      number("epoch_loss"), number("record_loss"), number("seconds")};
    trainer.resume(progress);
    trainer.optimiser().set_steps(progress.step);
    return natural(tensors, "metrics_bytes");
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
  }
}

}  // namespace evenkeel::runs
