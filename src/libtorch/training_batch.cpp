#include "libtorch/training_batch.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "evenkeel/kernels/batch_norm.h"
#include "libtorch/autograd.h"
#include "libtorch/renormalization.h"

namespace evenkeel::libtorch {
namespace {

using functional::BatchNormFuncOptions;

// What a batch, or a part of it, is normalised from besides its values.
struct Context {
  const Tensor& running_mean;
  const Tensor& running_var;
  const BatchNormFuncOptions& options;
};

BatchMoments moments_under(const Tensor& mask, const Forward& call, const Context& context) {
  if (mask.defined()) {
    BatchMoments batch = moments_of(call.input, position_weights(call.input, mask));
    TORCH_CHECK(batch.count > 1, "Expected more than 1 value per channel when training, got a mask of sum ",
                batch.count, " for input size ", call.input.sizes());
    return batch;
  }
  // Renormalization has to know them before the values are normalised; otherwise one call does both.
  if (context.options.renormalization()) return moments_of(call.input);
  return {empty_moments(call.input)};
}

NormalizedBatch normalize_whole(Forward call, const Tensor& mask, const Context& context, bool inplace) {
  const BatchMoments batch = moments_under(mask, call, context);
  const double count = batch.count > 0 ? batch.count : count_of(call.input);
  if (context.options.renormalization()) {
    renormalize(call, batch, context.running_mean, context.running_var, context.options);
  }
  return {training_norm(std::move(call), batch, inplace), {batch.moments, count}};
}

// How many examples each part has: a last part of one value per channel joins the one before.
std::vector<std::int64_t> part_sizes(const Tensor& input, std::int64_t examples) {
  const std::int64_t batch = input.size(0);
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(batch / examples), examples);
  const std::int64_t rest = batch % examples;
  const bool one_value = rest == 1 && input.numel() == batch * input.size(1);
  if (one_value) {
    ++sizes.back();
  } else if (rest > 0) {
    sizes.push_back(rest);
  }
  return sizes;
}

void merge(BatchStatistics& all, const BatchStatistics& part) {
  const std::int64_t channels = all.moments.size(1);
  double* mean = all.moments.data_ptr<double>();
  const double* part_mean = part.moments.data_ptr<double>();
  kernels::merge_moments(channels, all.count, mean, mean + channels, part.count, part_mean,
                         part_mean + channels);
  all.count += part.count;
}

// Split and joined by operators that autograd knows, so that each part is a batch like any other.
NormalizedBatch normalize_parts(const Forward& call, const std::vector<std::int64_t>& sizes,
                                const Context& context) {
  const Tensor& mask = context.options.mask();
  const auto split = [&](const Tensor& tensor) {
    return tensor.defined() ? tensor.split_with_sizes(sizes, 0) : std::vector<Tensor>(sizes.size());
  };
  const std::vector<Tensor> inputs = split(call.input);
  const std::vector<Tensor> residuals = split(call.residual);
  const std::vector<Tensor> masks = split(mask);
  std::vector<Tensor> outputs;
  BatchStatistics all{at::zeros_like(empty_moments(call.input)), 0};
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    Forward part = call;
    part.input = dense(inputs[k]);
    if (call.residual.defined()) part.residual = laid_out_as(part.input, residuals[k]);
    const NormalizedBatch done = normalize_whole(std::move(part), masks[k], context, /*inplace=*/false);
    outputs.push_back(done.output);
    merge(all, done.statistics);
  }
  return {laid_out_as(call.input, torch::cat(outputs, 0)), all};
}

}  // namespace

NormalizedBatch normalize_batch(const Forward& call, const Tensor& running_mean, const Tensor& running_var,
                                const BatchNormFuncOptions& options) {
  const Context context{running_mean, running_var, options};
  if (options.virtual_batch_size() && *options.virtual_batch_size() < call.input.size(0)) {
    const std::vector<std::int64_t> sizes = part_sizes(call.input, *options.virtual_batch_size());
    if (sizes.size() > 1) return normalize_parts(call, sizes, context);
  }
  // A batch that may yet be refused, once its statistics are known, must not have been written over anything.
  const bool inplace = options.inplace() && options.non_finite() != NonFinite::kThrow;
  return normalize_whole(call, options.mask(), context, inplace);
}

}  // namespace evenkeel::libtorch
