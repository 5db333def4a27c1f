#include "lab/laboratory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "files/version.h"
#include "temporary_folder.h"

namespace evenkeel::lab::laboratory_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Claim planted_claim(int number, const std::string& name) {
  return {.number = number,
          .name = name,
          .title = "A claim of the test: " + name,
          .source = "this test",
          .statement = "<p>Nothing is claimed.</p>",
          .formula = "y = x",
          .setup = "<p>Values are planted.</p>",
          .published = {{"elsewhere", "42.5"}},
          .rule = {above("gain", measured("gain"), 1, "points")},
          .pictures = {{.file = "curve",
                        .title = "A curve",
                        .x_label = "step",
                        .y_label = "loss",
                        .curves = {{"loss", "loss"}}}}};
}

// Known to the registry, as the page shows what is registered.
const Register first(planted_claim(1, "first-claim"));
const Register second(planted_claim(2, "second-claim"));

std::vector<const Claim*> both() { return {&claim_named("first-claim"), &claim_named("second-claim")}; }

class Watcher : public LabMonitor {
 public:
  void at(const LabStatus&) override {}
  void finished(const Result& result) override {
    verdicts.push_back(result.claim.name + ": " + std::string(name_of(result.verdict())));
    if (stop_after_first) stop = true;
  }
  void failed(const Claim& claim, std::uint64_t seed, const std::string& why) override {
    failures.push_back(claim.name + " " + std::to_string(seed) + ": " + why);
  }
  bool stop_requested() override { return stop; }

  std::vector<std::string> verdicts;
  std::vector<std::string> failures;
  bool stop = false;
  bool stop_after_first = false;
};

class LaboratoryTest : public ::testing::Test {
 protected:
  std::filesystem::path path() const { return folder_.path / "lab"; }

  // Leaves a mark for every seed that is measured.
  Measure planted(double gain) const {
    return [this, gain](const Claim& claim, const data::DataSet& data, std::uint64_t seed, Effort,
                        const std::function<void(double)>&) {
      std::ofstream(folder_.path / "measured", std::ios::app) << claim.name << ' ' << seed << '\n';
      Record record;
      record.setting("pictures", std::to_string(data.train.count));
      record.number("gain", gain + 0.01 * static_cast<double>(seed), "points");
      record.point("loss", 0, 2.5);
      record.point("loss", 1, 1.25);
      return record;
    };
  }

  LabOutcome run(const Measure& measure, std::uint64_t seeds = 3, std::size_t workers = 2) {
    return run_laboratory(LabFolder(path(), settings_), both(), seeds, workers, measure, watcher_);
  }

  std::vector<std::string> measured_seeds() const {
    std::vector<std::string> lines;
    std::ifstream file(folder_.path / "measured");
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  static std::string text_of(const std::filesystem::path& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  nlohmann::json result(const std::string& name) const {
    return nlohmann::json::parse(text_of(path() / name / "result.json"));
  }

  testing::TemporaryFolder folder_;
  LabSettings settings_;
  Watcher watcher_;
};

TEST_F(LaboratoryTest, EverySeedIsMeasuredAndJudged) {
  EXPECT_EQ(run(planted(5)), LabOutcome::kDone);
  EXPECT_THAT(measured_seeds(), ElementsAre("first-claim 1", "first-claim 2", "first-claim 3",
                                            "second-claim 1", "second-claim 2", "second-claim 3"));
  EXPECT_THAT(watcher_.verdicts,
              ::testing::UnorderedElementsAre("first-claim: holds", "second-claim: holds"));
}

TEST_F(LaboratoryTest, ResultSaysWhatWasMeasured) {
  run(planted(5));
  const auto json = result("first-claim");
  EXPECT_EQ(json.at("claim"), "A claim of the test: first-claim");
  EXPECT_EQ(json.at("source"), "this test");
  EXPECT_EQ(json.at("verdict"), "holds");
  EXPECT_EQ(json.at("rule"), "gain > 1 point");
  EXPECT_EQ(json.at("seeds"), nlohmann::json({1, 2, 3}));
  EXPECT_EQ(json.at("settings").at("pictures"), "12000");
  const auto& gain = json.at("measurements").at("gain");
  EXPECT_EQ(gain.at("unit"), "points");
  EXPECT_NEAR(gain.at("mean").get<double>(), 5.02, 1e-12);
  EXPECT_NEAR(gain.at("interval").at(1).get<double>(), 5.02 + 4.3027 * 0.01 / std::sqrt(3), 1e-5);
  EXPECT_EQ(gain.at("seeds").size(), 3U);
  EXPECT_EQ(json.at("pictures"), nlohmann::json({"curve.svg"}));
  EXPECT_THAT(text_of(path() / "first-claim" / "curve.svg"),
              HasSubstr("xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_EQ(json.at("repeat"), "evenkeel lab run first-claim --seeds 3");
}

TEST_F(LaboratoryTest, VerdictFollowsFromTheMeasurements) {
  run(planted(-5));
  EXPECT_EQ(result("first-claim").at("verdict"), "does not hold");
  EXPECT_THAT(text_of(path() / "index.html"), HasSubstr("does not hold"));
}

TEST_F(LaboratoryTest, SeedsOfAnEarlierRunAreKept) {
  run(planted(5), 2);
  const auto before = text_of(path() / "first-claim" / "seed-1.json");
  run(planted(7), 3);
  EXPECT_EQ(measured_seeds().size(), 6U);  // 2 x 2, then the third of each
  EXPECT_EQ(text_of(path() / "first-claim" / "seed-1.json"), before);
  EXPECT_EQ(result("first-claim").at("seeds").size(), 3U);
}

TEST_F(LaboratoryTest, ARunThatWasStoppedGoesOn) {
  watcher_.stop_after_first = true;
  EXPECT_EQ(run(planted(5), 1, 1), LabOutcome::kStopped);
  EXPECT_THAT(measured_seeds(), ElementsAre("first-claim 1"));
  watcher_ = {};
  EXPECT_EQ(run(planted(5), 1, 1), LabOutcome::kDone);
  EXPECT_THAT(measured_seeds(), ElementsAre("first-claim 1", "second-claim 1"));
}

TEST_F(LaboratoryTest, ASeedThatFailsIsReportedAndTheOthersGoOn) {
  const auto good = planted(5);
  const auto outcome =
      run([&](const Claim& claim, const auto& data, std::uint64_t seed, Effort effort, const auto& report) {
        if (claim.name == "first-claim" && seed == 2) throw std::runtime_error("it broke");
        return good(claim, data, seed, effort, report);
      });
  EXPECT_EQ(outcome, LabOutcome::kFailed);
  EXPECT_THAT(watcher_.failures, ElementsAre("first-claim 2: it broke"));
  EXPECT_EQ(result("second-claim").at("seeds").size(), 3U);
}

TEST_F(LaboratoryTest, PageHasEveryClaimItsFiguresAndItsCommand) {
  run(planted(5));
  const auto page = text_of(path() / "index.html");
  for (const char* text :
       {"A claim of the test: first-claim", "A claim of the test: second-claim", "this test", "5.02", "42.5",
        "<svg class=\"plot\"", "evenkeel lab run first-claim --seeds 3", "y = x"})
    EXPECT_THAT(page, HasSubstr(text));
  EXPECT_THAT(page, Not(HasSubstr("src=")));  // nothing outside of it
}

TEST_F(LaboratoryTest, ClaimsWithoutAResultAreOnThePageAsNotMeasured) {
  run_laboratory(LabFolder(path(), settings_), {&claim_named("second-claim")}, 1, 1, planted(5), watcher_);
  const auto page = text_of(path() / "index.html");
  EXPECT_THAT(page, HasSubstr("A claim of the test: first-claim"));
  EXPECT_THAT(page, HasSubstr("not measured"));
}

TEST_F(LaboratoryTest, AFolderOfOtherSettingsIsRefused) {
  LabFolder(path(), settings_);
  LabSettings other;
  other.effort = Effort::kQuick;
  EXPECT_THAT([&] { LabFolder(path(), other); },
              ::testing::ThrowsMessage<std::runtime_error>(HasSubstr(
                  "lab.json: expected effort \"standard\", as the folder was begun with, found \"quick\"")));
}

TEST_F(LaboratoryTest, TheSameDataWrittenAnotherWayIsTheSame) {
  std::filesystem::create_directories(folder_.path / "mnist");
  settings_.digits = "mnist:" + (folder_.path / "mnist").string();
  LabFolder(path(), settings_);
  auto other = settings_;
  other.digits += "/../mnist/";
  EXPECT_EQ(LabFolder(path(), other).settings().digits, settings_.digits);
  other.digits = "digits";
  EXPECT_THROW(LabFolder(path(), other), std::runtime_error);
}

TEST_F(LaboratoryTest, WhatAnotherVersionMeasuredIsNotMixedIn) {
  LabFolder(path(), settings_);
  const auto file = path() / "lab.json";
  auto json = nlohmann::json::parse(text_of(file));
  const auto refuse = [&](const std::string& found) {
    std::ofstream(file) << json;
    EXPECT_THAT([&] { LabFolder(path(), settings_); },
                ::testing::ThrowsMessage<std::runtime_error>(HasSubstr("found one begun by " + found)));
  };
  json["libtorch"] = "0.4.1";
  refuse("Evenkeel " + files::versions().evenkeel + " with LibTorch 0.4.1");
  json.erase("libtorch");
  refuse("an older version");
}

TEST_F(LaboratoryTest, AFolderOfSomethingElseIsRefused) {
  std::filesystem::create_directories(path());
  std::ofstream(path() / "thesis.txt") << "years of work";
  EXPECT_THAT([&] { LabFolder(path(), settings_); },
              ::testing::ThrowsMessage<std::runtime_error>(HasSubstr("expected a new or empty folder")));
}

TEST_F(LaboratoryTest, ADamagedSeedIsAnErrorThatNamesTheFile) {
  run(planted(5), 1);
  std::ofstream(path() / "first-claim" / "seed-1.json") << "{\"data\": \"digits\", \"seco";
  EXPECT_THAT([&] { run(planted(5), 1); },
              ::testing::ThrowsMessage<std::runtime_error>(HasSubstr("seed-1.json: expected")));
}

TEST_F(LaboratoryTest, AnUnknownClaimIsRefusedByName) {
  EXPECT_THAT([] { claim_named("third-claim"); },
              ::testing::ThrowsMessage<std::runtime_error>(HasSubstr("third-claim")));
}

}  // namespace
}  // namespace evenkeel::lab::laboratory_test
