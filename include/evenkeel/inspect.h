// A doctor for batch-norm layers, of Evenkeel or of any PyTorch model: what can be seen to be wrong with them from their
// parameters and running statistics alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torch::nn {
class Module;
}

#pragma GCC visibility push(default)
namespace evenkeel {

// One layer's parameters and statistics; each vector has one value per channel or, for those the layer does not have, none.
struct BatchNormState {
  std::string name;  // as in the state dict: "layer1.0.bn1"
  std::vector<double> weight;
  std::vector<double> bias;
  std::vector<double> running_mean;
  std::vector<double> running_var;
  std::optional<std::int64_t> batches_tracked;
  // A state dict does not say: the defaults of the framework whose names it has, then. The momentum weighs the new value; 0 stands
  // for the plain average.
  double eps = 1e-5;
  double momentum = 0.1;
  bool settings_assumed = false;  // whether either of them is such a default
};

struct InspectOptions {
  std::string entry;               // of a checkpoint, the only one to look at: "model", "trainer.ema"
  std::optional<double> eps;       // of all layers, whatever the file says
  std::optional<double> momentum;  // weighs the new value; 0: the plain average
};

enum class Severity {
  kNote,     // worth knowing
  kWarning,  // the layer works, and does less or costs more than it should
  kError,    // what the layer computes in evaluation is wrong
};

enum class Defect {
  kUnreadable,        // error: a part of the layer is not in the file as numbers, and was not inspected
  kNotFinite,         // error: NaN or Inf
  kNegativeVariance,  // error
  kNeverUpdated,      // error: the statistics are those of a new layer, mean 0 and variance 1
  kWeightZero,        // warning: weight is exactly 0, the channel passes nothing on but its bias
  kWeightTiny,        // warning: |weight| is below kTinyWeight of the layer's median
  kConstantInput,     // warning: the variance is below eps
  kHugeMean,          // warning: |mean| is above kHugeMeanInStd standard deviations
  kYoung,             // note: the first values of the statistics still weigh more than kYoungWeight
  kMeanGap,           // warning: the running mean is not that of the data; with data only
  kVarianceGap,       // warning: the same for the variance
};

inline constexpr double kTinyWeight =
    1e-3;  // a thousandth of what other channels pass on is nothing beside them
inline constexpr double kHugeMeanInStd = 1e3;  // E[x^2] - E[x]^2 in float32 is then wrong by some 6 %
inline constexpr double kYoungWeight = 0.01;   // 44 batches at momentum 0.1
inline constexpr double kMeanGapInStd =
    0.5;  // RMS over the channels, in standard deviations of the population
inline constexpr double kLogVarianceGap = 0.69;  // RMS of ln(running / population): a factor of 2

struct Finding {
  Defect defect = Defect::kNotFinite;
  Severity severity = Severity::kError;
  std::string what;                    // a sentence for people
  std::vector<std::int64_t> channels;  // which ones; empty: the layer as a whole
};

// How far the running statistics are from those of data, one value per channel.
struct StatisticsGap {
  std::vector<double> population_mean;
  std::vector<double> population_var;  // unbiased
  double mean_gap = 0;                 // RMS of (running mean - population mean) / population std
  double log_variance_gap = 0;         // RMS of ln(running variance / population variance)
  double batch_mean_noise =
      0;  // RMS of (batch mean - population mean) / population std, over the batches too
  double batch_log_variance_noise = 0;
};

struct LayerInspection {
  BatchNormState state;
  std::vector<Finding> findings;
  std::optional<StatisticsGap> gap;
};

struct Accuracies {
  double running = 0;     // 0 to 1: in evaluation mode, as the file is
  double population = 0;  // with the statistics of all training pictures
  double batch = 0;       // with those of each test batch
};

struct Inspection {
  std::string source;  // what was inspected: "model.pt: state dict"
  std::vector<LayerInspection> layers;
  std::optional<Accuracies> accuracies;

  std::int64_t count(Severity severity) const;
};

// What is wrong with a layer; nothing for a healthy one. A pure function of its argument.
std::vector<Finding> find_defects(const BatchNormState& layer);

// The layers of a file: state dict, checkpoint or whole module of torch.save, TorchScript, safetensors. Nothing in it is executed, and
// only the batch norms' tensors are read. All entries of a checkpoint are looked at; where several have batch norms, as a model and
// its moving average, each name has its entry's before it. A batch norm is known by its running statistics, in the names of any
// framework; one that keeps none looks like a layer norm in a file, and is left out. A part that is missing or cannot be read is a
// finding, kUnreadable. Throws std::runtime_error with one line for a file that cannot be read.
Inspection inspect(const std::filesystem::path& path, const InspectOptions& options = {});

// The layers of a network in memory, with their own eps and momentum where they are Evenkeel's.
Inspection inspect(const torch::nn::Module& network);

constexpr std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "";
}

constexpr std::string_view name_of(Defect defect) {
  switch (defect) {
    case Defect::kUnreadable:
      return "unreadable";
    case Defect::kNotFinite:
      return "not-finite";
    case Defect::kNegativeVariance:
      return "negative-variance";
    case Defect::kNeverUpdated:
      return "never-updated";
    case Defect::kWeightZero:
      return "weight-zero";
    case Defect::kWeightTiny:
      return "weight-tiny";
    case Defect::kConstantInput:
      return "constant-input";
    case Defect::kHugeMean:
      return "huge-mean";
    case Defect::kYoung:
      return "young";
    case Defect::kMeanGap:
      return "mean-gap";
    case Defect::kVarianceGap:
      return "variance-gap";
  }
  return "";
}

}  // namespace evenkeel
#pragma GCC visibility pop
