#include "training/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string_view>

#include "training/json_file.h"

namespace evenkeel::training {
namespace {

template <typename Value>
void expect(bool holds, std::string_view what, std::string_view expected, const Value& found) {
  if (!holds) throw std::runtime_error(fmt::format("{}: expected {}, found {}", what, expected, found));
}

}  // namespace

void check(const TrainConfig& config) {
  constexpr std::int64_t kMost = 1'000'000'000;
  const std::int64_t least_batch = needs_batch(config.norm) ? 2 : 1;
  expect(config.epochs >= 1 && config.epochs <= kMost, "epochs", "1 to 1000000000", config.epochs);
  expect(config.batch_size >= least_batch && config.batch_size <= kMost, "batch size",
         fmt::format("{} to {}", least_batch, kMost), config.batch_size);
  expect(config.learning_rate > 0 && std::isfinite(config.learning_rate), "learning rate", "a number above 0",
         config.learning_rate);
  expect(config.limit_steps >= 0, "step limit", "0 (none) or more", config.limit_steps);
  expect(config.checkpoint_every >= 1, "steps between checkpoints", "1 or more", config.checkpoint_every);
  expect(config.threads >= 1 && config.threads <= 4096, "threads", "1 to 4096", config.threads);
  expect(config.pixel_deviation > 0 && std::isfinite(config.pixel_mean), "pixel deviation",
         "a number above 0", config.pixel_deviation);
}

void write_config(const std::filesystem::path& path, const TrainConfig& config) {
  write_json(path, {{"norm", name_of(config.norm)},
                    {"data", config.data},
                    {"epochs", config.epochs},
                    {"batch_size", config.batch_size},
                    {"learning_rate", config.learning_rate},
                    {"seed", config.seed},
                    {"limit_steps", config.limit_steps},
                    {"checkpoint_every", config.checkpoint_every},
                    {"threads", config.threads},
                    {"pixel_mean", config.pixel_mean},
                    {"pixel_deviation", config.pixel_deviation}});
}

TrainConfig read_config(const std::filesystem::path& path) {
  const JsonFile json(path);
  TrainConfig config;
  const auto norm = json.text("norm");
  config.data = json.text("data");
  config.epochs = json.integer("epochs");
  config.batch_size = json.integer("batch_size");
  config.learning_rate = json.number("learning_rate");
  config.seed = json.natural("seed");
  config.limit_steps = json.integer("limit_steps");
  config.checkpoint_every = json.integer("checkpoint_every");
  config.threads =
      static_cast<int>(std::min<std::int64_t>(json.integer("threads"), std::numeric_limits<int>::max()));
  config.pixel_mean = json.number("pixel_mean");
  config.pixel_deviation = json.number("pixel_deviation");
  try {
    config.norm = norm_from_name(norm);
    check(config);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
  }
  return config;
}

}  // namespace evenkeel::training
