// What the calls in a pickle give: of all classes and functions, those of a closed list mean something.
#pragma once

#include <string_view>

#include "model_files/pickle_reader.h"

namespace evenkeel::model_files {

PickleGlobal find_global(std::string_view module, std::string_view name);

// The value of function(*arguments), which is an object that does nothing for a function of no meaning here, and for a tensor that is
// not inside its storage. `pickle` keeps what is made.
PickleValue call(Pickle& pickle, const PickleGlobal& function, const PickleSequence& arguments);

}  // namespace evenkeel::model_files
