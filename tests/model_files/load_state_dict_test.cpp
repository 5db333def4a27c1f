#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <memory>
#include <stdexcept>

#include "evenkeel/batch_norm.h"
#include "evenkeel/state_dict.h"
#include "model_files/model_file.h"
#include "model_files/state_dict.h"
#include "model_files/state_dict_file.h"
#include "python_with_torch.h"
#include "temporary_folder.h"

namespace evenkeel::load_state_dict_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Tensors = torch::OrderedDict<std::string, torch::Tensor>;

// small() of python_models.py.
torch::nn::Sequential small() {
  return torch::nn::Sequential(torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 4, 3).bias(false)),
                               BatchNorm2d(4), torch::nn::ReLU(), torch::nn::Flatten(),
                               torch::nn::Linear(16, 3));
}

Tensors copies(const torch::nn::Module& module) {
  Tensors result;
  for (const auto& item : model_files::state_dict(module).tensors)
    result.insert(item.key(), item.value().detach().clone());
  return result;
}

bool equal(const Tensors& a, const Tensors& b) {
  for (const auto& item : a)
    if (!b.contains(item.key()) || !item.value().equal(b[item.key()])) return false;
  return a.size() == b.size();
}

Tensors renamed(const Tensors& tensors, const std::string& prefix) {
  Tensors result;
  for (const auto& item : tensors) result.insert(prefix + item.key(), item.value());
  return result;
}

template <typename Load>
std::string error_of(const Load& load) {
  try {
    load();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

TEST(LoadStateDictTest, WrappersNamesAreTakenOff) {
  const auto source = small();
  for (const std::string prefix : {"module.", "_orig_mod.", "_orig_mod.module.", "model."}) {
    auto target = small();
    const auto report = load_state_dict(*target, renamed(copies(*source), prefix));
    EXPECT_EQ(report.removed_prefix, prefix);
    EXPECT_TRUE(report.complete());
    EXPECT_TRUE(equal(copies(*target), copies(*source))) << prefix;
  }
}

// torch.optim.swa_utils.AveragedModel keeps a counter of its own, and a training program its loss beside the network.
TEST(LoadStateDictTest, APrefixComesOffWhenMostNamesFitWithoutIt) {
  const auto source = small();
  auto tensors = renamed(copies(*source), "module.");
  tensors.insert("n_averaged", torch::tensor(std::int64_t{7}));
  auto target = small();
  auto report = load_state_dict(*target, tensors);
  EXPECT_EQ(report.removed_prefix, "module.");
  EXPECT_TRUE(report.complete());
  EXPECT_TRUE(equal(copies(*target), copies(*source)));

  tensors = renamed(copies(*source), "trainer.net.");
  tensors.insert("trainer.loss.weight", torch::ones(3));
  target = small();
  report = load_state_dict(*target, tensors, {.strict = false, .entry = ""});
  EXPECT_EQ(report.removed_prefix, "trainer.net.");
  EXPECT_THAT(report.unexpected, ElementsAre("trainer.loss.weight"));
  EXPECT_TRUE(equal(copies(*target), copies(*source)));
}

TEST(LoadStateDictTest, CountersOfAnyTypeAndOfOneNumberAreCounters) {
  const std::string name = "1.num_batches_tracked";
  for (const auto& counter :
       {torch::full({1}, 70000, torch::kInt64), torch::full({}, 70000, torch::kInt32),
        torch::full({1, 1}, 70000, torch::kFloat32), torch::full({}, 70000, torch::kFloat64)}) {
    auto target = small();
    auto tensors = copies(*target);
    tensors[name] = counter;
    load_state_dict(*target, tensors);
    EXPECT_EQ(copies(*target)[name].item<std::int64_t>(), 70000);
    EXPECT_EQ(copies(*target)[name].dim(), 0);
  }
  auto target = small();
  auto tensors = copies(*target);
  tensors[name] = torch::full({}, std::nan(""));
  EXPECT_THAT(error_of([&] { load_state_dict(*target, tensors); }),
              HasSubstr("\"1.num_batches_tracked\": expected Long []"));
  tensors[name] = torch::ones(2, torch::kInt64);
  EXPECT_THAT(error_of([&] { load_state_dict(*target, tensors); }), HasSubstr("found Long [2]"));
}

TEST(LoadStateDictTest, APrefixThatTheModuleHasItselfStays) {
  torch::nn::Sequential target;
  target->push_back("module", torch::nn::Linear(2, 2));
  const auto report = load_state_dict(*target, copies(*target));
  EXPECT_EQ(report.removed_prefix, "");
  EXPECT_TRUE(report.complete());
}

TEST(LoadStateDictTest, WhatIsMissingOrUnexpectedIsReportedOrThrown) {
  auto target = small();
  auto tensors = copies(*small());
  tensors.erase("4.bias");
  tensors.insert("5.weight", torch::ones(3));
  tensors.insert("6.weight", torch::ones(3));
  const auto before = copies(*target);
  EXPECT_EQ(error_of([&] { load_state_dict(*target, tensors); }),
            "expected the module's tensors and no others, found no \"4.bias\" but the unknown \"5.weight\" "
            "and 1 more");
  EXPECT_TRUE(equal(copies(*target), before));

  const auto report = load_state_dict(*target, tensors, {.strict = false, .entry = ""});
  EXPECT_THAT(report.missing, ElementsAre("4.bias"));
  EXPECT_THAT(report.unexpected, ElementsAre("5.weight", "6.weight"));
  EXPECT_TRUE(copies(*target)["4.weight"].equal(tensors["4.weight"]));
  EXPECT_TRUE(copies(*target)["4.bias"].equal(before["4.bias"]));
}

TEST(LoadStateDictTest, AMissingCounterIsSetToZero) {
  auto target = small();
  target->forward(torch::randn({4, 1, 4, 4}));
  auto tensors = copies(*target);
  tensors.erase("1.num_batches_tracked");
  ASSERT_EQ(copies(*target)["1.num_batches_tracked"].item<std::int64_t>(), 1);
  const auto report = load_state_dict(*target, tensors);
  EXPECT_THAT(report.counters, ElementsAre("1.num_batches_tracked"));
  EXPECT_EQ(copies(*target)["1.num_batches_tracked"].item<std::int64_t>(), 0);
}

TEST(LoadStateDictTest, AMissingCounterIsLeftAloneWhenLoadingIsNotStrict) {
  auto target = small();
  target->forward(torch::randn({4, 1, 4, 4}));
  auto tensors = copies(*target);
  tensors.erase("1.num_batches_tracked");
  const auto report = load_state_dict(*target, tensors, {.strict = false, .entry = ""});
  EXPECT_THAT(report.counters, ElementsAre("1.num_batches_tracked"));
  EXPECT_EQ(copies(*target)["1.num_batches_tracked"].item<std::int64_t>(), 1);
}

TEST(LoadStateDictTest, SafetensorsComeBackWithTheirFlags) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path / "model.safetensors";
  auto source = small();
  batch_norms(*source).front().layer.freeze({.statistics = true, .affine = false, .mode = true});
  save_state_dict(*source, path);
  auto target = small();
  EXPECT_TRUE(load_state_dict(*target, path).complete());
  EXPECT_TRUE(equal(copies(*target), copies(*source)));
  EXPECT_EQ(batch_norms(*target).front().layer.frozen().bits(), 5);
}

TEST(LoadStateDictTest, EverythingIsCheckedBeforeAnythingIsChanged) {
  auto target = small();
  const auto before = copies(*target);
  auto tensors = copies(*small());
  tensors["4.bias"] = torch::ones(4);  // the last one
  EXPECT_EQ(error_of([&] { load_state_dict(*target, tensors); }),
            "\"4.bias\": expected Float [3], found Float [4]");
  tensors["4.bias"] = torch::ones(3, torch::kInt64);
  EXPECT_EQ(error_of([&] { load_state_dict(*target, tensors); }),
            "\"4.bias\": expected Float [3], found Long [3]");
  EXPECT_TRUE(equal(copies(*target), before));
}

TEST(LoadStateDictTest, FrozenFlagsGoWithTheFile) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path / "model.pt";
  auto source = small();
  auto& layer = batch_norms(*source).front().layer;
  layer.freeze({.statistics = true, .affine = false, .mode = true});
  save_state_dict(*source, path);
  auto target = small();
  load_state_dict(*target, path);
  EXPECT_EQ(batch_norms(*target).front().layer.frozen(), layer.frozen());

  // A file that says that nothing is frozen, and one that says nothing.
  save_state_dict(*small(), path);
  load_state_dict(*target, path);
  EXPECT_EQ(batch_norms(*target).front().layer.frozen(), Frozen());
  load_state_dict(*source, copies(*target));
  EXPECT_EQ(layer.frozen().bits(), 5);
}

class PythonFilesTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    python_ = testing::python_with_torch();
    if (python_.empty()) return;
    folder_ = std::make_unique<testing::TemporaryFolder>();
    ASSERT_TRUE(testing::run_python(python_, kScript, "write '" + folder_->path.string() + "'"));
  }
  static void TearDownTestSuite() { folder_.reset(); }
  void SetUp() override {
    if (python_.empty())
      GTEST_SKIP() << "needs a Python that imports torch: python3, or the one in EVENKEEL_PYTHON";
  }

  static std::filesystem::path path(const std::string& name) { return folder_->path / name; }

  inline static const std::filesystem::path kScript = EVENKEEL_TESTS_FOLDER "/model_files/python_models.py";
  inline static std::string python_;
  inline static std::unique_ptr<testing::TemporaryFolder> folder_;
};

TEST_F(PythonFilesTest, EveryKindOfFileGivesWhatPythonComputes) {
  const auto expected = model_files::read_state_dict(path("expected.pt")).tensors;
  for (const char* name : {"small.pt", "small_parallel.pt", "small_compiled.pt", "small_checkpoint.pt",
                           "small_script.pt", "whole.pt", "legacy.pt"}) {
    auto network = small();
    const auto report = load_state_dict(*network, path(name));
    EXPECT_TRUE(report.complete()) << name;
    EXPECT_THAT(report.counters, IsEmpty()) << name;
    EXPECT_EQ(report.entry, std::string_view(name) == "small_checkpoint.pt" ? "model" : "");
    network->eval();
    // Sums of at most 16 products of order 1 in float32.
    EXPECT_LT((network->forward(expected["input"]) - expected["output"]).abs().max().item<double>(), 1e-5)
        << name;
  }
}

TEST_F(PythonFilesTest, TheRoundTripIsBitEqualAndPythonPassesOverTheFlags) {
  auto network = small();
  load_state_dict(*network, path("small.pt"));
  batch_norms(*network).front().layer.freeze({.statistics = true, .affine = false, .mode = true});
  save_state_dict(*network, path("evenkeel.pt"));
  EXPECT_TRUE(testing::run_python(python_, kScript, "verify '" + folder_->path.string() + "'"));
}

TEST_F(PythonFilesTest, HalfPrecisionIsConvertedAndCountersMayBeMissing) {
  auto network = small();
  EXPECT_TRUE(load_state_dict(*network, path("half.pt")).complete());
  EXPECT_THAT(load_state_dict(*network, path("no_counter.pt")).counters,
              ElementsAre("1.num_batches_tracked"));
}

TEST_F(PythonFilesTest, AnEntryOfACheckpointCanBeChosen) {
  auto network = small();
  EXPECT_EQ(load_state_dict(*network, path("two.pt"), {.strict = true, .entry = "b"}).entry, "b");
  EXPECT_THAT(error_of([&] { load_state_dict(*network, path("two.pt")); }),
              HasSubstr("found no \"0.weight\" and"));
  EXPECT_THAT(error_of([&] { load_state_dict(*network, path("two.pt"), {.strict = true, .entry = "c"}); }),
              HasSubstr("two.pt: expected tensors in the entry \"c\", found none"));
}

}  // namespace
}  // namespace evenkeel::load_state_dict_test
