// evenkeel: the command line. Its laboratory and its benchmarks are programs of their own, so that nobody who trains waits for
// them to be built.
#include <array>

#include "program.h"
#include "runs/environment.h"
#include "sibling_command.h"

namespace {

using evenkeel::app::Command;

Command add_lab_program(CLI::App& program) {
  return evenkeel::app::add_sibling(
      program, "lab", "Put the claims about batch normalization to the test, one experiment each");
}

Command add_bench_program(CLI::App& program) {
  return evenkeel::app::add_sibling(program, "bench",
                                    "Measure the kernels beside PyTorch's and oneDNN's, or training steps");
}

}  // namespace

int main(int count, char** arguments) {
  using namespace evenkeel::app;
  constexpr std::array<AddCommand, 8> kCommands{add_train, add_evaluate, add_report,      add_calibrate,
                                                add_fold,  add_inspect,  add_lab_program, add_bench_program};
  return run_program(count, arguments, kCommands, evenkeel::runs::environment);
}
