#include "lab/lab_folder.h"

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>
#include <utility>

#include "data/data_set.h"
#include "files/atomic_file.h"
#include "files/json_file.h"

namespace evenkeel::lab {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSettings = "lab.json";

void expect_same(const fs::path& file, const char* what, const std::string& recorded,
                 const std::string& asked) {
  if (recorded != asked)
    throw std::runtime_error(fmt::format("{}: expected {} \"{}\", as the folder was begun with, found \"{}\"",
                                         file.string(), what, recorded, asked));
}

}  // namespace

LabFolder::LabFolder(fs::path path, const LabSettings& settings)
    : path_(std::move(path)), settings_(settings) {
  const auto file = path_ / kSettings;
  if (fs::exists(file)) {
    const files::JsonFile json(file);
    const auto writer = json.written_by();
    if (writer != files::versions())
      throw std::runtime_error(
          fmt::format("{}: expected a new folder for what {} measures, found one begun by {}", path_.string(),
                      text_of(files::versions()), writer ? text_of(*writer) : "an older version"));
    settings_.digits = json.text("digits");  // as the seeds have it
    expect_same(file, "--data", data::full_name(settings_.digits), data::full_name(settings.digits));
    expect_same(file, "effort", json.text("effort"), std::string(name_of(settings.effort)));
    // Colour pictures may come later.
    if (!json.text("colour").empty()) {
      settings_.colour = json.text("colour");
      if (!settings.colour.empty())
        expect_same(file, "--data", data::full_name(settings_.colour), data::full_name(settings.colour));
    }
  } else {
    if (fs::exists(path_) && !(fs::is_directory(path_) && fs::is_empty(path_)))
      throw std::runtime_error(
          fmt::format("{}: expected a new or empty folder, or one of the laboratory, found something else",
                      path_.string()));
    fs::create_directories(path_);
  }
  files::write_json(file, {{"digits", settings_.digits},
                           {"colour", settings_.colour},
                           {"effort", std::string(name_of(settings_.effort))}});
}

fs::path LabFolder::seed_file(const Claim& claim, std::uint64_t seed) const {
  return path_ / claim.name / fmt::format("seed-{}.json", seed);
}

std::optional<SeedRecord> LabFolder::seed(const Claim& claim, std::uint64_t number) const {
  const auto path = seed_file(claim, number);
  std::ifstream file(path);
  if (!file) return std::nullopt;
  try {
    const auto json = nlohmann::ordered_json::parse(file);
    if (json.at("data") != settings_.data_of(claim)) return std::nullopt;
    return SeedRecord{number, json.at("seconds").get<double>(), Record::from_json(json)};
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format(
        "{}: expected what a seed measured, found something else (delete it to measure again): {}",
        path.string(), error.what()));
  }
}

void LabFolder::keep(const Claim& claim, const SeedRecord& seed) const {
  fs::create_directories(path_ / claim.name);
  nlohmann::ordered_json json = {{"data", settings_.data_of(claim)}, {"seconds", seed.seconds}};
  json.update(seed.record.to_json());
  files::write_json(seed_file(claim, seed.seed), json);
}

std::optional<Result> LabFolder::result(const Claim& claim) const {
  Result result{claim, settings_.data_of(claim), settings_.effort, {}};
  while (auto found = seed(claim, result.seeds.size() + 1)) result.seeds.push_back(*std::move(found));
  if (result.seeds.empty()) return std::nullopt;
  return result;
}

std::vector<Result> LabFolder::results() const {
  std::vector<Result> all;
  for (const auto& claim : claims())
    if (auto found = result(claim)) all.push_back(*std::move(found));
  return all;
}

void LabFolder::write(const DrawnResult& drawn) const {
  const auto folder = path_ / drawn.result.claim.name;
  fs::create_directories(folder);
  for (const auto& picture : drawn.pictures)
    files::write_file_atomically(folder / (picture.file + ".svg"), svg_file(picture.svg));
  files::write_json(folder / "result.json", to_json(drawn.result));
}

}  // namespace evenkeel::lab
