// Scratch memory of a call. Each thread keeps one arena that grows to the largest call it has seen, so that a
// call of a familiar size allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace evenkeel::kernels {

class Workspace {
 public:
  // Everything taken since this object was made is given back when it ends.
  Workspace();
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // `count` uninitialised values, aligned to a cache line, with 128 bytes of slack behind them.
  template <typename T>
  T* take(std::int64_t count) {
    return static_cast<T*>(take_bytes(static_cast<std::size_t>(count) * sizeof(T)));
  }

  struct Arena;

 private:
  void* take_bytes(std::size_t bytes);

  Arena& arena_;
  std::size_t chunk_;  // where the arena stood
  std::size_t used_;
};

}  // namespace evenkeel::kernels
