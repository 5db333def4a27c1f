// What one seed of a claim measured.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/report.h"

namespace evenkeel::lab {

using report::Point;

struct Number {
  double value = 0;
  std::string unit;  // "%", "ms", ...; empty for a plain number
};

// Numbers and curves by name, in the order in which they were measured, and the settings they were measured with.
class Record {
 public:
  void number(const std::string& name, double value, const std::string& unit = "");
  void point(const std::string& curve, double x, double y);
  void setting(const std::string& name, const std::string& value);

  // Throws std::runtime_error with one line when there is none of that name.
  double operator[](const std::string& name) const;
  const std::vector<Point>& curve(const std::string& name) const;
  bool has_curve(const std::string& name) const;

  const std::vector<std::pair<std::string, Number>>& numbers() const { return numbers_; }
  const std::vector<std::pair<std::string, std::vector<Point>>>& curves() const { return curves_; }
  const std::vector<std::pair<std::string, std::string>>& settings() const { return settings_; }

  nlohmann::ordered_json to_json() const;
  // Throws nlohmann::json::exception or std::runtime_error when it is not one.
  static Record from_json(const nlohmann::ordered_json& json);

 private:
  friend Record mean_of(const std::vector<Record>& records);
  std::vector<std::pair<std::string, Number>> numbers_;
  std::vector<std::pair<std::string, std::vector<Point>>> curves_;
  std::vector<std::pair<std::string, std::string>> settings_;
};

// Whether two curves have their points at the same x.
bool same_places(const std::vector<Point>& a, const std::vector<Point>& b);

// The mean of each number and of each point, all records having been measured alike. A curve whose places differ is that of the first.
Record mean_of(const std::vector<Record>& records);

}  // namespace evenkeel::lab
