// Something tried in a process of its own, which may hang or crash there.
#pragma once

#include <unistd.h>

#include <functional>
#include <string>

namespace evenkeel::kernels::test {

// Forks. The child ends with the code that `body` returns, by _exit, or by exit(), which runs the destructors of statics. Returns
// how it ended: "exit code 0", "signal 11", "hung".
std::string in_a_child(const std::function<int()>& body, void (*ends)(int) = _exit);

// ThreadSanitizer loses its way in a child that starts threads.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool kChildrenMayStartThreads = false;
#else
inline constexpr bool kChildrenMayStartThreads = true;
#endif

inline const std::string kFine = "exit code 0";

}  // namespace evenkeel::kernels::test
