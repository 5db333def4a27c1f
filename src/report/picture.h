// A small picture inside the page.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace evenkeel::report {

// A PNG file of `rows` x `columns` grey pixels of 8 bits. Throws std::invalid_argument when `pixels` is not
// that many.
std::string grey_png(const std::vector<std::uint8_t>& pixels, std::int64_t rows, std::int64_t columns);

// The same in colour, of a red, a green and a blue plane.
std::string colour_png(const std::vector<std::uint8_t>& planes, std::int64_t rows, std::int64_t columns);

}  // namespace evenkeel::report
