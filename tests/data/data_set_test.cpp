#include "data/data_set.h"

#include <gmock/gmock.h>

#include "data/data_files.h"

namespace evenkeel::data::data_set_test {
namespace {

using OpenDataSetTest = DataFilesTest;

TEST_F(OpenDataSetTest, DigitsAreBuiltIn) {
  const DataSet set = open_data_set("digits");
  EXPECT_EQ(set.name, "digits");
  EXPECT_EQ(set.classes, 10);
  EXPECT_EQ(set.train.count, 12000);
  EXPECT_EQ(set.test.count, 2000);
}

TEST_F(OpenDataSetTest, MnistIsReadFromTheFolderAfterTheColon) {
  for (const std::string part : {"train", "t10k"}) {
    write(part + "-images-idx3-ubyte", idx_pictures(1, 1, 1, {8}));
    write(part + "-labels-idx1-ubyte", idx_labels({3}));
  }
  const std::string name = "mnist:" + folder_.string();
  const DataSet set = open_data_set(name);
  EXPECT_EQ(set.name, name);
  EXPECT_EQ(set.test.pixels, Bytes{8});
}

TEST_F(OpenDataSetTest, MnistWithoutAFolderSaysHowToNameOne) {
  for (const std::string name : {"mnist", "mnist:"}) {
    EXPECT_EQ(error_of([&] { open_data_set(name); }),
              "expected mnist:DIR with the folder of the four MNIST files, found \"" + name + "\"");
  }
}

TEST_F(OpenDataSetTest, Cifar10WithoutAFolderSaysHowToNameOne) {
  for (const std::string name : {"cifar10", "cifar10:"}) {
    EXPECT_EQ(error_of([&] { open_data_set(name); }),
              "expected cifar10:DIR with the folder of the six CIFAR-10 files, found \"" + name + "\"");
  }
}

TEST_F(OpenDataSetTest, AFolderHasOneFullNameHoweverItIsWritten) {
  std::filesystem::create_directories(folder_ / "set" / "deeper");
  std::filesystem::create_directory_symlink(folder_ / "set", folder_ / "link");
  const auto expected = "mnist:" + (std::filesystem::canonical(folder_) / "set").string();
  const auto relative = std::filesystem::relative(folder_ / "set", std::filesystem::current_path()).string();
  const auto folder = folder_.string();
  for (const auto& way : {folder + "/set", folder + "/set/", folder + "//set///", folder + "/./set/deeper/..",
                          folder + "/link", folder + "/link/deeper/../", relative, relative + "/"})
    EXPECT_EQ(full_name("mnist:" + way), expected) << way;
  EXPECT_NE(full_name("cifar10:" + folder + "/set"), expected);
  EXPECT_NE(full_name("mnist:" + folder + "/other"), expected);
  for (const std::string name : {"digits", "mnist", "mnist:", "mnist:/"}) EXPECT_EQ(full_name(name), name);
}

TEST_F(OpenDataSetTest, UnknownNamesListWhatIsKnown) {
  for (const std::string name : {"", "digit", "digits:", "Digits", "cifar", "mnist/data"}) {
    EXPECT_EQ(error_of([&] { open_data_set(name); }),
              "expected a data set, one of digits, mnist:DIR and cifar10:DIR, found \"" + name + "\"");
  }
}

}  // namespace
}  // namespace evenkeel::data::data_set_test
