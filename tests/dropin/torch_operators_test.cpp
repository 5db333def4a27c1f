// The operators of PyTorch, called one by one through the dispatcher: each that this LibTorch has is replaced,
// and what Evenkeel does not take is PyTorch's to the bit and to the word.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/library.h>
#include <torch/torch.h>

#include <algorithm>
#include <functional>
#include <map>

#include "evenkeel/torch_kernels.h"

namespace evenkeel::torch_operators_test {
namespace {

using torch::Tensor;
using torch::jit::IValue;
using Arguments = std::map<std::string, IValue>;

class TorchOperatorsTest : public ::testing::Test {
 protected:
  ~TorchOperatorsTest() override { restore_torch_kernels(); }
};

std::vector<std::string> batch_norm_operators() {
  std::vector<std::string> names;
  const auto registered = c10::Dispatcher::singleton().getRegistrationsForDispatchKey(c10::DispatchKey::CPU);
  for (const c10::OperatorName& name : registered) {
    // Evaluation, and the sums for SyncBatchNorm, have operators of their own; this one updates and returns.
    const bool statistics_alone = name.name == "aten::batch_norm_update_stats";
    if (name.name.find("aten::") == 0 && name.name.find("batch_norm") != std::string::npos &&
        name.name.find("quantized") == std::string::npos && !statistics_alone) {
      names.push_back(name.overload_name.empty() ? name.name : name.name + "." + name.overload_name);
    }
  }
  return names;
}

bool is_backward(const std::string& name) { return name.find("backward") != std::string::npos; }
bool is_out(const std::string& name) { return name.find("out") != std::string::npos; }

bool has_statistics(const std::string& name) { return name.find("no_stats") == std::string::npos; }

// Everything that any of the operators takes, by the name it has in the schema.
Arguments arguments(const Tensor& input, bool training) {
  const Tensor channels = torch::empty({input.size(1)}, input.options());
  const Tensor running_var = torch::rand_like(channels) + 0.5;
  const double eps = 1e-3;
  const Tensor flat = input.transpose(0, 1).flatten(1);
  return {{"input", input},
          {"weight", torch::rand_like(channels) + 0.5},
          {"bias", torch::randn_like(channels)},
          {"running_mean", torch::randn_like(channels)},
          {"running_var", running_var},
          {"training", training},
          {"train", training},
          {"update", training},
          {"momentum", 0.1},
          {"eps", eps},
          {"grad_out", torch::randn_like(input)},
          {"save_mean", flat.mean(1)},
          {"save_invstd", torch::rsqrt(flat.var(1, false) + eps)},
          {"save_var", torch::rsqrt(flat.var(1, false) + eps)},
          {"output_mask", c10::List<bool>({true, true, true})},
          {"out", torch::zeros_like(input)},
          {"reserve", torch::empty({0}, torch::kByte)}};
}

// What an operator returns and writes, or what it throws.
struct Outcome {
  std::vector<Tensor> tensors;
  std::string error;
};

// With the same strides, so that a call leaves the arguments as they are for the next.
Tensor copy_of(const Tensor& tensor) {
  const auto strides = tensor.strides();
  const bool writable = std::find(strides.begin(), strides.end(), 0) == strides.end();
  return writable ? at::empty_strided(tensor.sizes(), strides, tensor.options()).copy_(tensor) : tensor;
}

Outcome call(const std::string& name, const Arguments& arguments) {
  const auto op = c10::Dispatcher::singleton().findSchema(torch::jit::parseName(name));
  torch::jit::Stack stack;
  std::vector<Tensor> written;
  std::map<const c10::TensorImpl*, Tensor> copies;  // an argument given twice is given twice again
  for (const c10::Argument& argument : op->schema().arguments()) {
    IValue value = arguments.at(argument.name());
    if (value.isTensor() && value.toTensor().defined()) {
      const Tensor given = value.toTensor();
      value = copies.try_emplace(given.unsafeGetTensorImpl(), copy_of(given)).first->second;
      if (argument.name().find("running") == 0) written.push_back(value.toTensor());
    }
    stack.push_back(value);
  }
  Outcome outcome;
  try {
    const torch::NoGradGuard no_grad;
    op->callBoxed(stack);
  } catch (const c10::Error& error) {
    outcome.error = error.what_without_backtrace();
    return outcome;
  }
  for (const IValue& value : stack) outcome.tensors.push_back(value.toTensor());
  outcome.tensors.insert(outcome.tensors.end(), written.begin(), written.end());
  return outcome;
}

void expect_same_kind(const Tensor& got, const Tensor& expected) {
  ASSERT_EQ(got.defined(), expected.defined());
  if (!got.defined()) return;
  EXPECT_EQ(got.scalar_type(), expected.scalar_type());
  ASSERT_EQ(got.sizes(), expected.sizes());
  EXPECT_EQ(got.strides(), expected.strides());
}

void expect_identical(const Outcome& got, const Outcome& expected) {
  EXPECT_EQ(got.error, expected.error);
  ASSERT_EQ(got.tensors.size(), expected.tensors.size());
  for (std::size_t i = 0; i < got.tensors.size(); ++i) {
    SCOPED_TRACE("result " + std::to_string(i));
    expect_same_kind(got.tensors[i], expected.tensors[i]);
    if (!got.tensors[i].defined()) continue;
    EXPECT_TRUE(torch::allclose(got.tensors[i], expected.tensors[i], 0, 0, /*equal_nan=*/true));
  }
}

void expect_close(const Outcome& got, const Outcome& expected) {
  EXPECT_EQ(got.error, "");
  ASSERT_EQ(got.tensors.size(), expected.tensors.size());
  for (std::size_t i = 0; i < got.tensors.size(); ++i) {
    SCOPED_TRACE("result " + std::to_string(i));
    expect_same_kind(got.tensors[i], expected.tensors[i]);
    EXPECT_TRUE(torch::allclose(got.tensors[i], expected.tensors[i], 1e-5, 1e-5));
  }
}

std::int64_t taken() { return static_cast<std::int64_t>(torch_kernel_calls().taken); }
std::int64_t passed_on() { return static_cast<std::int64_t>(torch_kernel_calls().passed_on); }

TEST_F(TorchOperatorsTest, EveryOneThatThisLibTorchHasIsReplacedAndRestored) {
  torch::manual_seed(1);
  const auto names = batch_norm_operators();
  EXPECT_THAT(names, ::testing::IsSupersetOf({std::string("aten::native_batch_norm"),
                                              std::string("aten::native_batch_norm_backward")}));
  for (const std::string& name : names) {
    for (const bool training : {true, false}) {
      if (!training && !has_statistics(name)) continue;
      for (const auto format : {torch::MemoryFormat::Contiguous, torch::MemoryFormat::ChannelsLast}) {
        SCOPED_TRACE(name + (training ? " training" : " evaluation"));
        const Arguments all = arguments(torch::randn({4, 6, 5, 3}).contiguous(format), training);
        const Outcome before = call(name, all);
        replace_torch_kernels();
        const auto taken_before = taken();
        expect_close(call(name, all), before);
        EXPECT_EQ(taken(), taken_before + 1);
        restore_torch_kernels();
        expect_identical(call(name, all), before);
        EXPECT_EQ(taken(), taken_before + 1);
      }
    }
  }
}

// Where Evenkeel does not compute, with the change to the arguments that makes it so.
struct Refusal {
  const char* name;
  std::function<void(Arguments&)> make;
  bool forward = true, backward = true;
};

void change(Arguments& all, std::initializer_list<const char*> names,
            const std::function<Tensor(const Tensor&)>& how) {
  for (const char* name : names) all[name] = how(all.at(name).toTensor());
}

const std::vector<const char*> kPerChannel{"weight",    "bias",        "running_mean", "running_var",
                                           "save_mean", "save_invstd", "save_var"};

void convert(Arguments& all, torch::Dtype dtype, torch::Dtype parameters) {
  change(all, {"input", "grad_out", "out"}, [&](const Tensor& t) { return t.to(dtype); });
  for (const char* name : kPerChannel) change(all, {name}, [&](const Tensor& t) { return t.to(parameters); });
}

const std::vector<Refusal> kRefusals{
    {"BFloat16", [](Arguments& all) { convert(all, torch::kBFloat16, torch::kBFloat16); }},
    {"BFloat16WithDoubleParameters", [](Arguments& all) { convert(all, torch::kBFloat16, torch::kDouble); }},
    {"Half", [](Arguments& all) { convert(all, torch::kHalf, torch::kHalf); }},
    {"Integers", [](Arguments& all) { convert(all, torch::kInt, torch::kInt); }},
    {"DoubleParameters", [](Arguments& all) { convert(all, torch::kFloat, torch::kDouble); }},
    {"Sliced",
     [](Arguments& all) {
       change(all, {"input"}, [](const Tensor& t) {
         return torch::repeat_interleave(t, 2, 3).slice(3, 0, torch::nullopt, 2);
       });
     }},
    {"Permuted",
     [](Arguments& all) {
       change(all, {"input", "grad_out", "out"}, [](const Tensor& t) {
         return t.permute({1, 0, 3, 2}).contiguous().permute({1, 0, 3, 2});
       });
     }},
    {"Expanded",
     [](Arguments& all) {
       change(all, {"input"}, [](const Tensor& t) { return t.slice(0, 0, 1).expand_as(t); });
     }},
    {"OneValuePerChannel",
     [](Arguments& all) {
       change(all, {"input", "grad_out", "out"},
              [](const Tensor& t) { return t.slice(0, 0, 1).slice(2, 0, 1).slice(3, 0, 1).contiguous(); });
     },
     true, false},
    {"EpsZeroAndAConstantChannel",
     [](Arguments& all) {
       all["eps"] = 0.0;
       change(all, {"input"}, [](const Tensor& t) { return torch::ones_like(t); });
     }},
    {"NegativeEps", [](Arguments& all) { all["eps"] = -1.0; }},
    {"StridedParameters",
     [](Arguments& all) {
       change(all, {"weight", "running_mean", "running_var"},
              [](const Tensor& t) { return torch::repeat_interleave(t, 2).slice(0, 0, torch::nullopt, 2); });
     }},
    {"OneRunningStatistic", [](Arguments& all) { all["running_var"] = Tensor(); }, true, false},
    {"NegativeInverseDeviation",
     [](Arguments& all) {
       change(all, {"save_invstd", "save_var"}, [](const Tensor& t) { return -t; });
     },
     false, true},
    {"GradientOfNoWeight", [](Arguments& all) { all["weight"] = Tensor(); }, false, true},
};

TEST_F(TorchOperatorsTest, WhatIsNotTakenIsPyTorchsToTheBitAndToTheWord) {
  for (const std::string& name : batch_norm_operators()) {
    for (const Refusal& refusal : kRefusals) {
      if (!(is_backward(name) ? refusal.backward : refusal.forward)) continue;
      // Without running statistics there is nothing strange about them.
      if (!has_statistics(name) && std::string(refusal.name) == "OneRunningStatistic") continue;
      SCOPED_TRACE(name + " " + refusal.name);
      torch::manual_seed(2);
      Arguments all = arguments(torch::randn({4, 6, 5, 3}), /*training=*/true);
      refusal.make(all);
      restore_torch_kernels();
      const Outcome before = call(name, all);
      replace_torch_kernels();
      const auto taken_before = taken();
      const auto passed_before = passed_on();
      expect_identical(call(name, all), before);
      EXPECT_EQ(taken(), taken_before);
      // Some errors are older than the kernel.
      EXPECT_TRUE(passed_on() == passed_before + 1 || !before.error.empty());
    }
  }
}

// LibTorch 1 has no kernel for them, and says so with Evenkeel too.
TEST_F(TorchOperatorsTest, HalvesWithFloatParametersAreTakenWherePyTorchHasThem) {
  for (const std::string& name : batch_norm_operators()) {
    for (const auto dtype : {torch::kBFloat16, torch::kHalf}) {
      for (const bool training : {true, false}) {
        if (!training && !has_statistics(name)) continue;  // nothing to normalise with; PyTorch 2.13 crashes
        SCOPED_TRACE(name + (training ? " training" : " evaluation"));
        torch::manual_seed(5);
        Arguments all = arguments(torch::randn({4, 6, 5, 3}), training);
        convert(all, dtype, torch::kFloat);
        restore_torch_kernels();
        const Outcome before = call(name, all);
        replace_torch_kernels();
        const auto taken_before = taken();
        const Outcome after = call(name, all);
        if (!before.error.empty()) {
          expect_identical(after, before);
          continue;
        }
        EXPECT_EQ(taken(), taken_before + (TORCH_VERSION_MAJOR >= 2 ? 1 : 0));
        ASSERT_EQ(after.tensors.size(), before.tensors.size());
        for (std::size_t i = 0; i < after.tensors.size(); ++i) {
          expect_same_kind(after.tensors[i], before.tensors[i]);
          if (!after.tensors[i].defined()) continue;
          // PyTorch rounds to the half more than once.
          const double ulps = dtype == torch::kHalf ? 0x1p-8 : 0x1p-5;
          EXPECT_TRUE(torch::allclose(after.tensors[i].to(torch::kDouble),
                                      before.tensors[i].to(torch::kDouble), ulps, ulps));
        }
      }
    }
  }
}

TEST_F(TorchOperatorsTest, WhatIsLeftOutIsTakenAllTheSame) {
  for (const std::string& name : batch_norm_operators()) {
    for (const bool statistics : {true, false}) {
      SCOPED_TRACE(name);
      torch::manual_seed(3);
      Arguments all = arguments(torch::randn({4, 6, 5, 3}), /*training=*/true);
      all["weight"] = Tensor();
      all["bias"] = Tensor();
      all["output_mask"] = c10::List<bool>({true, false, true});
      if (!statistics) all["running_mean"] = all["running_var"] = Tensor();
      restore_torch_kernels();
      const Outcome before = call(name, all);
      // Some operators insist on running statistics, and say so before any kernel is reached.
      if (!before.error.empty()) continue;
      replace_torch_kernels();
      const auto taken_before = taken();
      const Outcome after = call(name, all);
      EXPECT_EQ(taken(), taken_before + 1);
      ASSERT_EQ(after.tensors.size(), before.tensors.size());
      for (std::size_t i = 0; i < after.tensors.size(); ++i) {
        expect_same_kind(after.tensors[i], before.tensors[i]);
        if (!after.tensors[i].defined()) continue;
        EXPECT_TRUE(torch::allclose(after.tensors[i], before.tensors[i], 1e-5, 1e-5));
      }
    }
  }
}

TEST_F(TorchOperatorsTest, StridesArePyTorchsWhereDimensionsOfSizeOneLeaveAChoice) {
  const auto last = [](torch::IntArrayRef sizes) {
    return at::empty(sizes, torch::dtype(torch::kFloat), torch::MemoryFormat::ChannelsLast).normal_();
  };
  const std::vector<Tensor> inputs{last({4, 6, 1, 1}),
                                   last({4, 1, 5, 3}),
                                   last({4, 1, 1, 3}),
                                   last({1, 6, 5, 3}),
                                   last({4, 6, 5, 1}),
                                   torch::randn({4, 6, 1, 1}),
                                   torch::randn({4, 1, 5, 3}),
                                   torch::randn({2, 6, 5, 3}).slice(0, 0, 1),
                                   torch::randn({6, 15}).as_strided({1, 6, 5, 3}, {1000, 15, 3, 1}),
                                   torch::randn({4, 6}).as_strided({4, 6, 1}, {6, 1, 77})};
  for (const std::string& name : batch_norm_operators()) {
    for (const Tensor& input : inputs) {
      SCOPED_TRACE(name + " " + ::testing::PrintToString(input.strides()));
      const Arguments all = arguments(input, /*training=*/true);
      restore_torch_kernels();
      const Outcome before = call(name, all);
      replace_torch_kernels();
      expect_close(call(name, all), before);
    }
  }
}

TEST_F(TorchOperatorsTest, OutputsThatDoNotFitOrShareMemoryArePyTorchs) {
  for (const std::string& name : batch_norm_operators()) {
    if (!is_out(name)) continue;
    SCOPED_TRACE(name);
    torch::manual_seed(4);
    const Arguments fitting = arguments(torch::randn({4, 6, 5, 3}), /*training=*/true);
    const std::vector<std::pair<const char*, IValue>> changes{
        {"out", torch::empty({0})},          {"save_mean", torch::empty({0})},
        {"save_invstd", torch::empty({0})},  {"out", fitting.at("input")},
        {"save_mean", fitting.at("weight")}, {"save_invstd", fitting.at("bias")}};
    for (const auto& [changed, to] : changes) {
      Arguments all = fitting;
      all[changed] = to;
      restore_torch_kernels();
      const Outcome before = call(name, all);
      replace_torch_kernels();
      const auto passed_before = passed_on();
      expect_identical(call(name, all), before);
      EXPECT_EQ(passed_on(), passed_before + 1);
    }
  }
}

}  // namespace
}  // namespace evenkeel::torch_operators_test
