// Looking things up in a page.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace evenkeel::report {

inline int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// Every piece of `text` from a `begin` up to the `end` after it.
inline std::vector<std::string> pieces(const std::string& text, const std::string& begin,
                                       const std::string& end) {
  std::vector<std::string> result;
  for (auto at = text.find(begin); at != std::string::npos; at = text.find(begin, at + 1)) {
    result.push_back(text.substr(at, text.find(end, at) - at));
  }
  return result;
}

// The first tag that closes what is not open, or that never closes; empty when there is none.
inline std::string unbalanced_tag(const std::string& page) {
  const std::set<std::string> never_closed = {"!DOCTYPE", "meta", "link", "img"};
  std::vector<std::string> open;
  for (const std::string& tag : pieces(page, "<", ">")) {
    const bool closes = tag.starts_with("</");
    const auto name_begin = closes ? 2U : 1U;
    const std::string name = tag.substr(name_begin, tag.find_first_of(" \n/", name_begin) - name_begin);
    if (never_closed.contains(name) || tag.ends_with("/")) continue;
    if (!closes) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return tag;
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back();
}

}  // namespace evenkeel::report
