#include "bench/onednn_batch_norm.h"

#include <dnnl.h>
#include <fmt/format.h>

#include "bench/onednn_library.h"

namespace evenkeel::bench {
namespace {

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

// Memory of oneDNN's own, or that at `values`, which oneDNN takes as not const whatever it does with it.
Memory make_memory(const dnnl_memory_desc_t& layout, const float* values = nullptr) {
  dnnl_memory_t memory = nullptr;
  void* const data = values != nullptr ? const_cast<float*>(values) : DNNL_MEMORY_ALLOCATE;
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

dnnl_format_tag_t tag(OneDnnLayout layout) {
  switch (layout) {
    case OneDnnLayout::kNc:
      return dnnl_nc;
    case OneDnnLayout::kNchw:
      return dnnl_nchw;
    case OneDnnLayout::kNhwc:
      return dnnl_nhwc;
    default:
      return dnnl_nChw16c;
  }
}

}  // namespace

class OneDnnBatchNorm::Work {
 public:
  explicit Work(const OneDnnProblem& problem)
      : problem_(problem), layout_(describe(problem.sizes, tag(problem.computed_in))) {
    input_ = to_layout(problem.input);
    output_ = make_memory(layout_);
    mean_ = channels(problem.training ? nullptr : problem.running_mean);
    variance_ = channels(problem.training ? nullptr : problem.running_var);
    weight_ = channels(problem.weight);
    bias_ = channels(problem.bias);
    make_forward();
    if (problem.backward) make_backward();
  }

  void run() const {
    if (problem_.backward) return execute(backward_, backward_arguments_);
    execute(forward_, forward_arguments_);
  }

  void copy_result(float* to) const {
    reorder(layout_, problem_.backward ? grad_input_ : output_, given_layout(),
            make_memory(given_layout(), to));
  }

 private:
  void make_forward() {
    const unsigned flags = static_cast<unsigned>(dnnl_use_scale) | static_cast<unsigned>(dnnl_use_shift) |
                           (problem_.relu ? static_cast<unsigned>(dnnl_fuse_norm_relu) : 0U) |
                           (problem_.training ? 0U : static_cast<unsigned>(dnnl_use_global_stats));
    dnnl_batch_normalization_desc_t what;
    check_onednn(device().api.batch_normalization_forward_desc_init(
                     &what, problem_.training ? dnnl_forward_training : dnnl_forward_inference, &layout_,
                     static_cast<float>(problem_.eps), flags),
                 "forward");
    forward_description_ = describe_primitive(what);
    forward_ = make_primitive(forward_description_);
    forward_arguments_ = {{DNNL_ARG_SRC, input_.get()},    {DNNL_ARG_DST, output_.get()},
                          {DNNL_ARG_MEAN, mean_.get()},    {DNNL_ARG_VARIANCE, variance_.get()},
                          {DNNL_ARG_SCALE, weight_.get()}, {DNNL_ARG_SHIFT, bias_.get()}};
    if (problem_.training && problem_.relu) {
      workspace_ = make_memory(
          *device().api.primitive_desc_query_md(forward_description_.get(), dnnl_query_workspace_md, 0));
      forward_arguments_.push_back({DNNL_ARG_WORKSPACE, workspace_.get()});
    }
  }

  void make_backward() {
    execute(forward_, forward_arguments_);  // statistics, and what ReLU let through
    grad_output_ = to_layout(problem_.grad_output);
    grad_input_ = make_memory(layout_);
    grad_weight_ = channels(problem_.grad_weight);
    grad_bias_ = channels(problem_.grad_bias);
    const unsigned flags = static_cast<unsigned>(dnnl_use_scale) | static_cast<unsigned>(dnnl_use_shift) |
                           (problem_.relu ? static_cast<unsigned>(dnnl_fuse_norm_relu) : 0U);
    dnnl_batch_normalization_desc_t what;
    check_onednn(device().api.batch_normalization_backward_desc_init(&what, dnnl_backward, &layout_, &layout_,
                                                                     static_cast<float>(problem_.eps), flags),
                 "backward");
    backward_ = make_primitive(describe_primitive(what));
    backward_arguments_ = {
        {DNNL_ARG_SRC, input_.get()},           {DNNL_ARG_DIFF_DST, grad_output_.get()},
        {DNNL_ARG_MEAN, mean_.get()},           {DNNL_ARG_VARIANCE, variance_.get()},
        {DNNL_ARG_SCALE, weight_.get()},        {DNNL_ARG_SHIFT, bias_.get()},  // not read, but asked for
        {DNNL_ARG_DIFF_SRC, grad_input_.get()}, {DNNL_ARG_DIFF_SCALE, grad_weight_.get()},
        {DNNL_ARG_DIFF_SHIFT, grad_bias_.get()}};
    if (problem_.relu) backward_arguments_.push_back({DNNL_ARG_WORKSPACE, workspace_.get()});
  }

  Description describe_primitive(const dnnl_batch_normalization_desc_t& what) const {
    dnnl_primitive_desc_t description = nullptr;
    check_onednn(device().api.primitive_desc_create(&description, &what, nullptr, device().engine,
                                                    forward_description_.get()),
                 "description");
    return Description(description);
  }

  dnnl_memory_desc_t given_layout() const { return describe(problem_.sizes, tag(problem_.given)); }

  Memory to_layout(const float* values) const {
    Memory memory = make_memory(layout_);
    reorder(given_layout(), make_memory(given_layout(), values), layout_, memory);
    return memory;
  }

  Memory channels(const float* values) const {
    return make_memory(describe({problem_.sizes[1]}, dnnl_x), values);
  }

  OneDnnProblem problem_;
  dnnl_memory_desc_t layout_;
  Memory input_, output_, mean_, variance_, weight_, bias_, workspace_;
  Memory grad_output_, grad_input_, grad_weight_, grad_bias_;
  Description forward_description_;
  Primitive forward_, backward_;
  Arguments forward_arguments_, backward_arguments_;
};

OneDnnBatchNorm::OneDnnBatchNorm(const OneDnnProblem& problem) : work_(std::make_unique<Work>(problem)) {}
OneDnnBatchNorm::~OneDnnBatchNorm() = default;

void OneDnnBatchNorm::run() const { work_->run(); }

void OneDnnBatchNorm::copy_result(float* to) const { work_->copy_result(to); }

bool onednn_found() { return onednn_library() != nullptr; }

std::string onednn_version() {
  if (!onednn_found()) return fmt::format("none found (libdnnl.so.{})", DNNL_VERSION_MAJOR);
  const auto& version = *onednn_library()->version();
  return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

}  // namespace evenkeel::bench
