#include "report/inline_svg.h"

#include <fmt/format.h>

#include <pugixml.hpp>
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

// The class of the ink whose colour it is, as "rgb(  0,   0,  12)"; empty for any other colour.
std::string class_of_colour(std::string colour) {
  std::erase(colour, ' ');
  for (const auto kind : {Ink::Kind::kRun, Ink::Kind::kFaint, Ink::Kind::kReference})
    for (int run = 1; run <= kInks; ++run)
      if (colour == fmt::format("rgb(0,0,{})", code({kind, run}))) return ink_class({kind, run});
  return "";
}

// Colours are the page's: an ink becomes a class, on what is drawn; groups only pass colours on, to nothing that has none of its own.
void give_colours_to_the_page(pugi::xml_node element) {
  const bool group = std::string_view(element.name()) == "g";
  for (const char* name : {"stroke", "color"}) {
    const auto attribute = element.attribute(name);
    const std::string_view colour = attribute.value();
    if (colour.empty() || colour == "none" || colour == "currentColor") continue;
    const auto ink = class_of_colour(attribute.value());
    element.remove_attribute(attribute);
    if (!group && !ink.empty()) element.prepend_attribute("class") = ink.c_str();
  }
  if (auto fill = element.attribute("fill"); std::string_view(fill.value()) == "black") fill = "currentColor";
}

// The text between `begin` and `end`, or nothing.
std::string_view between(std::string_view text, std::string_view begin, std::string_view end) {
  const auto at = text.find(begin);
  if (at == std::string_view::npos) return {};
  const auto start = at + begin.size();
  const auto stop = text.find(end, start);
  return stop == std::string_view::npos ? std::string_view() : text.substr(start, stop - start);
}

// gnuplot's dots refer to a symbol by its id; ours are circles, of that place and size.
void make_circle(pugi::xml_node dot) {
  const std::string transform = dot.attribute("transform").value();
  const auto place = between(transform, "translate(", ")");
  const auto comma = place.find(',');
  if (comma == std::string_view::npos) return;
  dot.set_name("circle");
  dot.remove_attribute("xlink:href");
  dot.remove_attribute("transform");
  dot.append_attribute("cx") = std::string(place.substr(0, comma)).c_str();
  dot.append_attribute("cy") = std::string(place.substr(comma + 1)).c_str();
  dot.append_attribute("r") = std::string(between(transform, "scale(", ")")).c_str();
}

// Makes what lies in a node fit for the page, and removes what says nothing there: gnuplot writes a group for every change of the
// pen, most of them empty.
void adapt(pugi::xml_node node) {
  const auto children = node.children();
  for (auto child : std::vector<pugi::xml_node>(children.begin(), children.end())) {
    const std::string_view name = child.name();
    if (name == "title" || name == "desc" || name == "defs") {
      node.remove_child(child);
      continue;
    }
    if (child.type() != pugi::node_element) continue;
    adapt(child);
    if (name == "g" && !child.first_child()) {
      node.remove_child(child);
      continue;
    }
    give_colours_to_the_page(child);
    if (name == "use") make_circle(child);
    if (child.remove_attribute("id")) child.prepend_attribute("class") = "curve";
    child.remove_attribute("font-family");
  }
}

}  // namespace

std::string gnuplot_colour(Ink ink) { return fmt::format("#0000{:02x}", code(ink)); }

std::string inline_svg(const std::string& document, const std::string& description) {
  pugi::xml_document parsed;
  const bool well_formed =
      parsed.load_buffer(document.data(), document.size(), pugi::parse_default, pugi::encoding_utf8);
  const auto svg = parsed.child("svg");
  auto canvas = svg.child("g");  // holds the whole, behind a frame and the symbols
  const std::string box = svg.attribute("viewBox").value();
  if (!well_formed || box.empty() || !canvas) {
    throw std::runtime_error(fmt::format(
        "cannot draw the plots: expected an SVG document from gnuplot, found {} bytes of something else",
        document.size()));
  }
  canvas.remove_child("rect");
  adapt(canvas);

  std::ostringstream drawing;
  for (const auto child : canvas.children())
    child.print(drawing, "", pugi::format_indent, pugi::encoding_utf8);
  return fmt::format("<svg class=\"plot\" role=\"img\" viewBox=\"{}\" aria-label=\"{}\">\n", box,
                     escape(description)) +
         drawing.str() + "</svg>\n";
}

}  // namespace evenkeel::report
