#include <torch/torch.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/fold.h"
#include "fold/layer_types.h"
#include "fold/pair.h"

namespace evenkeel {
namespace {

using folding::FoldPair;
using torch::Tensor;
using torch::nn::AnyModule;
using torch::nn::Sequential;
using torch::nn::SequentialImpl;

// A module of the network and its name there: "1".
struct Leaf {
  std::string name;
  AnyModule module;
};

std::vector<Leaf> leaves_of(const SequentialImpl& network) {
  std::vector<Leaf> leaves;
  const auto names = network.named_children().keys();
  for (const auto& module : network) leaves.push_back({names[leaves.size()], module});
  return leaves;
}

// What is to become of the norms. A pair is known by the place of its first module.
class Plan {
 public:
  Plan(std::vector<Leaf> leaves, const torch::nn::Module& network)
      : leaves_(std::move(leaves)), network_(network) {
    for (std::size_t place = 0; place < leaves_.size(); ++place) {
      if (!folding::is_norm(*leaves_[place].module.ptr())) continue;
      FoldStep step;
      step.norm = leaves_[place].name;
      step.refusal = "expected a convolution or linear layer beside it, got none";
      steps_.emplace(place, step);
    }
    // A layer takes one norm. Behind a layer nothing can be in the way, so those come first.
    for (auto& [place, step] : steps_)
      if (place > 0) try_pair(step, place - 1, place - 1);
    for (auto& [place, step] : steps_)
      if (!step.folded()) try_pair(step, place, place + 1);
  }

  std::vector<Leaf>& leaves() { return leaves_; }
  std::map<std::size_t, FoldPair>& pairs() { return pairs_; }

  std::vector<FoldStep> steps() const {
    std::vector<FoldStep> steps;
    for (auto [place, step] : steps_) {
      if (step.folded())
        step.certificate =
            pairs_.at(step.place == NormPlace::kAfter ? place - 1 : place).certificate(std::nullopt);
      steps.push_back(std::move(step));
    }
    return steps;
  }

 private:
  void try_pair(FoldStep& step, std::size_t first, std::size_t layer) {
    if (layer >= leaves_.size() || !folding::is_layer(*leaves_[layer].module.ptr())) return;
    std::string reason;
    if (pairs_.count(layer) != 0) {
      reason = "expected a layer for itself, got " + leaves_[layer].name + ", which takes the norm behind it";
    } else {
      reason = refusal(first);
    }
    // A second reason, for the other layer, follows the first one.
    const bool is_second = layer != first && first > 0 && folding::is_layer(*leaves_[first - 1].module.ptr());
    step.refusal = reason.empty() || !is_second ? reason : step.refusal + "; " + reason;
    if (!reason.empty()) return;
    step.layer = leaves_[layer].name;
    step.place = pairs_.at(first).parts().place;
  }

  // Makes the pair; returns what is against it.
  std::string refusal(std::size_t first) {
    try {
      pairs_.emplace(first,
                     FoldPair(leaves_[first].module.ptr(), leaves_[first + 1].module.ptr(), &network_));
      return "";
    } catch (const c10::Error& error) {
      const std::string message = error.what_without_backtrace();
      const std::string operation = "[fold] ";
      if (!message.starts_with(operation)) throw;
      return message.substr(operation.size());
    }
  }

  std::vector<Leaf> leaves_;
  const torch::nn::Module& network_;
  std::map<std::size_t, FoldPair> pairs_;
  std::map<std::size_t, FoldStep> steps_;  // by the place of the norm
};

AnyModule activation_of(const folding::NormParts& norm) {
  switch (norm.activation) {
    case Activation::kReLU:
      return AnyModule(torch::nn::ReLU());
    case Activation::kLeakyReLU:
      return AnyModule(
          torch::nn::LeakyReLU(torch::nn::LeakyReLUOptions().negative_slope(norm.negative_slope)));
    default:
      return AnyModule(torch::nn::Identity());
  }
}

// Sends the data through the network that was given, past every pair, in parts that keep the memory small.
void measure(Plan& plan, const Tensor& data) {
  constexpr std::int64_t kPart = 256;
  const torch::NoGradGuard no_graph;
  for (const auto& part : data.split(kPart)) {
    Tensor values = part.clone();  // a module may write over its input
    for (std::size_t place = 0; place < plan.leaves().size(); ++place) {
      const auto pair = plan.pairs().find(place);
      if (pair == plan.pairs().end()) {
        values = plan.leaves()[place].module.forward(values);
        continue;
      }
      values = activation_of(pair->second.parts().norm).forward(pair->second.measure(values));
      ++place;
    }
  }
}

// The modules that take the places of those that were folded, by name.
std::map<std::string, AnyModule> replacements_of(Plan& plan) {
  std::map<std::string, AnyModule> replacements;
  for (const auto& [first, pair] : plan.pairs()) {
    const std::size_t second_is_norm = pair.parts().place == NormPlace::kAfter ? 1 : 0;
    auto& layer = replacements[plan.leaves()[first + 1 - second_is_norm].name];
    const auto& module = pair.folded();
    folding::with_layer(*module, [&]<typename Layer>(Layer&) {
      layer = AnyModule(std::dynamic_pointer_cast<Layer>(module));
    });
    replacements[plan.leaves()[first + second_is_norm].name] = activation_of(pair.parts().norm);
  }
  return replacements;
}

}  // namespace

FoldedNetwork fold(const Sequential& network, const FoldOptions& options) {
  Plan plan(leaves_of(*network), options.network() != nullptr ? *options.network() : *network);
  if (options.data().defined()) measure(plan, options.data());

  FoldedNetwork result;
  result.network->train(network->is_training());  // while it is empty: each module keeps its own mode
  const auto replacements = replacements_of(plan);
  for (const auto& [name, module] : plan.leaves()) {
    const auto found = replacements.find(name);
    result.network->push_back(name, found != replacements.end() ? found->second : module.clone());
  }
  result.steps = plan.steps();
  return result;
}

}  // namespace evenkeel
