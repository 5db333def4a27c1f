#include "model_files/state_dict_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fstream>
#include <random>
#include <stdexcept>

#include "python_with_torch.h"
#include "temporary_folder.h"

namespace evenkeel::model_files::state_dict_file_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class StateDictFileTest : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& bytes, const std::string& name = "model.pt") const {
    const auto path = folder_.path / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  std::string error_of(const std::string& bytes) const {
    try {
      read_state_dict(write(bytes));
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no error";
  }

  testing::TemporaryFolder folder_;
};

StateDict example() {
  StateDict state;
  state.tensors.insert("layer.weight", torch::arange(6, torch::kFloat32).reshape({2, 3}) / 7);
  state.tensors.insert("layer.num_batches_tracked", torch::tensor(std::int64_t{1} << 40));
  state.modules = {{"", 1, {}}, {"layer", 2, 5}};
  return state;
}

bool equal(const StateDict& a, const StateDict& b) {
  if (a.tensors.keys() != b.tensors.keys()) return false;
  for (const auto& item : a.tensors) {
    const auto& other = b.tensors[item.key()];
    if (item.value().scalar_type() != other.scalar_type() || !item.value().equal(other)) return false;
  }
  return true;
}

TEST_F(StateDictFileTest, EveryElementTypeShapeAndLayoutComesBack) {
  StateDict state;
  for (const auto dtype : {torch::kFloat32, torch::kFloat64, torch::kFloat16, torch::kBFloat16, torch::kInt64,
                           torch::kInt32, torch::kInt16, torch::kInt8, torch::kUInt8, torch::kBool})
    state.tensors.insert(torch::toString(dtype), torch::arange(24).reshape({2, 3, 4}).to(dtype));
  state.tensors.insert("scalar", torch::tensor(2.5));
  state.tensors.insert("empty", torch::empty({0, 3}));
  state.tensors.insert("transposed", torch::arange(6, torch::kFloat32).reshape({2, 3}).t());
  state.tensors.insert("grüße \xF0\x9F\x8C\x8A", torch::ones({1}));
  EXPECT_TRUE(equal(read_state_dict(write(encode_state_dict(state))), state));
}

TEST_F(StateDictFileTest, TheSameTensorsGiveTheSameBytes) {
  EXPECT_EQ(encode_state_dict(example()), encode_state_dict(example()));
}

TEST_F(StateDictFileTest, EveryTruncationIsOneClearLine) {
  const auto bytes = encode_state_dict(example());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto error = error_of(bytes.substr(0, size));
    ASSERT_THAT(error, HasSubstr("model.pt: expected ")) << "cut to " << size << " bytes";
    ASSERT_THAT(error, Not(HasSubstr("\n")));
  }
}

// The bytes that no checksum covers (padding, times) may change, what is read may not.
TEST_F(StateDictFileTest, NoFlippedBitGoesUnnoticed) {
  const auto state = example();
  const auto bytes = encode_state_dict(state);
  int refused = 0;
  for (std::size_t place = 0; place < bytes.size(); ++place) {
    auto damaged = bytes;
    damaged[place] = static_cast<char>(damaged[place] ^ (1 << place % 8));
    try {
      ASSERT_TRUE(equal(read_state_dict(write(damaged)), state)) << "byte " << place;
    } catch (const std::runtime_error& error) {
      ASSERT_THAT(error.what(), Not(HasSubstr("\n")));
      ++refused;
    }
  }
  EXPECT_GT(refused, 500);
}

TEST_F(StateDictFileTest, AMissingFileAndAFolderAreOneClearLine) {
  EXPECT_THROW(read_state_dict(folder_.path / "none.pt"), std::runtime_error);
  EXPECT_THROW(read_state_dict(folder_.path), std::runtime_error);
}

TEST_F(StateDictFileTest, PythonReadsItAndItReadsPythons) {
  const auto python = testing::python_with_torch();
  if (python.empty())
    GTEST_SKIP() << "needs a Python that imports torch: python3, or the one in EVENKEEL_PYTHON";
  const std::filesystem::path script = EVENKEEL_TESTS_FOLDER "/model_files/python_state_dict.py";
  const auto path = [&](const char* name) { return (folder_.path / name).string(); };
  const auto quoted = [&](const char* name) { return "'" + path(name) + "'"; };

  ASSERT_TRUE(testing::run_python(python, script, "write " + quoted("python.pt")));
  const auto read = read_state_dict(path("python.pt"));
  write(encode_state_dict(read), "evenkeel.pt");
  EXPECT_TRUE(
      testing::run_python(python, script, "compare " + quoted("python.pt") + " " + quoted("evenkeel.pt")));

  write(encode_state_dict(example()), "example.pt");
  EXPECT_TRUE(testing::run_python(python, script, "metadata " + quoted("example.pt")));

  ASSERT_TRUE(testing::run_python(python, script, "write_nested " + quoted("nested.pt")));
  try {
    read_state_dict(path("nested.pt"));
    FAIL() << "a nested dictionary was read as a state dict";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("\"epoch\": expected a tensor, found an integer"));
  }
}

}  // namespace
}  // namespace evenkeel::model_files::state_dict_file_test
