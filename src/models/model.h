// Which network: the choices that decide its layers.
#pragma once

#include <cstdint>
#include <string_view>

#include "models/norms/norm.h"

namespace evenkeel::models {

inline constexpr int kClasses = 10;
inline constexpr std::int64_t kMostWidth = 1024;

enum class Model {
  kDigits,   // digit_network.h
  kResNet9,  // resnet9.h
};
std::string_view name_of(Model model);         // "digits", "resnet9"
Model model_from_name(std::string_view name);  // throws std::runtime_error with one line

// What a model takes.
struct PictureShape {
  std::int64_t channels = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};
PictureShape picture_shape(Model model);

struct ModelConfig {
  Model model = Model::kDigits;
  std::int64_t width = 64;  // ResNet-9: channels of its first layer; each pooling but the last doubles them
  Norm norm = Norm::kBatch;
};

}  // namespace evenkeel::models
