#include "files/json_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <stdexcept>

#include "temporary_folder.h"

namespace evenkeel::files::json_file_test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(JsonTextTest, SaysWhichSchemaItHasAndWhoWroteItBeforeEverythingElse) {
  const auto text = json_text({{"loss", 0.5}});
  EXPECT_EQ(text, "{\n  \"schema_version\": 1,\n  \"evenkeel\": \"" + versions().evenkeel +
                      "\",\n  \"libtorch\": \"" + versions().libtorch + "\",\n  \"loss\": 0.5\n}\n");
  EXPECT_FALSE(versions().evenkeel.empty());
  EXPECT_FALSE(versions().libtorch.empty());
}

TEST(JsonTextTest, NumbersThatAreNotFiniteAreWordsAtAnyDepth) {
  const auto json = nlohmann::ordered_json::parse(
      json_text({{"a", kNaN}, {"b", {1.5, kInfinity, {{"c", -kInfinity}}}}, {"d", 3}, {"e", nullptr}}));
  EXPECT_EQ(json["a"], "nan");
  EXPECT_EQ(json["b"][0], 1.5);
  EXPECT_EQ(json["b"][1], "inf");
  EXPECT_EQ(json["b"][2]["c"], "-inf");
  EXPECT_EQ(json["d"], 3);
  EXPECT_TRUE(json["e"].is_null());
}

// Names in a model file may be any bytes.
TEST(JsonTextTest, BytesThatAreNoUtf8AreReplaced) {
  const auto json = nlohmann::ordered_json::parse(json_text({{"name",
                                                              "a\xff\xfe"
                                                              "b"}}));
  EXPECT_EQ(json["name"],
            "a\xEF\xBF\xBD\xEF\xBF\xBD"
            "b");
}

TEST(JsonFileTest, WhatIsNotFiniteComesBack) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path / "file.json";
  write_json(path, {{"nan", kNaN}, {"inf", kInfinity}, {"-inf", -kInfinity}, {"two", 2}, {"word", "x"}});
  const JsonFile json(path);
  EXPECT_TRUE(std::isnan(json.number("nan")));
  EXPECT_EQ(json.number("inf"), kInfinity);
  EXPECT_EQ(json.number("-inf"), -kInfinity);
  EXPECT_EQ(json.number("two"), 2);
  EXPECT_THROW(json.number("word"), std::runtime_error);
  EXPECT_EQ(json.written_by(), versions());
}

TEST(JsonFileTest, AFileFromBeforeItWasSaidNamesNoWriter) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path / "file.json";
  std::ofstream(path) << R"({"loss": null})";
  EXPECT_EQ(JsonFile(path).written_by(), std::nullopt);
  EXPECT_TRUE(std::isnan(JsonFile(path).number("loss")));
}

}  // namespace
}  // namespace evenkeel::files::json_file_test
