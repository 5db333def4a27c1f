#include "report/example_report.h"

#include <cmath>
#include <random>
#include <utility>

namespace evenkeel::report {
namespace {

std::vector<double> draw(std::mt19937& random, int count, double centre, double spread) {
  std::normal_distribution<double> normal(centre, spread);
  std::vector<double> values(static_cast<std::size_t>(count));
  for (double& value : values) value = normal(random);
  return values;
}

LayerState layer(std::mt19937& random, std::string name, int channels) {
  LayerState state;
  state.name = std::move(name);
  state.running_mean = draw(random, channels, 0, 0.4);
  state.running_var = draw(random, channels, -1, 1.2);
  state.weight = draw(random, channels, 1, 0.08);
  state.bias = draw(random, channels, -0.05, 0.1);
  for (double& value : state.running_var) value = std::exp(value);
  return state;
}

// A ring with a stroke, as an unclear 0, 6 or 9 may look.
Misclassified picture(std::mt19937& random, double confidence) {
  constexpr int kSide = 28;
  std::uniform_real_distribution<double> uniform(-3, 3);
  std::uniform_int_distribution<int> digit(0, 9);
  Misclassified result = {
      std::vector<std::uint8_t>(kSide * kSide), kSide, kSide, digit(random), 0, confidence};
  result.predicted = (result.label + 1 + digit(random) % 9) % 10;
  const double row = 14 + uniform(random);
  const double column = 14 + uniform(random);
  const double radius = 6 + uniform(random) / 2;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const double ring = std::abs(std::hypot(x - column, y - row) - radius);
      const double stroke = y > row ? std::abs(x - column - radius) : 9;
      const double ink = 1 - std::min(ring, stroke) / 2;
      result.pixels[static_cast<std::size_t>(y * kSide + x)] =
          static_cast<std::uint8_t>(255 * std::max(0.0, ink));
    }
  }
  return result;
}

RunForReport run(std::uint32_t seed, std::string label, double speed, double best) {
  std::mt19937 random(seed);
  std::normal_distribution<double> noise(0, 0.6);
  RunForReport result;
  result.label = std::move(label);
  for (int step = 1; step <= 9380; ++step) {
    const double level = 2.3 * std::exp(-speed * std::sqrt(step / 40.0)) + 0.004;
    result.train_loss.push_back({static_cast<double>(step), level * std::exp(noise(random))});
  }
  for (int epoch = 1; epoch <= 10; ++epoch) {
    const double step = 938.0 * epoch;
    result.epochs.push_back({step, static_cast<double>(epoch)});
    result.test_accuracy.push_back({step, best - 0.012 * std::exp(-0.5 * epoch) + 0.0006 * noise(random)});
  }
  result.final_test_accuracy = result.test_accuracy.back().y;
  result.final_train_loss = 0.00612;
  result.test.count = 10000;
  result.test.errors = std::llround(10000 * (1 - result.final_test_accuracy));
  return result;
}

}  // namespace

RunForReport example_run() {
  RunForReport result = run(1, "batch", 0.9, 0.9935);
  std::mt19937 random(2);
  result.seconds = 205.4;
  result.layers = {layer(random, "features.1", 20), layer(random, "features.5", 50),
                   layer(random, "classifier.1", 500)};
  result.test.errors = 57;
  result.test.confusion.assign(10, std::vector<std::int64_t>(10));
  for (std::size_t i = 0; i < 10; ++i) result.test.confusion[i][i] = 1000;
  for (std::size_t i = 0; i < 57; ++i) {
    const auto label = i * i % 10;
    --result.test.confusion[label][label];
    ++result.test.confusion[label][(label + 1 + i % 3) % 10];
  }
  result.final_test_accuracy = 0.9943;
  for (int i = 0; i < 21; ++i) result.test.misclassified.push_back(picture(random, 0.999 - 0.02 * i));
  return result;
}

Report example_comparison() {
  Report report = {"Batch norm on handwritten digits",
                   {{"data", "mnist (60000 to train, 10000 to test)"},
                    {"seed", "1"},
                    {"epochs", "10"},
                    {"batch size", "64"},
                    {"optimiser", "Adam, learning rate 0.001"},
                    {"threads", "2"}},
                   {example_run(), run(3, "none", 0.55, 0.9895)}};
  report.runs[1].seconds = 171.2;
  std::mt19937 random(4);
  for (int i = 0; i < 30; ++i) report.runs[1].test.misclassified.push_back(picture(random, 0.99 - 0.02 * i));
  return report;
}

Report shortest_report() {
  RunForReport run;
  run.label = "batch";
  run.train_loss = {{1, 2.302}};
  run.final_train_loss = 2.302;
  return {"One step", {}, {run}};
}

}  // namespace evenkeel::report
