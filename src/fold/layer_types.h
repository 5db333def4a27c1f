// The types of modules that fold() takes, and the way from a module to its type.
#pragma once

#include <torch/torch.h>

#include <typeinfo>

#include "evenkeel/batch_norm.h"

namespace evenkeel::folding {

template <typename... Modules>
struct Types {
  // Calls body(the module as what it is) if it is one of these; returns whether. A class derived from one of them is none: it
  // may do anything in its forward.
  template <typename Body>
  static bool with(torch::nn::Module& module, Body body) {
    return (with_one<Modules>(module, body) || ...);
  }

 private:
  template <typename Module, typename Body>
  static bool with_one(torch::nn::Module& module, Body& body) {
    if (typeid(module) != typeid(Module)) return false;
    body(dynamic_cast<Module&>(module));
    return true;
  }
};

using Convolutions =
    Types<torch::nn::Conv1dImpl, torch::nn::Conv2dImpl, torch::nn::Conv3dImpl, torch::nn::ConvTranspose1dImpl,
          torch::nn::ConvTranspose2dImpl, torch::nn::ConvTranspose3dImpl>;
using Linears = Types<torch::nn::LinearImpl>;
using EvenkeelNorms = Types<BatchNorm1dImpl, BatchNorm2dImpl, BatchNorm3dImpl>;
using TorchNorms = Types<torch::nn::BatchNorm1dImpl, torch::nn::BatchNorm2dImpl, torch::nn::BatchNorm3dImpl>;

template <typename Body>
bool with_layer(torch::nn::Module& module, Body body) {
  return Convolutions::with(module, body) || Linears::with(module, body);
}

}  // namespace evenkeel::folding
