#include <torch/torch.h>
#include <zlib.h>

#include <stdexcept>

#include "fuzz/entry_points.h"
#include "model_files/pickle_writer.h"
#include "model_files/small_files.h"
#include "model_files/state_dict.h"
#include "model_files/state_dict_file.h"

namespace evenkeel::fuzz {
namespace {

using namespace std::string_literals;  // literals with zero bytes in them

model_files::StateDict example() {
  model_files::StateDict state;
  state.tensors.insert("bn.weight", torch::ones(3));
  state.tensors.insert("bn.bias", torch::zeros(3));
  state.tensors.insert("bn.running_mean", torch::zeros(3));
  state.tensors.insert("bn.running_var", torch::ones(3));
  state.tensors.insert("bn.num_batches_tracked", torch::tensor(std::int64_t{7}));
  state.tensors.insert("fc.weight", torch::arange(6, torch::kFloat32).reshape({2, 3}));
  state.modules = {{"", 1, {}}, {"bn", 2, 5}, {"fc", 1, {}}};
  return state;
}

// Pickled text, an integer and a module "bn" of TorchScript, by hand: nothing here writes them.
std::string text(std::string_view value) {
  return "X" + std::string(1, static_cast<char>(value.size())) + "\0\0\0"s + std::string(value);
}

std::string tensor_of_three() {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\nFloatStorage\n" + text("0") +
         text("cpu") + "K\3tQK\0(K\3t(K\1t\x89}tR"s;
}

std::string script_module() {
  const auto batch_norm = "c__torch__.torch.nn.modules.batchnorm\nBatchNorm2d\n)\x81}("s +
                          text("running_mean") + tensor_of_three() + text("running_var") + tensor_of_three() +
                          text("training") + "\x88ub"s;
  return "\x80\2c__torch__\nNet\n)\x81}("s + text("training") + "\x89"s + text("bn") + batch_norm + "ub."s;
}

std::string checkpoint() {
  const auto model = "ccollections\nOrderedDict\n)R("s + text("bn.running_mean") + tensor_of_three() +
                     text("bn.running_var") + tensor_of_three() + "u}"s + text("_metadata") + "}"s +
                     text("bn") + "}"s + text("version") + "K\2sssb"s;
  return "\x80\2}("s + text("epoch") + "K\3"s + text("model") + model + text("rest") +
         "](K\1G?\xf0\0\0\0\0\0\0N\x88\x8a\x09"s + "123456789cbuiltins\nset\n]\x85Reu."s;
}

std::string gzipped(const std::string& bytes) {
  z_stream stream{};
  constexpr int kWindowForGzip = 31;
  if (deflateInit2(&stream, 9, Z_DEFLATED, kWindowForGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::logic_error("cannot start to compress");
  std::string packed(bytes.size() + 100, '\0');
  auto unpacked = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(unpacked.data());
  stream.avail_in = static_cast<uInt>(unpacked.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace

std::vector<std::string> seeds(std::string_view target) {
  if (target == "archive")
    return {model_files::encode_state_dict(example()), model_files::encode_state_dict({})};
  if (target == "legacy") return {testing::legacy_file({1, 2, 3})};
  if (target == "safetensors")
    return {testing::safetensors_file(testing::safetensors_header("[12,24]"),
                                      testing::floats({1, 2, 3, 4, 5, 6})),
            model_files::encode_safetensors(example())};
  if (target == "index")
    return {
        R"({"metadata":{"total_size":24},"weight_map":{"bn.running_mean":"shard","bn.running_var":"shard"}})",
        R"({"weight_map":{"bn.running_mean":"shard","bn.running_var":"gone"}})"};
  if (target == "pickle") return {model_files::pickle_state_dict(example()), script_module(), checkpoint()};
  if (target == "idx") {
    const auto pictures = "\0\0\x08\x03\0\0\0\2\0\0\0\2\0\0\0\3abcdefghijkl"s;
    const auto labels = "\0\0\x08\x01\0\0\0\4\0\1\2\x09"s;
    return {pictures, labels, gzipped(pictures), gzipped(labels)};
  }
  if (target == "json")
    return {
        R"({"norm": "batch", "data": "digits", "epochs": 1, "batch_size": 64, "learning_rate": 1e-3, "seed": 1,
"limit_steps": 0, "checkpoint_every": 500, "threads": 2, "pixel_mean": 0.1, "pixel_deviation": 0.3})",
        R"({"test_accuracy": 0.99, "train_loss": null, "epochs": 1, "steps": 5, "seconds": 1.5, "norm": "batch",
"data": "digits"})",
        R"({"step":10,"epoch":1,"train_loss":2.25,"test_accuracy":null,"seconds":0.5}
{"step":20,"epoch":1,"train_loss":1.5,"test_accuracy":0.75,"seconds":1.5}
)"};
  throw std::logic_error("a target without seeds");
}

}  // namespace evenkeel::fuzz
