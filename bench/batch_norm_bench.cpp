// Times our kernels against LibTorch's in one process: evenkeel_bench [threads] [rounds]
//
// For every shape and layout: results are compared first, then copy, ours and LibTorch's take turns, `rounds`
// times, on the same threads (LibTorch's). Printed are medians: our time over that of copying the input (forward, evaluation), and LibTorch's time
// over ours. LibTorch allocates its results, which costs it little here: freed memory is kept.
#include <fmt/format.h>
#include <malloc.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <vector>

#include "evenkeel/kernels.h"
#include "libtorch/executor.h"

namespace {

using namespace evenkeel::kernels;
using torch::Tensor;

struct Shape {
  std::int64_t n, c, h, w;  // h = 0: (N, C)
};

constexpr Shape kShapes[] = {{32, 64, 56, 56},   {32, 256, 14, 14},  {64, 20, 24, 24}, {64, 512, 7, 7},
                             {32, 64, 112, 112}, {128, 128, 32, 32}, {64, 50, 8, 8},   {64, 500, 0, 0},
                             {256, 1024, 0, 0},  {4096, 4096, 0, 0}};

// LibTorch's sums in channels-last layouts are float32 sums over all rows.
constexpr double kTolerance = 1e-3;

double seconds(const std::function<void()>& call, int repeats) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < repeats; ++i) call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / repeats;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

// Median seconds of each call, taken in turns.
std::vector<double> race(const std::vector<std::function<void()>>& calls, int rounds) {
  std::vector<std::vector<double>> times(calls.size());
  const int repeats = std::max(1, static_cast<int>(2e-3 / seconds(calls.front(), 3)));
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < calls.size(); ++i) times[i].push_back(seconds(calls[i], repeats));
  }
  std::vector<double> medians;
  for (const auto& of_call : times) medians.push_back(median(of_call));
  return medians;
}

void verify(const char* what, const Tensor& ours, const Tensor& theirs, double tolerance) {
  const double difference = (ours - theirs).abs().max().item<double>();
  if (difference <= tolerance) return;
  fmt::print(stderr, "{}: expected LibTorch's result to {}, found a difference of {}\n", what, tolerance,
             difference);
  std::exit(1);
}

void run_shape(const Shape& shape, bool channels_last_layout, int rounds, Executor& executor) {
  const bool flat = shape.h == 0;
  Tensor x = flat ? torch::randn({shape.n, shape.c}) : torch::randn({shape.n, shape.c, shape.h, shape.w});
  Tensor grad = torch::randn_like(x);
  if (channels_last_layout) {
    x = x.contiguous(torch::MemoryFormat::ChannelsLast);
    grad = grad.contiguous(torch::MemoryFormat::ChannelsLast);
  }
  const std::int64_t spatial = flat ? 1 : shape.h * shape.w;
  const Geometry geometry = channels_last_layout ? channels_last(shape.n, spatial, shape.c)
                                                 : channels_first(shape.n, shape.c, spatial);
  const Tensor weight = torch::rand({shape.c}) + 0.5, bias = torch::randn({shape.c});
  const Tensor zeros = torch::zeros({shape.c}), ones = torch::ones({shape.c});
  Tensor y = torch::empty_like(x), copied = torch::empty_like(x), dx = torch::empty_like(x);
  Tensor dw = torch::empty({shape.c}), db = torch::empty({shape.c});
  std::vector<double> mean(static_cast<std::size_t>(shape.c)), m2(mean);

  const auto floats = [](const Tensor& tensor) { return tensor.data_ptr<float>(); };
  const TrainingForward<float> forward{geometry, floats(x), floats(weight), floats(bias),
                                       1e-5,     floats(y), mean.data(),    m2.data()};
  const TrainingBackward<float> backward{geometry,  floats(x), floats(grad), floats(weight), mean.data(),
                                         m2.data(), 1e-5,      floats(dx),   floats(dw),     floats(db)};
  const EvaluationForward<float> evaluation{geometry,      floats(x),    floats(weight), floats(bias),
                                            floats(zeros), floats(ones), 1e-5,           floats(y)};
  const auto copy = [&] { copied.copy_(x); };
  const auto forward_of_torch = [&](bool training) {
    return at::native_batch_norm(x, weight, bias, zeros, ones, training, 0.0, 1e-5);
  };
  const auto [their_y, their_mean, their_invstd] = forward_of_torch(true);
  const auto backward_of_torch = [&, mean = their_mean, invstd = their_invstd] {
    return at::native_batch_norm_backward(grad, x, weight, zeros, ones, mean, invstd, true, 1e-5,
                                          {true, true, true});
  };

  run(forward, executor);
  verify("forward", y, their_y, kTolerance);
  run(backward, executor);
  verify("backward", dx, std::get<0>(backward_of_torch()), kTolerance);

  const auto f = race({copy, [&] { run(forward, executor); }, [&] { forward_of_torch(true); }}, rounds);
  const auto b = race({copy, [&] { run(backward, executor); }, [&] { backward_of_torch(); }}, rounds);
  const auto e = race({copy, [&] { run(evaluation, executor); }, [&] { forward_of_torch(false); }}, rounds);
  fmt::print(
      "{:>5} x {:<4} {:>9} {:4} | {:9.1f} {:6.2f} {:6.2f} | {:9.1f} {:6.2f} | {:9.1f} {:6.2f} {:6.2f}\n",
      shape.n, shape.c, flat ? "" : fmt::format("{} x {}", shape.h, shape.w),
      flat                   ? ""
      : channels_last_layout ? "last"
                             : "first",
      1e6 * f[1], f[1] / f[0], f[2] / f[1], 1e6 * b[1], b[2] / b[1], 1e6 * e[1], e[1] / e[0], e[2] / e[1]);
}

}  // namespace

int main(int count, char** arguments) {
  const int threads = count > 1 ? std::atoi(arguments[1]) : 1;
  const int rounds = count > 2 ? std::atoi(arguments[2]) : 21;
  if (threads < 1 || rounds < 1) {
    fmt::print(stderr, "evenkeel_bench: expected [threads] [rounds], each at least 1\n");
    return 2;
  }
  mallopt(M_MMAP_MAX, 0);  // keep what is freed: page faults are not what is measured
  mallopt(M_TRIM_THRESHOLD, -1);
  torch::NoGradGuard no_grad;
  torch::set_num_threads(threads);
  fmt::print("{}, {} thread(s), LibTorch {}, medians of {} rounds, float32, channels first and last\n",
             instruction_set(), threads, TORCH_VERSION, rounds);
  fmt::print("{:27} | training forward        | training backward | evaluation\n", "");
  fmt::print("{:27} | {:>9} {:>6} {:>6} | {:>9} {:>7} | {:>9} {:>6} {:>6}\n", "", "ours, us", "/copy",
             "torch/", "ours, us", "torch/", "ours, us", "/copy", "torch/");
  for (const Shape& shape : kShapes) {
    for (const bool last : {false, true}) {
      if (!(last && shape.h == 0)) run_shape(shape, last, rounds, evenkeel::libtorch::executor());
    }
  }
}
