#include "lab/page.h"

#include <fmt/format.h>

#include "lab/page_claim.h"
#include "report/html.h"
#include "report/page.h"

namespace evenkeel::lab {
namespace {

using report::escape;

const Result* result_of(const Claim& claim, const std::list<DrawnResult>& results) {
  for (const auto& drawn : results)
    if (&drawn.result.claim == &claim) return &drawn.result;
  return nullptr;
}

std::string introduction() {
  return "<p>Batch normalization takes the values that one channel has in a mini-batch, subtracts their "
         "mean, divides by their standard "
         "deviation, and gives the network back what it may need, a scale γ and a shift β that are "
         "learned:</p>\n" +
         formula_paragraph(
             "μ = (1/m) Σ<sub>i</sub> x<sub>i</sub> &emsp; σ² = (1/m) Σ<sub>i</sub> (x<sub>i</sub> − μ)² "
             "&emsp; "
             "y<sub>i</sub> = γ (x<sub>i</sub> − μ) / √(σ² + ε) + β") +
         "<p>Much is claimed about what this does. Here each claim is an experiment: networks are trained "
         "and measured on this "
         "machine, and a rule that was fixed before decides what the figures say. A claim that does not hold "
         "is reported like "
         "one that does.</p>\n";
}

std::string tiles(const std::list<DrawnResult>& results) {
  std::size_t held = 0;
  std::size_t failed = 0;
  for (const auto& drawn : results) {
    if (drawn.result.verdict() == Verdict::kHolds) ++held;
    if (drawn.result.verdict() == Verdict::kDoesNotHold) ++failed;
  }
  const auto tile = [](const char* name, std::size_t value) {
    return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", name, value);
  };
  return "<section aria-label=\"Headline figures\">\n<dl class=\"tiles\">\n" + tile("Hold", held) +
         tile("Do not hold", failed) + tile("Inconclusive", results.size() - held - failed) +
         tile("Not measured", claims().size() - results.size()) + "</dl>\n</section>\n";
}

std::string table(const std::list<DrawnResult>& results) {
  std::string rows;
  for (const auto& claim : claims()) {
    const auto* result = result_of(claim, results);
    const auto title = result == nullptr
                           ? report::escape(claim.title)
                           : fmt::format("<a href=\"#{}\">{}</a>", claim.name, report::escape(claim.title));
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", claim.number, title,
                        result == nullptr ? "<span class=\"verdict verdict-missing\">not measured</span>"
                                          : verdict_badge(result->verdict()));
  }
  return "<section>\n<h2>The verdicts</h2>\n<table>\n<thead><tr><th scope=\"col\"></th><th "
         "scope=\"col\">Claim</th><th "
         "scope=\"col\">Verdict</th></tr></thead>\n<tbody>\n" +
         rows + "</tbody>\n</table>\n</section>\n";
}

constexpr const char* kHowToRead = R"html(<details><summary>How the verdicts come about</summary>
<p>Every experiment is repeated with several seeds, which decide first weights, the order of the pictures and whatever else is
drawn. A condition looks at one number of each seed and asks whether its mean over the seeds (of ratios the geometric mean) is on
one side of a threshold. It is met when the mean is there with 95 % confidence (Student's t), and not met when it is on the
other side with 95 % confidence; the two bounds are given. Where the threshold lies between them more seeds are needed, and the verdict is
“inconclusive”. With a single seed there is no interval, and its value decides. A claim holds when all its conditions are met,
and does not hold as soon as one is not.</p></details>
)html";

}  // namespace

std::string lab_page(const LabSettings& settings, const std::list<DrawnResult>& results) {
  std::string body = introduction() + tiles(results) + table(results) + kHowToRead;
  for (const auto& drawn : results) body += claim_section(drawn);
  body += "<section>\n<h2>This run</h2>\n" +
          report::settings_table({{"digits", settings.digits},
                                  {"colour pictures", settings.colour.empty() ? "none" : settings.colour},
                                  {"effort", std::string(name_of(settings.effort))}}) +
          "</section>\n";
  return report::html_page("What batch normalization does, measured", body);
}

}  // namespace evenkeel::lab
