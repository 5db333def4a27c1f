#include "training/report/report.h"

#include <fmt/format.h>

#include <stdexcept>

#include "training/atomic_file.h"
#include "training/report/html.h"
#include "training/report/plot.h"
#include "training/report/sections.h"
#include "training/report/style.h"

namespace evenkeel::training {

void write_report(const std::filesystem::path& path, const Report& report) {
  if (report.runs.empty() || report.runs.size() > kInks) {
    throw std::invalid_argument(
        fmt::format("[write_report] expected 1 to {} runs, found {}", kInks, report.runs.size()));
  }
  const std::string title = escape(report.title);
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n";  // without it browsers ask the server for one
  page += fmt::format("<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n", title, page_style());
  page += fmt::format("<header><h1>{}</h1></header>\n", title);
  page += headline(report) + comparison_section(report) + curves_section(report) + pictures_section(report) +
          layers_section(report) + settings_section(report);
  page += "</main>\n</body>\n</html>\n";
  write_file_atomically(path, page);
}

}  // namespace evenkeel::training
