// What inspect() reads from every format, and what it says of what cannot be read. The files are written here, byte by byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "evenkeel/inspect.h"
#include "model_files/model_file.h"
#include "small_files.h"
#include "temporary_folder.h"

namespace evenkeel::formats_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace testing;
using namespace std::string_literals;

Items together(Items a, const Items& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

class FormatsTest : public ::testing::Test {
 protected:
  std::filesystem::path path(const std::string& name = "model.pt") const { return folder_.path / name; }

  // "a ok", "b negative-variance": every layer with what was found.
  std::vector<std::string> look(const std::string& name = "model.pt",
                                const InspectOptions& options = {}) const {
    std::vector<std::string> found;
    for (const auto& layer : inspect(path(name), options).layers) {
      auto text = layer.state.name;
      for (const auto& finding : layer.findings) text += " " + std::string(name_of(finding.defect));
      found.push_back(text + (layer.findings.empty() ? " ok" : ""));
    }
    return found;
  }

  std::string error_of(const std::string& name = "model.pt", const InspectOptions& options = {}) const {
    try {
      inspect(path(name), options);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no error";
  }

  std::string first_finding(const std::string& name = "model.pt") const {
    for (const auto& layer : inspect(path(name)).layers)
      if (!layer.findings.empty()) return layer.findings.front().what;
    return "nothing";
  }

  testing::TemporaryFolder folder_;
};

const std::vector<float> kBroken{1, -2, 3};
const std::vector<float> kHealthy{1, 2, 3};

TEST_F(FormatsTest, ArchivesOfAnyPackingAreTheSame) {
  for (const auto& packing :
       {Packing{}, Packing{.folder = "", .compressed = false}, Packing{.folder = "a/b/", .compressed = false},
        Packing{.folder = "model/", .compressed = true}}) {
    write_archive(path(), pickled_dict(norm("bn")), norm_storages("bn", kBroken), packing);
    EXPECT_THAT(look(), ElementsAre("bn negative-variance")) << packing.folder << packing.compressed;
  }
}

TEST_F(FormatsTest, BigEndianNumbersAreTurnedRound) {
  auto storages = norm_storages("bn", kBroken);
  for (auto& [key, bytes] : storages)
    for (std::size_t i = 0; i < bytes.size(); i += 4) std::reverse(bytes.begin() + i, bytes.begin() + i + 4);
  write_archive(path(), pickled_dict(norm("bn")), storages,
                {.folder = "model/", .compressed = false, .byte_order = "big"});
  const auto inspection = inspect(path());
  EXPECT_THAT(inspection.layers.at(0).state.running_var, ElementsAre(1, -2, 3));
  write_archive(path(), pickled_dict(norm("bn")), storages,
                {.folder = "model/", .compressed = false, .byte_order = "middle"});
  EXPECT_THAT(error_of(), HasSubstr("expected little-endian or big-endian numbers, found \"middle\""));
}

TEST_F(FormatsTest, ChecksumsMayBeAbsentAndMustNotBeWrong) {
  write_archive(path(), pickled_dict(norm("bn")), norm_storages("bn", kBroken));
  std::ifstream file(path(), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  for (const char* checksum : {"\0\0\0\0", "\1\2\3\4"}) {
    auto changed = bytes;
    // Offset 16 in each header of the directory, 14 in the local ones.
    for (const auto& [start, offset] : {std::pair{"PK\1\2"s, 16}, std::pair{"PK\3\4"s, 14}})
      for (auto at = changed.find(start); at != std::string::npos; at = changed.find(start, at + 1))
        if (changed.find("data/bnv", at) < at + 80)
          changed.replace(at + static_cast<std::size_t>(offset), 4, checksum, 4);
    write_file(path(), changed);
    EXPECT_THAT(look(), ElementsAre(*checksum == '\0' ? "bn negative-variance" : "bn unreadable"));
  }
  EXPECT_THAT(first_finding(), HasSubstr("with the right checksum"));
}

TEST_F(FormatsTest, ExpandedTensorsAreRead) {
  const auto expanded = [](const std::string& key) {
    return pickled_tensor(pickled_storage(key, 1), {0, 6, 0});
  };
  write_archive(path(), pickled_dict({{"bn.running_mean", expanded("m")}, {"bn.running_var", expanded("v")}}),
                {{"m", floats({0.5})}, {"v", floats({0.25})}});
  const auto inspection = inspect(path());
  EXPECT_THAT(inspection.layers.at(0).state.running_var, ElementsAre(0.25, 0.25, 0.25, 0.25, 0.25, 0.25));
}

TEST_F(FormatsTest, ViewsOfALargeStorageAreReadAsTheyLie) {
  write_archive(path(),
                pickled_dict({{"bn.running_mean", pickled_tensor(pickled_storage("s", 9), {1, 3, 2})},
                              {"bn.running_var", pickled_tensor(pickled_storage("s", 9), {6, 3, 1})}}),
                {{"s", floats({9, 1, 9, 2, 9, 3, 4, 5, 6})}});
  const auto inspection = inspect(path());
  const auto& state = inspection.layers.at(0).state;
  EXPECT_THAT(state.running_mean, ElementsAre(1, 2, 3));
  EXPECT_THAT(state.running_var, ElementsAre(4, 5, 6));
}

// What is odd is said of its layer, and hides no other.
TEST_F(FormatsTest, WhatCannotBeReadIsAFindingOfItsLayer) {
  const Items odd[] = {
      {{"odd.running_mean", pickled_tensor(pickled_storage("gone", 3), {0, 3, 1})}},  // no such record
      {{"odd.running_mean", pickled_tensor(pickled_storage("bm", 4), {0, 4, 1})}},    // another length
      {{"odd.running_mean", pickled_tensor(pickled_storage("bm", 3), {1, 3, 1})}},    // outside
      {{"odd.running_mean",
        pickled_tensor(pickled_storage("bm", 3, "QInt8Storage"), {0, 3, 1})}},  // quantised
      {{"odd.running_mean",
        pickled_tensor(pickled_storage("bm", 3, "IntStorage"), {0, 3, 1})}},  // no fractions
      {{"odd.running_mean", "cnumpy\nndarray\n)R"},
       {"odd.num_batches_tracked", pickled(3)}},        // another object
      {{"odd.running_mean", "](" + pickled(1) + "e"}},  // a list
  };
  for (const auto& mean : odd) {
    auto items = together(norm("a"), mean);
    items.emplace_back("odd.running_var", pickled_tensor(pickled_storage("bv", 3), {0, 3, 1}));
    write_archive(path(), pickled_dict(together(items, norm("b"))),
                  together(norm_storages("a", kHealthy), norm_storages("b", kBroken)));
    EXPECT_THAT(look(), ElementsAre("a ok", "odd unreadable", "b negative-variance")) << mean.front().second;
    EXPECT_GT(inspect(path()).count(Severity::kError), 1);
  }
}

TEST_F(FormatsTest, AStatisticThatIsMissingOrOfAnotherLengthIsAFinding) {
  auto items = norm("a");
  items.pop_back();
  items.emplace_back("b.running_mean", pickled_tensor(pickled_storage("am", 3), {0, 3, 1}));
  items.emplace_back("b.running_var", pickled_tensor(pickled_storage("av", 3), {0, 2, 1}));
  write_archive(path(), pickled_dict(items), norm_storages("a", kHealthy));
  EXPECT_THAT(look(), ElementsAre("a unreadable", "b unreadable"));
}

TEST_F(FormatsTest, AllEntriesAreInspectedUnderTheirNames) {
  const auto healthy = pickled_dict(norm("bn"));
  const auto broken = pickled_dict(norm("x"));
  auto storages = together(norm_storages("bn", kHealthy), norm_storages("x", kBroken));
  write_archive(
      path(),
      pickled_dict({{"model", healthy}, {"ema", pickled_dict({{"module", broken}})}, {"epoch", pickled(3)}}),
      storages);
  EXPECT_THAT(look(), ElementsAre("model.bn ok", "ema.module.x negative-variance"));
  EXPECT_THAT(look("model.pt", {.entry = "model", .eps = {}, .momentum = {}}), ElementsAre("bn ok"));
  EXPECT_THAT(look("model.pt", {.entry = "ema", .eps = {}, .momentum = {}}),
              ElementsAre("x negative-variance"));
  EXPECT_THAT(error_of("model.pt", {.entry = "mod", .eps = {}, .momentum = {}}),
              HasSubstr("model.pt: expected tensors in the entry \"mod\", found none"));
}

TEST_F(FormatsTest, StateDictsLieInAnyDepth) {
  auto value = pickled_dict(norm("bn"));
  for (int depth = 0; depth < 50; ++depth)
    value =
        depth % 2 == 0 ? "](" + value + "e" : "ccollections\nOrderedDict\n)R(" + pickled("d") + value + "u";
  write_archive(path(), value, norm_storages("bn", kBroken));
  EXPECT_THAT(look(), ElementsAre("bn negative-variance"));
}

TEST_F(FormatsTest, TheFormatBeforePyTorch16IsRead) {
  const auto bytes = legacy_file(kBroken);
  write_file(path(), bytes);
  EXPECT_THAT(look(), ElementsAre("bn negative-variance"));
  write_file(path(), bytes.substr(0, bytes.size() - 1));
  EXPECT_THAT(look(), ElementsAre("bn unreadable"));
}

TEST_F(FormatsTest, SafetensorsAreReadAndChecked) {
  const auto data = floats({1, 2, 3}) + floats(kBroken);
  write_file(path(), safetensors_file(safetensors_header("[12,24]"), data));
  EXPECT_THAT(look(), ElementsAre("bn negative-variance"));
  EXPECT_THAT(inspect(path()).source, HasSubstr("model.pt: safetensors"));
  // Outside the file, another length, backwards, no numbers.
  for (const char* wrong : {"[12,28]", "[12,20]", "[24,12]", "[-1,11]", "[\"a\",1]", "[1]", "{}"}) {
    write_file(path(), safetensors_file(safetensors_header(wrong), data));
    EXPECT_THAT(look(), ElementsAre("bn unreadable")) << wrong;
  }
  write_file(path(), safetensors_file(safetensors_header("[0,12]"), data));
  EXPECT_THAT(error_of(), HasSubstr("found two in the same place"));
  write_file(path(), safetensors_file(safetensors_header("[12,24]"), data).substr(0, 100));
  EXPECT_THAT(error_of(), HasSubstr("expected a header of"));
  write_file(path(), safetensors_file("{\"a\":1", data));
  EXPECT_THAT(error_of(), HasSubstr("expected a header in JSON"));
}

TEST_F(FormatsTest, AModelInSeveralFilesIsReadThroughItsIndex) {
  const auto norms = norm("bn");
  write_archive(path("1.bin"), pickled_dict({norms[0]}), norm_storages("bn", kBroken));
  write_archive(path("2.bin"), pickled_dict({norms[1]}), norm_storages("bn", kBroken));
  const auto index = [&](const std::string& shard) {
    write_file(path("model.index.json"),
               R"({"weight_map": {"bn.running_mean": "1.bin", "bn.running_var": ")" + shard + "\"}}");
  };
  index("2.bin");
  EXPECT_THAT(look("model.index.json"), ElementsAre("bn negative-variance"));
  index("3.bin");
  EXPECT_THAT(first_finding("model.index.json"),
              HasSubstr("3.bin: expected a file, found nothing of that name"));
  index("../x/2.bin");
  EXPECT_THAT(first_finding("model.index.json"),
              HasSubstr("expected the name of a file in the index's folder"));
  index("model.index.json");  // itself
  EXPECT_THAT(look("model.index.json"), ElementsAre("bn unreadable"));
}

TEST_F(FormatsTest, WhatIsNoModelIsOneLine) {
  EXPECT_THAT(error_of("none.pt"), HasSubstr("none.pt: expected a file, found nothing of that name"));
  EXPECT_THAT(error_of(""), HasSubstr("expected a file, found a folder"));
  for (const auto& bytes :
       {""s, "hello"s, "\x80\x04N."s, "{\"a\": 1}"s, "PK\3\4"s, std::string(1000, '\0')}) {
    write_file(path(), bytes);
    EXPECT_THAT(error_of(), HasSubstr("model.pt: expected ")) << bytes;
  }
}

// Only what is asked for is read: a file of four gigabytes, nearly all of it a hole.
TEST_F(FormatsTest, ALargeFileTakesNoTimeAndNoMemory) {
  constexpr std::uint64_t kLarge = std::uint64_t{4} << 30;
  constexpr int kNorms = 50;
  std::string header = R"({"head.weight":{"dtype":"F32","shape":[1073741824],"data_offsets":[0,4294967296]})";
  std::uint64_t at = kLarge;
  std::string data;
  for (int i = 0; i < kNorms; ++i) {
    for (const char* part : {"running_mean", "running_var"}) {
      header += ",\"bn" + std::to_string(i) + "." + part +
                R"(":{"dtype":"F32","shape":[3],"data_offsets":[)" + std::to_string(at) + "," +
                std::to_string(at + 12) + "]}";
      data += floats(kHealthy);
      at += 12;
    }
  }
  header += "}";
  {
    std::ofstream file(path(), std::ios::binary);
    file << little_endian(header.size(), 8) << header;
    file.seekp(static_cast<std::streamoff>(8 + header.size() + kLarge));
    file << data;
    ASSERT_TRUE(file.good()) << "no file system with holes";
  }
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  EXPECT_EQ(inspect(path()).layers.size(), static_cast<std::size_t>(kNorms));
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 200 << 10);  // KiB
  EXPECT_LT(after.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_utime.tv_sec - before.ru_stime.tv_sec,
            2);
}

}  // namespace
}  // namespace evenkeel::formats_test
