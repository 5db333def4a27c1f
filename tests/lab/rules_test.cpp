// Each claim's rule on planted measurements: it has to hold on those that bear the claim out, and not hold as soon as one of them
// turns against it.
#include <gtest/gtest.h>

#include <map>

#include "lab/claim.h"

namespace evenkeel::lab::rules_test {
namespace {

struct Planted {
  std::string claim;
  std::map<std::string, double> good;                    // with which the claim holds
  std::vector<std::pair<std::string, double>> failures;  // for each condition in its order, what breaks it
};

std::vector<Planted> planted() {
  return {
      {"bias-is-redundant",
       {{"largest |∂L/∂b|, relative to L", 1e-17},
        {"largest change of the output when b changes by 10·randn", 1e-15}},
       {{"largest |∂L/∂b|, relative to L", 1e-3},
        {"largest change of the output when b changes by 10·randn", 1e-9}}},
      {"scale-invariance",
       {{"largest error of the output, ε = 0", 1e-15}, {"largest error of a gradient, ε = 0", 1e-15}},
       {{"largest error of the output, ε = 0", 1e-5}, {"largest error of a gradient, ε = 0", 1e-5}}},
      {"gradient-is-orthogonal",
       {{"largest |cos(W, g)|", 1e-15}, {"relative difference of the two", 1e-14}},
       {{"largest |cos(W, g)|", 1e-2}, {"relative difference of the two", 1e-6}}},
      {"can-restore-the-identity",
       {{"largest error with γ = √(Var + ε)", 1e-15}},
       {{"largest error with γ = √(Var + ε)", 6e-6}}},
      {"inference-needs-the-unbiased-variance",
       {{"largest deviation of the biased one from (m − 1)/m", .3},
        {"largest deviation of the unbiased one from 1", .3}},
       {{"largest deviation of the biased one from (m − 1)/m", 3},
        {"largest deviation of the unbiased one from 1", 50}}},
      {"analytic-gradient-is-right",
       {{"error of ∂L/∂x", 1e-10}, {"error of ∂L/∂γ", 1e-11}, {"error of ∂L/∂β", 1e-12}},
       {{"error of ∂L/∂x", 1e-2}, {"error of ∂L/∂γ", 1e-4}, {"error of ∂L/∂β", 1e-6}}},
      {"figure-1",
       {{"accuracy with batch norm", 95},
        {"accuracy without", 92},
        {"widest over narrowest band without", 27},
        {"widest over narrowest band with batch norm", 1.6}},
       {{"accuracy without", 94.8},
        {"widest over narrowest band without", 3},
        {"widest over narrowest band with batch norm", 4}}},
      {"higher-learning-rates",
       {{"largest learning rate that reaches 92 %, with batch norm", 3},
        {"largest learning rate that reaches 92 %, without", .3}},
       {{"largest learning rate that reaches 92 %, with batch norm", 1}}},
      {"normalising-outside-the-gradient",
       {{"b after 1000 steps, outside the gradient", 194},
        {"deviation of b from a straight line", 1e-12},
        {"change of the loss meanwhile", 1e-13},
        {"|b| after 1000 steps, batch norm", 1e-14},
        {"accuracy, statistics outside the gradient", 11},
        {"accuracy, statistics inside", 96}},
       {{"b after 1000 steps, outside the gradient", 1},
        {"deviation of b from a straight line", .1},
        {"change of the loss meanwhile", .1},
        {"|b| after 1000 steps, batch norm", 10},
        {"accuracy, statistics outside the gradient", 90},
        {"accuracy, statistics inside", 50}}},
      {"saturating-nonlinearities",
       {{"best accuracy without", 11.4}, {"worst accuracy with batch norm", 90}},
       {{"best accuracy without", 60}, {"worst accuracy with batch norm", 30}}},
      {"jacobian-near-one",
       {{"lowest rms singular value with batch norm", .99},
        {"highest rms singular value with batch norm", 1.01}},
       {{"lowest rms singular value with batch norm", .5},
        {"highest rms singular value with batch norm", 10}}},
      {"regularises-like-dropout",
       {{"test error, neither", 11.1}, {"test error, batch norm, batches of 20", 10.1}},
       {{"test error, batch norm, batches of 20", 11.5}}},
      {"insensitive-to-initialisation",
       {{"range with batch norm", 170}, {"range without", 1}},
       {{"range with batch norm", 5}}},
      {"small-batches",
       {{"test error, batch norm, batches of 2", 55},
        {"test error, batch norm, batches of 32", 6.5},
        {"highest over lowest error, group norm", 1.2}},
       {{"test error, batch norm, batches of 2", 8}, {"highest over lowest error, group norm", 3}}},
      {"moving-average-or-population",
       {{"accuracy with population statistics, momentum 0.001", 96},
        {"accuracy with moving averages, momentum 0.001", 84},
        {"accuracy with population statistics, momentum 0.1", 96},
        {"accuracy with moving averages, momentum 0.1", 96}},
       {{"accuracy with moving averages, momentum 0.001", 95},
        {"accuracy with moving averages, momentum 0.1", 90}}},
      {"ghost-batches",
       {{"test error, full batch", 5.4},
        {"test error, ghost batches of 32", 4.8},
        {"test error, ghost batches of 16", 4.7}},
       {{"test error, full batch", 4.7}}},
      {"freeze-for-fine-tuning",
       {{"same domain, batches of 2, frozen", 97},
        {"same domain, batches of 2, active", 24},
        {"shifted domain, batches of 32, active", 97},
        {"shifted domain, batches of 32, frozen", 95}},
       {{"same domain, batches of 2, active", 90}, {"shifted domain, batches of 32, active", 90}}},
      {"first-layer-or-data",
       {{"accuracy, raw, pixels to 255", 10},
        {"change by the input's scale, normalised data", .1},
        {"change by the input's scale, batch norm first", .1},
        {"change by the input's scale, hidden batch norm", .1}},
       {{"accuracy, raw, pixels to 255", 90},
        {"change by the input's scale, normalised data", 3},
        {"change by the input's scale, batch norm first", 3},
        {"change by the input's scale, hidden batch norm", 3}}},
      {"internal-covariate-shift",
       {{"relative change of the gradient, with batch norm", .45},
        {"relative change of the gradient, without", 1}},
       {{"relative change of the gradient, with batch norm", 2}}},
      {"noise-does-not-hurt",
       {{"training loss in the end, noise 0.25", .2},
        {"training loss in the end, without", .4},
        {"instability of the inputs, noise 0.25", .8},
        {"instability of the inputs, without", .2}},
       {{"training loss in the end, noise 0.25", .6}, {"instability of the inputs, noise 0.25", .1}}},
      {"smoother-landscape",
       {{"median range of the loss, without, learning rate 0.1", 1},
        {"median range of the loss, with batch norm, learning rate 0.1", .1}},
       {{"median range of the loss, with batch norm, learning rate 0.1", .5}}},
      {"top-hessian-eigenvalue",
       {{"top eigenvalue, batch norm", 1},
        {"top eigenvalue, frozen statistics", 5},
        {"top eigenvalue, without", 11}},
       {{"top eigenvalue, frozen statistics", 1}, {"top eigenvalue, without", 2}}},
      {"deep-networks-collapse",
       {{"share of the variance between pictures, last hidden layer, without", .03},
        {"share of the variance between pictures, last hidden layer, with batch norm", 1}},
       {{"share of the variance between pictures, last hidden layer, without", .5},
        {"share of the variance between pictures, last hidden layer, with batch norm", .5}}},
      {"whitening-costs-more",
       {{"time of ZCA over batch norm, d = 64", 10}, {"time of ZCA over batch norm, d = 512", 100}},
       {{"time of ZCA over batch norm, d = 64", .5}, {"time of ZCA over batch norm, d = 512", 5}}},
      {"local-response-is-not-batch-norm",
       {{"growth of local response normalization's output", 9.83},
        {"growth of batch norm's output", 1},
        {"accuracy, batch norm", 95},
        {"accuracy, none", 82},
        {"accuracy, local response", 67}},
       {{"growth of local response normalization's output", 1},
        {"growth of batch norm's output", 2},
        {"accuracy, batch norm", 80},
        {"accuracy, local response", 90}}},
      {"test-time-shift",
       {{"repaired, contrast ×0.1", 99},
        {"repaired, brightness +0.5", 100},
        {"repaired, both", 101},
        {"repaired, noise", 15},
        {"repaired, moved by 2", -3},
        {"repaired, inverted", -4},
        {"gain, one class", -60}},
       {{"repaired, both", 50}, {"repaired, noise", 60}, {"gain, one class", 3}}},
      {"resnet-needs-batch-norm",
       {{"largest learning rate that still trains, with batch norm", 2.5},
        {"largest learning rate that still trains, without", .1}},
       {{"largest learning rate that still trains, with batch norm", .1}}},
  };
}

// Three seeds that differ by a tenth of a percent.
std::vector<Record> seeds(const std::map<std::string, double>& numbers) {
  std::vector<Record> all;
  for (const double factor : {0.999, 1.0, 1.001}) {
    all.emplace_back();
    for (const auto& [name, value] : numbers) all.back().number(name, factor * value);
  }
  return all;
}

Verdict verdict(const Claim& claim, const std::map<std::string, double>& numbers) {
  std::vector<Judgement> judgements;
  for (const auto& condition : claim.rule) judgements.push_back(judge(condition, seeds(numbers)));
  return verdict_of(judgements);
}

TEST(RulesTest, EveryClaimIsPlanted) { EXPECT_EQ(planted().size(), claims().size()); }

TEST(RulesTest, HoldOnMeasurementsThatBearTheClaimOut) {
  for (const auto& plan : planted())
    EXPECT_EQ(verdict(claim_named(plan.claim), plan.good), Verdict::kHolds) << plan.claim;
}

TEST(RulesTest, DoNotHoldAsSoonAsOneConditionIsBroken) {
  for (const auto& plan : planted()) {
    const auto& claim = claim_named(plan.claim);
    ASSERT_EQ(plan.failures.size(), claim.rule.size()) << plan.claim;
    for (std::size_t i = 0; i < claim.rule.size(); ++i) {
      auto numbers = plan.good;
      ASSERT_TRUE(numbers.contains(plan.failures[i].first)) << plan.claim << ": " << plan.failures[i].first;
      numbers[plan.failures[i].first] = plan.failures[i].second;
      EXPECT_EQ(judge(claim.rule[i], seeds(numbers)).verdict, Verdict::kDoesNotHold)
          << plan.claim << ": " << claim.rule[i].text();
      EXPECT_EQ(verdict(claim, numbers), Verdict::kDoesNotHold) << plan.claim;
    }
  }
}

TEST(RulesTest, SeedsThatDisagreeDecideNothing) {
  const auto& claim = claim_named("regularises-like-dropout");
  auto records = seeds({{"test error, neither", 11}, {"test error, batch norm, batches of 20", 10}});
  records.front().number("test error, batch norm, batches of 20", 14);
  EXPECT_EQ(judge(claim.rule.front(), records).verdict, Verdict::kInconclusive);
}

}  // namespace
}  // namespace evenkeel::lab::rules_test
