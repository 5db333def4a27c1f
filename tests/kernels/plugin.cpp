// A library with kernels in it, which is loaded while the program runs.
#include "kernels/support/one_call.h"

extern "C" __attribute__((visibility("default"))) int wrong_results_of_the_plugin() {
  using namespace evenkeel::kernels;
  return test::wrong_results(default_executor()) + test::wrong_results(*make_thread_pool(3));
}
