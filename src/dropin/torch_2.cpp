// What is different in LibTorch 2.
#include <torch/torch.h>

#include "dropin/operators.h"

namespace evenkeel::dropin {
namespace {

using ThreeReferences = std::tuple<Tensor&, Tensor&, Tensor&>;
using FourTensors = std::tuple<Tensor, Tensor, Tensor, Tensor>;
using FourReferences = std::tuple<Tensor&, Tensor&, Tensor&, Tensor&>;

// The out forms alike: whether Evenkeel has computed into `outputs`.
bool ran_into(const ForwardCall& call, const Outputs& outputs) {
  if (!takes(call, outputs)) return false;
  call.run_into(outputs);
  return true;
}

ThreeReferences native_batch_norm_out(const Tensor& input, const OptionalTensor& weight,
                                      const OptionalTensor& bias, const OptionalTensor& running_mean,
                                      const OptionalTensor& running_var, bool training, double momentum,
                                      double eps, Tensor& out, Tensor& save_mean, Tensor& save_invstd) {
  const ForwardCall call{input,    value(weight), value(bias), value(running_mean), value(running_var),
                         training, momentum,      eps};
  if (ran_into(call, {out, save_mean, save_invstd})) return {out, save_mean, save_invstd};
  return Earlier<native_batch_norm_out>::call(input, weight, bias, running_mean, running_var, training,
                                              momentum, eps, out, save_mean, save_invstd);
}

ThreeTensors legit(const Tensor& input, const OptionalTensor& weight, const OptionalTensor& bias,
                   Tensor& running_mean, Tensor& running_var, bool training, double momentum, double eps) {
  const ForwardCall call{input,       value(weight), value(bias), running_mean,
                         running_var, training,      momentum,    eps};
  if (takes(call)) return as_tuple(call.run());
  return Earlier<legit>::call(input, weight, bias, running_mean, running_var, training, momentum, eps);
}

ThreeReferences legit_out(const Tensor& input, const OptionalTensor& weight, const OptionalTensor& bias,
                          Tensor& running_mean, Tensor& running_var, bool training, double momentum,
                          double eps, Tensor& out, Tensor& save_mean, Tensor& save_invstd) {
  const ForwardCall call{input,       value(weight), value(bias), running_mean,
                         running_var, training,      momentum,    eps};
  if (ran_into(call, {out, save_mean, save_invstd})) return {out, save_mean, save_invstd};
  return Earlier<legit_out>::call(input, weight, bias, running_mean, running_var, training, momentum, eps,
                                  out, save_mean, save_invstd);
}

ThreeTensors legit_no_stats(const Tensor& input, const OptionalTensor& weight, const OptionalTensor& bias,
                            bool training, double momentum, double eps) {
  const ForwardCall call{input, value(weight), value(bias), {}, {}, training, momentum, eps};
  if (takes(call)) return as_tuple(call.run());
  return Earlier<legit_no_stats>::call(input, weight, bias, training, momentum, eps);
}

ThreeReferences legit_no_stats_out(const Tensor& input, const OptionalTensor& weight,
                                   const OptionalTensor& bias, bool training, double momentum, double eps,
                                   Tensor& out, Tensor& save_mean, Tensor& save_invstd) {
  const ForwardCall call{input, value(weight), value(bias), {}, {}, training, momentum, eps};
  if (ran_into(call, {out, save_mean, save_invstd})) return {out, save_mean, save_invstd};
  return Earlier<legit_no_stats_out>::call(input, weight, bias, training, momentum, eps, out, save_mean,
                                           save_invstd);
}

FourTensors with_update(const Tensor& input, const OptionalTensor& weight, const OptionalTensor& bias,
                        Tensor& running_mean, Tensor& running_var, double momentum, double eps) {
  const ForwardCall call{input,
                         value(weight),
                         value(bias),
                         running_mean,
                         running_var,
                         /*training=*/true,
                         momentum,
                         eps};
  if (takes(call)) {
    const Tensor reserve = at::empty({0}, input.options().dtype(torch::kByte));
    return std::tuple_cat(as_tuple(call.run()), std::make_tuple(reserve));
  }
  return Earlier<with_update>::call(input, weight, bias, running_mean, running_var, momentum, eps);
}

FourReferences with_update_out(const Tensor& input, const OptionalTensor& weight, const OptionalTensor& bias,
                               Tensor& running_mean, Tensor& running_var, double momentum, double eps,
                               Tensor& out, Tensor& save_mean, Tensor& save_invstd, Tensor& reserve) {
  const ForwardCall call{input,       value(weight),     value(bias), running_mean,
                         running_var, /*training=*/true, momentum,    eps};
  if (ran_into(call, {out, save_mean, save_invstd})) return {out, save_mean, save_invstd, reserve};
  return Earlier<with_update_out>::call(input, weight, bias, running_mean, running_var, momentum, eps, out,
                                        save_mean, save_invstd, reserve);
}

ThreeTensors batch_norm_backward(const Tensor& grad_output, const Tensor& input, const Tensor& weight,
                                 const OptionalTensor& running_mean, const OptionalTensor& running_var,
                                 const OptionalTensor& save_mean, const OptionalTensor& save_invstd,
                                 bool training, double eps, std::array<bool, 3> wanted,
                                 const Tensor& reserve) {
  const BackwardCall call{grad_output,
                          input,
                          weight,
                          value(running_mean),
                          value(running_var),
                          value(save_mean),
                          value(save_invstd),
                          training,
                          eps,
                          wanted};
  if (takes(call)) return call.run();
  return Earlier<batch_norm_backward>::call(grad_output, input, weight, running_mean, running_var, save_mean,
                                            save_invstd, training, eps, wanted, reserve);
}

class WarningFilter final : public c10::WarningHandler {
 public:
  void process(const c10::Warning& warning) override {
    if (warning.msg().find(kOverrideWarning) == std::string::npos) next_->process(warning);
  }

 private:
  c10::WarningHandler* next_ = c10::WarningUtils::get_warning_handler();
};

}  // namespace

bool torch_computes_halves() { return true; }

void replace_newer_operators(torch::Library& aten_on_cpu) {
  replace_kernel<native_batch_norm_out>(aten_on_cpu, "aten::native_batch_norm.out");
  replace_kernel<legit>(aten_on_cpu, "aten::_native_batch_norm_legit");
  replace_kernel<legit_out>(aten_on_cpu, "aten::_native_batch_norm_legit.out");
  replace_kernel<legit_no_stats>(aten_on_cpu, "aten::_native_batch_norm_legit.no_stats");
  replace_kernel<legit_no_stats_out>(aten_on_cpu, "aten::_native_batch_norm_legit.no_stats_out");
  replace_kernel<with_update>(aten_on_cpu, "aten::_batch_norm_with_update");
  replace_kernel<with_update_out>(aten_on_cpu, "aten::_batch_norm_with_update.out");
  replace_kernel<batch_norm_backward>(aten_on_cpu, "aten::batch_norm_backward");
}

void without_override_warning(const std::function<void()>& work) {
  WarningFilter filter;
  const c10::WarningUtils::WarningHandlerGuard guard(&filter);
  work();
}

}  // namespace evenkeel::dropin
