#include "models/model.h"

#include "models/names.h"

namespace evenkeel::models {
namespace {

constexpr Named<Model> kModels[] = {{Model::kDigits, "digits"}, {Model::kResNet9, "resnet9"}};

}  // namespace

std::string_view name_of(Model model) { return find_name(kModels, model); }
Model model_from_name(std::string_view name) { return find_value(kModels, "model", name); }

PictureShape picture_shape(Model model) {
  return model == Model::kDigits ? PictureShape{1, 28, 28} : PictureShape{3, 32, 32};
}

}  // namespace evenkeel::models
