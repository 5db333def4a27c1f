#include "data/data_set.h"

#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>

#include "data/cifar10.h"
#include "data/digits.h"
#include "data/mnist.h"

namespace evenkeel::data {

namespace {

// A data set that is read from a folder: "mnist:DIR".
struct FolderKind {
  std::string_view name;
  std::string_view files;
  DataSet (*read)(const std::filesystem::path& folder);
};

constexpr FolderKind kFolderKinds[] = {{"mnist", "the four MNIST files", read_mnist},
                                       {"cifar10", "the six CIFAR-10 files", read_cifar10}};

DataSet open(std::string_view name) {
  if (name == "digits") return draw_digits();
  const auto colon = name.find(':');
  const auto folder = colon == std::string_view::npos ? std::string_view() : name.substr(colon + 1);
  for (const auto& kind : kFolderKinds) {
    if (name.substr(0, colon) != kind.name) continue;
    if (folder.empty())
      throw std::runtime_error(
          fmt::format("expected {}:DIR with the folder of {}, found \"{}\"", kind.name, kind.files, name));
    return kind.read(folder);
  }
  throw std::runtime_error(
      fmt::format("expected a data set, one of digits, mnist:DIR and cifar10:DIR, found \"{}\"", name));
}

}  // namespace

DataSet open_data_set(std::string_view name) {
  DataSet set = open(name);
  set.name = name;
  return set;
}

std::string full_name(std::string_view name) {
  const auto colon = name.find(':');
  if (colon == std::string_view::npos || colon + 1 == name.size()) return std::string(name);
  auto folder = std::filesystem::absolute(name.substr(colon + 1)).lexically_normal();
  std::error_code unreadable;
  const auto real = std::filesystem::weakly_canonical(folder, unreadable);
  if (!unreadable) folder = real;
  if (!folder.has_filename() && folder.has_relative_path()) folder = folder.parent_path();
  return std::string(name.substr(0, colon + 1)) + folder.string();
}

std::string class_name(const DataSet& set, int label) {
  return set.class_names.empty() ? std::to_string(label)
                                 : set.class_names.at(static_cast<std::size_t>(label));
}

}  // namespace evenkeel::data
