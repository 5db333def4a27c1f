// Normalises two channels with the kernels alone: 1 2 3 becomes -1 0 1 (times sqrt(3/2)), a constant becomes 0.
#include <evenkeel/kernels.h>

#include <cmath>
#include <cstdio>

int main() {
  const float input[] = {1, 2, 3, 7, 7, 7};
  float output[6];
  double mean[2];
  double m2[2];
  evenkeel::kernels::TrainingForward<float> call;
  call.geometry = evenkeel::kernels::channels_first(1, 2, 3);
  call.input = input;
  call.output = output;
  call.mean = mean;
  call.m2 = m2;
  call.eps = 1e-12;
  evenkeel::kernels::run(call, evenkeel::kernels::default_executor());

  const bool right = mean[0] == 2 && m2[0] == 2 && std::abs(output[0] + std::sqrt(1.5F)) < 1e-6F &&
                     output[1] == 0 && mean[1] == 7 && m2[1] == 0 && output[3] == 0 && output[5] == 0;
  std::printf("kernels: %s\n", right ? "right" : "wrong");
  return right ? 0 : 1;
}
