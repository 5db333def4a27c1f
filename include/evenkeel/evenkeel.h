// Everything Evenkeel offers to a program that uses LibTorch. Link evenkeel::libtorch.
#pragma once

#include "evenkeel/batch_norm.h"
#include "evenkeel/functional.h"
#include "evenkeel/kernels.h"
#include "evenkeel/torch_kernels.h"
