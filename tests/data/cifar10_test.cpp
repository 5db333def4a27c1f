#include "data/cifar10.h"

#include <gmock/gmock.h>

#include "data/data_files.h"

namespace evenkeel::data::cifar10_test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPlane = 32 * 32;

// A record whose planes are ramps that begin with `red`, `green` and `blue`.
Bytes record(std::uint8_t label, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  Bytes bytes{label};
  for (const std::uint8_t first : {red, green, blue})
    for (std::size_t i = 0; i < kPlane; ++i) bytes.push_back(static_cast<std::uint8_t>(first + i));
  return bytes;
}

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

class Cifar10Test : public DataFilesTest {
 protected:
  // Two pictures in the second training file, one in each of the others.
  void write_set() const {
    for (std::uint8_t i = 1; i <= 5; ++i)
      write("data_batch_" + std::to_string(i) + ".bin", record(i, i, 100, 200));
    write("data_batch_2.bin", record(2, 20, 0, 0) + record(9, 7, 8, 9));
    write("test_batch.bin", record(6, 1, 2, 3));
  }

  std::string error() const {
    return error_of([&] { read_cifar10(folder_); });
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
};

TEST_F(Cifar10Test, ReadsTheFilesInOrderAndThePlanesAsTheyLie) {
  write_set();
  const DataSet set = read_cifar10(folder_);
  EXPECT_EQ(set.train.count, 6);
  EXPECT_EQ(set.train.labels, (Bytes{1, 2, 9, 3, 4, 5}));
  EXPECT_EQ(set.train.channels, 3);
  EXPECT_EQ(set.train.rows, 32);
  EXPECT_EQ(set.train.columns, 32);
  EXPECT_EQ(set.train.picture_bytes(), 3072);
  ASSERT_EQ(set.train.pixels.size(), 6U * 3072);
  EXPECT_EQ(set.train.pixels[2 * 3072], 7);               // red of the picture with label 9
  EXPECT_EQ(set.train.pixels[2 * 3072 + kPlane], 8);      // green
  EXPECT_EQ(set.train.pixels[2 * 3072 + 2 * kPlane], 9);  // blue
  EXPECT_EQ(set.train.pixels[2 * 3072 + 1], 8);           // the next one in its row
  EXPECT_EQ(set.test.count, 1);
  EXPECT_EQ(set.test.labels, Bytes{6});
  EXPECT_EQ(set.test.channels, 3);
  EXPECT_EQ(set.test.pixels.back(), static_cast<std::uint8_t>(3 + kPlane - 1));
}

TEST_F(Cifar10Test, ClassesHaveTheNamesOfTheAuthors) {
  write_set();
  const DataSet set = open_data_set("cifar10:" + folder_.string());
  EXPECT_EQ(set.name, "cifar10:" + folder_.string());
  EXPECT_EQ(class_name(set, 0), "airplane");
  EXPECT_EQ(class_name(set, 6), "frog");
  EXPECT_EQ(class_name(set, 9), "truck");
  EXPECT_EQ(class_name(DataSet{}, 9), "9");
}

TEST_F(Cifar10Test, AMissingFolderAFileInItsPlaceAndAMissingFileAreOneClearLineEach) {
  EXPECT_EQ(error_of([&] { read_cifar10(folder_ / "none"); }),
            path("none") + ": expected a folder with the CIFAR-10 files, found nothing of that name");
  const fs::path file = write("file", {1});
  EXPECT_EQ(error_of([&] { read_cifar10(file); }),
            file.string() + ": expected a folder with the CIFAR-10 files, found something else");
  EXPECT_EQ(error(), path("data_batch_1.bin") + ": expected a file, found nothing of that name");
  write_set();
  fs::remove(folder_ / "test_batch.bin");
  EXPECT_EQ(error(), path("test_batch.bin") + ": expected a file, found nothing of that name");
  fs::create_directory(folder_ / "test_batch.bin");
  EXPECT_EQ(error(), path("test_batch.bin") + ": expected a file, found a folder");
}

TEST_F(Cifar10Test, ATruncatedFileIsOneClearLine) {
  write_set();
  Bytes cut = record(1, 2, 3, 4) + record(5, 6, 7, 8);
  cut.pop_back();
  write("data_batch_4.bin", cut);
  EXPECT_EQ(error(), path("data_batch_4.bin") +
                         ": expected records of 3073 bytes, found 3072 bytes after the last of 1");
  write("data_batch_4.bin", {7});
  EXPECT_EQ(error(),
            path("data_batch_4.bin") + ": expected records of 3073 bytes, found 1 bytes after the last of 0");
}

TEST_F(Cifar10Test, AnEmptyFileIsOneClearLine) {
  write_set();
  write("test_batch.bin", {});
  EXPECT_EQ(error(), path("test_batch.bin") + ": expected records of 3073 bytes, found an empty file");
}

TEST_F(Cifar10Test, ALabelAboveNineIsOneClearLine) {
  write_set();
  write("data_batch_5.bin", record(9, 0, 0, 0) + record(10, 0, 0, 0));
  EXPECT_EQ(error(), path("data_batch_5.bin") + ": expected labels from 0 to 9, found 10 in record number 2");
}

}  // namespace
}  // namespace evenkeel::data::cifar10_test
