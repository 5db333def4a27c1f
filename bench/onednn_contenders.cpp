#include <dnnl.h>
#include <fmt/format.h>
#include <torch/torch.h>

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "bench/contender.h"
#include "bench/onednn_library.h"

namespace evenkeel::bench {
namespace {

using torch::Tensor;

// One thread pool and one queue for all; they live as long as the process.
struct Device {
  Device() {
    check_onednn(api.engine_create(&engine, dnnl_cpu, 0), "engine");
    check_onednn(api.stream_create(&stream, engine, dnnl_stream_default_flags), "stream");
  }
  const OneDnnLibrary& api = *onednn_library();
  dnnl_engine_t engine = nullptr;
  dnnl_stream_t stream = nullptr;
};

const Device& device() {
  static const Device one;
  return one;
}

template <typename T, auto Destroy>
struct Destroyer {
  void operator()(T* object) const { (device().api.*Destroy)(object); }
};
using Memory = std::unique_ptr<dnnl_memory, Destroyer<dnnl_memory, &OneDnnLibrary::memory_destroy>>;
using Primitive =
    std::unique_ptr<dnnl_primitive, Destroyer<dnnl_primitive, &OneDnnLibrary::primitive_destroy>>;
using Description = std::unique_ptr<dnnl_primitive_desc,
                                    Destroyer<dnnl_primitive_desc, &OneDnnLibrary::primitive_desc_destroy>>;
using Arguments = std::vector<dnnl_exec_arg_t>;

// Memory of oneDNN's own, or that of `tensor`.
Memory make_memory(const dnnl_memory_desc_t& layout, const Tensor& tensor = {}) {
  dnnl_memory_t memory = nullptr;
  void* const data = tensor.defined() ? tensor.data_ptr() : DNNL_MEMORY_ALLOCATE;
  check_onednn(device().api.memory_create(&memory, &layout, device().engine, data), "memory");
  return Memory(memory);
}

Primitive make_primitive(const Description& description) {
  dnnl_primitive_t primitive = nullptr;
  check_onednn(device().api.primitive_create(&primitive, description.get()), "primitive");
  return Primitive(primitive);
}

void execute(const Primitive& primitive, const Arguments& arguments) {
  const auto count = static_cast<int>(arguments.size());
  check_onednn(device().api.primitive_execute(primitive.get(), device().stream, count, arguments.data()),
               "execution");
  check_onednn(device().api.stream_wait(device().stream), "execution");
}

dnnl_memory_desc_t describe(const std::vector<std::int64_t>& sizes, dnnl_format_tag_t tag) {
  dnnl_memory_desc_t layout;
  check_onednn(device().api.memory_desc_init_by_tag(&layout, static_cast<int>(sizes.size()), sizes.data(),
                                                    dnnl_f32, tag),
               "layout");
  return layout;
}

// Copies into the other's layout.
void reorder(const dnnl_memory_desc_t& from_layout, const Memory& from, const dnnl_memory_desc_t& to_layout,
             const Memory& to) {
  dnnl_primitive_desc_t description = nullptr;
  check_onednn(device().api.reorder_primitive_desc_create(&description, &from_layout, device().engine,
                                                          &to_layout, device().engine, nullptr),
               "reordering");
  execute(make_primitive(Description(description)), {{DNNL_ARG_FROM, from.get()}, {DNNL_ARG_TO, to.get()}});
}

dnnl_format_tag_t own_tag(Layout layout) {
  return layout == Layout::kFlat ? dnnl_nc : layout == Layout::kChannelsLast ? dnnl_nhwc : dnnl_nchw;
}

// Batch norm in one of oneDNN's layouts, with scale and shift.
class BatchNorm {
 public:
  BatchNorm(const Problem& problem, const Operation& operation, dnnl_format_tag_t tag)
      : problem_(problem), operation_(operation), layout_(describe(problem.shape.sizes(), tag)) {
    input_ = to_layout(problem.input);
    output_ = make_memory(layout_);
    mean_ = channels(operation.pass == Pass::kEvaluation ? problem.running_mean : Tensor());
    variance_ = channels(operation.pass == Pass::kEvaluation ? problem.running_var : Tensor());
    weight_ = channels(problem.weight);
    bias_ = channels(problem.bias);
    make_forward();
    if (operation.pass == Pass::kBackward) make_backward();
  }

  void run() const {
    if (operation_.pass == Pass::kBackward) return execute(backward_, backward_arguments_);
    execute(forward_, forward_arguments_);
  }

  Result result() const {
    if (operation_.pass != Pass::kBackward) return {from_layout(output_), {}, {}};
    return {from_layout(grad_input_), grad_weight_tensor_, grad_bias_tensor_};
  }

 private:
  void make_forward() {
    const bool training = operation_.pass != Pass::kEvaluation;
    const unsigned flags = static_cast<unsigned>(dnnl_use_scale) | static_cast<unsigned>(dnnl_use_shift) |
                           (operation_.relu ? static_cast<unsigned>(dnnl_fuse_norm_relu) : 0U) |
                           (training ? 0U : static_cast<unsigned>(dnnl_use_global_stats));
    dnnl_batch_normalization_desc_t what;
    check_onednn(device().api.batch_normalization_forward_desc_init(
                     &what, training ? dnnl_forward_training : dnnl_forward_inference, &layout_,
                     static_cast<float>(Problem::kEps), flags),
                 "forward");
    forward_description_ = describe_primitive(what);
    forward_ = make_primitive(forward_description_);
    forward_arguments_ = {{DNNL_ARG_SRC, input_.get()},    {DNNL_ARG_DST, output_.get()},
                          {DNNL_ARG_MEAN, mean_.get()},    {DNNL_ARG_VARIANCE, variance_.get()},
                          {DNNL_ARG_SCALE, weight_.get()}, {DNNL_ARG_SHIFT, bias_.get()}};
    if (training && operation_.relu) {
      workspace_ = make_memory(
          *device().api.primitive_desc_query_md(forward_description_.get(), dnnl_query_workspace_md, 0));
      forward_arguments_.push_back({DNNL_ARG_WORKSPACE, workspace_.get()});
    }
  }

  void make_backward() {
    execute(forward_, forward_arguments_);  // statistics, and what ReLU let through
    grad_output_ = to_layout(problem_.grad_output);
    grad_input_ = make_memory(layout_);
    grad_weight_tensor_ = torch::empty_like(problem_.weight);
    grad_bias_tensor_ = torch::empty_like(problem_.bias);
    grad_weight_ = channels(grad_weight_tensor_);
    grad_bias_ = channels(grad_bias_tensor_);
    const unsigned flags = static_cast<unsigned>(dnnl_use_scale) | static_cast<unsigned>(dnnl_use_shift) |
                           (operation_.relu ? static_cast<unsigned>(dnnl_fuse_norm_relu) : 0U);
    dnnl_batch_normalization_desc_t what;
    check_onednn(device().api.batch_normalization_backward_desc_init(
                     &what, dnnl_backward, &layout_, &layout_, static_cast<float>(Problem::kEps), flags),
                 "backward");
    backward_ = make_primitive(describe_primitive(what));
    backward_arguments_ = {
        {DNNL_ARG_SRC, input_.get()},           {DNNL_ARG_DIFF_DST, grad_output_.get()},
        {DNNL_ARG_MEAN, mean_.get()},           {DNNL_ARG_VARIANCE, variance_.get()},
        {DNNL_ARG_SCALE, weight_.get()},        {DNNL_ARG_SHIFT, bias_.get()},  // not read, but asked for
        {DNNL_ARG_DIFF_SRC, grad_input_.get()}, {DNNL_ARG_DIFF_SCALE, grad_weight_.get()},
        {DNNL_ARG_DIFF_SHIFT, grad_bias_.get()}};
    if (operation_.relu) backward_arguments_.push_back({DNNL_ARG_WORKSPACE, workspace_.get()});
  }

  Description describe_primitive(const dnnl_batch_normalization_desc_t& what) const {
    dnnl_primitive_desc_t description = nullptr;
    check_onednn(device().api.primitive_desc_create(&description, &what, nullptr, device().engine,
                                                    forward_description_.get()),
                 "description");
    return Description(description);
  }

  // A tensor of ours as it lies, contiguous or channels last.
  dnnl_memory_desc_t own_layout() const { return describe(problem_.shape.sizes(), own_tag(problem_.layout)); }

  Memory to_layout(const Tensor& tensor) const {
    Memory memory = make_memory(layout_);
    reorder(own_layout(), make_memory(own_layout(), tensor), layout_, memory);
    return memory;
  }

  Tensor from_layout(const Memory& memory) const {
    Tensor tensor = torch::empty_like(problem_.input);
    reorder(layout_, memory, own_layout(), make_memory(own_layout(), tensor));
    return tensor;
  }

  Memory channels(const Tensor& tensor) const {
    return make_memory(describe({problem_.shape.channels}, dnnl_x), tensor);
  }

  Problem problem_;
  Operation operation_;
  dnnl_memory_desc_t layout_;
  Memory input_, output_, mean_, variance_, weight_, bias_, workspace_;
  Memory grad_output_, grad_input_, grad_weight_, grad_bias_;
  Tensor grad_weight_tensor_, grad_bias_tensor_;
  Description forward_description_;
  Primitive forward_, backward_;
  Arguments forward_arguments_, backward_arguments_;
};

Contender contender(const Problem& problem, const Operation& operation, const char* way,
                    dnnl_format_tag_t tag) {
  const auto norm = std::make_shared<BatchNorm>(problem, operation, tag);
  return {Peer::kOneDnn, way, [norm] { norm->run(); }, [norm] { return norm->result(); }};
}

}  // namespace

std::vector<Contender> onednn_contenders(const Problem& problem, const Operation& operation) {
  if (onednn_library() == nullptr) return {};
  if (problem.layout == Layout::kFlat) return {contender(problem, operation, "nc", dnnl_nc)};
  const char* const way = problem.layout == Layout::kChannelsLast ? "nhwc" : "nchw";
  return {contender(problem, operation, way, own_tag(problem.layout)),
          contender(problem, operation, "nChw16c", dnnl_nChw16c)};
}

std::string onednn_version() {
  if (onednn_library() == nullptr) return fmt::format("none found (libdnnl.so.{})", DNNL_VERSION_MAJOR);
  const auto& version = *onednn_library()->version();
  return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

}  // namespace evenkeel::bench
