#include "training/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string_view>

#include "files/json_file.h"

namespace evenkeel::training {
namespace {

template <typename Value>
void expect(bool holds, std::string_view what, std::string_view expected, const Value& found) {
  if (!holds) throw std::runtime_error(fmt::format("{}: expected {}, found {}", what, expected, found));
}

void check_pixels(const TrainConfig& config) {
  expect(!config.pixels.mean.empty() && config.pixels.mean.size() == config.pixels.deviation.size(),
         "pixel mean and deviation",
         fmt::format("one of each for every channel, {}", config.pixels.mean.size()),
         config.pixels.deviation.size());
  for (const auto mean : config.pixels.mean) expect(std::isfinite(mean), "pixel mean", "a number", mean);
  for (const auto deviation : config.pixels.deviation)
    expect(deviation > 0 && std::isfinite(deviation), "pixel deviation", "a number above 0", deviation);
}

// One channel: a number; several: a list.
nlohmann::ordered_json channel_values(const std::vector<double>& values) {
  return values.size() == 1 ? nlohmann::ordered_json(values.front()) : nlohmann::ordered_json(values);
}

// Runs from before there was a choice say nothing about it: they are what a TrainConfig is.
std::string text_or(const files::JsonFile& json, const std::string& key, std::string_view otherwise) {
  return json.has(key) ? json.text(key) : std::string(otherwise);
}

}  // namespace

TrainConfig default_config(models::Model model) {
  TrainConfig config;
  config.model = model;
  if (model != models::Model::kResNet9) return config;
  config.epochs = 24;
  config.batch_size = 512;
  config.optimiser = OptimiserKind::kSgd;
  config.learning_rate = 0.4;
  config.schedule = Schedule::kPeak;
  config.momentum = 0.9;
  config.weight_decay = 5e-4;
  config.augment = true;
  return config;
}

std::int64_t training_pictures(const TrainConfig& config, std::int64_t available) {
  return config.limit_pictures == 0 ? available : std::min(config.limit_pictures, available);
}

void check(const TrainConfig& config) {
  constexpr std::int64_t kMost = 1'000'000'000;
  const std::int64_t least_batch = models::needs_batch(config.norm) ? 2 : 1;
  expect(config.epochs >= 1 && config.epochs <= kMost, "epochs", "1 to 1000000000", config.epochs);
  expect(config.batch_size >= least_batch && config.batch_size <= kMost, "batch size",
         fmt::format("{} to {}", least_batch, kMost), config.batch_size);
  expect(config.learning_rate > 0 && std::isfinite(config.learning_rate), "learning rate", "a number above 0",
         config.learning_rate);
  expect(config.width >= 1 && config.width <= models::kMostWidth, "width",
         fmt::format("1 to {}", models::kMostWidth), config.width);
  expect(config.momentum >= 0 && config.momentum < 1, "momentum", "0 or more, below 1", config.momentum);
  expect(config.weight_decay >= 0 && std::isfinite(config.weight_decay), "weight decay", "0 or more",
         config.weight_decay);
  expect(config.limit_pictures == 0 || config.limit_pictures >= 2, "picture limit", "0 (none), 2 or more",
         config.limit_pictures);
  expect(config.limit_steps >= 0, "step limit", "0 (none) or more", config.limit_steps);
  expect(config.checkpoint_every >= 1, "steps between checkpoints", "1 or more", config.checkpoint_every);
  expect(config.threads >= 1 && config.threads <= 4096, "threads", "1 to 4096", config.threads);
  check_pixels(config);
}

void write_config(const std::filesystem::path& path, const TrainConfig& config) {
  nlohmann::ordered_json json{{"model", name_of(config.model)}};
  if (config.model == models::Model::kResNet9) json["width"] = config.width;
  json["norm"] = name_of(config.norm);
  json["data"] = config.data;
  json["epochs"] = config.epochs;
  json["batch_size"] = config.batch_size;
  json["optimiser"] = name_of(config.optimiser);
  json["learning_rate"] = config.learning_rate;
  json["schedule"] = name_of(config.schedule);
  if (config.optimiser == OptimiserKind::kSgd) {
    json["momentum"] = config.momentum;
    json["weight_decay"] = config.weight_decay;
  }
  json["augment"] = config.augment;
  json["seed"] = config.seed;
  json["limit_pictures"] = config.limit_pictures;
  json["limit_steps"] = config.limit_steps;
  json["checkpoint_every"] = config.checkpoint_every;
  json["threads"] = config.threads;
  json["pixel_mean"] = channel_values(config.pixels.mean);
  json["pixel_deviation"] = channel_values(config.pixels.deviation);
  files::write_json(path, json);
}

TrainConfig read_config(const std::filesystem::path& path) {
  const files::JsonFile json(path);
  TrainConfig config;
  const auto model = text_or(json, "model", name_of(config.model));
  const auto norm = json.text("norm");
  const auto optimiser = text_or(json, "optimiser", name_of(config.optimiser));
  const auto schedule = text_or(json, "schedule", name_of(config.schedule));
  if (json.has("width")) config.width = json.integer("width");
  if (json.has("momentum")) config.momentum = json.number("momentum");
  if (json.has("weight_decay")) config.weight_decay = json.number("weight_decay");
  if (json.has("augment")) config.augment = json.boolean("augment");
  if (json.has("limit_pictures")) config.limit_pictures = json.integer("limit_pictures");
  config.data = json.text("data");
  config.epochs = json.integer("epochs");
  config.batch_size = json.integer("batch_size");
  config.learning_rate = json.number("learning_rate");
  config.seed = json.natural("seed");
  config.limit_steps = json.integer("limit_steps");
  config.checkpoint_every = json.integer("checkpoint_every");
  config.threads =
      static_cast<int>(std::min<std::int64_t>(json.integer("threads"), std::numeric_limits<int>::max()));
  config.pixels.mean = json.numbers("pixel_mean");
  config.pixels.deviation = json.numbers("pixel_deviation");
  try {
    config.model = models::model_from_name(model);
    config.norm = models::norm_from_name(norm);
    config.optimiser = optimiser_from_name(optimiser);
    config.schedule = schedule_from_name(schedule);
    check(config);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
  }
  return config;
}

}  // namespace evenkeel::training
