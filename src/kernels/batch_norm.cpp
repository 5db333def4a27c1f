#include "evenkeel/kernels/batch_norm.h"

#include "kernels/check.h"
#include "kernels/reference.h"

namespace evenkeel::kernels {

#define EVENKEEL_RUN(Call, T)                    \
  void run(const Call<T>& call, Executor&) {     \
    check(call);                                 \
    reference::run(call);                        \
  }
#define EVENKEEL_RUN_BOTH(Call) EVENKEEL_RUN(Call, float) EVENKEEL_RUN(Call, double)
EVENKEEL_RUN_BOTH(ChannelMoments)
EVENKEEL_RUN_BOTH(TrainingForward)
EVENKEEL_RUN_BOTH(TrainingBackward)
EVENKEEL_RUN_BOTH(EvaluationForward)
EVENKEEL_RUN_BOTH(EvaluationBackward)

}  // namespace evenkeel::kernels
