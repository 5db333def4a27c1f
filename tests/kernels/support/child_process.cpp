#include "kernels/support/child_process.h"

#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <exception>

namespace {

bool is_a_child = false;

}  // namespace

// A child lacks the threads of its parent, and with them the roots of what they had allocated.
extern "C" __attribute__((visibility("default"))) int __lsan_is_turned_off() { return is_a_child ? 1 : 0; }

namespace evenkeel::kernels::test {
namespace {

constexpr unsigned kPatience = 60;  // seconds; who is not done by then hangs

std::string how_it_ended(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) return "lost";
  if (WIFEXITED(status)) return "exit code " + std::to_string(WEXITSTATUS(status));
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return "hung";
  return "signal " + std::to_string(WTERMSIG(status));
}

}  // namespace

std::string in_a_child(const std::function<int()>& body, void (*ends)(int)) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child != 0) return how_it_ended(child);
  is_a_child = true;
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

}  // namespace evenkeel::kernels::test
