#include "report/html.h"

#include <fmt/format.h>

#include <cmath>

#include "files/words.h"

namespace evenkeel::report {
namespace {

constexpr std::string_view kNarrowSpace = "\u202f";  // does not break: a number and its unit stay together
constexpr std::string_view kMinus = "\u2212";

std::string with_minus_sign(std::string number) {
  if (number.starts_with('-')) number.replace(0, 1, kMinus);
  return number;
}

std::string not_finite_text(double value) {
  if (std::isnan(value)) return "not a number";
  return value > 0 ? "infinite" : fmt::format("{}infinite", kMinus);
}

}  // namespace

std::string escape(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string number_text(double value) {
  return std::isfinite(value) ? with_minus_sign(fmt::format("{:.4g}", value)) : not_finite_text(value);
}

std::string percent_text(double fraction) {
  if (!std::isfinite(fraction)) return not_finite_text(fraction);
  return with_minus_sign(fmt::format("{:.2f}{}%", 100 * fraction, kNarrowSpace));
}

std::string duration_text(double seconds) { return files::duration(seconds, kNarrowSpace); }

std::string class_text(int label, const std::vector<std::string>& class_names) {
  const auto place = static_cast<std::size_t>(label);
  const bool named = place < class_names.size() && !class_names[place].empty();
  return named ? escape(class_names[place]) : fmt::to_string(label);
}

std::string count_text(std::int64_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

}  // namespace evenkeel::report
