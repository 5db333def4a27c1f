// Pictures that look different from those a network was trained on.
#pragma once

#include <torch/types.h>

#include <functional>

#include "lab/trial.h"

namespace evenkeel::lab {

// From pixels [N, pixels] in 0..1 to others, which may leave that range.
using Shift = std::function<torch::Tensor(const torch::Tensor& pixels)>;

Shift with_contrast_and_brightness(double contrast, double brightness);  // contrast * pixel + brightness
Shift with_noise(double deviation);                                      // Gaussian
Shift moved(std::int64_t rows);  // down and to the right, what leaves is lost
Shift inverted();

Sample shifted(const Sample& sample, const Shift& shift);

}  // namespace evenkeel::lab
