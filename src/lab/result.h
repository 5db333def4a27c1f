// What a claim came to: everything that result.json and the page say about it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lab/claim.h"
#include "lab/effort.h"

namespace evenkeel::lab {

struct SeedRecord {
  std::uint64_t seed = 0;
  double seconds = 0;  // that it took
  Record record;
};

struct Result {
  const Claim& claim;
  std::string data;
  Effort effort = Effort::kStandard;
  std::vector<SeedRecord> seeds;  // at least one

  std::vector<Record> records() const;
  std::vector<Judgement> judgements() const;  // of the claim's rule, condition by condition
  Verdict verdict() const { return verdict_of(judgements()); }
};

// With its pictures, each of which takes a program to draw: once for the files and the page.
struct DrawnResult {
  explicit DrawnResult(const Result& result);

  Result result;
  std::vector<DrawnPicture> pictures;
};

// "a > 1; b < 2"
std::string rule_text(const Claim& claim);

// What repeats it, but for the folder the data lies in.
std::string repeat_command(const Result& result);

nlohmann::ordered_json to_json(const Result& result);

}  // namespace evenkeel::lab
