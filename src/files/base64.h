// Bytes as text: RFC 4648, with padding.
#pragma once

#include <string>
#include <string_view>

namespace evenkeel::files {

std::string base64(std::string_view bytes);

// Throws std::runtime_error with one line for anything that base64 does not give.
std::string from_base64(std::string_view text);

}  // namespace evenkeel::files
