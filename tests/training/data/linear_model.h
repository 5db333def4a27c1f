// The simplest model worth comparing with: ridge regression of the ten classes on the pixels.
#pragma once

#include "training/data/data_set.h"

namespace evenkeel::training {

// The share of test pictures that the model fitted to the training pictures gets right.
double linear_accuracy(const DataSet& set);

}  // namespace evenkeel::training
