#include "files/machine.h"

#include <gnu/libc-version.h>

#include <fstream>
#include <iterator>

namespace evenkeel::files {

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

// Another allocator is one of the libraries that the process has loaded.
std::string memory_allocator() {
  std::ifstream file("/proc/self/maps");
  for (std::string line; std::getline(file, line);)
    for (const char* name : {"libjemalloc", "libtcmalloc", "libmimalloc", "libtbbmalloc"})
      if (line.find(name) != std::string::npos) return line.substr(line.rfind('/') + 1);
  return std::string("glibc ") + gnu_get_libc_version();
}

std::string rest_of_line(const std::string& report, const std::string& begin) {
  const auto found = report.find(begin);
  if (found == std::string::npos) return "unknown";
  const auto start = report.find_first_not_of(" \t:", found + begin.size());
  return start == std::string::npos ? "unknown" : report.substr(start, report.find('\n', start) - start);
}

}  // namespace evenkeel::files
