#include "model_files/pickle_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <memory>
#include <random>
#include <span>
#include <stdexcept>

#include "model_files/pickle_writer.h"

namespace evenkeel::model_files::pickle_reader_test {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;  // literals with zero bytes in them

// Ten floats, which nobody reads.
class TenElements : public Storage {
 public:
  std::uint64_t size() const override { return 40; }
  void read(std::uint64_t, std::span<std::byte>) override {}
};

std::shared_ptr<Storage> load_ten_elements(std::string_view, std::uint64_t) {
  return std::make_shared<TenElements>();
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
  // class c of module m, made by __new__, with the attribute a = 7, and items of lists and dicts
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
                       "z."),
              HasSubstr("found the opcode 0x7a"));
}

TEST(PickleReaderTest, LaterProtocolsAreRefused) {
  EXPECT_THAT(error_of("\x80\x06"
                       "N."),
              HasSubstr("expected a pickle protocol of at most 5, found 6"));
}

TEST(PickleReaderTest, Protocol4IsReadLikeProtocol2) {
  // pickle.dumps(OrderedDict(a=1, b={2, 3}, c=b"xy"), protocol=4)
  const auto bytes =
      "\x80\x04\x95\x3c\0\0\0\0\0\0\0\x8c\x0b"
      "collections\x94\x8c\x0bOrderedDict\x94\x93\x94)R\x94(\x8c\x01"
      "a\x94K\x01\x8c\x01"
      "b\x94\x8f\x94(K\x02K\x03\x90\x8c\x01"
      "c\x94"
      "C\x02xy\x94u."s;
  const auto pickle = read_pickle(bytes, load_ten_elements);
  const auto& items = std::get<PickleDict*>(pickle.root)->items;
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(std::get<std::string_view>(items[0].first), "a");
  EXPECT_EQ(std::get<std::int64_t>(items[0].second), 1);
  EXPECT_EQ(kind_of(items[1].second), "the Python object builtins.set");
  EXPECT_EQ(kind_of(items[2].second), "the Python object builtins.bytes");
}

// Of Python 2, whose text is a string of bytes.
TEST(PickleReaderTest, ProtocolsWithLinesOfTextAreRead) {
  const auto bytes =
      "(dp0\nS'a'\np1\nI7\nsS'b'\n(lp2\nI01\naL5L\nag1\nasU\x01"
      "cI-3\ns."s;
  const auto pickle = read_pickle(bytes, load_ten_elements);
  const auto& items = std::get<PickleDict*>(pickle.root)->items;
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(std::get<std::string_view>(items[0].first), "a");
  EXPECT_EQ(std::get<std::int64_t>(items[0].second), 7);
  const auto& list = std::get<PickleSequence*>(items[1].second)->items;
  EXPECT_TRUE(std::get<bool>(list.at(0)));
  EXPECT_EQ(std::get<std::int64_t>(list.at(1)), 5);
  EXPECT_EQ(std::get<std::string_view>(list.at(2)), "a");
  EXPECT_EQ(std::get<std::int64_t>(items[2].second), -3);
}

TEST(PickleReaderTest, DictionariesOfOtherClassesKeepTheirItems) {
  const auto derived = read_pickle(
      "\x80\x02"
      "cm\nDict\n)R(X\1\0\0\0aK\x01u."s,
      load_ten_elements);
  ASSERT_NE(dict_in(derived.root), nullptr);
  EXPECT_NE(dict_in(derived.root)->find("a"), nullptr);
  // defaultdict(list), and the OrderedDict of Python 2, made of a list of pairs
  const auto defaulted = read_pickle(
      "\x80\x02"
      "ccollections\ndefaultdict\ncbuiltins\nlist\n\x85R(X\1\0\0\0aK\x01u."s,
      load_ten_elements);
  EXPECT_NE(dict_in(defaulted.root)->find("a"), nullptr);
  const auto ordered = read_pickle(
      "\x80\x02"
      "ccollections\nOrderedDict\n](](X\1\0\0\0aK\x01"
      "ee\x85R."s,
      load_ten_elements);
  EXPECT_NE(dict_in(ordered.root)->find("a"), nullptr);
}

// torch._tensor._rebuild_from_type_v2(function, type, arguments, state): a tensor of a subclass, or with attributes.
TEST(PickleReaderTest, ATensorOfASubclassIsATensor) {
  auto inner = tensor(0, 5, 2);  // function, (, arguments, R.
  inner.resize(inner.size() - 2);
  const auto arguments = inner.find('(');
  const auto bytes = "ctorch._tensor\n_rebuild_from_type_v2\n(" + inner.substr(0, arguments) +
                     "cfastai\nTensorImage\n" + inner.substr(arguments) + "}tR.";
  EXPECT_EQ(kind_of(read_pickle(bytes, load_ten_elements).root), "a tensor");
}

// What is not a tensor must not hide those beside it.
TEST(PickleReaderTest, ATensorLiesInsideItsStorage) {
  const auto found = [](const std::string& bytes) {
    return kind_of(read_pickle(bytes, load_ten_elements).root);
  };
  for (const auto& good : {tensor(0, 10, 1), tensor(1, 5, 2), tensor(10, 0, 1), tensor(0, 100, 0)})
    EXPECT_EQ(found(good), "a tensor");
  EXPECT_THAT(found(tensor(0, 11, 1)), HasSubstr("expected a tensor inside its storage of 10 elements"));
  for (const auto& bad : {tensor(1, 10, 1), tensor(0, 6, 2), tensor(11, 0, 1), tensor(10, 100, 0)})
    EXPECT_THAT(found(bad), HasSubstr("inside its storage"));
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
