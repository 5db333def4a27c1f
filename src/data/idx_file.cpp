#include "data/idx_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

#include "files/regular_file.h"

namespace evenkeel::data {
namespace {

constexpr std::uint32_t kLabelsMagic = 0x00000801;    // unsigned bytes, one extent
constexpr std::uint32_t kPicturesMagic = 0x00000803;  // unsigned bytes, three extents
constexpr std::uint32_t kLargestSide = 4096;          // so that count * rows * columns fits into 64 bits
constexpr std::uint8_t kLargestLabel = 9;

// A file of which the next bytes can be asked for, unpacked if it was gzipped.
class IdxFile {
 public:
  explicit IdxFile(const std::filesystem::path& path) : path_(path), file_(nullptr, gzclose) {
    files::check_regular_file(path);
    errno = 0;
    file_.reset(gzopen(path.c_str(), "rb"));
    if (!file_) refuse("a readable file", errno ? std::strerror(errno) : "not enough memory");
    gzbuffer(file_.get(), 1 << 16);
  }

  [[noreturn]] void refuse(const std::string& expected, const std::string& found) const {
    throw std::runtime_error(fmt::format("{}: expected {}, found {}", path_.string(), expected, found));
  }

  void read_magic(std::uint32_t expected) {
    const std::uint32_t magic = read_number("a magic number");
    if (magic != expected) {
      refuse(fmt::format("the IDX magic number 0x{:08x}", expected), fmt::format("0x{:08x}", magic));
    }
  }

  // A 32-bit number of the header, from 1 to `largest`.
  std::uint32_t read_extent(const std::string& what, std::uint32_t largest) {
    const std::uint32_t extent = read_number(what);
    if (extent < 1 || extent > largest) {
      refuse(fmt::format("{} from 1 to {}", what, largest), std::to_string(extent));
    }
    return extent;
  }

  // The rest of the file, which must be `size` bytes long.
  std::vector<std::uint8_t> read_rest(std::uint64_t size, const std::string& what) {
    constexpr std::uint64_t kChunk = 1 << 20;
    std::vector<std::uint8_t> bytes;
    while (bytes.size() < size) {
      const std::size_t begin = bytes.size(), wanted = std::min(kChunk, size - begin);
      bytes.resize(begin + wanted);
      const std::size_t got = read(std::span(bytes).subspan(begin));
      if (got < wanted)
        refuse(fmt::format("{} bytes of {}", size, what), fmt::format("only {}", begin + got));
    }
    // This read also makes zlib compare the checksum at the end of a gzip stream.
    std::array<std::uint8_t, 1> beyond{};
    if (read(beyond) > 0) refuse(fmt::format("{} bytes of {}", size, what), "more bytes after them");
    return bytes;
  }

 private:
  std::uint32_t read_number(const std::string& what) {
    std::array<std::uint8_t, 4> b{};
    const std::size_t got = read(b);
    if (got < b.size())
      refuse(fmt::format("4 bytes with {}", what), fmt::format("the end of the file after {}", got));
    return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 |
           std::uint32_t{b[3]};
  }

  // Fewer bytes than asked for only where the file ends as it should.
  std::size_t read(std::span<std::uint8_t> into) {
    const int got = gzread(file_.get(), into.data(), static_cast<unsigned>(into.size()));
    if (got < static_cast<int>(into.size())) {
      int code = Z_OK;
      const char* message = gzerror(file_.get(), &code);
      // A gzip stream that stops early comes back as a short read whose only trace is Z_BUF_ERROR.
      if (code == Z_BUF_ERROR) refuse("a whole gzip file", "that it is cut off");
      if (code == Z_ERRNO) refuse("a readable file", std::strerror(errno));
      if (code == Z_MEM_ERROR) refuse("memory to unpack it", "none left");
      if (code != Z_OK) refuse("an intact gzip file", fmt::format("\"{}\"", without_path(message)));
    }
    return static_cast<std::size_t>(std::max(got, 0));
  }

  // zlib puts the name of the file before its message.
  std::string without_path(const std::string& message) const {
    const std::string prefix = path_.string() + ": ";
    return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
  }

  std::filesystem::path path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
};

}  // namespace

Pictures read_idx_pictures(const std::filesystem::path& path) {
  IdxFile file(path);
  file.read_magic(kPicturesMagic);
  const std::uint64_t count = file.read_extent("a number of pictures", 0xFFFFFFFFu);
  const std::uint64_t rows = file.read_extent("a height", kLargestSide);
  const std::uint64_t columns = file.read_extent("a width", kLargestSide);
  const std::string what = fmt::format("{} pictures of {} x {}", count, rows, columns);
  return {static_cast<std::int64_t>(count),
          static_cast<std::int64_t>(rows),
          static_cast<std::int64_t>(columns),
          file.read_rest(count * rows * columns, what),
          {}};
}

std::vector<std::uint8_t> read_idx_labels(const std::filesystem::path& path) {
  IdxFile file(path);
  file.read_magic(kLabelsMagic);
  const std::uint32_t count = file.read_extent("a number of labels", 0xFFFFFFFFu);
  std::vector<std::uint8_t> labels = file.read_rest(count, fmt::format("{} labels", count));
  const auto wrong =
      std::find_if(labels.begin(), labels.end(), [](std::uint8_t label) { return label > kLargestLabel; });
  if (wrong != labels.end()) {
    file.refuse(fmt::format("labels from 0 to {}", kLargestLabel),
                fmt::format("{} as label number {}", *wrong, wrong - labels.begin() + 1));
  }
  return labels;
}

}  // namespace evenkeel::data
