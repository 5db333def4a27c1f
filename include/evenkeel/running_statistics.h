// Running statistics as values: taken out of a network, put back, kept under names, committed or rolled back.
//
// All of it works on the buffers running_mean, running_var and num_batches_tracked of any module, so LibTorch's own batch
// norms are as welcome as Evenkeel's. Calls that use the same network have to take turns.
#pragma once

#include <c10/util/Exception.h>  // ordered_dict.h uses its macros
#include <torch/nn/module.h>
#include <torch/ordered_dict.h>
#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "evenkeel/statistics_update_guard.h"

namespace torch::serialize {
class OutputArchive;
class InputArchive;
}  // namespace torch::serialize

#pragma GCC visibility push(default)
namespace evenkeel {

// The running statistics of a whole network at one moment.
class RunningStatistics {
 public:
  // A copy of what the network has now.
  static RunningStatistics of(torch::nn::Module& network);

  // Writes them into a network with the same layers, bit for bit where dtypes are the same; frozen ones too. Throws
  // c10::Error, before anything is written, if a layer is missing on either side or has other sizes.
  void copy_to(torch::nn::Module& network) const;

  // By name: "features.1.running_mean". Not to be written to.
  const torch::OrderedDict<std::string, torch::Tensor>& tensors() const { return tensors_; }

  // With torch::save and torch::load.
  void save(torch::serialize::OutputArchive& archive) const;
  void load(torch::serialize::InputArchive& archive);

 private:
  friend class NamedStatistics;
  friend class StatisticsTransaction;
  torch::OrderedDict<std::string, torch::Tensor> tensors_{"running statistics"};
};

// A training step that may turn out to be none: forwards change the running statistics as always, and unless the step is
// committed they are put back, bit for bit, num_batches_tracked among them.
//
//   StatisticsTransaction step(*network);
//   auto loss = criterion(network->forward(x), y);
//   if (!std::isfinite(loss.item<double>())) continue;    // rolled back here
//   loss.backward();
//   optimizer.step();
//   step.commit();
//
// It copies some kilobytes per layer. The network must outlive it.
class StatisticsTransaction {
 public:
  explicit StatisticsTransaction(torch::nn::Module& network);
  // Rolls back what is neither committed nor rolled back. It never throws: where layers were replaced, resized or removed
  // meanwhile, those that are as they were get their statistics back, and a warning says that others do not.
  ~StatisticsTransaction();
  StatisticsTransaction(const StatisticsTransaction&) = delete;
  StatisticsTransaction& operator=(const StatisticsTransaction&) = delete;

  // What has happened so far stays; from here on the next part begins, which can be committed or rolled back.
  void commit();
  void rollback();

 private:
  void roll_back_what_fits(const std::string& reason) noexcept;

  torch::nn::Module& network_;
  RunningStatistics before_;
};

// Several sets of running statistics for one network, under names, with all parameters shared: one for each
// domain (Li et al. 2017, AdaBN). One is in use, and training moves it alone.
//
//   NamedStatistics domains(*network, "day");
//   domains.use("night");                                          // starts as a copy of "day"
//   estimate_population_statistics(*network, batches, forward);    // from pictures without labels
//   domains.use("day");
//
// The network must outlive it.
class NamedStatistics {
 public:
  // The network's present statistics get the name `current`.
  NamedStatistics(torch::nn::Module& network, std::string current);

  // Puts the present statistics away under their name, and takes those of another name in use; a name that is new starts with
  // a copy of the present ones.
  void use(const std::string& name);
  const std::string& current() const { return current_; }
  std::vector<std::string> names() const;
  // Throws c10::Error for a name that is unknown or in use.
  void remove(const std::string& name);

  // All of them, and which is in use, with an archive's write() and read(). Loading takes the one in use into the network, and
  // throws c10::Error, before anything is changed, if they are of another network.
  void save(torch::serialize::OutputArchive& archive);
  void load(torch::serialize::InputArchive& archive);

 private:
  torch::nn::Module& network_;
  std::string current_;
  std::map<std::string, RunningStatistics> stored_;  // that of `current_` is out of date
};

}  // namespace evenkeel
#pragma GCC visibility pop
