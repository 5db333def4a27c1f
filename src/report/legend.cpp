#include "report/legend.h"

#include <fmt/format.h>

#include "report/html.h"

namespace evenkeel::report {

std::string legend(const std::vector<LegendEntry>& entries) {
  if (entries.empty()) return "";
  std::string items;
  for (const auto& entry : entries)
    items += fmt::format("<li><span class=\"key key-{}\" aria-hidden=\"true\"></span>{}</li>", entry.ink,
                         escape(entry.label));
  return "<ul class=\"legend\" aria-label=\"Legend\">" + items + "</ul>\n";
}

}  // namespace evenkeel::report
