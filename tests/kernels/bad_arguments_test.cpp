// Every refusal: an std::invalid_argument that names the operation, what was expected and what came, before
// anything is written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "evenkeel/kernels/batch_norm.h"
#include "kernels/support/element_types.h"
#include "kernels/support/executors.h"

namespace evenkeel::kernels::test::bad_arguments_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr Geometry kGeometry{2, 3, 4};

// The message of the std::invalid_argument that `body` throws.
std::string refusal(const std::function<void()>& body) {
  try {
    body();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing was thrown";
}

// Arrays for any call, all 7 to begin with: what is written shows.
template <typename T>
struct Arrays {
  using R = Parameter<T>;

  std::vector<T> tensor = std::vector<T>(24, value_of<T>(7));
  std::vector<T> output = tensor;
  std::vector<R> weight = std::vector<R>(3, R{7});
  std::vector<R> bias = weight;
  std::vector<R> grad_weight = weight;
  std::vector<R> grad_bias = weight;
  std::vector<double> mean = std::vector<double>(3, 7.0);
  std::vector<double> m2 = mean;
  double count = 7;
  std::vector<R> position_weights = std::vector<R>(8, R{7});
  std::vector<R> given_mean = weight;
  std::vector<R> given_variance = weight;

  ChannelMoments<T> channel_moments() { return {kGeometry, tensor.data(), mean.data(), m2.data()}; }
  TrainingForward<T> training_forward() {
    return {kGeometry, tensor.data(), weight.data(), bias.data(),
            1e-5,      output.data(), mean.data(),   m2.data()};
  }
  TrainingBackward<T> training_backward() {
    return {kGeometry, tensor.data(), tensor.data(), weight.data(),      mean.data(),
            m2.data(), 1e-5,          output.data(), grad_weight.data(), grad_bias.data()};
  }
  WeightedMoments<T> weighted_moments() {
    return {kGeometry, tensor.data(), position_weights.data(), &count, mean.data(), m2.data()};
  }
  GivenMomentsForward<T> given_moments_forward() {
    return {kGeometry, tensor.data(), weight.data(), bias.data(), mean.data(), m2.data(),
            8,         1e-5,          output.data()};
  }
  EvaluationForward<T> evaluation_forward() {
    return {kGeometry,         tensor.data(),         weight.data(), bias.data(),
            given_mean.data(), given_variance.data(), 1e-5,          output.data()};
  }
  EvaluationBackward<T> evaluation_backward() {
    return {kGeometry,          tensor.data(),         tensor.data(), weight.data(),
            given_mean.data(),  given_variance.data(), 1e-5,          output.data(),
            grad_weight.data(), grad_bias.data()};
  }
  RunningUpdate<R> running_update() {
    return {3, 8, mean.data(), m2.data(), 0.1, weight.data(), bias.data()};
  }

  bool untouched() const { return *this == Arrays(); }
  bool operator==(const Arrays&) const = default;
};

template <typename T>
class BadArgumentsTest : public testing::Test {
 protected:
  // Breaks a good call and expects the message to name the operation, and to hold these two.
  template <typename Call, typename Break>
  void expect_refused(const char* operation, Call (Arrays<T>::*make)(), Break break_call,
                      const std::string& expected, const std::string& got) {
    Arrays<T> arrays;
    Call call = (arrays.*make)();
    break_call(call);
    const std::string message = refusal([&] { run_call(call); });
    EXPECT_THAT(message, AllOf(StartsWith("[" + std::string(operation) + "] expected " + expected),
                               HasSubstr("got " + got)));
    EXPECT_THAT(message, Not(HasSubstr("\n")));
    EXPECT_TRUE(arrays.untouched()) << message;
  }

  // What all five tensor calls refuse.
  template <typename Call>
  void expect_bad_geometries_refused(const char* operation, Call (Arrays<T>::*make)()) {
    const auto with = [](Geometry geometry) { return [geometry](Call& call) { call.geometry = geometry; }; };
    expect_refused(operation, make, with({-1, 3, 4}), "extents of at least 0",
                   "(outer, channels, inner) = (-1, 3, 4)");
    expect_refused(operation, make, with({2, -3, 4}), "extents of at least 0",
                   "(outer, channels, inner) = (2, -3, 4)");
    expect_refused(operation, make, with({2, 3, std::numeric_limits<std::int64_t>::min()}),
                   "extents of at least 0", "(outer, channels, inner) = (2, 3, -9223372036854775808)");
    const std::int64_t large = std::int64_t{1} << 40;
    for (const Geometry& geometry : {Geometry{large, large, 1},
                                     {large, 1, large},
                                     {1, large, large},
                                     {large, 0, large},
                                     {0, large, large},
                                     {large, large, 0},
                                     {std::int64_t{1} << 60, 1, 1},
                                     {std::numeric_limits<std::int64_t>::max(), 1, 1}}) {
      expect_refused(operation, make, with(geometry), "a size that fits into memory",
                     "(outer, channels, inner) = (" + std::to_string(geometry.outer) + ", ");
    }
  }

  template <typename Call>
  void expect_bad_eps_refused(const char* operation, Call (Arrays<T>::*make)()) {
    const auto with = [](double eps) { return [eps](Call& call) { call.eps = eps; }; };
    expect_refused(operation, make, with(-1e-9), "eps of at least 0", "-1e-09");
    expect_refused(operation, make, with(-2.5), "eps of at least 0", "-2.5");
    expect_refused(operation, make, with(std::numeric_limits<double>::quiet_NaN()), "eps of at least 0",
                   "nan");
  }

  template <typename Call>
  void expect_bad_slopes_refused(const char* operation, Call (Arrays<T>::*make)()) {
    for (double slope : {kNan, kInfinity, -kInfinity}) {
      expect_refused(
          operation, make,
          [slope](Call& call) {
            call.activation = Activation::kLeakyReLU;
            call.negative_slope = slope;
          },
          "a finite negative_slope",
          slope > 0   ? "inf"
          : slope < 0 ? "-inf"
                      : "nan");
    }
    expect_refused(
        operation, make, [](Call& call) { call.activation = static_cast<Activation>(17); },
        "a known activation", "17");
  }

  // What both backward calls refuse of an activation.
  template <typename Call>
  void expect_bad_activations_refused(const char* operation, Call (Arrays<T>::*make)()) {
    expect_bad_slopes_refused(operation, make);
    T gradient{};
    for (Activation activation : {Activation::kReLU, Activation::kLeakyReLU}) {
      expect_refused(
          operation, make, [activation](Call& call) { call.activation = activation; },
          "a pointer for `positive`", "null");
      std::uint8_t bits[24] = {};
      expect_refused(
          operation, make,
          [&](Call& call) {
            call.activation = activation;
            call.positive = bits;
            call.grad_residual = &gradient;
            call.grad_input = nullptr;
          },
          "a pointer for `grad_input`", "null");
    }
    expect_refused(
        operation, make, [&](Call& call) { call.grad_residual = &gradient; },
        "no grad_residual without an activation", "a pointer");
  }

  template <typename Call, typename Pointer>
  void expect_null_refused(const char* operation, Call (Arrays<T>::*make)(), Pointer Call::*pointer,
                           const char* name) {
    expect_refused(
        operation, make, [pointer](Call& call) { call.*pointer = nullptr; },
        std::string("a pointer for `") + name + "`", "null");
  }

 private:
  template <typename Call>
  static void run_call(const Call& call) {
    if constexpr (std::is_same_v<Call, RunningUpdate<Parameter<T>>>) {
      run(call);
    } else {
      run(call, three_threads());
    }
  }
};
using Types = ElementTypes;
TYPED_TEST_SUITE(BadArgumentsTest, Types);

TYPED_TEST(BadArgumentsTest, ChannelMomentsRefusesEveryBadArgument) {
  using A = Arrays<TypeParam>;
  using Call = ChannelMoments<TypeParam>;
  const char* const name = "channel_moments";
  this->expect_bad_geometries_refused(name, &A::channel_moments);
  this->expect_null_refused(name, &A::channel_moments, &Call::input, "input");
  this->expect_null_refused(name, &A::channel_moments, &Call::mean, "mean");
  this->expect_null_refused(name, &A::channel_moments, &Call::m2, "m2");
}

TYPED_TEST(BadArgumentsTest, TrainingForwardRefusesEveryBadArgument) {
  using A = Arrays<TypeParam>;
  using Call = TrainingForward<TypeParam>;
  const char* const name = "training_forward";
  this->expect_bad_geometries_refused(name, &A::training_forward);
  this->expect_bad_eps_refused(name, &A::training_forward);
  this->expect_bad_slopes_refused(name, &A::training_forward);
  this->expect_null_refused(name, &A::training_forward, &Call::input, "input");
  this->expect_null_refused(name, &A::training_forward, &Call::output, "output");
  this->expect_null_refused(name, &A::training_forward, &Call::mean, "mean");
  this->expect_null_refused(name, &A::training_forward, &Call::m2, "m2");
}

TYPED_TEST(BadArgumentsTest, TrainingBackwardRefusesEveryBadArgument) {
  using A = Arrays<TypeParam>;
  using Call = TrainingBackward<TypeParam>;
  const char* const name = "training_backward";
  this->expect_bad_geometries_refused(name, &A::training_backward);
  this->expect_bad_eps_refused(name, &A::training_backward);
  this->expect_bad_activations_refused(name, &A::training_backward);
  this->expect_null_refused(name, &A::training_backward, &Call::input, "input");
  this->expect_null_refused(name, &A::training_backward, &Call::grad_output, "grad_output");
  this->expect_null_refused(name, &A::training_backward, &Call::mean, "mean");
  this->expect_null_refused(name, &A::training_backward, &Call::m2, "m2");
  this->expect_refused(
      name, &A::training_backward, [](Call& call) { call.count = -1; }, "a count of at least 0", "-1");
}

TYPED_TEST(BadArgumentsTest, WeightedMomentsRefusesEveryBadArgument) {
  using A = Arrays<TypeParam>;
  using Call = WeightedMoments<TypeParam>;
  const char* const name = "weighted_moments";
  this->expect_bad_geometries_refused(name, &A::weighted_moments);
  this->expect_null_refused(name, &A::weighted_moments, &Call::input, "input");
  this->expect_null_refused(name, &A::weighted_moments, &Call::weights, "weights");
  this->expect_null_refused(name, &A::weighted_moments, &Call::count, "count");
  this->expect_null_refused(name, &A::weighted_moments, &Call::mean, "mean");
  this->expect_null_refused(name, &A::weighted_moments, &Call::m2, "m2");
  using R = Parameter<TypeParam>;
  const auto shown = [](double value) { return value < 0 ? "-0.5" : value > 0 ? "inf" : "nan"; };
  for (const double bad : {-0.5, kNan, kInfinity}) {
    std::vector<R> weights(8, R{1});
    weights[7] = static_cast<R>(bad);
    this->expect_refused(
        name, &A::weighted_moments, [&](Call& call) { call.weights = weights.data(); },
        "finite weights of at least 0", shown(bad));
  }
}

TYPED_TEST(BadArgumentsTest, GivenMomentsForwardRefusesEveryBadArgument) {
  using A = Arrays<TypeParam>;
  using Call = GivenMomentsForward<TypeParam>;
  const char* const name = "given_moments_forward";
  this->expect_bad_geometries_refused(name, &A::given_moments_forward);
  this->expect_bad_eps_refused(name, &A::given_moments_forward);
  this->expect_bad_slopes_refused(name, &A::given_moments_forward);
  this->expect_null_refused(name, &A::given_moments_forward, &Call::input, "input");
  this->expect_null_refused(name, &A::given_moments_forward, &Call::output, "output");
  this->expect_null_refused(name, &A::given_moments_forward, &Call::mean, "mean");
  this->expect_null_refused(name, &A::given_moments_forward, &Call::m2, "m2");
  for (const double bad : {0.0, -1.0, kNan}) {
    this->expect_refused(
        name, &A::given_moments_forward, [bad](Call& call) { call.count = bad; }, "a count above 0",
        bad == 0  ? "0"
        : bad < 0 ? "-1"
                  : "nan");
  }
}

TYPED_TEST(BadArgumentsTest, EvaluationForwardRefusesEveryBadArgument) {
  using A = Arrays<TypeParam>;
  using Call = EvaluationForward<TypeParam>;
  const char* const name = "evaluation_forward";
  this->expect_bad_geometries_refused(name, &A::evaluation_forward);
  this->expect_bad_eps_refused(name, &A::evaluation_forward);
  this->expect_bad_slopes_refused(name, &A::evaluation_forward);
  this->expect_null_refused(name, &A::evaluation_forward, &Call::input, "input");
  this->expect_null_refused(name, &A::evaluation_forward, &Call::output, "output");
  this->expect_null_refused(name, &A::evaluation_forward, &Call::mean, "mean");
  this->expect_null_refused(name, &A::evaluation_forward, &Call::variance, "variance");
}

TYPED_TEST(BadArgumentsTest, EvaluationBackwardRefusesEveryBadArgument) {
  using A = Arrays<TypeParam>;
  using Call = EvaluationBackward<TypeParam>;
  const char* const name = "evaluation_backward";
  this->expect_bad_geometries_refused(name, &A::evaluation_backward);
  this->expect_bad_eps_refused(name, &A::evaluation_backward);
  this->expect_bad_activations_refused(name, &A::evaluation_backward);
  this->expect_null_refused(name, &A::evaluation_backward, &Call::input, "input");
  this->expect_null_refused(name, &A::evaluation_backward, &Call::grad_output, "grad_output");
  this->expect_null_refused(name, &A::evaluation_backward, &Call::mean, "mean");
  this->expect_null_refused(name, &A::evaluation_backward, &Call::variance, "variance");
}

TYPED_TEST(BadArgumentsTest, RunningUpdateRefusesEveryBadArgument) {
  using A = Arrays<TypeParam>;
  using Call = RunningUpdate<Parameter<TypeParam>>;
  const char* const name = "running_update";
  this->expect_refused(
      name, &A::running_update, [](Call& call) { call.channels = -1; }, "channels of at least 0", "-1");
  for (std::int64_t count : {1, 0, -5}) {
    this->expect_refused(
        name, &A::running_update, [count](Call& call) { call.count = count; },
        "more than 1 value per channel", std::to_string(count));
  }
  this->expect_null_refused(name, &A::running_update, &Call::mean, "mean");
  this->expect_null_refused(name, &A::running_update, &Call::m2, "m2");
  this->expect_null_refused(name, &A::running_update, &Call::running_mean, "running_mean");
  this->expect_null_refused(name, &A::running_update, &Call::running_var, "running_var");
}

TYPED_TEST(BadArgumentsTest, AGoodCallIsNotRefused) {  // the tests above start from these
  Arrays<TypeParam> arrays;
  run(arrays.channel_moments(), three_threads());
  run(arrays.weighted_moments(), three_threads());
  run(arrays.training_forward(), three_threads());
  run(arrays.given_moments_forward(), three_threads());
  run(arrays.training_backward(), three_threads());
  run(arrays.evaluation_forward(), three_threads());
  run(arrays.evaluation_backward(), three_threads());
  run(arrays.running_update());
  EXPECT_FALSE(arrays.untouched());
}

TEST(MergeMomentsArgumentsTest, NegativeCountsAndChannelsAndNullPointersAreRefused) {
  double mean = 7.0;
  double m2 = 7.0;
  const double other = 1.0;
  const auto message = [&](std::int64_t channels, std::int64_t count, std::int64_t other_count,
                           double* mean_pointer, const double* other_pointer) {
    return refusal(
        [&] { merge_moments(channels, count, mean_pointer, &m2, other_count, other_pointer, &other); });
  };
  EXPECT_EQ(message(-1, 2, 2, &mean, &other), "[merge_moments] expected channels of at least 0, got -1");
  EXPECT_EQ(message(1, -2, 2, &mean, &other), "[merge_moments] expected counts of at least 0, got -2 and 2");
  EXPECT_EQ(message(1, 2, -2, &mean, &other), "[merge_moments] expected counts of at least 0, got 2 and -2");
  EXPECT_EQ(message(1, 2, 2, nullptr, &other), "[merge_moments] expected a pointer for `mean`, got null");
  EXPECT_EQ(message(1, 2, 2, &mean, nullptr),
            "[merge_moments] expected a pointer for `other_mean`, got null");
  EXPECT_EQ(mean, 7.0);
  EXPECT_EQ(m2, 7.0);
}

}  // namespace
}  // namespace evenkeel::kernels::test::bad_arguments_test
