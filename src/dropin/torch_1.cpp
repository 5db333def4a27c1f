// What is different in LibTorch 1.
#include <torch/torch.h>

#include "dropin/operators.h"

namespace evenkeel::dropin {
namespace {

class WarningFilter final : public c10::WarningHandler {
 public:
  void process(const c10::SourceLocation& location, const std::string& message,
               const bool verbatim) override {
    if (message.find(kOverrideWarning) == std::string::npos) next_->process(location, message, verbatim);
  }

 private:
  c10::WarningHandler* next_ = c10::Warning::get_warning_handler();
};

}  // namespace

bool torch_computes_halves() { return false; }

void replace_newer_operators(torch::Library& /*aten_on_cpu*/) {}

void without_override_warning(const std::function<void()>& work) {
  WarningFilter filter;
  const c10::Warning::WarningHandlerGuard guard(&filter);
  work();
}

}  // namespace evenkeel::dropin
