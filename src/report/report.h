// report.html: one self-contained page about one training run, or about several beside each other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/inspect.h"

namespace evenkeel::report {

struct Point {
  double x = 0;
  double y = 0;
};

// One batch-norm layer at the end of the run; each vector has one value per channel.
using LayerState = BatchNormState;

struct Misclassified {
  std::vector<std::uint8_t> pixels;  // [channels][rows][columns]
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  int label = 0;
  int predicted = 0;
  double confidence = 0;      // softmax probability of `predicted`
  std::int64_t channels = 1;  // 1: grey, 3: red, green and blue
};

// Of all test pictures; none: the network was not tested.
struct TestResult {
  std::int64_t count = 0;
  std::int64_t errors = 0;
  std::vector<std::vector<std::int64_t>> confusion;  // [label][predicted]
  std::vector<Misclassified> misclassified;          // the most confident ones first
  std::vector<std::string> class_names;              // none: the labels are the names
};

struct RunForReport {
  std::string label;                 // "batch", "none", "torch"
  std::vector<Point> train_loss;     // x = step
  std::vector<Point> test_accuracy;  // x = step, y in 0..1
  std::vector<Point> epochs;         // x = step at the end of each epoch, y = epoch number from 1
  double final_test_accuracy = 0;
  double final_train_loss = 0;
  double seconds = 0;
  std::vector<LayerState> layers;
  TestResult test;
};

struct Report {
  std::string title;
  std::vector<std::pair<std::string, std::string>> settings;  // name, value: shown as a table
  std::vector<RunForReport> runs;                             // the first is the main one
};

// Writes the page atomically. Throws std::runtime_error with one line when the plots cannot be drawn or the
// file cannot be written; an existing page is then left as it was.
void write_report(const std::filesystem::path& path, const Report& report);

}  // namespace evenkeel::report
