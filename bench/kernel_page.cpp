#include "bench/kernel_page.h"

#include <fmt/format.h>

#include "bench/bar_chart.h"
#include "bench/kernel_summary.h"
#include "bench/page_table.h"
#include "bench/text.h"
#include "report/page.h"

namespace evenkeel::bench {
namespace {

// Those with a bar, in the order of the bars.
constexpr Peer kDrawn[] = {Peer::kEvenkeel, Peer::kTorch, Peer::kTorchFresh, Peer::kOneDnn};

std::string summary(const std::vector<Group>& groups) {
  PageTable table{"Geometric means",
                  {"PyTorch / ours", "PyTorch / ours, both fresh", "oneDNN / ours", "ours / limit",
                   "ours / limit, over 8 MB"},
                  {}};
  for (const Group& group : groups) {
    table.rows.push_back({fmt::format("{}, {}", group.operation.name(), name(group.layout)),
                          times_text(group.mean_ratio(Peer::kTorch, Peer::kEvenkeel)),
                          times_text(group.mean_ratio(Peer::kTorchFresh, Peer::kEvenkeelFresh)),
                          times_text(group.mean_ratio(Peer::kOneDnn, Peer::kEvenkeel)),
                          ratio_text(group.mean_ratio(Peer::kEvenkeel, Peer::kLimit)),
                          ratio_text(group.mean_over_limit_when_large())});
  }
  return "<section>\n<h2>In one table</h2>\n<p>Geometric means over the shapes: the time of each peer over "
         "ours, and our time over the limit of the memory.</p>\n" +
         page_table(table) + "</section>\n";
}

std::string chart(const Group& group) {
  BarChart bars{
      fmt::format("{}, {}: time over the limit of the memory.", group.operation.name(), name(group.layout)),
      "time / limit",
      {},
      {}};
  for (const Measurement* one : group.measurements) bars.labels.push_back(one->shape.name());
  for (const Peer peer : kDrawn) {
    auto& series = bars.series.emplace_back();
    for (const Measurement* one : group.measurements) series.push_back(one->ratio(peer, Peer::kLimit));
  }
  return draw_bars(bars);
}

std::string timings(const Group& group) {
  PageTable table{"Times", {}, {}};
  for (const auto& peer : all_peers()) table.columns.emplace_back(peer.title);
  for (const Measurement* one : group.measurements) {
    auto& row = table.rows.emplace_back(std::vector{one->shape.name()});
    for (const auto& peer : all_peers()) {
      const Timing* const timing = one->fastest(peer.peer);
      row.push_back(timing == nullptr ? kMissing : timing_text(*timing));
    }
  }
  return page_table(table);
}

std::string figure(const Group& group) {
  std::vector<std::string_view> names;
  for (const Peer peer : kDrawn) names.push_back(info(peer).title);
  return fmt::format(
      "<figure>\n<h3>{}</h3>\n{}{}<figcaption>Median, and the distance between the quartiles in percent of "
      "it.</figcaption>\n{}</figure>\n",
      name(group.layout), bar_legend(names), chart(group), timings(group));
}

std::string meanings() {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& peer : all_peers()) rows.emplace_back(peer.title, peer.meaning);
  return "<section>\n<h2>What the words mean</h2>\n" + report::settings_table(rows) +
         "<p>PyTorch's ReLU is an operation of its own, in place for the evaluation alone; ours and oneDNN's "
         "are "
         "done in the same pass. A time with ~ comes from samples during which the threads did not run in "
         "parallel.</p>\n</section>\n";
}

}  // namespace

std::string kernel_page(const KernelBenchResult& result) {
  const auto all = groups(result);
  std::string body = summary(all);
  const Operation* section = nullptr;
  for (const Group& group : all) {
    if (section == nullptr || *section != group.operation) {
      body +=
          fmt::format("{}<section>\n<h2>{}</h2>\n", section ? "</section>\n" : "", group.operation.name());
      section = &group.operation;
    }
    body += figure(group);
  }
  auto settings = result.environment;
  settings.emplace_back("rounds", fmt::to_string(result.settings.turns.rounds));
  body += "</section>\n" + meanings() + "<section>\n<h2>What was run</h2>\n" +
          report::settings_table(settings) + "</section>\n";
  return report::html_page("Batch normalization, measured", body);
}

}  // namespace evenkeel::bench
