#include "evenkeel/batch_norm.h"

#include <torch/torch.h>

#include <ios>
#include <optional>
#include <vector>

#include "evenkeel/functional.h"
#include "evenkeel/statistics_update_guard.h"
#include "libtorch/check.h"

namespace evenkeel {

using torch::Tensor;

namespace {

// A layer's tensor and what an archive has for it.
struct Loaded {
  Tensor own, read;
};

// As LibTorch's layers save the counter, or as a half, a float or one of size [1].
Tensor as_count(const Tensor& read) {
  TORCH_CHECK(read.numel() == 1, "[load] expected num_batches_tracked with one value, found size ",
              read.sizes());
  const double value = read.item<double>();
  TORCH_CHECK(value >= 0 && value <= 0x1p53,
              "[load] expected num_batches_tracked that is finite and at least 0, found ", value,
              " of dtype ", read.scalar_type());
  return read.reshape({});
}

}  // namespace

template <std::size_t D, typename Derived>
BatchNormImpl<D, Derived>::BatchNormImpl(const BatchNormOptions& options) : BatchNormLayer(options) {
  BatchNormImpl<D, Derived>::reset();
}

template <std::size_t D, typename Derived>
void BatchNormImpl<D, Derived>::reset() {
  const bool affine = options.affine();
  const bool tracking = options.track_running_stats();
  const auto values = [this](bool wanted) {
    return wanted ? torch::empty({options.num_features()}) : Tensor();
  };
  weight = this->register_parameter("weight", values(affine), affine);
  bias = this->register_parameter("bias", values(affine), affine);
  running_mean = this->register_buffer("running_mean", values(tracking));
  running_var = this->register_buffer("running_var", values(tracking));
  num_batches_tracked =
      this->register_buffer("num_batches_tracked", tracking ? torch::empty({}, torch::kLong) : Tensor());
  this->registered_ = {weight, bias, running_mean, running_var, num_batches_tracked};
  observe(nullptr);  // the copy that clone() makes is not watched
  reset_parameters();
}

template <std::size_t D, typename Derived>
void BatchNormImpl<D, Derived>::reset_parameters() {
  reset_running_stats();
  const torch::NoGradGuard no_grad;
  if (weight.defined()) weight.fill_(1);
  if (bias.defined()) bias.zero_();
}

template <std::size_t D, typename Derived>
void BatchNormImpl<D, Derived>::reset_running_stats() {
  if (!running_mean.defined()) return;
  running_mean.zero_();
  running_var.fill_(1);
  num_batches_tracked.zero_();
}

template <std::size_t D, typename Derived>
Tensor BatchNormImpl<D, Derived>::forward(const Tensor& input, const Tensor& residual, const Tensor& mask) {
  libtorch::with_name(options.name(), [&] {
    this->check_members();
    libtorch::check_rank(input, D);
  });
  if (observer_) {
    const torch::NoGradGuard no_graph;
    observer_(input, mask);
  }
  const bool training = this->is_training() || !running_mean.defined();
  auto call = functional::BatchNormFuncOptions()
                  .weight(frozen_.affine && weight.defined() ? weight.detach() : weight)
                  .bias(frozen_.affine && bias.defined() ? bias.detach() : bias)
                  .training(training)
                  .eps(options.eps())
                  .residual(residual)
                  .mask(mask)
                  .virtual_batch_size(options.virtual_batch_size())
                  .renormalization(options.renormalization())
                  .running_variance(options.running_variance())
                  .non_finite(options.non_finite())
                  .name(options.name())
                  .skipped_batches(&skipped_batches_)
                  .activation(options.activation())
                  .negative_slope(options.negative_slope())
                  .inplace(options.inplace());
  if (training && !options.track_running_stats()) return functional::batch_norm(input, {}, {}, call);
  call.momentum(options.momentum()).num_batches_tracked(num_batches_tracked);
  std::optional<NoStatisticsUpdateGuard> no_update;
  if (frozen_.statistics) no_update.emplace();
  return functional::batch_norm(input, running_mean, running_var, call);
}

// LibTorch converts every buffer, and a half holds no count: 70000 is infinity in float16, 70144 in bfloat16.
template <std::size_t D, typename Derived>
void BatchNormImpl<D, Derived>::to(torch::Device device, torch::Dtype dtype, bool non_blocking) {
  const Tensor count = num_batches_tracked.defined() ? num_batches_tracked.variable_data() : Tensor();
  torch::nn::Module::to(device, dtype, non_blocking);
  if (count.defined()) num_batches_tracked.set_data(count.to(device, torch::kLong, non_blocking));
}

template <std::size_t D, typename Derived>
void BatchNormImpl<D, Derived>::to(torch::Dtype dtype, bool non_blocking) {
  const Tensor count = num_batches_tracked.defined() ? num_batches_tracked.variable_data() : Tensor();
  torch::nn::Module::to(dtype, non_blocking);
  if (count.defined()) num_batches_tracked.set_data(count.to(torch::kLong));
}

template <std::size_t D, typename Derived>
void BatchNormImpl<D, Derived>::train(bool on) {
  torch::nn::Module::train(on && !frozen_.mode);
}

template <std::size_t D, typename Derived>
void BatchNormImpl<D, Derived>::save(torch::serialize::OutputArchive& archive) const {
  libtorch::with_name(options.name(), [&] { this->check_members(); });
  torch::nn::Module::save(archive);
  archive.write("frozen", torch::IValue(frozen_.bits()));
}

template <std::size_t D, typename Derived>
void BatchNormImpl<D, Derived>::load(torch::serialize::InputArchive& archive) {
  // LibTorch puts the archive's memory behind the tensor and leaves it its dtype: a half would be read as a float. And it takes
  // other sizes.
  std::vector<Loaded> all;
  const auto read = [&](const auto& own, bool is_buffer) {
    for (const auto& item : own) {
      Tensor value;
      archive.read(item.key(), value, is_buffer);
      if (item.key() == "num_batches_tracked") value = as_count(value);
      TORCH_CHECK(value.sizes() == item.value().sizes(), "[load] expected ", item.key(), " of size ",
                  item.value().sizes(), ", found ", value.sizes());
      all.push_back({item.value(), value});
    }
  };
  libtorch::with_name(options.name(), [&] {
    read(this->named_parameters(/*recurse=*/false), /*is_buffer=*/false);
    read(this->named_buffers(/*recurse=*/false), /*is_buffer=*/true);
  });
  const torch::NoGradGuard no_graph;
  for (const Loaded& tensor : all) tensor.own.copy_(tensor.read);
  torch::IValue bits;
  if (archive.try_read("frozen", bits)) set_frozen(Frozen::from_bits(bits.toInt()));
}

template <std::size_t D, typename Derived>
void BatchNormImpl<D, Derived>::pretty_print(std::ostream& stream) const {
  stream << std::boolalpha << "evenkeel::BatchNorm" << D << "d(" << options.num_features()
         << ", eps=" << options.eps() << ", momentum=";
  if (options.momentum().has_value()) {
    stream << *options.momentum();
  } else {
    stream << "None";
  }
  stream << ", affine=" << options.affine() << ", track_running_stats=" << options.track_running_stats();
  if (options.activation() == Activation::kReLU) stream << ", activation=relu";
  if (options.activation() == Activation::kLeakyReLU) {
    stream << ", activation=leaky_relu, negative_slope=" << options.negative_slope();
  }
  if (options.running_variance() == RunningVariance::kBiased) stream << ", running_variance=biased";
  if (options.non_finite() == NonFinite::kSkip) stream << ", non_finite=skip";
  if (options.non_finite() == NonFinite::kThrow) stream << ", non_finite=throw";
  if (options.virtual_batch_size()) stream << ", virtual_batch_size=" << *options.virtual_batch_size();
  if (options.renormalization()) {
    stream << ", r_max=" << options.renormalization()->r_max
           << ", d_max=" << options.renormalization()->d_max;
  }
  if (options.inplace()) stream << ", inplace=true";
  if (frozen_.any()) stream << ", frozen=" << frozen_;
  stream << ")";
}

template class BatchNormImpl<1, BatchNorm1dImpl>;
template class BatchNormImpl<2, BatchNorm2dImpl>;
template class BatchNormImpl<3, BatchNorm3dImpl>;

}  // namespace evenkeel
