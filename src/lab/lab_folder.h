// The folder that a run of the laboratory leaves: lab.json, index.html, and for each claim result.json, its pictures and what every
// seed measured.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lab/result.h"

namespace evenkeel::lab {

// What a folder is about: results of other settings do not belong in it.
struct LabSettings {
  std::string digits = "digits";  // the data set of claims about digits, as data_set.h names it
  std::string colour;             // of those about colour pictures; empty: none
  Effort effort = Effort::kStandard;

  // The data set that a claim takes; empty if there is none.
  const std::string& data_of(const Claim& claim) const { return claim.colour ? colour : digits; }
};

class LabFolder {
 public:
  // Makes the folder, or opens it to go on. Throws std::runtime_error with one line when it was begun with other settings,
  // holds something else, or cannot be made.
  LabFolder(std::filesystem::path path, const LabSettings& settings);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path index() const { return path_ / "index.html"; }

  // What a seed measured; nothing if it has not been measured with this data set. Throws std::runtime_error with one line when
  // the file is damaged.
  std::optional<SeedRecord> seed(const Claim& claim, std::uint64_t seed) const;
  void keep(const Claim& claim, const SeedRecord& seed) const;

  // All claims that have seeds in the folder, with those of them that count from 1 without a gap.
  std::vector<Result> results() const;
  std::optional<Result> result(const Claim& claim) const;

  // result.json and the pictures.
  void write(const DrawnResult& drawn) const;

  const LabSettings& settings() const { return settings_; }

 private:
  std::filesystem::path seed_file(const Claim& claim, std::uint64_t seed) const;

  std::filesystem::path path_;
  LabSettings settings_;
};

}  // namespace evenkeel::lab
