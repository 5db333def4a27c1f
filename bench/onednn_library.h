// oneDNN, loaded at run time: a LibTorch can have another version of it inside, and two of them under the same
// names in one process would take each other's functions.
#pragma once

#include <dnnl.h>

namespace evenkeel::bench {

// The functions we call, by their names in dnnl.h without "dnnl_".
struct OneDnnLibrary {
// One a line; clang-format never agrees with itself about them.
// clang-format off
#define EVENKEEL_ONEDNN_FUNCTIONS(F) \
  F(version) \
  F(engine_create) \
  F(stream_create) \
  F(stream_wait) \
  F(memory_desc_init_by_tag) \
  F(memory_desc_get_size) \
  F(memory_create) \
  F(memory_get_data_handle) \
  F(memory_destroy) \
  F(batch_normalization_forward_desc_init) \
  F(batch_normalization_backward_desc_init) \
  F(primitive_desc_create) \
  F(primitive_desc_query_md) \
  F(primitive_desc_destroy) \
  F(primitive_create) \
  F(primitive_execute) \
  F(primitive_destroy) \
  F(reorder_primitive_desc_create) \
  F(get_effective_cpu_isa)
// clang-format on
#define EVENKEEL_ONEDNN_MEMBER(name) decltype(&::dnnl_##name) name = nullptr;
  EVENKEEL_ONEDNN_FUNCTIONS(EVENKEEL_ONEDNN_MEMBER)
#undef EVENKEEL_ONEDNN_MEMBER
};

// Null where the system has no such library.
const OneDnnLibrary* onednn_library();

// For what the calls return: throws std::runtime_error unless it is success.
void check_onednn(dnnl_status_t status, const char* what);

}  // namespace evenkeel::bench
