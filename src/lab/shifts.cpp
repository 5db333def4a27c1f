#include "lab/shifts.h"

#include <torch/types.h>

namespace evenkeel::lab {

Shift with_contrast_and_brightness(double contrast, double brightness) {
  return [=](const torch::Tensor& pixels) { return pixels * contrast + brightness; };
}

Shift with_noise(double deviation) {
  return [=](const torch::Tensor& pixels) { return pixels + deviation * torch::randn_like(pixels); };
}

Shift moved(std::int64_t rows) {
  return [=](const torch::Tensor& pixels) {
    const auto pictures = Sample{pixels, {}}.to_pictures(1).pictures;
    const auto kept = pictures.size(2) - rows;
    auto result = torch::zeros_like(pictures);
    result.narrow(2, rows, kept).narrow(3, rows, kept).copy_(pictures.narrow(2, 0, kept).narrow(3, 0, kept));
    return result.view_as(pixels);
  };
}

Shift inverted() {
  return [](const torch::Tensor& pixels) { return 1 - pixels; };
}

Sample shifted(const Sample& sample, const Shift& shift) { return {shift(sample.pictures), sample.labels}; }

}  // namespace evenkeel::lab
