// Words and numbers as the page shows them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::report {

// `text` safe inside an element and inside a quoted attribute.
std::string escape(std::string_view text);

std::string number_text(double value);      // "0.03214", "−1.5", "not a number", "infinite"
std::string percent_text(double fraction);  // 0.9893 is "98.93 %"
std::string duration_text(double seconds);  // "12.3 s", "3 min 25 s", "1 h 02 min"
// The name of a class, escaped; its number where it has none.
std::string class_text(int label, const std::vector<std::string>& class_names);
std::string count_text(std::int64_t count, std::string_view thing);  // "1 error", "21 errors"

}  // namespace evenkeel::report
