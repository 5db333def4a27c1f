// Tables of figures in a page.
#pragma once

#include <string>
#include <vector>

namespace evenkeel::bench {

struct PageTable {
  std::string label;                           // what a person who cannot see it is told
  std::vector<std::string> columns;            // without that of the rows' names
  std::vector<std::vector<std::string>> rows;  // the name, then the cells
};

std::string page_table(const PageTable& table);

}  // namespace evenkeel::bench
