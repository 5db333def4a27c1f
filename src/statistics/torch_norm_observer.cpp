#include "statistics/torch_norm_observer.h"

#include <cstring>
#include <utility>

namespace evenkeel {
namespace {

thread_local TorchNormObserver* torch_norm_observer = nullptr;

}  // namespace

TorchNormObserver::TorchNormObserver(Seen seen)
    : seen_(std::move(seen)),
      handle_(at::addThreadLocalCallback(at::RecordFunctionCallback(&TorchNormObserver::on_operator)
                                             .needsInputs(true)
                                             .scopes({at::RecordScope::FUNCTION}))) {
  torch_norm_observer = this;
}

TorchNormObserver::~TorchNormObserver() {
  torch_norm_observer = nullptr;
  at::removeCallback(handle_);
}

void TorchNormObserver::rethrow() {
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

std::unique_ptr<at::ObserverContext> TorchNormObserver::on_operator(const at::RecordFunction& call) {
  TorchNormObserver* observer = torch_norm_observer;
  if (observer == nullptr || std::strcmp(call.name(), "aten::batch_norm") != 0) return nullptr;
  // input, weight, bias, running_mean, ...
  const auto inputs = call.inputs();
  if (inputs.size() < 4 || !inputs[0].isTensor() || !inputs[3].isTensor()) return nullptr;
  try {
    observer->seen_(inputs[3].toTensor(), inputs[0].toTensor());
  } catch (...) {
    if (!observer->thrown_) observer->thrown_ = std::current_exception();
  }
  return nullptr;
}

}  // namespace evenkeel
