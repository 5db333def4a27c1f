// The layers as modules: names, printing, cloning, archives, what happens to their state.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <sstream>
#include <string>
#include <utility>

#include "evenkeel/evenkeel.h"

namespace evenkeel::module_test {
namespace {

using torch::Tensor;

std::string printed(const torch::nn::Module& module) {
  std::ostringstream stream;
  stream << module;
  return stream.str();
}

template <typename Module>
Module trained(Module norm) {
  torch::manual_seed(8);
  const torch::NoGradGuard no_grad;
  norm->weight.uniform_(0.5, 2);
  norm->bias.normal_();
  for (int step = 0; step < 3; ++step) norm->forward(torch::randn({4, 3, 5, 5}) + step);
  return norm;
}

void expect_same_state(const torch::nn::Module& a, const torch::nn::Module& b) {
  const auto same = [](const auto& left, const auto& right) {
    ASSERT_EQ(left.keys(), right.keys());
    for (const auto& item : left) {
      EXPECT_EQ(item.value().scalar_type(), right[item.key()].scalar_type()) << item.key();
      EXPECT_TRUE(torch::equal(item.value(), right[item.key()])) << item.key();
    }
  };
  same(a.named_parameters(), b.named_parameters());
  same(a.named_buffers(), b.named_buffers());
}

TEST(BatchNormModuleTest, NamesShapesAndDtypesAreTheOnesOfPyTorch) {
  const BatchNorm2d ours(3);
  const torch::nn::BatchNorm2d theirs(3);
  expect_same_state(*ours, *theirs);
  EXPECT_THAT(ours->named_parameters().keys(), ::testing::ElementsAre("weight", "bias"));
  EXPECT_THAT(ours->named_buffers().keys(),
              ::testing::ElementsAre("running_mean", "running_var", "num_batches_tracked"));
  EXPECT_EQ(ours->num_batches_tracked.dim(), 0);
  EXPECT_EQ(ours->num_batches_tracked.scalar_type(), torch::kLong);
}

TEST(BatchNormModuleTest, WithoutAffineAndTrackingThereIsNoState) {
  const BatchNorm1d norm(BatchNormOptions(3).affine(false).track_running_stats(false));
  EXPECT_TRUE(norm->named_parameters().is_empty());
  EXPECT_TRUE(norm->named_buffers().is_empty());
}

TEST(BatchNormModuleTest, PrettyPrintReadsAsLibTorchs) {
  EXPECT_EQ(printed(*BatchNorm2d(3)),
            "evenkeel::BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=true, track_running_stats=true)");
  EXPECT_EQ(printed(*BatchNorm1d(BatchNormOptions(7).eps(0.5).momentum(std::nullopt).affine(false))),
            "evenkeel::BatchNorm1d(7, eps=0.5, momentum=None, affine=false, track_running_stats=true)");
  EXPECT_EQ(printed(*BatchNorm2d(BatchNormOptions(3).activation(Activation::kReLU).inplace(true))),
            "evenkeel::BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=true, track_running_stats=true, "
            "activation=relu, inplace=true)");
  EXPECT_EQ(printed(*BatchNorm2d(BatchNormOptions(3).activation(Activation::kLeakyReLU).negative_slope(0.2))),
            "evenkeel::BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=true, track_running_stats=true, "
            "activation=leaky_relu, negative_slope=0.2)");
  EXPECT_EQ(BatchNorm3d(1)->name(), "evenkeel::BatchNorm3dImpl");
}

TEST(BatchNormModuleTest, CloneIsEqualAndIndependent) {
  BatchNorm2d norm = trained(BatchNorm2d(BatchNormOptions(3).eps(0.01)));
  norm->eval();
  const auto copy = std::dynamic_pointer_cast<BatchNorm2dImpl>(norm->clone());
  ASSERT_NE(copy, nullptr);
  expect_same_state(*norm, *copy);
  EXPECT_FALSE(copy->is_training());
  const Tensor x = torch::randn({2, 3, 4, 4});
  EXPECT_TRUE(torch::equal(norm->forward(x), copy->forward(x)));
  copy->train();
  copy->forward(x);
  EXPECT_EQ(norm->num_batches_tracked.item<int>(), 3);
  EXPECT_EQ(copy->num_batches_tracked.item<int>(), 4);
  EXPECT_FALSE(torch::equal(norm->running_mean, copy->running_mean));
}

TEST(BatchNormModuleTest, ActivationIsAnOptionThatCloneKeepsAndStateDictsDoNotHold) {
  const auto options = BatchNormOptions(3).activation(Activation::kLeakyReLU).negative_slope(0.5);
  BatchNorm2d norm = trained(BatchNorm2d(options));
  expect_same_state(*norm, *trained(BatchNorm2d(options)));
  EXPECT_EQ(norm->named_parameters().keys(), BatchNorm2d(3)->named_parameters().keys());
  EXPECT_EQ(norm->named_buffers().keys(), BatchNorm2d(3)->named_buffers().keys());
  norm->eval();
  const auto copy = std::dynamic_pointer_cast<BatchNorm2dImpl>(norm->clone());
  const Tensor x = torch::randn({2, 3, 4, 4});
  const Tensor y = copy->forward(x);
  EXPECT_TRUE(torch::equal(y, norm->forward(x)));
  copy->options.activation(Activation::kNone);
  EXPECT_TRUE(torch::equal(y, torch::leaky_relu(copy->forward(x), 0.5)));
}

TEST(BatchNormModuleTest, WorksInASequentialNextToLibTorchsLayers) {
  torch::nn::Sequential net(torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 3, 3).bias(false)), BatchNorm2d(3),
                            torch::nn::ReLU(), torch::nn::Flatten(), BatchNorm1d(3 * 36));
  net->forward(torch::randn({4, 1, 8, 8})).sum().backward();
  for (const auto& parameter : net->parameters()) EXPECT_TRUE(parameter.grad().defined());
  EXPECT_EQ(net->buffers().size(), 6U);
  EXPECT_EQ(torch::nn::Sequential(std::dynamic_pointer_cast<torch::nn::SequentialImpl>(net->clone()))->size(),
            5U);
}

TEST(BatchNormModuleTest, ArchivesPassBothWaysBetweenTheLayersAndLibTorchs) {
  BatchNorm2d ours = trained(BatchNorm2d(3));
  torch::nn::BatchNorm2d theirs(3);
  std::stringstream there;
  torch::save(ours, there);
  torch::load(theirs, there);
  expect_same_state(*ours, *theirs);

  theirs = trained(torch::nn::BatchNorm2d(3));
  std::stringstream back;
  torch::save(theirs, back);
  BatchNorm2d loaded(3);
  torch::load(loaded, back);
  expect_same_state(*theirs, *loaded);
  ours->eval();
  theirs->eval();
  const Tensor x = torch::randn({2, 3, 4, 4});
  EXPECT_TRUE(torch::allclose(loaded->forward(x), trained(torch::nn::BatchNorm2d(3))->forward(x)));
}

TEST(BatchNormModuleTest, AnotherDtypeLeavesTheCounterAnInteger) {
  BatchNorm2d norm(3);
  norm->to(torch::kDouble);
  EXPECT_EQ(norm->running_var.scalar_type(), torch::kDouble);
  EXPECT_EQ(norm->num_batches_tracked.scalar_type(), torch::kLong);
  torch::nn::Sequential net(norm);
  net->to(torch::kCPU, torch::kFloat);
  EXPECT_EQ(norm->weight.scalar_type(), torch::kFloat);
  EXPECT_EQ(norm->num_batches_tracked.scalar_type(), torch::kLong);
  norm(torch::randn({2, 3, 2, 2}));
  EXPECT_EQ(norm->num_batches_tracked.item<int>(), 1);
}

TEST(BatchNormModuleTest, CounterKeepsItsValueInEveryConversion) {
  for (const std::int64_t count : {0L, 1L, 2049L, 70000L, 16777217L, 3000000001L}) {
    for (const auto dtype : {torch::kHalf, torch::kBFloat16, torch::kFloat, torch::kDouble}) {
      SCOPED_TRACE(::testing::Message() << count << " " << dtype);
      BatchNorm1d norm(2);
      norm->num_batches_tracked.fill_(count);
      torch::nn::ModuleList net(torch::nn::ModuleList(norm), torch::nn::Linear(2, 2));
      net->to(dtype);
      EXPECT_EQ(norm->running_var.scalar_type(), dtype);
      EXPECT_EQ(norm->num_batches_tracked.item<std::int64_t>(), count);
      norm->to(torch::kCPU, dtype);
      net->to(torch::kCPU);
      net->to(torch::kFloat, /*non_blocking=*/true);
      EXPECT_EQ(norm->num_batches_tracked.item<std::int64_t>(), count);
      EXPECT_EQ(norm->num_batches_tracked.scalar_type(), torch::kLong);
      EXPECT_TRUE(net->named_buffers()["0.0.num_batches_tracked"].is_same(norm->num_batches_tracked));
    }
  }
}

TEST(BatchNormModuleTest, CounterOfAnArchiveIsReadAsTheCountItIs) {
  const auto load = [](const Tensor& counter) {
    torch::serialize::OutputArchive written;
    for (const auto& item : BatchNorm1d(2)->named_parameters()) written.write(item.key(), item.value());
    for (const auto& item : BatchNorm1d(2)->named_buffers()) {
      const bool is_counter = item.key() == "num_batches_tracked";
      written.write(item.key(), is_counter ? counter : item.value(), /*is_buffer=*/true);
    }
    std::stringstream stream;
    written.save_to(stream);
    torch::serialize::InputArchive archive;
    archive.load_from(stream);
    BatchNorm1d norm(2);
    norm->num_batches_tracked.fill_(7);
    std::string error;
    try {
      norm->load(archive);
    } catch (const c10::Error& thrown) {
      error = thrown.what_without_backtrace();
    }
    EXPECT_EQ(norm->num_batches_tracked.scalar_type(), torch::kLong);
    EXPECT_EQ(norm->num_batches_tracked.dim(), 0);
    return std::pair{norm->num_batches_tracked.item<std::int64_t>(), error};
  };
  for (const auto dtype : {torch::kHalf, torch::kBFloat16, torch::kFloat, torch::kDouble, torch::kInt}) {
    EXPECT_EQ(load(torch::full({}, 200, dtype)), std::pair(std::int64_t{200}, std::string()));
    EXPECT_EQ(load(torch::full({1}, 200, dtype)), std::pair(std::int64_t{200}, std::string()));
  }
  for (const auto& none : {torch::full({}, INFINITY, torch::kHalf), torch::full({}, NAN),
                           torch::full({}, -1.0), torch::zeros({2}, torch::kLong)}) {
    const auto [count, error] = load(none);
    EXPECT_EQ(count, 7);
    EXPECT_THAT(error, ::testing::HasSubstr("expected num_batches_tracked"));
  }
}

TEST(BatchNormModuleTest, ArchiveOfAnotherDtypeIsConvertedAndOneOfOtherSizesRefused) {
  for (const auto from : {torch::kHalf, torch::kBFloat16, torch::kFloat, torch::kDouble}) {
    for (const auto to : {torch::kHalf, torch::kFloat, torch::kDouble}) {
      BatchNorm2d norm = trained(BatchNorm2d(3));
      norm->to(from);
      std::stringstream stream;
      torch::save(norm, stream);
      BatchNorm2d loaded(3);
      loaded->to(to);
      torch::load(loaded, stream);
      EXPECT_EQ(loaded->weight.scalar_type(), to);
      EXPECT_TRUE(loaded->weight.requires_grad());
      EXPECT_TRUE(torch::equal(loaded->weight, norm->weight.to(to)));
      EXPECT_TRUE(torch::equal(loaded->running_var, norm->running_var.to(to)));
      EXPECT_EQ(loaded->num_batches_tracked.item<int>(), 3);
    }
  }
  std::stringstream stream;
  torch::save(BatchNorm2d(4), stream);
  BatchNorm2d norm = trained(BatchNorm2d(3));
  const auto before = std::dynamic_pointer_cast<BatchNorm2dImpl>(norm->clone());
  EXPECT_THROW(torch::load(norm, stream), c10::Error);
  expect_same_state(*norm, *before);
}

TEST(BatchNormModuleTest, CounterThatCannotCountIsAnError) {
  BatchNorm1d norm(2);
  for (const auto dtype : {torch::kHalf, torch::kBFloat16, torch::kFloat, torch::kBool}) {
    norm->num_batches_tracked.set_data(torch::zeros({}, dtype));
    EXPECT_THROW(norm->forward(torch::randn({4, 2})), c10::Error);
    norm->eval();
    EXPECT_NO_THROW(norm->forward(torch::randn({4, 2})));
    norm->train();
  }
  EXPECT_TRUE(torch::equal(norm->running_mean, torch::zeros({2})));
}

TEST(BatchNormModuleTest, ResetGoesBackToTheFirstValues) {
  BatchNorm2d norm = trained(BatchNorm2d(3));
  norm->reset_running_stats();
  EXPECT_EQ(norm->num_batches_tracked.item<int>(), 0);
  EXPECT_FALSE(torch::equal(norm->weight, torch::ones({3})));
  norm->reset_parameters();
  expect_same_state(*norm, *BatchNorm2d(3));
  EXPECT_TRUE(norm->weight.requires_grad());
}

TEST(BatchNormModuleTest, WithoutTrackingEvaluationUsesTheBatch) {
  BatchNorm1d norm(BatchNormOptions(2).track_running_stats(false));
  const Tensor x = torch::randn({8, 2}) * 4 + 2;
  const Tensor in_training = norm(x);
  norm->eval();
  EXPECT_TRUE(torch::equal(in_training, norm(x)));
}

TEST(BatchNormModuleTest, TrackingSwitchedOffLaterKeepsTheStatisticsAsTheyAre) {
  BatchNorm2d norm = trained(BatchNorm2d(3));
  const Tensor before = norm->running_mean.clone();
  norm->options.track_running_stats(false);
  norm->forward(torch::randn({4, 3, 2, 2}) + 9);
  EXPECT_TRUE(torch::equal(norm->running_mean, before));
  EXPECT_EQ(norm->num_batches_tracked.item<int>(), 3);
  norm->eval();
  EXPECT_GT(norm->forward(torch::full({1, 3, 1, 1}, 100.0)).abs().max().item<double>(),
            1);  // not the batch's own
}

TEST(BatchNormModuleTest, EmptyBatchGivesEmptyOutputZeroGradientsAndLeavesTheState) {
  for (const bool training : {true, false}) {
    SCOPED_TRACE(training);
    BatchNorm2d norm = trained(BatchNorm2d(3));
    const auto before = std::dynamic_pointer_cast<BatchNorm2dImpl>(norm->clone());
    norm->train(training);
    const Tensor x = torch::empty({0, 3, 4, 4}).requires_grad_();
    const Tensor y = norm->forward(x);
    EXPECT_EQ(y.sizes(), x.sizes());
    const auto gradients =
        torch::autograd::grad({y}, {x, norm->weight, norm->bias}, {torch::empty_like(y)}, true, true);
    EXPECT_EQ(gradients[0].sizes(), x.sizes());
    EXPECT_TRUE(torch::equal(gradients[1], torch::zeros({3})));
    EXPECT_TRUE(torch::equal(gradients[2], torch::zeros({3})));
    const auto second = torch::autograd::grad({gradients[0].sum()}, {norm->weight}, {}, true, false, true);
    EXPECT_TRUE(!second[0].defined() || torch::equal(second[0], torch::zeros({3})));
    y.sum().backward();
    EXPECT_TRUE(torch::equal(norm->weight.grad(), torch::zeros({3})));
    expect_same_state(*norm, *before);
  }
}

TEST(BatchNormFunctionTest, TakesLibTorchsOptionsAndNoMomentumWhereNothingIsUpdated) {
  const Tensor x = torch::randn({4, 3});
  const Tensor mean = torch::zeros({3});
  const Tensor variance = torch::ones({3});
  namespace F = torch::nn::functional;
  EXPECT_TRUE(torch::allclose(
      functional::batch_norm(x, mean, variance, F::BatchNormFuncOptions().training(true)),
      F::batch_norm(x, mean, variance, F::BatchNormFuncOptions().training(true)), 1e-5, 1e-6));
  const auto none = functional::BatchNormFuncOptions().momentum(std::nullopt);
  EXPECT_NO_THROW(functional::batch_norm(x, mean, variance, none));
  EXPECT_NO_THROW(functional::batch_norm(x, {}, {}, functional::BatchNormFuncOptions(none).training(true)));
}

TEST(BatchNormFunctionTest, RunningStatisticsThatAreNotContiguousAreUpdatedInPlace) {
  const Tensor table = torch::zeros({3, 2});
  table.select(1, 1).fill_(1);
  const Tensor x = torch::randn({8, 3});
  const Tensor mean = torch::zeros({3});
  const Tensor variance = torch::ones({3});
  const auto options = functional::BatchNormFuncOptions().training(true);
  functional::batch_norm(x, table.select(1, 0), table.select(1, 1), options);
  functional::batch_norm(x, mean, variance, options);
  EXPECT_TRUE(torch::equal(table, torch::stack({mean, variance}, 1)));
}

}  // namespace
}  // namespace evenkeel::module_test
