#include "files/version.h"

namespace evenkeel::files {

const Versions& versions() {
  static const Versions versions{EVENKEEL_VERSION, EVENKEEL_TORCH_VERSION};
  return versions;
}

std::string text_of(const Versions& versions) {
  return "Evenkeel " + versions.evenkeel + " with LibTorch " + versions.libtorch;
}

}  // namespace evenkeel::files
