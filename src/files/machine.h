// What the machine and the process are like, in words, for figures that depend on it and for those who look into a fault.
#pragma once

#include <string>

namespace evenkeel::files {

std::string processor();         // its model: "AMD EPYC 9654"; "unknown" where the system does not say
std::string memory_allocator();  // the C library's and its version, or what was loaded before it

// What a report of a library says behind `begin`, up to the end of the line and without blanks and colons before it: of
// "CPU capability usage: AVX2\n" the "AVX2"; "unknown" where it does not say.
std::string rest_of_line(const std::string& report, const std::string& begin);

}  // namespace evenkeel::files
