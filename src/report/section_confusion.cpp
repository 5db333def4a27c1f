// What each class was taken for.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "report/html.h"
#include "report/sections.h"

namespace evenkeel::report {
namespace {

constexpr int kShades = 5;

std::int64_t most_mistaken(const TestResult& test) {
  std::int64_t most = 0;
  for (std::size_t label = 0; label < test.confusion.size(); ++label)
    for (std::size_t taken_for = 0; taken_for < test.confusion[label].size(); ++taken_for)
      if (taken_for != label) most = std::max(most, test.confusion[label][taken_for]);
  return most;
}

// The darker, the more pictures, of the most that any two classes share.
std::string cell(std::int64_t count, bool right, std::int64_t most) {
  if (right) return fmt::format("<td class=\"right\">{}</td>", count);
  if (count == 0) return "<td></td>";
  const auto shade =
      static_cast<int>(std::ceil(kShades * static_cast<double>(count) / static_cast<double>(most)));
  return fmt::format("<td class=\"shade-{}\">{}</td>", shade, count);
}

std::string row(const TestResult& test, std::size_t label, std::int64_t most) {
  const auto& counts = test.confusion[label];
  const auto all = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  std::string cells;
  for (std::size_t taken_for = 0; taken_for < counts.size(); ++taken_for)
    cells += cell(counts[taken_for], taken_for == label, most);
  const auto share = all == 0 ? std::string("-")
                              : percent_text(static_cast<double>(counts[label]) / static_cast<double>(all));
  return fmt::format("<tr><th scope=\"row\">{}</th>{}<td>{}</td></tr>\n",
                     class_text(static_cast<int>(label), test.class_names), cells, share);
}

std::string table(const RunForReport& run) {
  const auto& test = run.test;
  const auto most = most_mistaken(test);
  std::string head, rows;
  for (std::size_t label = 0; label < test.confusion.size(); ++label) {
    head += fmt::format("<th scope=\"col\"><span>{}</span></th>",
                        class_text(static_cast<int>(label), test.class_names));
    rows += row(test, label, most);
  }
  return fmt::format(
             "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Confusion matrix of {}\">\n"
             "<table class=\"confusion{}\">\n<thead><tr><td></td>",
             escape(run.label), test.class_names.empty() ? "" : " named") +
         head + "<th scope=\"col\"><span>right</span></th></tr></thead>\n<tbody>\n" + rows +
         "</tbody>\n</table>\n</div>\n";
}

}  // namespace

std::string confusion_section(const Report& report) {
  std::string body;
  for (const RunForReport& run : report.runs) {
    if (run.test.confusion.empty()) continue;
    if (report.runs.size() > 1) body += fmt::format("<h3>Run {}</h3>\n", escape(run.label));
    body += table(run);
  }
  if (body.empty()) return "";
  return "<section>\n<h2>What was taken for what</h2>\n"
         "<p>Test pictures: a row for each true class, a column for each class that the network took them "
         "for, and how many of "
         "the class were right.</p>\n" +
         body + "</section>\n";
}

}  // namespace evenkeel::report
