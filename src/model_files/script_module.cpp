#include "model_files/script_module.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <variant>

namespace evenkeel::model_files {
namespace {

using Visit = std::function<void(const std::string& name, const PickleObject& module)>;

// Objects may hold one another in a circle: each is visited once.
void walk(const PickleObject& object, const std::string& name, int depth, std::set<const PickleObject*>& seen,
          const Visit& visit) {
  constexpr int kDeepest = 200;
  if (!seen.insert(&object).second || object.attributes == nullptr) return;
  if (depth > kDeepest)
    throw std::runtime_error(
        fmt::format("expected modules inside each other to a depth of {}, found more", kDeepest));
  visit(name, object);
  for (const auto& [key, value] : object.attributes->items) {
    const auto* text = std::get_if<std::string_view>(&key);
    const auto* inner = std::get_if<PickleObject*>(&value);
    if (text == nullptr || inner == nullptr || !is_script_module(**inner)) continue;
    walk(**inner, checked_name(name.empty() ? "" : name + ".", *text), depth + 1, seen, visit);
  }
}

void walk(const PickleObject& root, const Visit& visit) {
  std::set<const PickleObject*> seen;
  walk(root, "", 0, seen, visit);
}

// "__torch__.torch.nn.modules.batchnorm" is code/__torch__/torch/nn/modules/batchnorm.py.
std::string source_of(std::string_view module) {
  std::string path(module);
  std::replace(path.begin(), path.end(), '.', '/');
  return "code/" + path + ".py";
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() ? std::optional(value) : std::nullopt;
}

// The number in the line "  NAME : Final[float] = 1.0000000000000001e-05", which a scripted class has.
std::optional<double> constant(std::string_view body, std::string_view name) {
  const auto start = fmt::format("\n  {} : Final[float] = ", name);
  const auto found = body.find(start);
  return found == std::string_view::npos ? std::nullopt : number(body.substr(found + start.size()));
}

// A traced class has them in its call: torch.batch_norm(..., training, momentum, eps, cudnn_enabled).
std::optional<double> argument_from_the_end(std::string_view body, int place) {
  const auto call = body.find("torch.batch_norm(");
  if (call == std::string_view::npos) return std::nullopt;
  auto arguments = body.substr(call, body.find(')', call) - call);
  for (; place > 0 && arguments.rfind(", ") != std::string_view::npos; --place)
    arguments = arguments.substr(0, arguments.rfind(", "));
  const auto comma = arguments.rfind(", ");
  return comma == std::string_view::npos ? std::nullopt : number(arguments.substr(comma + 2));
}

std::string_view class_body(std::string_view source, std::string_view name) {
  const auto begin = source.find(fmt::format("class {}(Module):", name));
  if (begin == std::string_view::npos) return {};
  return source.substr(begin, source.find("\nclass ", begin) - begin);
}

}  // namespace

bool is_script_module(const PickleObject& object) { return object.module.starts_with("__torch__"); }

StateDict tensors_of(const PickleObject& root) {
  StateDict state;
  walk(root, [&](const std::string& name, const PickleObject& module) {
    const auto prefix = name.empty() ? "" : name + ".";
    for (const auto& [key, value] : module.attributes->items) {
      const auto* text = std::get_if<std::string_view>(&key);
      const auto* tensor = std::get_if<torch::Tensor>(&value);
      if (text == nullptr || tensor == nullptr) continue;
      const auto whole = checked_name(prefix, *text);
      if (state.tensors.contains(whole))
        throw std::runtime_error(fmt::format("expected one tensor \"{}\", found two", whole));
      state.tensors.insert(whole, *tensor);
    }
  });
  return state;
}

std::vector<ModelFile::Settings> settings_of(const PickleObject& root, ZipArchive& archive) {
  std::vector<ModelFile::Settings> settings;
  std::map<std::string, std::string> sources;  // each read once
  walk(root, [&](const std::string& name, const PickleObject& module) {
    const auto [source, added] = sources.try_emplace(source_of(module.module));
    if (added) source->second = archive.source(source->first).value_or("");
    const auto body = class_body(source->second, module.name);
    auto eps = constant(body, "eps");
    auto momentum = constant(body, "momentum");
    if (!eps) eps = argument_from_the_end(body, 1);
    if (!momentum) momentum = argument_from_the_end(body, 2);
    if (eps || momentum) settings.push_back({name, eps, momentum});
  });
  return settings;
}

}  // namespace evenkeel::model_files
