// Writes example pages into a folder, to be looked at in a browser: report_preview FOLDER
#include <cstdio>
#include <exception>
#include <filesystem>
#include <limits>

#include "report/example_report.h"

int main(int argc, char** argv) {
  using namespace evenkeel::report;
  if (argc != 2) {
    std::fprintf(stderr, "usage: report_preview FOLDER\n");
    return 1;
  }
  try {
    const std::filesystem::path folder = argv[1];
    std::filesystem::create_directories(folder);
    write_report(folder / "comparison.html", example_comparison());
    write_report(folder / "one.html", {"One run", {{"seed", "1"}}, {example_run()}});
    write_report(folder / "shortest.html", shortest_report());

    Report odd = {"Values out of bounds", {}, {example_run()}};
    RunForReport& run = odd.runs[0];
    for (std::size_t i = 3000; i < 4000; ++i) run.train_loss[i].y = std::numeric_limits<double>::quiet_NaN();
    run.test_accuracy[3].y = run.test_accuracy[5].y = std::numeric_limits<double>::quiet_NaN();
    run.layers[0].weight.assign(20, 1);
    run.layers[0].running_mean[7] = 3e37;
    run.layers[1].bias.assign(50, std::numeric_limits<double>::infinity());
    run.layers[1].weight.assign(50, 1e300);
    run.layers[2].running_mean.resize(1000, 1e-30);
    run.layers.push_back({"one channel", {0.5}, {2}, {}, {}});
    run.test.misclassified.clear();
    run.test.errors = 0;
    write_report(folder / "odd.html", odd);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
