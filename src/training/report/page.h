// The frame of every page, and what is alike in all of them.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace evenkeel::training {

// One self-contained document with the style inside. `body` is HTML, `title` is text.
std::string html_page(const std::string& title, const std::string& body);

// Names and values as a table of two columns, both text.
std::string settings_table(const std::vector<std::pair<std::string, std::string>>& settings);

}  // namespace evenkeel::training
