#include "training/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "files/json_file.h"
#include "training/setting_list.h"

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

using files::JsonFile;

void read_value(const JsonFile& json, const std::string& key, std::string& value) { value = json.text(key); }
void read_value(const JsonFile& json, const std::string& key, std::int64_t& value) {
  value = json.integer(key);
}
void read_value(const JsonFile& json, const std::string& key, std::uint64_t& value) {
  value = json.natural(key);
}
void read_value(const JsonFile& json, const std::string& key, double& value) { value = json.number(key); }
void read_value(const JsonFile& json, const std::string& key, bool& value) { value = json.boolean(key); }
void read_value(const JsonFile& json, const std::string& key, int& value) {
  value = static_cast<int>(std::min<std::int64_t>(json.integer(key), std::numeric_limits<int>::max()));
}
void read_value(const JsonFile& json, const std::string& key, models::Model& value) {
  value = models::model_from_name(json.text(key));
}
void read_value(const JsonFile& json, const std::string& key, models::Norm& value) {
  value = models::norm_from_name(json.text(key));
}
void read_value(const JsonFile& json, const std::string& key, OptimiserKind& value) {
  value = optimiser_from_name(json.text(key));
}
void read_value(const JsonFile& json, const std::string& key, Schedule& value) {
  value = schedule_from_name(json.text(key));
}
void read_value(const JsonFile& json, const std::string& key, data::PixelScale& value) {
  value = {json.numbers(key + "_mean"), json.numbers(key + "_deviation")};
}

template <typename Value>
void write_value(nlohmann::ordered_json& json, const std::string& key, const Value& value) {
  if constexpr (std::is_enum_v<Value>)
    json[key] = name_of(value);
  else
    json[key] = value;
}
void write_value(nlohmann::ordered_json& json, const std::string& key, const data::PixelScale& value) {
  json[key + "_mean"] = channel_values(value.mean);
  json[key + "_deviation"] = channel_values(value.deviation);
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
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for_each_setting([&](const Setting& setting, auto member) {
    if (setting.applies == nullptr || setting.applies(config))
      write_value(json, std::string(setting.key), config.*member);
  });
  files::write_json(path, json);
}

TrainConfig read_config(const std::filesystem::path& path) {
  const files::JsonFile json(path);
  TrainConfig config;
  // What the file itself says begins with its path already.
  const auto named = [&](const auto& action) {
    try {
      action();
    } catch (const std::runtime_error& error) {
      const std::string what = error.what();
      throw std::runtime_error(what.starts_with(path.string()) ? what
                                                               : fmt::format("{}: {}", path.string(), what));
    }
  };
  for_each_setting([&](const Setting& setting, auto member) {
    const std::string key(setting.key);
    if (setting.always_recorded || json.has(key)) named([&] { read_value(json, key, config.*member); });
  });
  named([&] { check(config); });
  return config;
}

}  // namespace evenkeel::training
