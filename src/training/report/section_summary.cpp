// The figures in words and tables: headline, comparison, settings.
#include <fmt/format.h>

#include <cmath>

#include "training/report/html.h"
#include "training/report/sections.h"

namespace evenkeel::training {
namespace {

std::string tile(std::string_view name, const std::string& value) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", name, value);
}

std::string epochs_of(const RunForReport& run) {
  return run.epochs.empty() ? "less than one" : number_text(run.epochs.back().y);
}

std::string errors_of(const RunForReport& run) {
  return fmt::format("{} of {}", run.test_errors, run.test_count);
}

// How `run` differs from the first run, in one sentence.
std::string difference(const RunForReport& first, const RunForReport& run) {
  const double points = 100 * (first.final_test_accuracy - run.final_test_accuracy);
  if (!std::isfinite(points)) return "";
  const std::string names[] = {escape(first.label), escape(run.label)};
  if (std::abs(points) < 0.005) {
    return fmt::format("<p><b>{}</b> and <b>{}</b> reach the same test accuracy.</p>\n", names[0], names[1]);
  }
  return fmt::format("<p><b>{}</b> ends {:.2f} percentage points {} <b>{}</b> in test accuracy.</p>\n", names[0],
                     std::abs(points), points > 0 ? "above" : "below", names[1]);
}

}  // namespace

std::string headline(const Report& report) {
  const RunForReport& run = report.runs.front();
  const std::string whose =
      report.runs.size() > 1 ? fmt::format("<p>Of the first run, <b>{}</b>:</p>\n", escape(run.label)) : "";
  return "<section aria-label=\"Headline figures\">\n" + whose + "<dl class=\"tiles\">\n" +
         tile("Test accuracy", percent_text(run.final_test_accuracy)) + tile("Test errors", errors_of(run)) +
         tile("Training loss", number_text(run.final_train_loss)) + tile("Epochs", epochs_of(run)) +
         tile("Time", duration_text(run.seconds)) + "</dl>\n</section>\n";
}

std::string comparison_section(const Report& report) {
  if (report.runs.size() < 2) return "";
  std::string rows;
  std::string sentences;
  int number = 0;
  for (const RunForReport& run : report.runs) {
    rows += fmt::format(
        "<tr><th scope=\"row\"><span class=\"key key-{}\" aria-hidden=\"true\"></span>{}</th>"
        "<td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        ++number, escape(run.label), percent_text(run.final_test_accuracy),
        percent_text(1 - run.final_test_accuracy), errors_of(run), number_text(run.final_train_loss),
        duration_text(run.seconds));
    if (number > 1) sentences += difference(report.runs.front(), run);
  }
  return "<section>\n<h2>Comparison</h2>\n" + sentences +
         "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Comparison of the runs\">\n"
         "<table class=\"figures\">\n<thead><tr><th scope=\"col\">Run</th><th scope=\"col\">Test accuracy</th>"
         "<th scope=\"col\">Error rate</th><th scope=\"col\">Errors</th><th scope=\"col\">Training loss</th>"
         "<th scope=\"col\">Time</th></tr></thead>\n<tbody>\n" +
         rows + "</tbody>\n</table>\n</div>\n</section>\n";
}

std::string settings_section(const Report& report) {
  if (report.settings.empty()) return "";
  std::string rows;
  for (const auto& [name, value] : report.settings) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escape(name), escape(value));
  }
  return "<section>\n<h2>What was run</h2>\n<table class=\"settings\">\n<tbody>\n" + rows +
         "</tbody>\n</table>\n</section>\n";
}

}  // namespace evenkeel::training
