// Something tried in a process of its own, which may hang or crash there.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>

namespace evenkeel::kernels::test {

inline constexpr unsigned kPatience = 60;  // seconds; a child that is not done by then hangs

inline std::string how_it_ended(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) return "lost";
  if (WIFEXITED(status)) return "exit code " + std::to_string(WEXITSTATUS(status));
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return "hung";
  return "signal " + std::to_string(WTERMSIG(status));
}

// Forks. The child ends with the code that `body` returns: without any clean-up, or as `ends` ends it.
template <typename Body>
std::string in_a_child(Body body, void (*ends)(int) = _exit) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child != 0) return how_it_ended(child);
  alarm(kPatience);
  int code = 99;
  try {
    code = body();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
  }
  ends(code);
  return "";
}

inline const std::string kFine = "exit code 0";

}  // namespace evenkeel::kernels::test
