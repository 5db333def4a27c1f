#include "training/data/data_set.h"

#include <stdexcept>

namespace evenkeel::training {

DataSet open_data_set(std::string_view name) {
  throw std::runtime_error("expected the name of a data set, found \"" + std::string(name) + "\"");
}

}  // namespace evenkeel::training
