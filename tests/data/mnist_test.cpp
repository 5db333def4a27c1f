#include "data/mnist.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "data/data_files.h"

namespace evenkeel::data::mnist_test {
namespace {

using ::testing::EndsWith;

namespace fs = std::filesystem;

class MnistTest : public DataFilesTest {
 protected:
  // Three pictures of 2 x 2 to train, two to test.
  void write_set(const std::string& separator = "-", const std::string& ending = "") {
    const auto put = [&](const std::string& stem, const std::string& type, const Bytes& bytes) {
      write(stem + separator + type + ending, ending.empty() ? bytes : gzipped(bytes));
    };
    put("train-images", "idx3-ubyte", idx_pictures(3, 2, 2, Bytes(12, 7)));
    put("train-labels", "idx1-ubyte", idx_labels({1, 2, 3}));
    put("t10k-images", "idx3-ubyte", idx_pictures(2, 2, 2, Bytes(8, 9)));
    put("t10k-labels", "idx1-ubyte", idx_labels({4, 5}));
  }

  std::string error() const {
    return error_of([this] { read_mnist(folder_); });
  }
};

TEST_F(MnistTest, FilesAreFoundUnderAllTheirNames) {
  for (const char* separator : {"-", "."}) {
    for (const char* ending : {"", ".gz"}) {
      write_set(separator, ending);
      const DataSet set = read_mnist(folder_);
      EXPECT_EQ(set.classes, 10);
      EXPECT_EQ(set.train.count, 3);
      EXPECT_EQ(set.train.pixels, Bytes(12, 7));
      EXPECT_EQ(set.train.labels, (Bytes{1, 2, 3}));
      EXPECT_EQ(set.test.count, 2);
      EXPECT_EQ(set.test.pixels, Bytes(8, 9));
      EXPECT_EQ(set.test.labels, (Bytes{4, 5}));
      for (const auto& file : fs::directory_iterator(folder_)) fs::remove(file);
    }
  }
}

TEST_F(MnistTest, EachMissingFileIsNamed) {
  for (const char* name : {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                           "t10k-labels-idx1-ubyte"}) {
    write_set();
    fs::remove(folder_ / name);
    EXPECT_EQ(error(), folder_.string() + ": expected a file " + name + " or " + name + ".gz, found neither");
  }
}

TEST_F(MnistTest, MissingFolderEmptyFolderAndFileInItsPlaceAreOneClearLineEach) {
  EXPECT_THAT(
      error(),
      EndsWith("expected a file train-images-idx3-ubyte or train-images-idx3-ubyte.gz, found neither"));
  EXPECT_EQ(
      error_of([&] { read_mnist(folder_ / "none"); }),
      (folder_ / "none").string() + ": expected a folder with the MNIST files, found nothing of that name");
  const fs::path file = write("file", {1});
  EXPECT_EQ(error_of([&] { read_mnist(file); }),
            file.string() + ": expected a folder with the MNIST files, found something else");
}

TEST_F(MnistTest, FolderInPlaceOfAFileIsRefused) {
  write_set();
  fs::remove(folder_ / "t10k-labels-idx1-ubyte");
  fs::create_directory(folder_ / "t10k-labels-idx1-ubyte");
  EXPECT_EQ(error(), (folder_ / "t10k-labels-idx1-ubyte").string() + ": expected a file, found a folder");
}

TEST_F(MnistTest, NumbersOfPicturesAndLabelsMustAgree) {
  write_set();
  write("t10k-labels-idx1-ubyte", idx_labels({4, 5, 6}));
  EXPECT_EQ(error(), (folder_ / "t10k-labels-idx1-ubyte").string() +
                         ": expected 2 labels, one for each picture in t10k-images-idx3-ubyte, found 3");
}

TEST_F(MnistTest, TestPicturesMustBeAsLargeAsTrainingPictures) {
  write_set();
  write("t10k-images-idx3-ubyte", idx_pictures(2, 1, 4, Bytes(8)));
  EXPECT_EQ(error(), folder_.string() + ": expected test pictures of 2 x 2 as in training, found 1 x 4");
}

// The folder with the real files: $EVENKEEL_DATA/mnist, or shared/data/mnist beside the source tree.
fs::path real_mnist() {
  const char* data = std::getenv("EVENKEEL_DATA");
  return fs::path(data ? data : EVENKEEL_SHARED_DATA) / "mnist";
}

TEST(RealMnistTest, TheOriginalFilesHoldWhatTheyAreKnownFor) {
  const fs::path folder = real_mnist();
  if (!fs::is_directory(folder)) {
    GTEST_SKIP() << "needs the four files of MNIST in " << folder
                 << "; EVENKEEL_DATA names the folder above another";
  }
  const DataSet set = read_mnist(folder);
  ASSERT_EQ(set.train.count, 60000);
  ASSERT_EQ(set.test.count, 10000);
  EXPECT_EQ(set.train.rows, 28);
  EXPECT_EQ(set.train.columns, 28);
  EXPECT_EQ(Bytes(set.train.labels.begin(), set.train.labels.begin() + 5), (Bytes{5, 0, 4, 1, 9}));
  EXPECT_EQ(Bytes(set.test.labels.begin(), set.test.labels.begin() + 5), (Bytes{7, 2, 1, 0, 4}));
  EXPECT_EQ(std::count(set.train.labels.begin(), set.train.labels.end(), 1), 6742);
  // The mean and deviation by which MNIST is normalised everywhere: 0.1307 and 0.3081.
  double sum = 0, squares = 0;
  for (const std::uint8_t pixel : set.train.pixels) {
    sum += pixel;
    squares += double{1} * pixel * pixel;
  }
  const double n = static_cast<double>(set.train.pixels.size()), mean = sum / n;
  EXPECT_NEAR(mean / 255, 0.1307, 5e-5);
  EXPECT_NEAR(std::sqrt(squares / n - mean * mean) / 255, 0.3081, 5e-5);
}

}  // namespace
}  // namespace evenkeel::data::mnist_test
