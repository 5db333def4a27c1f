// Test pictures that the network got wrong.
#include <fmt/format.h>

#include <algorithm>

#include "files/base64.h"
#include "report/html.h"
#include "report/picture.h"
#include "report/sections.h"

namespace evenkeel::report {
namespace {

constexpr std::size_t kMostShown = 60;

std::string with_article(const std::string& name) {
  return (std::string_view("aeiou").find(name.front()) == std::string_view::npos ? "a " : "an ") + name;
}

std::string picture_item(const Misclassified& picture, const std::vector<std::string>& class_names) {
  const bool grey = picture.channels == 1;
  const auto& png = grey ? grey_png : colour_png;
  const auto label = class_text(picture.label, class_names);
  const auto predicted = class_text(picture.predicted, class_names);
  return fmt::format("<li><img{} src=\"data:image/png;base64,{}\" width=\"{}\" height=\"{}\" ",
                     grey ? "" : " class=\"colour\"",
                     files::base64(png(picture.pixels, picture.rows, picture.columns)), picture.columns,
                     picture.rows) +
         fmt::format("alt=\"Test picture of {} that was taken for {}\">", with_article(label),
                     with_article(predicted)) +
         fmt::format("<span><b>{}</b> → <b class=\"wrong\">{}</b> <small>{}</small></span></li>\n", label,
                     predicted, percent_text(picture.confidence));
}

std::string grid(const TestResult& test) {
  if (test.count == 0) return "<p>Not known: the network was not tested.</p>\n";
  if (test.misclassified.empty()) {
    return test.errors == 0
               ? "<p>None: every test picture was classified correctly.</p>\n"
               : fmt::format("<p>{}; no picture was kept.</p>\n", count_text(test.errors, "test picture"));
  }
  const std::size_t shown = std::min(kMostShown, test.misclassified.size());
  std::string tiles;
  for (std::size_t i = 0; i < shown; ++i) tiles += picture_item(test.misclassified[i], test.class_names);
  return fmt::format(
             "<p>{} of {}, the most confident mistakes first: the true label → what the network took it for, "
             "and the probability it gave to that.</p>\n",
             shown, count_text(test.errors, "misclassified test picture")) +
         "<ul class=\"pictures\">\n" + tiles + "</ul>\n";
}

}  // namespace

std::string pictures_section(const Report& report) {
  std::string body;
  for (const RunForReport& run : report.runs) {
    if (report.runs.size() > 1) {
      body += fmt::format("<h3>Run {}</h3>\n", escape(run.label));
    }
    body += grid(run.test);
  }
  return "<section>\n<h2>Misclassified pictures</h2>\n" + body + "</section>\n";
}

}  // namespace evenkeel::report
