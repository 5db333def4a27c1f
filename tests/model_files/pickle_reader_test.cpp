#include "model_files/pickle_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <random>
#include <stdexcept>

#include "model_files/pickle_writer.h"

namespace evenkeel::model_files::pickle_reader_test {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;  // literals with zero bytes in them

torch::Tensor load_ten_elements(std::string_view, torch::ScalarType dtype, std::int64_t) {
  return torch::zeros({10}, dtype);
}

std::string error_of(const std::string& bytes) {
  try {
    read_pickle(bytes, load_ten_elements);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

// A call of _rebuild_tensor_v2 on a storage of ten floats, with single-byte numbers.
std::string tensor(int offset, int size, int stride) {
  const auto number = [](int value) { return std::string("K") + static_cast<char>(value); };
  const std::string key = "X\1\0\0\0"s + "0";
  return "ctorch._utils\n_rebuild_tensor_v2\n((X\7" + std::string(3, '\0') + "storagectorch\nFloatStorage\n" +
         key + "N" + number(10) + "tQ" + number(offset) + "(" + number(size) + "t(" + number(stride) +
         "t\x89}tR.";
}

TEST(PickleReaderTest, NumbersTextAndContainersAreWhatPythonWrote) {
  // pickle.dumps({"a": [1, -2, 300, 2**40, 1.5], "b": (True, None)}, protocol=2), without the memo
  const std::string bytes =
      "\x80\x02}(X\1\0\0\0a](K\x01J\xfe\xff\xff\xffM\x2c\x01\x8a\x06\0\0\0\0\0\x01G\x3f\xf8\0\0\0\0\0\0eX\1\0\0\0b\x88N\x86u."s;
  const auto pickle = read_pickle(bytes, load_ten_elements);
  const auto& items = std::get<PickleDict*>(pickle.root)->items;
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(std::get<std::string_view>(items[0].first), "a");
  const auto& list = std::get<PickleSequence*>(items[0].second)->items;
  ASSERT_EQ(list.size(), 5U);
  EXPECT_EQ(std::get<std::int64_t>(list[0]), 1);
  EXPECT_EQ(std::get<std::int64_t>(list[1]), -2);
  EXPECT_EQ(std::get<std::int64_t>(list[2]), 300);
  EXPECT_EQ(std::get<std::int64_t>(list[3]), std::int64_t{1} << 40);
  EXPECT_EQ(std::get<double>(list[4]), 1.5);
  EXPECT_TRUE(std::get<bool>(std::get<PickleSequence*>(items[1].second)->items[0]));
}

TEST(PickleReaderTest, OtherPythonObjectsAreNamesThatDoNothing) {
  const auto bytes =
      "\x80\x02"
      "cos\nsystem\nX\2\0\0\0ls\x85R."s;
  EXPECT_EQ(kind_of(read_pickle(bytes, load_ten_elements).root), "the Python object os.system");
}

TEST(PickleReaderTest, AnObjectOfAnotherClassKeepsItsAttributes) {
  // class c of module m, made by __new__, with the attribute a = 7; its list items and dict items are dropped
  const auto bytes =
      "\x80\x02"
      "cm\nc\n)\x81}X\1\0\0\0aK\x07sbK\x01"
      "aK\x01K\x02s."s;
  const auto pickle = read_pickle(bytes, load_ten_elements);
  const auto* object = std::get<PickleObject*>(pickle.root);
  EXPECT_EQ(object->name, "c");
  const auto* value = object->attributes->find("a");
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(std::get<std::int64_t>(*value), 7);
  EXPECT_EQ(object->attributes->find("b"), nullptr);
}

TEST(PickleReaderTest, ElementsOfOtherTypesAreObjectsAndNeedNoStorage) {
  auto bytes = tensor(0, 10, 1);
  bytes.replace(bytes.find("FloatStorage"), 12, "QInt8Storage");
  EXPECT_EQ(kind_of(read_pickle(bytes, load_ten_elements).root), "the Python object torch.QInt8Storage");
}

TEST(PickleReaderTest, AnIntegerOfManyBytesIsAnObject) {
  const auto bytes =
      "\x80\x02\x8a\x09"
      "123456789."s;
  EXPECT_EQ(kind_of(read_pickle(bytes, load_ten_elements).root), "the Python object builtins.int");
}

TEST(PickleReaderTest, OtherOpcodesAreRefused) {
  EXPECT_THAT(error_of("\x80\x02"
                       "i."),
              HasSubstr("found the opcode 0x69"));
}

TEST(PickleReaderTest, OtherProtocolsAreRefused) {
  EXPECT_THAT(error_of("\x80\x04"
                       "N."),
              HasSubstr("expected pickle protocol 2, found 4"));
}

TEST(PickleReaderTest, ATensorLiesInsideItsStorage) {
  EXPECT_EQ(error_of(tensor(0, 10, 1)), "no error");
  EXPECT_EQ(error_of(tensor(1, 5, 2)), "no error");
  EXPECT_EQ(error_of(tensor(10, 0, 1)), "no error");
  EXPECT_THAT(error_of(tensor(0, 11, 1)), HasSubstr("expected a tensor inside its storage of 10 elements"));
  EXPECT_THAT(error_of(tensor(1, 10, 1)), HasSubstr("inside its storage"));
  EXPECT_THAT(error_of(tensor(0, 6, 2)), HasSubstr("inside its storage"));
  EXPECT_THAT(error_of(tensor(11, 0, 1)), HasSubstr("inside its storage"));
  EXPECT_THAT(error_of(tensor(0, 100, 0)),
              HasSubstr("inside its storage"));  // any amount of memory from a few bytes
}

TEST(PickleReaderTest, LengthsBeyondTheEndAreRefused) {
  EXPECT_THAT(error_of("X\xff\xff\xff\x7f"
                       "abc"),
              HasSubstr("expected 2147483647 more bytes of the pickle, found its end after 3"));
}

TEST(PickleReaderTest, ManglingAPickleGivesAValueOrAnErrorNeverACrash) {
  StateDict state;
  for (const char* name : {"a.weight", "a.bias", "b"}) state.tensors.insert(name, torch::zeros({2, 5}));
  state.modules = {{"", 1, {}}, {"a", 2, 3}};
  const auto bytes = pickle_state_dict(state);
  std::mt19937 random(7);
  int read = 0;
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    auto mangled = bytes;
    for (auto changes = random() % 4 + 1; changes > 0; --changes) {
      const auto place = random() % mangled.size();
      switch (random() % 3) {
        case 0:
          mangled[place] = static_cast<char>(random());
          break;
        case 1:
          mangled.erase(place, random() % 8);
          break;
        default:
          mangled.insert(place, mangled.substr(random() % mangled.size(), random() % 8));
          break;
      }
      if (mangled.empty()) mangled = ".";
    }
    try {
      read_pickle(mangled, load_ten_elements);
      ++read;
    } catch (const std::runtime_error&) {
      ++refused;
    }
  }
  EXPECT_GT(read, 100);
  EXPECT_GT(refused, 10000);
}

}  // namespace
}  // namespace evenkeel::model_files::pickle_reader_test
