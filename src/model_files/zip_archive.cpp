#include "model_files/zip_archive.h"

#include <fmt/format.h>
#include <zip.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace evenkeel::model_files {

// A record is compared with its checksum once, when it is read for the first time, unless it is large and only a part of it
// is asked for.
class ZipStorage : public Storage {
 public:
  ZipStorage(std::shared_ptr<ZipArchive> archive, const ZipArchive::Entry& entry)
      : archive_(std::move(archive)), entry_(entry) {}

  std::uint64_t size() const override { return entry_.size; }

  void read(std::uint64_t offset, std::span<std::byte> into) override {
    constexpr std::uint64_t kChecked = std::uint64_t{32} << 20;
    if (into.empty()) return;
    if (entry_.compressed) {
      if (unpacked_.empty()) unpack();
      std::memcpy(into.data(), unpacked_.data() + offset, into.size());
    } else if (!checked_ && (entry_.size <= kChecked || into.size() == entry_.size)) {
      archive_->charge(entry_.size);
      archive_->read_whole(entry_, offset, into);
      checked_ = true;
    } else {
      archive_->read_part(entry_, offset, into);
    }
  }

 private:
  void unpack() {
    archive_->charge(entry_.size);
    unpacked_.resize(entry_.size);
    archive_->read_whole(entry_, 0, unpacked_);
  }

  std::shared_ptr<ZipArchive> archive_;
  ZipArchive::Entry entry_;
  bool checked_ = false;
  std::vector<std::byte> unpacked_;
};

namespace {

using OpenRecord = std::unique_ptr<zip_file_t, int (*)(zip_file_t*)>;

zip* open_zip(const std::filesystem::path& path) {
  int code = 0;
  zip* opened = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (opened != nullptr) return opened;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string reason = zip_error_strerror(&error);
  zip_error_fini(&error);
  throw std::runtime_error(fmt::format("expected a zip archive as torch.save writes it, found: {}", reason));
}

std::string find_folder(zip* archive) {
  constexpr std::string_view kPickle = "data.pkl";
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); ++i) {
    const char* name = zip_get_name(archive, static_cast<zip_uint64_t>(i), 0);
    if (name == nullptr) continue;
    const std::string_view entry(name);
    const auto folder = entry.substr(0, entry.size() - std::min(entry.size(), kPickle.size()));
    if (entry.ends_with(kPickle) && (folder.empty() || folder.ends_with('/'))) return std::string(folder);
  }
  throw std::runtime_error("expected a record data.pkl in the archive, found none");
}

// All that is read: what is stored fits in the file, and weights hardly shrink when they are compressed, zeros do.
std::uint64_t most_bytes(const std::filesystem::path& path) {
  constexpr std::uint64_t kOfZeros = std::uint64_t{64} << 20;
  return 4 * std::filesystem::file_size(path) + kOfZeros;
}

void read_exactly(zip_file_t* file, std::span<std::byte> into) {
  if (file == nullptr || zip_fread(file, into.data(), into.size()) != static_cast<zip_int64_t>(into.size()))
    throw std::runtime_error(fmt::format("expected {} bytes in the archive, found fewer", into.size()));
}

}  // namespace

void ZipArchive::Closer::operator()(zip* archive) const { zip_discard(archive); }

ZipArchive::ZipArchive(const std::filesystem::path& path)
    : zip_(open_zip(path)), unread_(most_bytes(path)), folder_(find_folder(zip_.get())) {}

std::optional<ZipArchive::Entry> ZipArchive::find(const std::string& name) {
  const auto index = zip_name_locate(zip_.get(), (folder_ + name).c_str(), 0);
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (index < 0 || zip_stat_index(zip_.get(), static_cast<zip_uint64_t>(index), 0, &stat) != 0)
    return std::nullopt;
  return Entry{stat.index, stat.size, stat.crc, stat.comp_method != ZIP_CM_STORE};
}

void ZipArchive::charge(std::uint64_t size) {
  if (size > unread_)
    throw std::runtime_error(fmt::format("expected a record that fits in the file, found {} bytes", size));
  unread_ -= size;
}

std::optional<std::string> ZipArchive::record(const std::string& name) {
  const auto entry = find(name);
  if (!entry) return std::nullopt;
  charge(entry->size);
  std::string bytes(entry->size, '\0');
  read_whole(*entry, 0, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::optional<std::string> ZipArchive::source(const std::string& name) {
  const auto entry = find(name);
  if (!entry || entry->size > unread_source_) return std::nullopt;
  unread_source_ -= entry->size;
  return record(name);
}

std::shared_ptr<Storage> ZipArchive::storage(const std::string& name) {
  const auto entry = find(name);
  return entry ? std::make_shared<ZipStorage>(shared_from_this(), *entry) : nullptr;
}

void ZipArchive::read_whole(const Entry& entry, std::uint64_t offset, std::span<std::byte> into) {
  const OpenRecord file(zip_fopen_index(zip_.get(), entry.index, 0), zip_fclose);
  constexpr std::size_t kPiece = std::size_t{1} << 16;
  std::vector<std::byte> piece(std::min<std::uint64_t>(kPiece, entry.size));
  uLong checksum = 0;
  for (std::uint64_t at = 0; at < entry.size; at += piece.size()) {
    piece.resize(std::min<std::uint64_t>(piece.size(), entry.size - at));
    read_exactly(file.get(), piece);
    checksum = crc32_z(checksum, reinterpret_cast<const Bytef*>(piece.data()), piece.size());
    const auto first = std::max(at, offset);
    const auto last = std::min(at + piece.size(), offset + into.size());
    if (first < last) std::memcpy(into.data() + (first - offset), piece.data() + (first - at), last - first);
  }
  // libzip compares checksums when it reads past the end, which this never does: PyTorch can be told to write 0 for all of them.
  if (file == nullptr || (entry.checksum != 0 && entry.checksum != checksum))
    throw std::runtime_error(fmt::format("record {}: expected {} bytes with the right checksum, found others",
                                         zip_get_name(zip_.get(), entry.index, 0), entry.size));
}

void ZipArchive::read_part(const Entry& entry, std::uint64_t offset, std::span<std::byte> into) {
  const OpenRecord file(zip_fopen_index(zip_.get(), entry.index, 0), zip_fclose);
  if (file == nullptr || zip_fseek(file.get(), static_cast<zip_int64_t>(offset), SEEK_SET) != 0)
    throw std::runtime_error(
        fmt::format("expected a record of {} bytes in the archive, found none", entry.size));
  read_exactly(file.get(), into);
}

}  // namespace evenkeel::model_files
