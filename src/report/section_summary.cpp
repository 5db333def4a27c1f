// The figures in words and tables: headline, comparison, settings.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/html.h"
#include "report/page.h"
#include "report/sections.h"

namespace evenkeel::report {
namespace {

std::string epochs_of(const RunForReport& run) {
  return run.epochs.empty() ? "less than one" : number_text(run.epochs.back().y);
}

// A run that was stopped before its first test has no accuracy, and 0 % would be a wrong one.
constexpr std::string_view kNotTested = "not tested";

bool tested(const RunForReport& run) { return run.test.count > 0; }

std::string accuracy_of(const RunForReport& run) {
  return tested(run) ? percent_text(run.final_test_accuracy) : std::string(kNotTested);
}

std::string error_rate_of(const RunForReport& run) {
  return tested(run) ? percent_text(1 - run.final_test_accuracy) : std::string(kNotTested);
}

std::string errors_of(const RunForReport& run) {
  return tested(run) ? fmt::format("{} of {}", run.test.errors, run.test.count) : std::string(kNotTested);
}

// Two standard deviations of the difference between two accuracies, each of its own pictures.
double noise_of_difference(const RunForReport& one, const RunForReport& other) {
  const auto variance = [](const RunForReport& run) {
    return run.final_test_accuracy * (1 - run.final_test_accuracy) / static_cast<double>(run.test.count);
  };
  return 2 * std::sqrt(variance(one) + variance(other));
}

// How `run` differs from the first run, in one sentence.
std::string difference(const RunForReport& first, const RunForReport& run) {
  const double points = 100 * (first.final_test_accuracy - run.final_test_accuracy);
  if (!tested(first) || !tested(run) || !std::isfinite(points)) return "";
  const std::string names[] = {escape(first.label), escape(run.label)};
  if (std::abs(points) < 0.005) {
    return fmt::format("<p><b>{}</b> and <b>{}</b> reach the same test accuracy.</p>\n", names[0], names[1]);
  }
  const double noise = 100 * noise_of_difference(first, run);
  return fmt::format("<p><b>{}</b> ends {:.2f} percentage points {} <b>{}</b> in test accuracy{}.</p>\n",
                     names[0], std::abs(points), points > 0 ? "above" : "below", names[1],
                     std::abs(points) > noise
                         ? ""
                         : fmt::format(", which is within the noise of {} test pictures, ±{:.2f}",
                                       std::min(first.test.count, run.test.count), noise));
}

}  // namespace

std::string headline(const Report& report) {
  const RunForReport& run = report.runs.front();
  const std::string whose =
      report.runs.size() > 1 ? fmt::format("<p>Of the first run, <b>{}</b>:</p>\n", escape(run.label)) : "";
  return "<section aria-label=\"Headline figures\">\n" + whose + "<dl class=\"tiles\">\n" +
         tile("Test accuracy", accuracy_of(run)) + tile("Test errors", errors_of(run)) +
         tile("Training loss", number_text(run.final_train_loss)) + tile("Epochs", epochs_of(run)) +
         tile("Time", duration_text(run.seconds)) + "</dl>\n</section>\n";
}

std::string comparison_section(const Report& report) {
  if (report.runs.size() < 2) return "";
  // One column for each run: two runs fit on a phone.
  std::string head;
  std::string sentences;
  int number = 0;
  for (const RunForReport& run : report.runs) {
    head +=
        fmt::format("<th scope=\"col\"><span class=\"key key-{}\" aria-hidden=\"true\"></span><b>{}</b></th>",
                    ++number, escape(run.label));
    if (number > 1) sentences += difference(report.runs.front(), run);
  }
  const auto row = [&report](std::string_view name, const auto& text_of) {
    std::string cells;
    for (const RunForReport& run : report.runs) cells += fmt::format("<td>{}</td>", text_of(run));
    return fmt::format("<tr><th scope=\"row\">{}</th>{}</tr>\n", name, cells);
  };
  return "<section>\n<h2>Comparison</h2>\n" + sentences +
         "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Comparison of the runs\">\n"
         "<table class=\"figures\">\n<thead><tr><td></td>" +
         head + "</tr></thead>\n<tbody>\n" + row("Test accuracy", accuracy_of) +
         row("Error rate", error_rate_of) + row("Test errors", errors_of) +
         row("Training loss", [](const RunForReport& run) { return number_text(run.final_train_loss); }) +
         row("Time", [](const RunForReport& run) { return duration_text(run.seconds); }) +
         "</tbody>\n</table>\n</div>\n</section>\n";
}

std::string settings_section(const Report& report) {
  if (report.settings.empty()) return "";
  return "<section>\n<h2>What was run</h2>\n" + settings_table(report.settings) + "</section>\n";
}

}  // namespace evenkeel::report
