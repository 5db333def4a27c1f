// Names that are made of the parts of a file.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace evenkeel::model_files {

// A file of a few bytes could ask for any amount of memory with names inside names.
class NameBudget {
 public:
  // "prefix.name", or the name alone without a prefix. Throws std::runtime_error with one line beyond any real file.
  std::string join(std::string_view prefix, std::string_view name) {
    constexpr std::size_t kLongest = 1000;
    const auto size = prefix.size() + 1 + name.size();
    if (size > kLongest)
      throw std::runtime_error(
          fmt::format("expected names of at most {} bytes, found one of {}", kLongest, size));
    charge(size);
    return prefix.empty() ? std::string(name) : fmt::format("{}.{}", prefix, name);
  }

  void charge(std::size_t size) {
    if (size > left_) throw std::runtime_error("expected names that fit in memory, found too many long ones");
    left_ -= size;
  }

 private:
  std::size_t left_ = std::size_t{256} << 20;
};

}  // namespace evenkeel::model_files
