#include "model_files/pickle_writer.h"

#include <limits>
#include <stdexcept>

#include "model_files/pickle_format.h"
#include "model_files/tensor_maker.h"

namespace evenkeel::model_files {
namespace {

class PickleWriter {
 public:
  void op(Opcode code) { bytes_ += static_cast<char>(code); }
  void byte(int value) { bytes_ += static_cast<char>(value); }

  void little_endian(std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i) byte(static_cast<int>(value >> (8 * i) & 0xff));
  }

  void text(std::string_view value) {
    op(Opcode::kBinUnicode);
    little_endian(value.size(), 4);
    bytes_ += value;
  }

  void integer(std::int64_t value) {
    const bool small = value >= std::numeric_limits<std::int32_t>::min() &&
                       value <= std::numeric_limits<std::int32_t>::max();
    op(small ? Opcode::kBinInt : Opcode::kLong1);
    if (!small) byte(8);
    little_endian(static_cast<std::uint64_t>(value), small ? 4 : 8);
  }

  void integers(c10::IntArrayRef values) {
    op(Opcode::kMark);
    for (const auto value : values) integer(value);
    op(Opcode::kTuple);
  }

  void global(std::string_view module, std::string_view name) {
    op(Opcode::kGlobal);
    bytes_ += module;
    bytes_ += '\n';
    bytes_ += name;
    bytes_ += '\n';
  }

  void empty_ordered_dict() {
    global("collections", "OrderedDict");
    op(Opcode::kEmptyTuple);
    op(Opcode::kReduce);
  }

  // torch._utils._rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad, backward_hooks)
  void tensor(const torch::Tensor& value, std::size_t storage_key) {
    global("torch._utils", "_rebuild_tensor_v2");
    op(Opcode::kMark);
    storage(value, storage_key);
    integer(0);
    integers(value.sizes());
    integers(value.strides());
    op(Opcode::kNewFalse);
    empty_ordered_dict();
    op(Opcode::kTuple);
    op(Opcode::kReduce);
  }

  std::string finish() {
    op(Opcode::kStop);
    return std::move(bytes_);
  }

 private:
  // The persistent id ('storage', type, key, device, number of elements).
  void storage(const torch::Tensor& value, std::size_t key) {
    const auto type = element_type(value.scalar_type());
    if (!type)
      throw std::runtime_error(std::string("[state_dict] expected a tensor of numbers, found ") +
                               c10::toString(value.scalar_type()));
    op(Opcode::kMark);
    text("storage");
    global("torch", names_of(*type).storage);
    text(std::to_string(key));
    text("cpu");
    integer(value.numel());
    op(Opcode::kTuple);
    op(Opcode::kBinPersonId);
  }

  std::string bytes_;
};

}  // namespace

std::string pickle_state_dict(const StateDict& state) {
  PickleWriter writer;
  writer.op(Opcode::kProtocol);
  writer.byte(2);
  writer.empty_ordered_dict();
  writer.op(Opcode::kMark);
  for (std::size_t i = 0; i < state.tensors.size(); ++i) {
    writer.text(state.tensors[i].key());
    writer.tensor(state.tensors[i].value(), i);
  }
  writer.op(Opcode::kSetItems);

  // state._metadata = OrderedDict({module: {'version': n, 'frozen': bits}}): without it PyTorch takes every batch norm
  // for version 1.
  writer.op(Opcode::kEmptyDict);
  writer.text("_metadata");
  writer.empty_ordered_dict();
  writer.op(Opcode::kMark);
  for (const auto& module : state.modules) {
    writer.text(module.name);
    writer.op(Opcode::kEmptyDict);
    writer.text("version");
    writer.integer(module.version);
    writer.op(Opcode::kSetItem);
    if (!module.frozen) continue;
    writer.text("frozen");
    writer.integer(*module.frozen);
    writer.op(Opcode::kSetItem);
  }
  writer.op(Opcode::kSetItems);
  writer.op(Opcode::kSetItem);
  writer.op(Opcode::kBuild);
  return writer.finish();
}

}  // namespace evenkeel::model_files
