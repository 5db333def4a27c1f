#include "report/page.h"

#include <fmt/format.h>

#include "report/html.h"
#include "report/style.h"

namespace evenkeel::report {

std::string html_page(const std::string& title, const std::string& body) {
  const std::string shown = escape(title);
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n";  // without it browsers ask the server for one
  page += fmt::format("<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n", shown, page_style());
  page += fmt::format("<header><h1>{}</h1></header>\n", shown);
  return page + body + "</main>\n</body>\n</html>\n";
}

std::string settings_table(const std::vector<std::pair<std::string, std::string>>& settings) {
  std::string rows;
  for (const auto& [name, value] : settings)
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escape(name), escape(value));
  return "<table class=\"settings\">\n<tbody>\n" + rows + "</tbody>\n</table>\n";
}

std::string tile(std::string_view name, const std::string& value) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", name, value);
}

}  // namespace evenkeel::report
