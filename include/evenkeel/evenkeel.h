// Everything Evenkeel offers to a program that uses LibTorch. Link evenkeel::libtorch.
#pragma once

#include "evenkeel/batch_norm.h"
#include "evenkeel/batch_norm_layer.h"
#include "evenkeel/channel_moments.h"
#include "evenkeel/conventions.h"
#include "evenkeel/fold.h"
#include "evenkeel/functional.h"
#include "evenkeel/inspect.h"
#include "evenkeel/kernels.h"
#include "evenkeel/population_statistics.h"
#include "evenkeel/running_statistics.h"
#include "evenkeel/state_dict.h"
#include "evenkeel/torch_kernels.h"
