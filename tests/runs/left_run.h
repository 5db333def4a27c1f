// A run folder as a training leaves it, without a network and without pictures.
#pragma once

#include <filesystem>
#include <string>

#include "runs/metrics.h"
#include "runs/run_evaluation.h"
#include "runs/run_folder.h"
#include "training/config.h"

namespace evenkeel::testing {

// Ten classes, 20 pictures, 2 of them wrong, one layer; the data set is not there.
inline runs::RunEvaluation left_evaluation() {
  runs::RunEvaluation evaluation;
  evaluation.epoch = 3;
  evaluation.seconds = 12.5;
  evaluation.training_count = 150;
  auto& test = evaluation.test;
  test.count = 20;
  test.errors = 2;
  test.confusion.assign(10, std::vector<std::int64_t>(10));
  for (std::size_t i = 0; i < 10; ++i) test.confusion[i][i] = 2;
  test.confusion[3] = {0, 0, 0, 0, 0, 0, 0, 2, 0, 0};
  test.misclassified = {{std::vector<std::uint8_t>(28 * 28, 200), 28, 28, 3, 7, 0.75, 1}};
  report::LayerState layer;
  layer.name = "features.1";
  layer.running_mean = {0.5, -0.25};
  layer.running_var = {2, 3};
  layer.weight = {1, 1.5};
  layer.bias = {0, 0.125};
  evaluation.layers = {layer};
  return evaluation;
}

inline runs::RunFolder left_run(const std::filesystem::path& path, training::TrainConfig config,
                                bool finished = true) {
  const auto folder = runs::create_run_folder(path);
  config.data = "mnist:/no/such/folder";
  training::write_config(folder.config(), config);
  runs::write_evaluation(folder.evaluation(), left_evaluation());
  runs::MetricsFile metrics(folder.metrics(), 0);
  metrics.append({10, 1, 0.5, 0.8, 4});
  metrics.append({20, 2, 0.25, 0.9, 8});
  metrics.flush();
  if (finished)
    runs::write_summary(folder.summary(),
                        {0.9, 0.25, 2, 20, 8.5, std::string(name_of(config.norm)), config.data});
  return folder;
}

}  // namespace evenkeel::testing
