#include "lab/page_claim.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "report/html.h"
#include "report/page.h"

namespace evenkeel::lab {
namespace {

using report::escape;
using report::number_text;

std::string interval_text(const Estimate& estimate) {
  if (estimate.seeds.size() == 1) return report::number_text(estimate.mean);
  return fmt::format("{} <small>{} to {}</small>", report::number_text(estimate.mean),
                     report::number_text(estimate.low), report::number_text(estimate.high));
}

std::string seeds_text(const Estimate& estimate) {
  std::string text;
  for (const double value : estimate.seeds) text += (text.empty() ? "" : " · ") + report::number_text(value);
  return text;
}

std::string rule_table(const Result& result) {
  std::string rows;
  const auto judgements = result.judgements();
  for (std::size_t i = 0; i < judgements.size(); ++i)
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                        report::escape(result.claim.rule[i].text()), interval_text(judgements[i].value),
                        verdict_badge(judgements[i].verdict));
  return "<h3>The rule, and what was measured</h3>\n<div class=\"wide\"><table "
         "class=\"figures\">\n<thead><tr><th "
         "scope=\"col\">Condition</th><th scope=\"col\">Measured</th><th "
         "scope=\"col\"></th></tr></thead>\n<tbody>\n" +
         rows + "</tbody>\n</table></div>\n";
}

std::string measurements_table(const Result& result) {
  std::string rows;
  for (const auto& [name, number] : result.seeds.front().record.numbers()) {
    std::vector<double> values;
    for (const auto& seed : result.seeds) values.push_back(seed.record[name]);
    const auto all = estimate(values);
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", report::escape(name),
                        report::escape(number.unit), interval_text(all),
                        all.seeds.size() > 1 ? seeds_text(all) : "");
  }
  const auto title = fmt::format("All figures, {}",
                                 report::count_text(static_cast<std::int64_t>(result.seeds.size()), "seed"));
  return fmt::format(
      "<details><summary>{}</summary>\n<div class=\"wide\"><table class=\"figures\">\n<thead><tr><th "
      "scope=\"col\">"
      "Measurement</th><th scope=\"col\">Unit</th><th scope=\"col\">Mean, 95 % interval</th><th "
      "scope=\"col\">"
      "Seeds</th></tr></thead>\n<tbody>\n{}</tbody>\n</table></div>\n</details>\n",
      title, rows);
}

std::string pictures(const std::vector<DrawnPicture>& drawn) {
  if (drawn.empty()) return "";
  std::string figures;
  for (const auto& picture : drawn)
    figures += fmt::format("<figure>\n<h3>{}</h3>\n{}<figcaption>{}{}</figcaption>\n</figure>\n",
                           report::escape(picture.title), picture.svg, picture.legend, picture.caption);
  return "<div class=\"curves\">\n" + figures + "</div>\n";
}

std::string published(const Claim& claim) {
  if (claim.published.empty()) return "";
  std::string rows;
  for (const auto& [what, figure] : claim.published)
    rows += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", report::escape(what), report::escape(figure));
  return "<h3>What the publications report</h3>\n<div class=\"wide\"><table class=\"figures\">\n<tbody>\n" +
         rows + "</tbody>\n</table></div>\n";
}

std::string how(const Result& result) {
  double seconds = 0;
  for (const auto& seed : result.seeds) seconds += seed.seconds;
  auto settings = result.seeds.front().record.settings();
  settings.emplace_back("data", result.data);
  return fmt::format(
      "<details><summary>How it was measured, and how to repeat it</summary>\n{}{}<pre>{}</pre>\n<p>{} on "
      "one "
      "core.</p>\n</details>\n",
      result.claim.setup, report::settings_table(settings), report::escape(repeat_command(result)),
      report::duration_text(seconds));
}

}  // namespace

std::string verdict_badge(Verdict verdict) {
  const char* kind = verdict == Verdict::kHolds         ? "holds"
                     : verdict == Verdict::kDoesNotHold ? "fails"
                                                        : "open";
  const char* sign = verdict == Verdict::kHolds ? "✓" : verdict == Verdict::kDoesNotHold ? "✗" : "?";
  return fmt::format("<span class=\"verdict verdict-{}\">{} {}</span>", kind, sign, name_of(verdict));
}

std::string formula_paragraph(std::string formula) {
  constexpr std::string_view kBetween = "&emsp;";
  for (auto at = formula.find(kBetween); at != std::string::npos; at = formula.find(kBetween, at))
    formula.replace(at, kBetween.size(), "</span> <span>");
  return "<p class=\"formula\"><span>" + formula + "</span></p>\n";
}

std::string claim_section(const DrawnResult& drawn) {
  const auto& result = drawn.result;
  const auto& claim = result.claim;
  return fmt::format("<section class=\"claim\" id=\"{}\">\n<h2>{}. {} <small>{}</small></h2>\n<p>{}</p>\n",
                     claim.name, claim.number, report::escape(claim.title), report::escape(claim.source),
                     verdict_badge(result.verdict())) +
         claim.statement + (claim.formula.empty() ? "" : formula_paragraph(claim.formula)) +
         pictures(drawn.pictures) + rule_table(result) + published(claim) + how(result) +
         measurements_table(result) + "</section>\n";
}

}  // namespace evenkeel::lab
