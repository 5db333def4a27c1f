#include "files/atomic_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace evenkeel::files::atomic_file_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;
namespace fs = std::filesystem;

class AtomicFileTest : public ::testing::Test {
 protected:
  AtomicFileTest() {
    std::string name = (fs::temp_directory_path() / "atomic_file_test.XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    fs::permissions(folder_, fs::perms::owner_all | fs::perms::others_exec | fs::perms::others_read);
  }
  ~AtomicFileTest() override { fs::remove_all(folder_); }

  static std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  static std::size_t files_in(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
  }

  // Writing to `path` fails for `reason`, in one line that names both.
  static void expect_failure(const fs::path& path, const std::string& bytes, const std::string& reason) {
    EXPECT_THAT([&] { write_file_atomically(path, bytes); },
                ThrowsMessage<std::runtime_error>(
                    AllOf(HasSubstr(path.string()), HasSubstr(reason), Not(HasSubstr("\n")))));
  }

  fs::path folder_;
};

TEST_F(AtomicFileTest, WritesEveryByteAndNothingElse) {
  const std::string bytes("\0a\r\n\xff", 5);
  write_file_atomically(folder_ / "file", bytes);
  EXPECT_EQ(read(folder_ / "file"), bytes);
  EXPECT_EQ(files_in(folder_), 1U);
}

TEST_F(AtomicFileTest, ReplacesALongerFile) {
  write_file_atomically(folder_ / "file", std::string(100000, 'x'));
  write_file_atomically(folder_ / "file", "short");
  EXPECT_EQ(read(folder_ / "file"), "short");
  EXPECT_EQ(files_in(folder_), 1U);
}

TEST_F(AtomicFileTest, AReaderKeepsTheOldFileItHasOpened) {
  write_file_atomically(folder_ / "file", "old");
  std::ifstream open_before(folder_ / "file");
  write_file_atomically(folder_ / "file", "new");
  std::string text;
  open_before >> text;
  EXPECT_EQ(text, "old");
}

TEST_F(AtomicFileTest, PermissionsFollowTheUmask) {
  const mode_t before = ::umask(027);
  write_file_atomically(folder_ / "file", "text");
  ::umask(before);
  EXPECT_EQ(fs::status(folder_ / "file").permissions(),
            fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
}

TEST_F(AtomicFileTest, ANameWithoutFolderIsInTheCurrentOne) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  write_file_atomically("file", "text");
  fs::current_path(before);
  EXPECT_EQ(read(folder_ / "file"), "text");
}

TEST_F(AtomicFileTest, ThreadsThatWriteTheSameFileNeverMix) {
  std::vector<std::thread> threads;
  for (const char letter : {'a', 'b', 'c', 'd'}) {
    threads.emplace_back([this, letter] {
      for (int i = 0; i < 20; ++i) write_file_atomically(folder_ / "file", std::string(50000, letter));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = read(folder_ / "file");
  EXPECT_EQ(text, std::string(50000, text.at(0)));
  EXPECT_EQ(files_in(folder_), 1U);
}

TEST_F(AtomicFileTest, AMissingFolderIsOneClearLine) {
  expect_failure(folder_ / "missing" / "file", "text", "No such file or directory");
}

TEST_F(AtomicFileTest, AFolderInThePlaceOfTheFileIsOneClearLine) {
  fs::create_directory(folder_ / "file");
  expect_failure(folder_ / "file", "text", "Is a directory");
  EXPECT_EQ(files_in(folder_), 1U);
}

TEST_F(AtomicFileTest, AnUnwritableFolderKeepsTheOldFile) {
  write_file_atomically(folder_ / "file", "old");
  fs::permissions(folder_, fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read |
                               fs::perms::others_exec);
  // Permissions do not hold root back: become somebody else for the moment.
  const bool root = ::geteuid() == 0;
  ASSERT_EQ(root ? ::seteuid(65534) : 0, 0);
  expect_failure(folder_ / "file", "new", "Permission denied");
  ASSERT_EQ(root ? ::seteuid(0) : 0, 0);
  fs::permissions(folder_, fs::perms::owner_all);
  EXPECT_EQ(read(folder_ / "file"), "old");
}

TEST_F(AtomicFileTest, AFileThatGrowsBeyondTheLimitKeepsTheOldOne) {
  write_file_atomically(folder_ / "file", "old");
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small = {4096, before.rlim_max};
  ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  expect_failure(folder_ / "file", std::string(100000, 'x'), "File too large");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(read(folder_ / "file"), "old");
  EXPECT_EQ(files_in(folder_), 1U);
}

TEST_F(AtomicFileTest, AFullDiskKeepsTheOldFile) {
  if (::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "needs the right to mount a small file system";
  }
  write_file_atomically(folder_ / "file", "old");
  expect_failure(folder_ / "file", std::string(100000, 'x'), "No space left on device");
  EXPECT_EQ(read(folder_ / "file"), "old");
  EXPECT_EQ(files_in(folder_), 1U);
  EXPECT_EQ(::umount(folder_.c_str()), 0);
}

}  // namespace
}  // namespace evenkeel::files::atomic_file_test
