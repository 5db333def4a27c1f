// Evenkeel's kernels alone: batch normalization on raw pointers, without LibTorch.
// Link evenkeel::kernels.
#pragma once

#include "evenkeel/kernels/batch_norm.h"
#include "evenkeel/kernels/executor.h"
#include "evenkeel/kernels/geometry.h"
#include "evenkeel/kernels/instruction_set.h"
