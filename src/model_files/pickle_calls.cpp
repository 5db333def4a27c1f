#include "model_files/pickle_calls.h"

#include <stdexcept>

#include "model_files/pickle_tensor.h"

namespace evenkeel::model_files {
namespace {

using Kind = PickleGlobal::Kind;

Kind kind_of_function(std::string_view module, std::string_view name) {
  const bool builtins = module == "builtins" || module == "__builtin__";
  if (module == "collections" && (name == "OrderedDict" || name == "defaultdict")) return Kind::kDict;
  if (builtins && name == "dict") return Kind::kDict;
  if (module == "torch._utils" &&
      (name == "_rebuild_tensor_v2" || name == "_rebuild_tensor" || name == "_rebuild_tensor_v3"))
    return Kind::kRebuildTensor;
  if (module == "torch._utils" && (name == "_rebuild_parameter" || name == "_rebuild_parameter_with_state"))
    return Kind::kRebuildParameter;
  // Of a subclass, and of a tensor with attributes.
  if (module == "torch._tensor" && (name == "_rebuild_from_type_v2" || name == "_rebuild_from_type"))
    return Kind::kRebuildFromType;
  return Kind::kOther;
}

// dict(), OrderedDict([[key, value], ...]), defaultdict(factory, {...}): what the last argument holds, if that is it.
PickleDict* make_dict(Pickle& pickle, const PickleSequence& arguments) {
  if (arguments.items.empty()) return pickle.add(PickleDict());
  const auto& last = arguments.items.back();
  if (const auto* given = std::get_if<PickleDict*>(&last)) return *given;
  auto* dict = pickle.add(PickleDict());
  const auto* pairs = std::get_if<PickleSequence*>(&last);
  if (pairs == nullptr) return dict;
  // A list may be asked for again and again.
  constexpr std::size_t kMostCopied = std::size_t{1} << 20;
  pickle.copied += (*pairs)->items.size();
  if (pickle.copied > kMostCopied)
    throw std::runtime_error("expected dictionaries made item by item, found too many made of lists");
  for (const auto& value : (*pairs)->items) {
    const auto* pair = std::get_if<PickleSequence*>(&value);
    if (pair != nullptr && (*pair)->items.size() == 2)
      dict->items.emplace_back((*pair)->items[0], (*pair)->items[1]);
  }
  return dict;
}

const PickleObject* object_in(const PickleSequence& arguments) {
  const auto* object =
      arguments.items.empty() ? nullptr : std::get_if<PickleObject*>(&arguments.items.front());
  return object == nullptr ? nullptr : *object;
}

PickleValue rebuild(Pickle& pickle, const PickleGlobal& function, const PickleSequence& arguments) try {
  if (function.kind == Kind::kRebuildParameter) return rebuild_parameter(arguments);
  return pickle.add(rebuild_tensor(arguments));
} catch (const std::runtime_error& error) {  // it must not hide the tensors beside it
  PickleObject object{function.module, function.name};
  object.problem = error.what();
  return pickle.add(std::move(object));
}

// Python: function(*arguments), and then the type and attributes, which mean nothing here.
PickleValue call_from_type(Pickle& pickle, const PickleGlobal& function, const PickleSequence& arguments) {
  const auto* inner = arguments.items.empty() ? nullptr : std::get_if<PickleGlobal>(&arguments.items[0]);
  const auto* values =
      arguments.items.size() < 3 ? nullptr : std::get_if<PickleSequence*>(&arguments.items[2]);
  if (inner == nullptr || values == nullptr || inner->kind == Kind::kRebuildFromType)
    return pickle.add(PickleObject{function.module, function.name, {}, &arguments});
  return call(pickle, *inner, **values);
}

}  // namespace

PickleGlobal find_global(std::string_view module, std::string_view name) {
  PickleGlobal found{.kind = kind_of_function(module, name), .element = {}, .module = module, .name = name};
  if (module == "torch") found.element = element_type_called(&ElementTypeNames::storage, name);
  const bool untyped = module == "torch.storage" && (name == "UntypedStorage" || name == "_UntypedStorage");
  if (found.element || untyped || (module == "torch" && name == "UntypedStorage"))
    found.kind = Kind::kStorageType;
  return found;
}

PickleValue call(Pickle& pickle, const PickleGlobal& function, const PickleSequence& arguments) {
  switch (function.kind) {
    case Kind::kDict:
      return make_dict(pickle, arguments);
    case Kind::kRebuildTensor:
    case Kind::kRebuildParameter:
      // A storage or a tensor of elements that are not known here.
      if (const auto* object = object_in(arguments))
        return pickle.add(PickleObject{object->module, object->name, object->problem});
      return rebuild(pickle, function, arguments);
    case Kind::kRebuildFromType:
      return call_from_type(pickle, function, arguments);
    case Kind::kStorageType:
    case Kind::kOther:
      break;
  }
  return pickle.add(PickleObject{function.module, function.name, {}, &arguments});
}

}  // namespace evenkeel::model_files
