#include "bench/step_output.h"

#include <fmt/format.h>

#include "bench/bar_chart.h"
#include "bench/json_parts.h"
#include "bench/page_table.h"
#include "bench/text.h"
#include "report/page.h"

namespace evenkeel::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kStepLegend =
    R"(step        forward, loss, backward and SGD with momentum, batches of 64, of ResNet-9 128; the networks
            started alike, and their first losses were held against each other
spread      from the lower to the upper quartile, in percent of the median
speedup     the time of the network with PyTorch's batch norm over that of this one
held        after the forward, beside x: the result and what is kept for the backward; peak: at any time in it
)";

std::string megabytes(std::int64_t bytes) {
  return fmt::format("{:.1f} MB", 1e-6 * static_cast<double>(bytes));
}

std::vector<Timing> all_timings(const StepBenchResult& result) {
  std::vector<Timing> all;
  for (const StepMeasurement& one : result.measurements)
    all.insert(all.end(), one.timings.begin(), one.timings.end());
  return all;
}

// PyTorch's own bar would have no height.
std::string chart(const StepBenchResult& result) {
  BarChart bars{"Time of a training step with PyTorch's batch norm over that with ours.", "speedup", {}, {}};
  for (const StepMeasurement& one : result.measurements) bars.labels.push_back(one.network);
  std::vector<std::string_view> names;
  for (std::size_t i = 1; i < all_norms().size(); ++i) {
    names.push_back(name(all_norms()[i]));
    auto& series = bars.series.emplace_back();
    for (const StepMeasurement& one : result.measurements) series.push_back(one.torch_over(one.timings[i]));
  }
  return "<figure>\n" + bar_legend(names) + draw_bars(bars) + "</figure>\n";
}

std::string time_table(const StepBenchResult& result) {
  PageTable table{"Times", {"batch norm", "step", "speedup"}, {}};
  for (const StepMeasurement& one : result.measurements)
    for (const StepTiming& timing : one.timings)
      table.rows.push_back({one.network, std::string(name(timing.norms)), timing_text(timing),
                            times_text(one.torch_over(timing))});
  return page_table(table);
}

std::string memory_table(const StepBenchResult& result) {
  PageTable table{"Memory", {"batch norm", "x", "held beside x", "peak beside x"}, {}};
  for (const StepMemory& one : result.memory)
    table.rows.push_back({one.layers, std::string(name(one.norms)), megabytes(one.input), megabytes(one.held),
                          megabytes(one.peak)});
  return page_table(table);
}

}  // namespace

std::string step_tables(const StepBenchResult& result) {
  std::string text = environment_text(result.environment);
  text += fmt::format("float32, medians of {} rounds in turns\n\n", result.settings.turns.rounds);
  text +=
      fmt::format("  {:<16}{:<18}{:>10}{:>10}{:>9}\n", "network", "batch norm", "step", "spread", "speedup");
  for (const StepMeasurement& one : result.measurements) {
    for (const StepTiming& timing : one.timings)
      text += fmt::format("  {:<16}{:<18}{:>10}{:>10}{:>9}{}\n", one.network, name(timing.norms),
                          time_text(timing.seconds.median), variation_text(timing.seconds),
                          times_text(one.torch_over(timing)), mark(timing.disturbed));
  }
  text += fmt::format("\n  {:<26}{:<18}{:>10}{:>10}{:>10}\n", "layers, x of 64x64x32x32", "batch norm", "x",
                      "held", "peak");
  for (const StepMemory& one : result.memory)
    text += fmt::format("  {:<26}{:<18}{:>10}{:>10}{:>10}\n", one.layers, name(one.norms),
                        megabytes(one.input), megabytes(one.held), megabytes(one.peak));
  return text + "\n" + kStepLegend + samples_text(all_timings(result));
}

Json step_json(const StepBenchResult& result) {
  Json json = run_json(result.environment, result.settings.turns);
  json["steps"] = Json::array();
  for (const StepMeasurement& one : result.measurements) {
    for (const StepTiming& timing : one.timings) {
      Json entry{{"network", one.network}, {"batch_norm", name(timing.norms)}};
      entry.update(timing_json(timing));
      entry["pytorch_over_this"] = one.torch_over(timing);
      entry["first_losses"] = timing.first_loss;
      json["steps"].push_back(entry);
    }
  }
  json["memory"] = Json::array();
  for (const StepMemory& one : result.memory)
    json["memory"].push_back({{"layers", one.layers},
                              {"batch_norm", name(one.norms)},
                              {"input_bytes", one.input},
                              {"held_bytes", one.held},
                              {"peak_bytes", one.peak}});
  return json;
}

std::string step_page(const StepBenchResult& result) {
  auto settings = result.environment;
  settings.emplace_back("rounds", fmt::to_string(result.settings.turns.rounds));
  return report::html_page(
      "Training steps, measured",
      "<section>\n<h2>Time of a step</h2>\n<p>Forward, loss, backward and SGD with momentum. Median, and the "
      "distance between the quartiles in percent of it.</p>\n" +
          chart(result) + time_table(result) +
          "</section>\n<section>\n<h2>Memory of batch norm and ReLU</h2>\n<p>Bytes of tensors: after the "
          "forward, "
          "with what is kept for the backward; and the most at any time in it.</p>\n" +
          memory_table(result) + "</section>\n<section>\n<h2>What was run</h2>\n" +
          report::settings_table(settings) + "</section>\n");
}

}  // namespace evenkeel::bench
