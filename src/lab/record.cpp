#include "lab/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "files/json_file.h"

namespace evenkeel::lab {
namespace {

using files::number_from_json;
using files::number_to_json;
using nlohmann::ordered_json;

template <typename Items>
auto find(Items& items, const std::string& name) {
  return std::find_if(items.begin(), items.end(), [&name](const auto& item) { return item.first == name; });
}

template <typename Items>
const auto& at(const Items& items, const std::string& name, const char* kind) {
  const auto found = find(items, name);
  if (found == items.end())
    throw std::runtime_error(fmt::format("expected a {} \"{}\", found none", kind, name));
  return found->second;
}

template <typename Items, typename Value>
void set(Items& items, const std::string& name, const Value& value) {
  const auto found = find(items, name);
  if (found == items.end())
    items.emplace_back(name, value);
  else
    found->second = value;
}

}  // namespace

void Record::number(const std::string& name, double value, const std::string& unit) {
  set(numbers_, name, Number{value, unit});
}

void Record::point(const std::string& curve, double x, double y) {
  auto found = find(curves_, curve);
  if (found == curves_.end()) found = curves_.insert(curves_.end(), {curve, {}});
  found->second.push_back({x, y});
}

void Record::setting(const std::string& name, const std::string& value) { set(settings_, name, value); }

double Record::operator[](const std::string& name) const { return at(numbers_, name, "measurement").value; }

const std::vector<Point>& Record::curve(const std::string& name) const { return at(curves_, name, "curve"); }

bool Record::has_curve(const std::string& name) const { return find(curves_, name) != curves_.end(); }

bool same_places(const std::vector<Point>& a, const std::vector<Point>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](Point p, Point q) { return p.x == q.x; });
}

Record mean_of(const std::vector<Record>& records) {
  Record mean = records.front();
  const auto count = static_cast<double>(records.size());
  for (auto& [name, number] : mean.numbers_) {
    number.value = 0;
    for (const auto& record : records) number.value += record[name] / count;
  }
  for (auto& [name, points] : mean.curves_) {
    const bool alike = std::all_of(records.begin(), records.end(),
                                   [&, &name = name, &points = points](const Record& record) {
                                     return record.has_curve(name) && same_places(record.curve(name), points);
                                   });
    if (!alike) continue;
    for (std::size_t i = 0; i < points.size(); ++i) {
      points[i].y = 0;
      for (const auto& record : records) points[i].y += record.curve(name)[i].y / count;
    }
  }
  return mean;
}

ordered_json Record::to_json() const {
  ordered_json json = {{"settings", ordered_json::object()},
                       {"numbers", ordered_json::object()},
                       {"curves", ordered_json::object()}};
  for (const auto& [name, value] : settings_) json["settings"][name] = value;
  for (const auto& [name, number] : numbers_)
    json["numbers"][name] = {{"unit", number.unit}, {"value", number_to_json(number.value)}};
  for (const auto& [name, points] : curves_) {
    auto& list = json["curves"][name] = ordered_json::array();
    for (const auto& point : points)
      list.push_back(ordered_json::array({number_to_json(point.x), number_to_json(point.y)}));
  }
  return json;
}

Record Record::from_json(const ordered_json& json) {
  Record record;
  for (const auto& [name, value] : json.at("settings").items())
    record.setting(name, value.get<std::string>());
  for (const auto& [name, number] : json.at("numbers").items())
    record.number(name, number_from_json(number.at("value")), number.at("unit").get<std::string>());
  for (const auto& [name, points] : json.at("curves").items())
    for (const auto& point : points)
      record.point(name, number_from_json(point.at(0)), number_from_json(point.at(1)));
  return record;
}

}  // namespace evenkeel::lab
