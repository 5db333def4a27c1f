#include "model_files/module_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <set>
#include <variant>
#include <vector>

namespace evenkeel::model_files {
namespace {

const PickleValue* attribute(const PickleObject& object, std::string_view name) {
  // Many objects of a hostile file can share one long list of attributes.
  constexpr std::size_t kMostAttributes = 4096;
  if (object.attributes == nullptr || object.attributes->items.size() > kMostAttributes) return nullptr;
  return object.attributes->find(name);
}

const PickleDict* dict_attribute(const PickleObject& object, std::string_view name) {
  const auto* value = attribute(object, name);
  return value == nullptr ? nullptr : dict_in(*value);
}

std::optional<double> number_in(const PickleValue* value) {
  if (value == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<double>(value)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(value)) return static_cast<double>(*integer);
  return std::nullopt;
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

// The classes of a source by name, each with its text up to the next one.
class Source {
 public:
  explicit Source(std::string text) : text_(std::move(text)) {
    constexpr std::string_view kClass = "class ";
    const std::string_view all(text_);
    for (auto at = all.starts_with(kClass) ? 0 : all.find("\nclass "); at != std::string_view::npos;) {
      at = all.find(kClass, at);
      const auto next = all.find("\nclass ", at);
      const auto body = all.substr(at, next - at);
      bodies_.emplace(body.substr(kClass.size(), body.find('(') - kClass.size()), body);
      at = next;
    }
  }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  std::string_view class_body(std::string_view name) const {
    const auto found = bodies_.find(name);
    return found == bodies_.end() ? std::string_view() : found->second;
  }

 private:
  std::string text_;
  std::map<std::string_view, std::string_view> bodies_;
};

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

class ModuleReader {
 public:
  ModuleReader(const FindSource& find_source, NameBudget& names) : find_source_(find_source), names_(names) {}

  TensorDict read(const PickleObject& root) {
    waiting_.push_back({"", &root});
    while (!waiting_.empty()) {
      const auto [name, module] = std::move(waiting_.back());
      waiting_.pop_back();
      if (!seen_.insert(module).second || module->attributes == nullptr) continue;
      const auto first_child = waiting_.size();
      if (is_script_module(*module)) {
        add_members(name, *module->attributes, true);
        add_script_settings(name, *module);
      } else {
        for (const auto* part : {"_parameters", "_buffers"})
          if (const auto* dict = dict_attribute(*module, part)) add_members(name, *dict, false);
        if (const auto* dict = dict_attribute(*module, "_modules")) add_members(name, *dict, true);
        add_settings(name, *module);
      }
      std::reverse(waiting_.begin() + static_cast<std::ptrdiff_t>(first_child), waiting_.end());
    }
    return std::move(found_);
  }

 private:
  struct Waiting {
    std::string name;
    const PickleObject* module;
  };

  // Tensors, what should be some, and modules.
  void add_members(const std::string& name, const PickleDict& members, bool modules) {
    for (const auto& [key, value] : members.items) {
      const auto* text = std::get_if<std::string_view>(&key);
      if (text == nullptr) continue;
      const auto* object = std::get_if<PickleObject*>(&value);
      if (const auto* tensor = std::get_if<StoredTensor*>(&value))
        found_.tensors.push_back({names_.join(name, *text), **tensor});
      else if (object != nullptr && modules && is_module(**object))
        waiting_.push_back({names_.join(name, *text), *object});
      else if (object != nullptr)
        found_.skipped.push_back({names_.join(name, *text), kind_of(value)});
    }
  }

  void add_settings(const std::string& name, const PickleObject& module) {
    auto momentum = number_in(attribute(module, "momentum"));
    const auto* given = attribute(module, "momentum");
    if (given != nullptr && std::holds_alternative<PickleNone>(*given)) momentum = 0;
    if (const auto eps = number_in(attribute(module, "eps")))
      found_.settings.push_back({name, eps, momentum});
  }

  void add_script_settings(const std::string& name, const PickleObject& module) {
    if (!find_source_) return;
    auto path = source_of(module.module);
    auto known = sources_.find(path);
    if (known == sources_.end())
      known = sources_.emplace(path, std::make_unique<Source>(find_source_(path).value_or(""))).first;
    const auto body = known->second->class_body(module.name);
    auto eps = constant(body, "eps");
    auto momentum = constant(body, "momentum");
    if (!eps) eps = argument_from_the_end(body, 1);
    if (!momentum) momentum = argument_from_the_end(body, 2);
    if (eps || momentum) found_.settings.push_back({name, eps, momentum});
  }

  const FindSource& find_source_;
  NameBudget& names_;
  TensorDict found_;
  std::vector<Waiting> waiting_;
  std::set<const PickleObject*> seen_;  // objects may hold one another in a circle
  std::map<std::string, std::unique_ptr<Source>> sources_;
};

}  // namespace

bool is_script_module(const PickleObject& object) { return object.module.starts_with("__torch__"); }

bool is_module(const PickleObject& object) {
  return is_script_module(object) ||
         (dict_attribute(object, "_parameters") != nullptr && dict_attribute(object, "_modules") != nullptr);
}

TensorDict tensors_of(const PickleObject& root, const FindSource& find_source, NameBudget& names) {
  return ModuleReader(find_source, names).read(root);
}

}  // namespace evenkeel::model_files
