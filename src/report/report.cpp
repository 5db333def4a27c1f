#include "report/report.h"

#include <fmt/format.h>

#include <stdexcept>

#include "files/atomic_file.h"
#include "report/page.h"
#include "report/plot.h"
#include "report/sections.h"

namespace evenkeel::report {

void write_report(const std::filesystem::path& path, const Report& report) {
  if (report.runs.empty() || report.runs.size() > kInks) {
    throw std::invalid_argument(
        fmt::format("[write_report] expected 1 to {} runs, found {}", kInks, report.runs.size()));
  }
  files::write_file_atomically(
      path, html_page(report.title, headline(report) + comparison_section(report) + curves_section(report) +
                                        confusion_section(report) + pictures_section(report) +
                                        layers_section(report) + settings_section(report)));
}

}  // namespace evenkeel::report
