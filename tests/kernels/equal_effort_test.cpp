// Constant, dead and NaN channels take the way of healthy ones: no channel is handed to a scalar loop for what it holds. Such a loop took
// nine to thirty times as long here.
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "evenkeel/kernels.h"

namespace evenkeel::kernels::test::equal_effort_test {
namespace {

// The processor's time of this thread: other programs do not count.
double seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Effort {
  double forward = std::numeric_limits<double>::max();
  double backward = std::numeric_limits<double>::max();
};

class Layer {
 public:
  // Every value, or those of every twentieth channel, is `value`.
  Layer(const Geometry& geometry, float value, std::int64_t every)
      : geometry_(geometry),
        input_(static_cast<std::size_t>(geometry.size())),
        grad_(input_),
        output_(input_),
        parameters_(2 * static_cast<std::size_t>(geometry.channels)),
        statistics_(parameters_.begin(), parameters_.end()) {
    for (std::int64_t i = 0; i < geometry.size(); ++i) {
      const float other = static_cast<float>(i * 37 % 101) * 0.125F - 5;
      const bool replaced = every > 0 && i / geometry.inner % geometry.channels % every == 0;
      input_[static_cast<std::size_t>(i)] = replaced ? value : other;
      grad_[static_cast<std::size_t>(i)] = replaced && value != value ? value : other;
    }
  }

  // The least of some rounds: the first ones fill the caches.
  void run_once(Effort& least) {
    double* mean = statistics_.data();
    TrainingForward<float> forward{geometry_, input_.data()};
    forward.output = output_.data();
    forward.mean = mean;
    forward.m2 = mean + geometry_.channels;
    TrainingBackward<float> backward{geometry_, input_.data(), grad_.data(),
                                     nullptr,   mean,          mean + geometry_.channels};
    backward.grad_input = output_.data();
    backward.grad_weight = parameters_.data();
    backward.grad_bias = parameters_.data() + geometry_.channels;
    const double start = seconds();
    run(forward, serial_executor());
    const double middle = seconds();
    run(backward, serial_executor());
    least.forward = std::min(least.forward, middle - start);
    least.backward = std::min(least.backward, seconds() - middle);
  }

 private:
  Geometry geometry_;
  std::vector<float> input_, grad_, output_, parameters_;
  std::vector<double> statistics_;
};

TEST(EqualEffortTest, NoChannelIsSlowForWhatItHolds) {
  constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();
  for (const Geometry& geometry : {Geometry{3'136, 256, 1}, {16, 256, 196}, {4, 64, 3'136}}) {
    Layer healthy(geometry, 0, 0);
    for (const std::int64_t every : {1, 20}) {
      for (const float value : {1.5F, 0.0F, kNotANumber}) {
        Layer other(geometry, value, every);
        Effort of_healthy, of_other;
        for (int round = 0; round < 9; ++round) {
          healthy.run_once(of_healthy);
          other.run_once(of_other);
        }
        const auto what = [&] {
          return "channels of " + std::to_string(value) + ", every " + std::to_string(every) + ", inner " +
                 std::to_string(geometry.inner);
        };
        EXPECT_LT(of_other.forward, 4 * of_healthy.forward) << what();
        EXPECT_LT(of_other.backward, 4 * of_healthy.backward) << what();
      }
    }
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test::equal_effort_test
