// Included before everything else. libstdc++ 12 makes std::vector constexpr in C++20, Clang 14 then compiles its members as
// soon as it sees them named, and LibTorch 1.13 names those of a vector of a class that it has not defined yet.
#pragma once

#include <memory>
#include <string>

#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR
#define __fill_a1 __fill_bits  // declared before as constexpr; nobody calls it
#include <vector>
#undef __fill_a1
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR constexpr
