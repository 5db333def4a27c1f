#include "data/idx_file.h"

#include <gmock/gmock.h>

#include "data/data_files.h"

namespace evenkeel::data::idx_file_test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const Bytes kPixels = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255};
const Bytes kPictures = idx_pictures(2, 3, 2, kPixels);
const Bytes kLabels = idx_labels({0, 9, 5});

class IdxFileTest : public DataFilesTest {
 protected:
  std::string error_of_pictures(const Bytes& bytes) {
    return error_of([&] { read_idx_pictures(write("pictures", bytes)); });
  }
  std::string error_of_labels(const Bytes& bytes) {
    return error_of([&] { read_idx_labels(write("labels", bytes)); });
  }
};

TEST_F(IdxFileTest, PicturesAreReadPlainAndGzipped) {
  for (const Bytes& bytes : {kPictures, gzipped(kPictures)}) {
    const Pictures pictures = read_idx_pictures(write("pictures", bytes));
    EXPECT_EQ(pictures.count, 2);
    EXPECT_EQ(pictures.rows, 3);
    EXPECT_EQ(pictures.columns, 2);
    EXPECT_EQ(pictures.pixels, kPixels);
  }
}

TEST_F(IdxFileTest, LabelsAreReadPlainAndGzipped) {
  EXPECT_EQ(read_idx_labels(write("plain", kLabels)), (Bytes{0, 9, 5}));
  EXPECT_EQ(read_idx_labels(write("packed", gzipped(kLabels))), (Bytes{0, 9, 5}));
}

TEST_F(IdxFileTest, AGzipFileOfSeveralMembersIsReadToItsEnd) {
  const auto half = kPictures.begin() + 9;
  Bytes members = gzipped(Bytes(kPictures.begin(), half));
  const Bytes second = gzipped(Bytes(half, kPictures.end()));
  members.insert(members.end(), second.begin(), second.end());
  EXPECT_EQ(read_idx_pictures(write("members", members)).pixels, kPixels);
}

TEST_F(IdxFileTest, FilesLongerThanOneReadArriveWhole) {
  Bytes pixels(3 * 1024 * 1024 + 1);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  const auto count = static_cast<std::uint32_t>(pixels.size());
  for (const Bytes& bytes : {idx_pictures(count, 1, 1, pixels), gzipped(idx_pictures(count, 1, 1, pixels))}) {
    EXPECT_EQ(read_idx_pictures(write("long", bytes)).pixels, pixels);
  }
}

TEST_F(IdxFileTest, TruncationAtEveryByteIsOneClearLine) {
  for (const Bytes& whole : {kPictures, gzipped(kPictures)}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const std::string error =
          error_of_pictures(Bytes(whole.begin(), whole.begin() + static_cast<long>(length)));
      EXPECT_THAT(error,
                  AllOf(StartsWith((folder_ / "pictures").string() + ": expected "), HasSubstr(", found ")))
          << length << " bytes";
    }
  }
}

TEST_F(IdxFileTest, TruncatedFileSaysHowMuchIsThere) {
  Bytes bytes = kPictures;
  bytes.pop_back();
  EXPECT_THAT(error_of_pictures(bytes), EndsWith("expected 12 bytes of 2 pictures of 3 x 2, found only 11"));
  bytes.resize(10);
  EXPECT_THAT(error_of_pictures(bytes),
              EndsWith("expected 4 bytes with a height, found the end of the file after 2"));
  EXPECT_THAT(error_of_labels(idx_bytes(1, {4}, {1, 2})),
              EndsWith("expected 4 bytes of 4 labels, found only 2"));
}

TEST_F(IdxFileTest, TruncatedGzipIsToldFromATruncatedFile) {
  Bytes packed = gzipped(kPictures);
  packed.pop_back();
  EXPECT_THAT(error_of_pictures(packed), EndsWith("expected a whole gzip file, found that it is cut off"));
}

TEST_F(IdxFileTest, TrailingBytesAreRefused) {
  Bytes bytes = kPictures;
  bytes.push_back(0);
  const auto error = EndsWith("expected 12 bytes of 2 pictures of 3 x 2, found more bytes after them");
  EXPECT_THAT(error_of_pictures(bytes), error);
  EXPECT_THAT(error_of_pictures(gzipped(bytes)), error);
}

TEST_F(IdxFileTest, WrongMagicNumberNamesBoth) {
  EXPECT_THAT(error_of_pictures(kLabels),
              EndsWith("expected the IDX magic number 0x00000803, found 0x00000801"));
  EXPECT_THAT(error_of_labels(kPictures),
              EndsWith("expected the IDX magic number 0x00000801, found 0x00000803"));
  EXPECT_THAT(error_of_pictures({'P', 'K', 3, 4, 0}), HasSubstr("found 0x504b0304"));
}

TEST_F(IdxFileTest, WrongChecksumOfAGzipFileIsRefused) {
  Bytes packed = gzipped(kPictures);
  packed[packed.size() - 8] ^= 1;  // the CRC stands before the length, four bytes each
  EXPECT_THAT(error_of_pictures(packed),
              EndsWith("expected an intact gzip file, found \"incorrect data check\""));
  packed = gzipped(kPictures);
  packed.back() ^= 1;
  EXPECT_THAT(error_of_pictures(packed),
              EndsWith("expected an intact gzip file, found \"incorrect length check\""));
}

TEST_F(IdxFileTest, ExtentsThatCannotBeAreRefused) {
  EXPECT_THAT(error_of_pictures(idx_pictures(0, 28, 28, {})), HasSubstr("a number of pictures from 1 to"));
  EXPECT_THAT(error_of_pictures(idx_pictures(1, 0, 28, {})),
              EndsWith("expected a height from 1 to 4096, found 0"));
  EXPECT_THAT(error_of_pictures(idx_pictures(1, 28, 4097, {})),
              EndsWith("expected a width from 1 to 4096, found 4097"));
  EXPECT_THAT(error_of_labels(idx_labels({})), HasSubstr("a number of labels from 1 to"));
}

TEST_F(IdxFileTest, LabelsAboveNineAreRefusedWithTheirPlace) {
  EXPECT_THAT(error_of_labels(idx_labels({0, 9, 10, 11})),
              EndsWith("expected labels from 0 to 9, found 10 as label number 3"));
}

TEST_F(IdxFileTest, MissingFileFolderAndPipeAreOneClearLineEach) {
  EXPECT_EQ(error_of([&] { read_idx_pictures(folder_ / "none"); }),
            (folder_ / "none").string() + ": expected a file, found nothing of that name");
  EXPECT_EQ(error_of([&] { read_idx_labels(folder_); }),
            folder_.string() + ": expected a file, found a folder");
  EXPECT_EQ(error_of([&] { read_idx_labels("/dev/null"); }),
            "/dev/null: expected a file, found something that is not a regular file");
}

}  // namespace
}  // namespace evenkeel::data::idx_file_test
