// The frame of every page, and what is alike in all of them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace evenkeel::report {

// One self-contained document with the style inside. `body` is HTML, `title` is text.
std::string html_page(const std::string& title, const std::string& body);

// Names and values as a table of two columns, both text.
std::string settings_table(const std::vector<std::pair<std::string, std::string>>& settings);

// A headline figure: HTML both, for a <dl class="tiles">.
std::string tile(std::string_view name, const std::string& value);

}  // namespace evenkeel::report
