#include "runs/run_folder.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "files/atomic_file.h"
#include "files/file_error.h"
#include "files/json_file.h"

namespace evenkeel::runs {

namespace fs = std::filesystem;

std::vector<fs::path> RunFolder::files() const {
  return {config(), metrics(), checkpoint(), evaluation(), model(), summary(), report()};
}

void write_summary(const fs::path& path, const Summary& summary) {
  files::write_json(path, {{"test_accuracy", summary.test_accuracy},
                           {"train_loss", summary.train_loss},
                           {"epochs", summary.epochs},
                           {"steps", summary.steps},
                           {"seconds", summary.seconds},
                           {"norm", summary.norm},
                           {"data", summary.data}});
}

Summary read_summary(const fs::path& path) {
  const files::JsonFile json(path);
  return {
      json.number("test_accuracy"), json.number("train_loss"), json.integer("epochs"), json.integer("steps"),
      json.number("seconds"),       json.text("norm"),         json.text("data")};
}

RunFolder create_run_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) files::fail_to("make the folder", path, error.value());
  if (!fs::is_empty(path, error) || error)
    throw std::runtime_error(fmt::format(
        "{}: expected a new or empty folder for the run, found one with something in it", path.string()));
  return {path};
}

RunFolder open_run_folder(const fs::path& path) {
  RunFolder folder{path};
  std::error_code error;
  if (!fs::is_directory(path, error))
    throw std::runtime_error(fmt::format("{}: expected the folder of a run, found none", path.string()));
  if (!fs::exists(folder.config(), error))
    throw std::runtime_error(
        fmt::format("{}: expected the folder of a run, found one without config.json", path.string()));
  return folder;
}

std::string other_writer(const RunFolder& folder) {
  const auto writer = files::JsonFile(folder.config()).written_by();
  if (!writer || *writer == files::versions()) return "";
  return fmt::format("begun by {}, this is {}", text_of(*writer), text_of(files::versions()));
}

void check_not_of_a_run(const std::filesystem::path& path) {
  const auto whole = std::filesystem::weakly_canonical(path);
  const RunFolder folder{whole.parent_path()};
  if (!std::filesystem::exists(folder.config())) return;
  for (const auto& kept : folder.files())
    if (whole == kept)
      throw std::runtime_error(
          fmt::format("{}: expected another file, found one that a run keeps", path.string()));
}

void remove_temporary_files(const RunFolder& folder) {
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(folder.path))
    for (const auto& file : folder.files())
      if (files::is_left_of_writing(file, entry.path()) && entry.is_regular_file())
        leftovers.push_back(entry.path());
  for (const auto& path : leftovers) fs::remove(path);
}

fs::path default_run_path(const std::string& data, const std::string& what) {
  const auto kind = data.substr(0, data.find(':'));
  const auto stem = fmt::format("{:%Y-%m-%d-%H%M%S}-{}-{}", fmt::localtime(std::time(nullptr)), kind, what);
  fs::path path = fs::path("runs") / stem;
  for (int i = 2; fs::exists(path); ++i) path = fs::path("runs") / fmt::format("{}-{}", stem, i);
  return path;
}

}  // namespace evenkeel::runs
