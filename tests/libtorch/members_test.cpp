// One truth about a layer's tensors: those that the module registered are those that it computes with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "evenkeel/evenkeel.h"
#include "temporary_folder.h"

namespace evenkeel::members_test {
namespace {

using torch::Tensor;

TEST(BatchNormMembersTest, AnAssignedMemberIsAnErrorWhereverItWouldMatter) {
  const testing::TemporaryFolder folder;
  const std::vector<Tensor BatchNormLayer::*> members{
      &BatchNormLayer::weight, &BatchNormLayer::bias, &BatchNormLayer::running_mean,
      &BatchNormLayer::running_var, &BatchNormLayer::num_batches_tracked};
  for (const auto member : members) {
    for (const bool to_nothing : {false, true}) {
      BatchNorm2d norm(3);
      torch::nn::Sequential net(norm);
      const Tensor registered = (*norm).*member;
      (*norm).*member = to_nothing ? Tensor() : registered.detach().clone();
      const Tensor x = torch::randn({4, 3, 2, 2});
      EXPECT_THROW(norm(x), c10::Error);
      norm->eval();
      EXPECT_THROW(norm(x), c10::Error);
      std::stringstream stream;
      EXPECT_THROW(torch::save(net, stream), c10::Error);
      EXPECT_ANY_THROW(save_state_dict(*net, folder.path / "model.pt"));
      EXPECT_FALSE(std::filesystem::exists(folder.path / "model.pt"));
      EXPECT_THROW(batch_norms(*net), c10::Error);
      (*norm).*member = registered;
      EXPECT_NO_THROW(norm(x));
      EXPECT_NO_THROW(torch::save(net, stream));
    }
  }
}

TEST(BatchNormMembersTest, TheMessageSaysWhichAndWhatToDo) {
  torch::nn::Sequential net(BatchNorm1d(3));
  name_batch_norms(*net);
  auto* norm = net->ptr(0)->as<BatchNorm1d>();
  norm->running_mean = torch::ones({3});
  try {
    norm->forward(torch::randn({4, 3}));
    FAIL() << "expected an error";
  } catch (const c10::Error& error) {
    EXPECT_STREQ(error.what_without_backtrace(),
                 "[batch_norm] 0: expected running_mean to be the tensor that the module registered, found "
                 "another one "
                 "assigned: use running_mean.copy_() or set_data()");
  }
}

TEST(BatchNormMembersTest, WhatChangesATensorInPlaceIsSavedAndComputedWith) {
  BatchNorm1d norm(2);
  norm->running_mean.copy_(torch::tensor({1.0F, 2.0F}));
  norm->running_var.set_data(torch::tensor({4.0F, 9.0F}));
  norm->eval();
  const auto copy = std::dynamic_pointer_cast<BatchNorm1dImpl>(norm->clone());
  const Tensor x = torch::randn({4, 2});
  EXPECT_TRUE(torch::equal(copy->forward(x), norm(x)));
  EXPECT_TRUE(torch::equal(norm->named_buffers()["running_var"], torch::tensor({4.0F, 9.0F})));
  norm->to(torch::kDouble);
  EXPECT_NO_THROW(norm(x.to(torch::kDouble)));
}

TEST(BatchNormMembersTest, SavingWhatHasNoValuesIsAnErrorAndAViewIsSavedAsItsValues) {
  const testing::TemporaryFolder folder;
  torch::nn::ModuleList module;
  module->register_buffer("elsewhere", torch::empty({2}, torch::kMeta));
  try {
    save_state_dict(*module, folder.path / "model.pt");
    FAIL() << "expected an error";
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(),
                ::testing::HasSubstr("\"elsewhere\": expected a dense tensor with values to save"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("on meta"));
  }
  BatchNorm1d norm(2);
  norm->running_mean.set_data(torch::_neg_view(torch::tensor({1.0F, 2.0F})));
  save_state_dict(*norm, folder.path / "model.pt");
  BatchNorm1d loaded(2);
  load_state_dict(*loaded, folder.path / "model.pt");
  EXPECT_TRUE(torch::equal(loaded->running_mean, torch::tensor({-1.0F, -2.0F})));
}

}  // namespace
}  // namespace evenkeel::members_test
