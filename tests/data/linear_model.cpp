#include "data/linear_model.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace evenkeel::data {
namespace {

// Pictures as rows of numbers from 0 to 1, with a constant 1 for the bias at the end of each.
std::vector<double> features(const Pictures& pictures) {
  const auto size = static_cast<std::size_t>(pictures.rows * pictures.columns);
  std::vector<double> rows;
  rows.reserve(static_cast<std::size_t>(pictures.count) * (size + 1));
  for (std::size_t i = 0; i < pictures.pixels.size(); ++i) {
    rows.push_back(pictures.pixels[i] / 255.0);
    if ((i + 1) % size == 0) rows.push_back(1);
  }
  return rows;
}

// Solves gram * x = right in place for `classes` right-hand sides; gram is symmetric and positive definite.
void solve(std::vector<double>& gram, std::vector<double>& right, std::size_t size, std::size_t classes) {
  for (std::size_t pivot = 0; pivot < size; ++pivot) {
    for (std::size_t row = pivot + 1; row < size; ++row) {
      const double factor = gram[row * size + pivot] / gram[pivot * size + pivot];
      if (factor == 0) continue;
      for (std::size_t k = pivot; k < size; ++k) gram[row * size + k] -= factor * gram[pivot * size + k];
      for (std::size_t c = 0; c < classes; ++c)
        right[row * classes + c] -= factor * right[pivot * classes + c];
    }
  }
  for (std::size_t row = size; row-- > 0;) {
    for (std::size_t c = 0; c < classes; ++c) {
      double sum = right[row * classes + c];
      for (std::size_t k = row + 1; k < size; ++k) sum -= gram[row * size + k] * right[k * classes + c];
      right[row * classes + c] = sum / gram[row * size + row];
    }
  }
}

}  // namespace

double linear_accuracy(const DataSet& set) {
  constexpr double kRidge = 10;
  const auto size = static_cast<std::size_t>(set.train.rows * set.train.columns) + 1;
  const auto classes = static_cast<std::size_t>(set.classes);

  const std::vector<double> train = features(set.train);
  std::vector<double> gram(size * size), weights(size * classes);
  for (std::size_t n = 0; n < set.train.labels.size(); ++n) {
    const double* x = &train[n * size];
    for (std::size_t i = 0; i < size; ++i) {
      if (x[i] == 0) continue;
      for (std::size_t j = 0; j < size; ++j) gram[i * size + j] += x[i] * x[j];
      weights[i * classes + set.train.labels[n]] += x[i];
    }
  }
  for (std::size_t i = 0; i < size; ++i) gram[i * size + i] += kRidge;
  solve(gram, weights, size, classes);

  const std::vector<double> test = features(set.test);
  std::size_t right = 0;
  for (std::size_t n = 0; n < set.test.labels.size(); ++n) {
    std::vector<double> scores(classes);
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t c = 0; c < classes; ++c) scores[c] += test[n * size + i] * weights[i * classes + c];
    }
    const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
    right += best == set.test.labels[n];
  }
  return static_cast<double>(right) / static_cast<double>(set.test.labels.size());
}

}  // namespace evenkeel::data
