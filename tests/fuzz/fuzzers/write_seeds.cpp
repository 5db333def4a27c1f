// fuzz_seeds FOLDER: writes the seeds of every target into FOLDER/TARGET/.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>

#include "fuzz/entry_points.h"

int main(int count, char** arguments) try {
  if (count != 2) {
    std::fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
    return 2;
  }
  for (const auto& target : evenkeel::fuzz::kTargets) {
    const auto folder = std::filesystem::path(arguments[1]) / target.name;
    std::filesystem::create_directories(folder);
    int number = 0;
    for (const auto& seed : evenkeel::fuzz::seeds(target.name))
      std::ofstream(folder / ("seed-" + std::to_string(number++)), std::ios::binary) << seed;
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "fuzz_seeds: %s\n", error.what());
  return 1;
}
