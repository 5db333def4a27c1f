#include "evenkeel/running_statistics.h"

#include <torch/torch.h>

#include <exception>
#include <string>
#include <utility>

namespace evenkeel {
namespace {

using torch::Tensor;
using Tensors = torch::OrderedDict<std::string, Tensor>;
using TensorDict = c10::Dict<std::string, Tensor>;

bool is_statistic(const std::string& path) {
  const auto dot = path.rfind('.');
  const std::string name = dot == std::string::npos ? path : path.substr(dot + 1);
  return name == "running_mean" || name == "running_var" || name == "num_batches_tracked";
}

// The network's own tensors.
Tensors statistics_in(const torch::nn::Module& network) {
  Tensors found("running statistics");
  for (const auto& buffer : network.named_buffers()) {
    if (is_statistic(buffer.key())) found.insert(buffer.key(), buffer.value());
  }
  return found;
}

void check_fit(const Tensors& values, const Tensors& network) {
  for (const auto& item : network) {
    const Tensor* value = values.find(item.key());
    TORCH_CHECK(value != nullptr, "[running_statistics] expected statistics ", item.key(), ", got none");
    TORCH_CHECK(value->sizes() == item.value().sizes(), "[running_statistics] expected ", item.key(),
                " of size ", item.value().sizes(), ", got ", value->sizes());
  }
  for (const auto& item : values) {
    TORCH_CHECK(network.contains(item.key()), "[running_statistics] expected a network with ", item.key(),
                ", got one without");
  }
}

TensorDict to_dict(const Tensors& tensors) {
  TensorDict dict;
  for (const auto& item : tensors) dict.insert(item.key(), item.value());
  return dict;
}

Tensors from_dict(const torch::IValue& value) {
  TORCH_CHECK(value.isGenericDict(), "[running_statistics] expected a dictionary of tensors, got ",
              value.tagKind());
  Tensors tensors("running statistics");
  for (const auto& item : value.toGenericDict()) {
    TORCH_CHECK(item.key().isString() && item.value().isTensor(),
                "[running_statistics] expected tensors by name, got ", item.key().tagKind(), " and ",
                item.value().tagKind());
    tensors.insert(item.key().toStringRef(), item.value().toTensor());
  }
  return tensors;
}

}  // namespace

RunningStatistics RunningStatistics::of(torch::nn::Module& network) {
  const torch::NoGradGuard no_graph;
  RunningStatistics copy;
  for (const auto& item : statistics_in(network)) copy.tensors_.insert(item.key(), item.value().clone());
  return copy;
}

void RunningStatistics::copy_to(torch::nn::Module& network) const {
  const Tensors own = statistics_in(network);
  check_fit(tensors_, own);
  const torch::NoGradGuard no_graph;
  for (const auto& item : own) item.value().copy_(tensors_[item.key()]);
}

void RunningStatistics::save(torch::serialize::OutputArchive& archive) const {
  archive.write("running_statistics", torch::IValue(to_dict(tensors_)));
}

void RunningStatistics::load(torch::serialize::InputArchive& archive) {
  torch::IValue value;
  archive.read("running_statistics", value);
  tensors_ = from_dict(value);
}

StatisticsTransaction::StatisticsTransaction(torch::nn::Module& network)
    : network_(network), before_(RunningStatistics::of(network)) {}

// Nothing leaves a destructor. Where the layers are others by now, those that are still there get theirs back.
StatisticsTransaction::~StatisticsTransaction() {
  try {
    rollback();
  } catch (const std::exception& error) {
    roll_back_what_fits(error.what());
  }
}

void StatisticsTransaction::roll_back_what_fits(const std::string& reason) noexcept {
  try {
    const torch::NoGradGuard no_graph;
    std::size_t left = 0;
    for (const auto& item : statistics_in(network_)) {
      const Tensor* value = before_.tensors_.find(item.key());
      const bool fits = value != nullptr && value->sizes() == item.value().sizes();
      if (fits) item.value().copy_(*value);
      left += fits ? 0 : 1;
    }
    TORCH_WARN("[statistics_transaction] expected the layers that it began with, found others: ", left,
               " of their statistics stay as they are (", reason.substr(0, reason.find('\n')), ")");
  } catch (...) {
    // A warning that was made an error, or a tensor that cannot be written to: there is nobody left to tell.
  }
}

void StatisticsTransaction::commit() { before_ = RunningStatistics::of(network_); }

void StatisticsTransaction::rollback() { before_.copy_to(network_); }

NamedStatistics::NamedStatistics(torch::nn::Module& network, std::string current)
    : network_(network), current_(std::move(current)) {
  stored_.emplace(current_, RunningStatistics::of(network_));
}

void NamedStatistics::use(const std::string& name) {
  stored_[current_] = RunningStatistics::of(network_);
  const auto [wanted, is_new] = stored_.emplace(name, stored_[current_]);
  if (!is_new) wanted->second.copy_to(network_);
  current_ = name;
}

std::vector<std::string> NamedStatistics::names() const {
  std::vector<std::string> names;
  for (const auto& [name, statistics] : stored_) names.push_back(name);
  return names;
}

void NamedStatistics::remove(const std::string& name) {
  TORCH_CHECK(name != current_, "[named_statistics] expected a name that is not in use, got \"", name, "\"");
  TORCH_CHECK(stored_.erase(name) == 1, "[named_statistics] expected a known name, got \"", name, "\"");
}

void NamedStatistics::save(torch::serialize::OutputArchive& archive) {
  stored_[current_] = RunningStatistics::of(network_);
  c10::Dict<std::string, TensorDict> sets;
  for (const auto& [name, statistics] : stored_) sets.insert(name, to_dict(statistics.tensors_));
  archive.write("current", torch::IValue(current_));
  archive.write("sets", torch::IValue(sets));
}

void NamedStatistics::load(torch::serialize::InputArchive& archive) {
  torch::IValue current;
  torch::IValue sets;
  archive.read("current", current);
  archive.read("sets", sets);
  TORCH_CHECK(current.isString() && sets.isGenericDict(),
              "[named_statistics] expected a name and a dictionary, got ", current.tagKind(), " and ",
              sets.tagKind());
  const Tensors own = statistics_in(network_);
  std::map<std::string, RunningStatistics> read;
  for (const auto& item : sets.toGenericDict()) {
    TORCH_CHECK(item.key().isString(), "[named_statistics] expected names, got ", item.key().tagKind());
    RunningStatistics& statistics = read[item.key().toStringRef()];
    statistics.tensors_ = from_dict(item.value());
    check_fit(statistics.tensors_, own);
  }
  const auto in_use = read.find(current.toStringRef());
  TORCH_CHECK(in_use != read.end(), "[named_statistics] expected statistics \"", current.toStringRef(),
              "\", got none");
  in_use->second.copy_to(network_);
  stored_ = std::move(read);
  current_ = current.toStringRef();
}

}  // namespace evenkeel
