#include "runs/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "files/json_file.h"
#include "runs/train_run.h"

namespace evenkeel::runs {

bool Comparison::is_finished() const {
  return std::filesystem::exists(report()) &&
         std::all_of(folders.begin(), folders.end(),
                     [](const RunFolder& folder) { return folder.is_finished(); });
}

void check_comparison(const training::TrainConfig& config) {
  if (config.norm == models::Norm::kNone)
    throw std::runtime_error("compare: expected a run with batch norm to compare, found norm none");
}

Comparison start_comparison(const std::filesystem::path& path, const training::TrainConfig& config,
                            const data::DataSet& data) {
  check_comparison(config);
  const auto folder = create_run_folder(path);
  training::TrainConfig without = config;
  without.norm = models::Norm::kNone;
  const std::string name(name_of(config.norm));
  Comparison runs{path,
                  {start_run(path / name, config, data), runs::start_run(path / "none", without, data)}};
  files::write_json(folder.config(), {{"compare", {name, "none"}}});
  return runs;
}

Comparison open_runs(const std::filesystem::path& path) {
  const auto folder = open_run_folder(path);
  const auto names = files::JsonFile(folder.config()).texts_or_empty("compare");
  if (names.empty()) return {path, {folder}};
  Comparison runs{path, {}};
  for (const auto& name : names)
    runs.folders.push_back(open_run_folder(path / name_of(models::norm_from_name(name))));
  return runs;
}

RunFolder open_single_run(const std::filesystem::path& path) {
  const auto runs = open_runs(path);
  if (runs.folders.size() > 1)
    throw std::runtime_error(fmt::format("{}: expected one run, found a comparison: {}, {}", path.string(),
                                         runs.folders.front().path.string(),
                                         runs.folders.back().path.string()));
  return runs.folders.front();
}

}  // namespace evenkeel::runs
