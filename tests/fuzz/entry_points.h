// What the fuzzers call, and the test that runs their seeds: bytes go in; a value or an error of one line is all that may
// come out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::fuzz {

// Each returns whether the bytes were accepted. What they throw is a defect.
bool read_archive(std::string_view bytes);  // a whole file: archive, format before PyTorch 1.6, safetensors
bool read_index(std::string_view bytes);    // the index of a model in several files, beside one of them
bool read_any_pickle(std::string_view bytes);  // its data.pkl alone, behind the checksums of the archive
bool read_idx(std::string_view bytes);         // pictures and labels, plain and gzipped
bool read_json(std::string_view bytes);        // config.json, summary.json and metrics.jsonl of a run

struct Target {
  std::string_view name;
  bool (*read)(std::string_view bytes);
};
inline constexpr Target kTargets[] = {
    {"archive", read_archive}, {"legacy", read_archive},    {"safetensors", read_archive},
    {"index", read_index},     {"pickle", read_any_pickle}, {"idx", read_idx},
    {"json", read_json}};

// Small valid inputs of a target, to begin from.
std::vector<std::string> seeds(std::string_view target);

// Gives each record of a zip archive the checksum of its bytes, where the archive is whole enough: a changed byte then
// reaches the reader instead of ending there.
void repair_checksums(std::uint8_t* bytes, std::size_t size);

}  // namespace evenkeel::fuzz
