#include "report/inline_svg.h"

#include <fmt/format.h>

#include <sstream>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "report/html.h"

namespace evenkeel::report {
namespace {

int code(Ink ink) { return 10 * static_cast<int>(ink.kind) + ink.run; }

std::string ink_class(Ink ink) {
  switch (ink.kind) {
    case Ink::Kind::kFaint:
      return fmt::format("faint-{}", ink.run);
    case Ink::Kind::kReference:
      return "ink-reference";
    default:
      return fmt::format("ink-{}", ink.run);
  }
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// The text between `begin` and `end`, or nothing.
std::string_view between(std::string_view text, std::string_view begin, std::string_view end) {
  const auto at = text.find(begin);
  if (at == std::string_view::npos) return {};
  const auto start = at + begin.size();
  const auto stop = text.find(end, start);
  return stop == std::string_view::npos ? std::string_view() : text.substr(start, stop - start);
}

void replace_colours(std::string& line) {
  for (const auto kind : {Ink::Kind::kRun, Ink::Kind::kFaint, Ink::Kind::kReference}) {
    for (int run = 1; run <= kInks; ++run) {
      const Ink ink = {kind, run};
      const std::string rgb = fmt::format("rgb(  0,   0, {:3})", code(ink));  // as gnuplot writes it
      const std::string as_class = fmt::format("class=\"{}\"", ink_class(ink));
      replace_all(line, "stroke='" + rgb + "'", as_class);
      replace_all(line, "color='" + rgb + "'", as_class);
      replace_all(line, "stroke=\"" + rgb + "\"", "");  // on groups without content
    }
  }
  replace_all(line, " stroke='black'", "");
  replace_all(line, " stroke='gray'", "");
  replace_all(line, " stroke=\"gray\"", "");
  replace_all(line, " stroke=\"black\"", "");
  replace_all(line, " fill=\"black\"", " fill=\"currentColor\"");
  for (const std::string_view colour : {"black", "gray", "white"}) {
    replace_all(line, fmt::format(" color=\"{}\"", colour), "");
  }
}

void remove_attribute(std::string& line, std::string_view name) {
  const std::string begin = fmt::format(" {}=\"", name);
  for (auto at = line.find(begin); at != std::string::npos; at = line.find(begin)) {
    line.erase(at, line.find('"', at + begin.size()) + 1 - at);
  }
}

// gnuplot's dots refer to a symbol by its id; ours are circles.
void replace_dot(std::string& line) {
  const std::string_view symbol = "<use xlink:href='#gpPt6' transform='translate(";
  for (auto at = line.find(symbol); at != std::string::npos; at = line.find(symbol)) {
    const auto end = line.find("/>", at);
    const std::string use = line.substr(at, end - at);
    const auto comma = between(use, "translate(", ")").find(',');
    const std::string_view place = between(use, "translate(", ")");
    const std::string circle =
        fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" class=\"{}\"", place.substr(0, comma),
                    place.substr(comma + 1), between(use, "scale(", ")"), between(use, "class=\"", "\""));
    line.replace(at, end - at, circle);
  }
}

std::string trimmed(const std::string& line) {
  const auto begin = line.find_first_not_of(" \t\r");
  return begin == std::string::npos ? "" : line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
}

bool opens_group(const std::string& line) {
  return line.starts_with("<g ") && line.find('>') == line.size() - 1;
}

}  // namespace

std::string gnuplot_colour(Ink ink) { return fmt::format("#0000{:02x}", code(ink)); }

std::string inline_svg(const std::string& document, const std::string& description) {
  const std::string_view box = between(document, "viewBox=\"", "\"");
  const std::string_view drawing = between(document, "</defs>", "</svg>");
  if (box.empty() || drawing.empty()) {
    throw std::runtime_error(fmt::format(
        "cannot draw the plots: expected an SVG document from gnuplot, found {} bytes of something else",
        document.size()));
  }

  std::vector<std::string> lines;
  std::istringstream input{std::string(drawing)};
  for (std::string line; std::getline(input, line);) {
    line = trimmed(line);
    if (line.find(" id=\"") != std::string::npos)
      line = "<g class=\"curve\">";  // opens the group of one curve
    replace_colours(line);
    replace_dot(line);
    remove_attribute(line, "font-family");
    if (line == "</g>" && !lines.empty() && opens_group(lines.back())) {
      lines.pop_back();  // gnuplot writes a group for every change of the pen, most of them empty
    } else if (!line.empty()) {
      lines.push_back(line);
    }
  }
  lines.pop_back();  // closes the group that holds the whole and was opened before </defs>

  std::string svg = fmt::format("<svg class=\"plot\" role=\"img\" viewBox=\"{}\" aria-label=\"{}\">\n", box,
                                escape(description));
  for (const std::string& line : lines) svg += line + "\n";
  return svg + "</svg>\n";
}

}  // namespace evenkeel::report
