#include "model_files/zip_archive.h"

#include <fmt/format.h>
#include <zip.h>

#include <fstream>
#include <stdexcept>
#include <string_view>

namespace evenkeel::model_files {
namespace {

// Of the files that torch.save wrote before PyTorch 1.6, or writes when told to: a pickled magic number.
constexpr std::string_view kLegacyStart = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9";

zip* open_zip(const std::filesystem::path& path) {
  int code = 0;
  zip* opened = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (opened != nullptr) return opened;
  std::string start(kLegacyStart.size(), '\0');
  std::ifstream(path, std::ios::binary).read(start.data(), static_cast<std::streamsize>(start.size()));
  if (start == kLegacyStart)
    throw std::runtime_error(
        "expected a zip archive as torch.save writes it since PyTorch 1.6, found the format before it: "
        "torch.load the file and torch.save its state_dict() again");
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string reason = zip_error_strerror(&error);
  zip_error_fini(&error);
  throw std::runtime_error(fmt::format("expected a zip archive as torch.save writes it, found: {}", reason));
}

std::string find_folder(zip* archive) {
  constexpr std::string_view kPickle = "/data.pkl";
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); ++i) {
    const char* name = zip_get_name(archive, i, 0);
    if (name == nullptr) continue;
    const std::string_view entry(name);
    if (entry.ends_with(kPickle)) return std::string(entry.substr(0, entry.size() - kPickle.size() + 1));
  }
  throw std::runtime_error("expected a record data.pkl in the archive, found none");
}

}  // namespace

void ZipArchive::Closer::operator()(zip* archive) const { zip_discard(archive); }

ZipArchive::ZipArchive(const std::filesystem::path& path)
    : zip_(open_zip(path)), unread_(std::filesystem::file_size(path)), folder_(find_folder(zip_.get())) {}

std::optional<std::string> ZipArchive::record(const std::string& name) {
  const auto entry = zip_name_locate(zip_.get(), (folder_ + name).c_str(), 0);
  if (entry < 0) return std::nullopt;
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat_index(zip_.get(), static_cast<zip_uint64_t>(entry), 0, &stat) != 0 ||
      stat.comp_method != ZIP_CM_STORE || stat.size > unread_)
    throw std::runtime_error(
        fmt::format("record {}: expected uncompressed bytes that fit in the {} left of the file, found {}",
                    name, unread_, stat.size));
  unread_ -= stat.size;
  return read(stat.index, stat.size, name);
}

std::optional<std::string> ZipArchive::source(const std::string& name) {
  const auto entry = zip_name_locate(zip_.get(), (folder_ + name).c_str(), 0);
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (entry < 0 || zip_stat_index(zip_.get(), static_cast<zip_uint64_t>(entry), 0, &stat) != 0 ||
      stat.size > unread_source_)
    return std::nullopt;
  unread_source_ -= stat.size;
  return read(stat.index, stat.size, name);
}

std::string ZipArchive::read(std::uint64_t entry, std::uint64_t size, const std::string& name) {
  std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(zip_fopen_index(zip_.get(), entry, 0), zip_fclose);
  std::string bytes(size, '\0');
  char past_the_end = 0;
  // Only the read at the end of the record compares the checksum.
  if (file == nullptr ||
      zip_fread(file.get(), bytes.data(), bytes.size()) != static_cast<zip_int64_t>(bytes.size()) ||
      zip_fread(file.get(), &past_the_end, 1) != 0)
    throw std::runtime_error(
        fmt::format("record {}: expected {} bytes with the right checksum, found others", name, size));
  return bytes;
}

}  // namespace evenkeel::model_files
