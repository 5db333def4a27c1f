#include "runs/run_evaluation.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>

#include "files/base64.h"
#include "files/json_file.h"

namespace evenkeel::runs {
namespace {

using Json = nlohmann::ordered_json;

constexpr struct {
  const char* key;
  std::vector<double> report::LayerState::*values;
} kLayerValues[] = {{"running_mean", &report::LayerState::running_mean},
                    {"running_var", &report::LayerState::running_var},
                    {"weight", &report::LayerState::weight},
                    {"bias", &report::LayerState::bias}};

Json to_json(const report::Misclassified& picture) {
  return {{"label", picture.label},
          {"predicted", picture.predicted},
          {"confidence", picture.confidence},
          {"channels", picture.channels},
          {"rows", picture.rows},
          {"columns", picture.columns},
          {"pixels",
           files::base64({reinterpret_cast<const char*>(picture.pixels.data()), picture.pixels.size()})}};
}

report::Misclassified misclassified_from(const Json& json) {
  report::Misclassified picture;
  picture.label = json.at("label").get<int>();
  picture.predicted = json.at("predicted").get<int>();
  picture.confidence = files::number_from_json(json.at("confidence"));
  picture.channels = json.at("channels").get<std::int64_t>();
  picture.rows = json.at("rows").get<std::int64_t>();
  picture.columns = json.at("columns").get<std::int64_t>();
  const auto pixels = files::from_base64(json.at("pixels").get<std::string>());
  picture.pixels.assign(pixels.begin(), pixels.end());
  return picture;
}

Json to_json(const report::LayerState& layer) {
  Json json{{"name", layer.name}};
  for (const auto& [key, values] : kLayerValues) json[key] = layer.*values;
  return json;
}

report::LayerState layer_from(const Json& json) {
  report::LayerState layer;
  layer.name = json.at("name").get<std::string>();
  for (const auto& [key, values] : kLayerValues)
    for (const auto& value : json.at(key)) (layer.*values).push_back(files::number_from_json(value));
  return layer;
}

template <typename Items, typename From>
auto all_from(const Json& json, From from) {
  Items items;
  for (const auto& item : json) items.push_back(from(item));
  return items;
}

void check_is_consistent(const report::TestResult& test) {
  std::int64_t count = 0, right = 0;
  for (std::size_t label = 0; label < test.confusion.size(); ++label) {
    const auto& row = test.confusion[label];
    if (row.size() != test.confusion.size())
      throw std::runtime_error(
          fmt::format("expected a square confusion matrix, found a row of {} in one of {}", row.size(),
                      test.confusion.size()));
    for (const auto pictures : row)
      if (pictures < 0) throw std::runtime_error(fmt::format("expected counts, found {}", pictures));
    count = std::accumulate(row.begin(), row.end(), count);
    right += row[label];
  }
  if (count != test.count || count - right != test.errors)
    throw std::runtime_error(
        fmt::format("expected {} pictures and {} errors as in the confusion matrix, found {} and {}", count,
                    count - right, test.count, test.errors));
}

RunEvaluation evaluation_from(const Json& json) {
  RunEvaluation evaluation;
  evaluation.epoch = json.at("epoch").get<std::int64_t>();
  evaluation.seconds = files::number_from_json(json.at("seconds"));
  evaluation.training_count = json.at("training_count").get<std::int64_t>();
  auto& test = evaluation.test;
  test.count = json.at("test_count").get<std::int64_t>();
  test.errors = json.at("test_errors").get<std::int64_t>();
  test.class_names = json.at("classes").get<std::vector<std::string>>();
  test.confusion = json.at("confusion").get<std::vector<std::vector<std::int64_t>>>();
  test.misclassified =
      all_from<std::vector<report::Misclassified>>(json.at("misclassified"), misclassified_from);
  evaluation.layers = all_from<std::vector<report::LayerState>>(json.at("layers"), layer_from);
  check_is_consistent(test);
  return evaluation;
}

}  // namespace

void write_evaluation(const std::filesystem::path& path, const RunEvaluation& evaluation) {
  const auto& test = evaluation.test;
  Json json{{"epoch", evaluation.epoch},
            {"seconds", evaluation.seconds},
            {"training_count", evaluation.training_count},
            {"test_count", test.count},
            {"test_errors", test.errors},
            {"classes", test.class_names},
            {"confusion", test.confusion},
            {"misclassified", Json::array()},
            {"layers", Json::array()}};
  for (const auto& picture : test.misclassified) json["misclassified"].push_back(to_json(picture));
  for (const auto& layer : evaluation.layers) json["layers"].push_back(to_json(layer));
  files::write_json(path, json);
}

RunEvaluation read_evaluation(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file)
    throw std::runtime_error(fmt::format(
        "{}: expected what a run writes when it tests its network, found nothing that can be read",
        path.string()));
  try {
    return evaluation_from(Json::parse(file));
  } catch (const Json::exception& error) {
    throw std::runtime_error(
        fmt::format("{}: expected an evaluation, found something else: {}", path.string(), error.what()));
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
  }
}

}  // namespace evenkeel::runs
