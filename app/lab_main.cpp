// evenkeel-lab: what `evenkeel lab` starts.
#include <array>

#include "program.h"

int main(int count, char** arguments) {
  constexpr std::array<evenkeel::app::AddCommand, 1> kCommands{evenkeel::app::add_lab};
  return evenkeel::app::run_program(count, arguments, kCommands);
}
