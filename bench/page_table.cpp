#include "bench/page_table.h"

#include <fmt/format.h>

#include "report/html.h"

namespace evenkeel::bench {

std::string page_table(const PageTable& table) {
  std::string head = "<td></td>";
  for (const auto& column : table.columns)
    head += fmt::format("<th scope=\"col\">{}</th>", report::escape(column));
  std::string body;
  for (const auto& row : table.rows) {
    std::string cells;
    for (const auto& cell : row)
      cells += fmt::format(fmt::runtime(cells.empty() ? "<th scope=\"row\">{}</th>" : "<td>{}</td>"),
                           report::escape(cell));
    body += "<tr>" + cells + "</tr>\n";
  }
  return fmt::format(
      "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">\n<table class=\"figures\">\n"
      "<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n",
      report::escape(table.label), head, body);
}

}  // namespace evenkeel::bench
