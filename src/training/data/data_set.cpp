#include "training/data/data_set.h"

#include <fmt/format.h>

#include <stdexcept>

#include "training/data/digits.h"
#include "training/data/mnist.h"

namespace evenkeel::training {

DataSet open_data_set(std::string_view name) {
  constexpr std::string_view kMnist = "mnist:";
  DataSet set;
  if (name == "digits") {
    set = draw_digits();
  } else if (name == "mnist" || name == kMnist) {
    throw std::runtime_error(
        fmt::format("expected mnist:DIR with the folder of the four MNIST files, found \"{}\"", name));
  } else if (name.starts_with(kMnist)) {
    set = read_mnist(name.substr(kMnist.size()));
  } else {
    throw std::runtime_error(
        fmt::format("expected a data set, one of digits and mnist:DIR, found \"{}\"", name));
  }
  set.name = name;
  return set;
}

}  // namespace evenkeel::training
