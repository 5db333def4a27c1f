#include "bench/onednn_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <optional>
#include <stdexcept>

namespace evenkeel::bench {
namespace {

std::optional<OneDnnLibrary> load() {
  const auto file = fmt::format("libdnnl.so.{}", DNNL_VERSION_MAJOR);
  // DEEPBIND: it takes its own functions before those of the same name in LibTorch.
  void* const handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  if (handle == nullptr) return {};
  OneDnnLibrary library;
  bool complete = true;
#define EVENKEEL_ONEDNN_LOAD(name)                                                       \
  library.name = reinterpret_cast<decltype(library.name)>(dlsym(handle, "dnnl_" #name)); \
  complete = complete && library.name != nullptr;
  EVENKEEL_ONEDNN_FUNCTIONS(EVENKEEL_ONEDNN_LOAD)
#undef EVENKEEL_ONEDNN_LOAD
  if (!complete) return {};
  return library;
}

}  // namespace

const OneDnnLibrary* onednn_library() {
  static const std::optional<OneDnnLibrary> library = load();
  return library ? &*library : nullptr;
}

void check_onednn(dnnl_status_t status, const char* what) {
  if (status == dnnl_success) return;
  throw std::runtime_error(
      fmt::format("oneDNN: {}: expected success, found status {}", what, static_cast<int>(status)));
}

}  // namespace evenkeel::bench
