#include <cmath>
#include <vector>

#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::insensitive_to_initialisation {
namespace {

constexpr double kReached = 70;  // percent
constexpr int kScales = 19;      // of the weights, evenly on a logarithmic axis from 1e-4 to 1

struct ScaleRange {
  double low = 0;
  double high = 0;
};

// From where to where a curve of accuracy over scale is above what has to be reached, by straight lines on the logarithmic axis;
// nothing where it never is.
ScaleRange range_above(const std::vector<Point>& curve) {
  const auto crossing = [](const Point& below, const Point& above) {
    const double part = (kReached - below.y) / (above.y - below.y);
    return below.x * std::pow(above.x / below.x, part);
  };
  ScaleRange range;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    if (!(curve[i].y >= kReached)) continue;
    if (range.low == 0) range.low = i == 0 ? curve[i].x : crossing(curve[i - 1], curve[i]);
    range.high = i + 1 == curve.size() ? curve[i].x : crossing(curve[i + 1], curve[i]);
  }
  return range;
}

void measure_scales(Trial& trial) {
  const auto pictures = trial.setting<std::int64_t>("pictures", 1000);
  const auto steps = trial.setting<std::int64_t>("steps", 200);
  const auto sample = some_of(trial.data.train, pictures, trial.seed);
  const auto draws = trial.choose<std::uint64_t>("networks averaged at each scale", 1, 3, 3);
  trial.plan(2.0 * kScales * static_cast<double>(draws) * static_cast<double>(steps));
  for (const auto which : {models::Norm::kNone, models::Norm::kBatch}) {
    const auto curve = "accuracy " + in_words(which);
    for (int i = 0; i < kScales; ++i) {
      const double scale = std::pow(10, -4 + 4.0 * i / (kScales - 1));
      double reached = 0;
      for (std::uint64_t draw = 0; draw < draws; ++draw) {
        auto network = make_mlp(
            {.hidden = layers(7, 50), .norm = norm(which), .weights = Weights::kConstant, .deviation = scale},
            1000 * trial.seed + draw);
        train(trial, network, sample,
              {.learning_rate = 1e-3, .batch_size = 50, .steps = steps, .adam = true});
        reached += accuracy(network, trial.data.test) / static_cast<double>(draws);
      }
      trial.record.point(curve, scale, reached);
    }
    const auto range = range_above(trial.record.curve(curve));
    trial.record.number("smallest scale that reaches 70 %, " + in_words(which), range.low);
    trial.record.number("largest scale that reaches 70 %, " + in_words(which), range.high);
    trial.record.number("range " + in_words(which), range.low > 0 ? range.high / range.low : 0);
  }
}

const Register claim({
    .number = 13,
    .name = "insensitive-to-initialisation",
    .title = "The scale of the first weights matters far less",
    .source = "cs231n, assignment 2; Ioffe & Szegedy 2015, section 1",
    .statement = "<p>Without normalisation a deep network learns only if its first weights have the right "
                 "size: too small and the signal dies out on the way, too large and it explodes. "
                 "Batch norm sets the size anew in every layer.</p>\n",
    .setup = "<p>Seven hidden layers of 50 ReLUs on 1000 pictures, Adam with learning rate 1e-3, batches of "
             "50, 10 epochs, for 19 scales of the first weights from 1e-4 to 1. Measured: "
             "the test accuracy, and the range of scales, largest over smallest, in which it is above 70 % "
             "(between two scales by a straight line).</p>\n",
    .seconds = 45,
    .measure = measure_scales,
    .rule = {at_least("range of scales that works, with batch norm over without",
                      ratio("range with batch norm", "range without"), 10, "times")},
    .pictures = {{.file = "accuracy",
                  .title = "Accuracy by the scale of the first weights",
                  .x_label = "standard deviation of the first weights, logarithmic",
                  .y_label = "test accuracy, %",
                  .curves = {{"accuracy with batch norm", "with batch norm"},
                             {"accuracy without", "without"}},
                  .log_x = true,
                  .markers = true}},
});

}  // namespace
}  // namespace evenkeel::lab::insensitive_to_initialisation
