#include "model_files/pickle_reader.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <stdexcept>
#include <unordered_map>

#include "model_files/pickle_format.h"
#include "model_files/pickle_tensor.h"

namespace evenkeel::model_files {
namespace {

template <typename... Arguments>
[[noreturn]] void fail(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  throw std::runtime_error(fmt::format(format, std::forward<Arguments>(arguments)...));
}

PickleGlobal find_global(std::string_view module, std::string_view name) {
  using Kind = PickleGlobal::Kind;
  PickleGlobal found{.module = module, .name = name};
  if (module == "collections" && name == "OrderedDict") found.kind = Kind::kOrderedDict;
  if (module == "torch._utils" && name == "_rebuild_tensor_v2") found.kind = Kind::kRebuildTensor;
  if (module == "torch._utils" && (name == "_rebuild_parameter" || name == "_rebuild_parameter_with_state"))
    found.kind = Kind::kRebuildParameter;
  if (module == "torch") {
    for (const auto& type : kStorageTypes) {
      if (type.name != name) continue;
      found.kind = Kind::kStorageType;
      found.dtype = type.dtype;
    }
  }
  return found;
}

class PickleReader {
 public:
  PickleReader(std::string_view bytes, const LoadStorage& load_storage)
      : rest_(bytes), load_storage_(load_storage) {}

  Pickle read() {
    while (step(static_cast<Opcode>(integer<std::uint8_t>()))) {
    }
    pickle_.root = pop();
    if (!stack_.empty() || !marks_.empty()) fail("expected one value in the pickle, found more");
    return std::move(pickle_);
  }

 private:
  // Returns whether there is more to read.
  bool step(Opcode code) {
    switch (code) {
      case Opcode::kStop:
        return false;
      case Opcode::kProtocol:
        check_protocol(integer<std::uint8_t>());
        break;
      case Opcode::kMark:
        marks_.push_back(stack_.size());
        break;
      case Opcode::kPop:
        pop();
        break;
      case Opcode::kPopMark:
        pop_to_mark();
        break;
      case Opcode::kNone:
        push(PickleNone{});
        break;
      case Opcode::kNewTrue:
        push(true);
        break;
      case Opcode::kNewFalse:
        push(false);
        break;
      case Opcode::kBinInt:
        push(std::int64_t{integer<std::int32_t>()});
        break;
      case Opcode::kBinInt1:
        push(std::int64_t{integer<std::uint8_t>()});
        break;
      case Opcode::kBinInt2:
        push(std::int64_t{integer<std::uint16_t>()});
        break;
      case Opcode::kLong1:
        push_long(take(integer<std::uint8_t>()));
        break;
      case Opcode::kLong4:
        push_long(take(integer<std::uint32_t>()));
        break;
      case Opcode::kBinFloat:
        push(big_endian_double());
        break;
      case Opcode::kBinUnicode:
        push(take(integer<std::uint32_t>()));
        break;
      case Opcode::kGlobal:
        push_global();
        break;
      case Opcode::kBinPut:
        memo_[integer<std::uint8_t>()] = top();
        break;
      case Opcode::kLongBinPut:
        memo_[integer<std::uint32_t>()] = top();
        break;
      case Opcode::kBinGet:
        push(remembered(integer<std::uint8_t>()));
        break;
      case Opcode::kLongBinGet:
        push(remembered(integer<std::uint32_t>()));
        break;
      case Opcode::kEmptyList:
      case Opcode::kEmptyTuple:
        push_sequence({});
        break;
      case Opcode::kTuple:
        push_sequence(pop_to_mark());
        break;
      case Opcode::kTuple1:
        push_sequence(pop_many(1));
        break;
      case Opcode::kTuple2:
        push_sequence(pop_many(2));
        break;
      case Opcode::kTuple3:
        push_sequence(pop_many(3));
        break;
      case Opcode::kAppend:
        append(pop_many(1));
        break;
      case Opcode::kAppends:
        append(pop_to_mark());
        break;
      case Opcode::kEmptyDict:
        push_dict();
        break;
      case Opcode::kSetItem:
        set_items(pop_many(2));
        break;
      case Opcode::kSetItems:
        set_items(pop_to_mark());
        break;
      case Opcode::kBinPersonId:
        push_storage(pop_as<PickleSequence*>("a storage's description")->items);
        break;
      case Opcode::kReduce:
      case Opcode::kNewObject:
        call();
        break;
      case Opcode::kBuild:
        set_attributes(pop());
        break;
      default:
        fail("expected a pickle of tensors, found the opcode 0x{:02x}", static_cast<int>(code));
    }
    return true;
  }

  // --- bytes ---
  std::string_view take(std::size_t count) {
    if (count > rest_.size())
      fail("expected {} more bytes of the pickle, found its end after {}", count, rest_.size());
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  template <typename Integer>
  Integer integer() {
    return static_cast<Integer>(little_endian(take(sizeof(Integer))));
  }

  static std::uint64_t little_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
    return value;
  }

  void push_long(std::string_view bytes) {
    if (bytes.size() > 8) return push_object("builtins", "int");
    auto value = little_endian(bytes);
    if (!bytes.empty() && bytes.size() < 8 && (bytes.back() & 0x80) != 0)
      value |= ~std::uint64_t{0} << (8 * bytes.size());
    push(static_cast<std::int64_t>(value));
  }

  double big_endian_double() {
    std::uint64_t value = 0;
    for (const char byte : take(8)) value = value << 8 | static_cast<std::uint8_t>(byte);
    return std::bit_cast<double>(value);
  }

  std::string_view line() {
    const auto end = rest_.find('\n');
    if (end == std::string_view::npos) fail("expected the name of a Python object, found the pickle's end");
    const auto taken = take(end + 1);
    return taken.substr(0, end);
  }

  static void check_protocol(int protocol) {
    if (protocol != 2) fail("expected pickle protocol 2, found {}", protocol);
  }

  // --- stack ---
  void push(PickleValue value) { stack_.push_back(std::move(value)); }
  void push_global() {
    const auto module = line();
    push(find_global(module, line()));
  }
  void push_sequence(std::vector<PickleValue> items) {
    push(&pickle_.sequences.emplace_back(PickleSequence{std::move(items)}));
  }
  void push_dict() { push(&pickle_.dicts.emplace_back()); }
  void push_object(std::string_view module, std::string_view name) {
    push(&pickle_.objects.emplace_back(PickleObject{module, name}));
  }

  // Values below the last mark are not this operation's.
  std::size_t available() const { return stack_.size() - (marks_.empty() ? 0 : marks_.back()); }

  std::vector<PickleValue> pop_many(std::size_t count) {
    if (available() < count) fail("expected {} values on the pickle's stack, found {}", count, available());
    std::vector<PickleValue> values(
        std::make_move_iterator(stack_.end() - static_cast<std::ptrdiff_t>(count)),
        std::make_move_iterator(stack_.end()));
    stack_.resize(stack_.size() - count);
    return values;
  }

  std::vector<PickleValue> pop_to_mark() {
    if (marks_.empty()) fail("expected a mark on the pickle's stack, found none");
    auto values = pop_many(available());
    marks_.pop_back();
    return values;
  }

  PickleValue& top() {
    if (available() == 0) fail("expected a value on the pickle's stack, found none");
    return stack_.back();
  }

  PickleValue pop() {
    auto value = std::move(top());
    stack_.pop_back();
    return value;
  }

  template <typename Type>
  Type& top_as(std::string_view what) {
    auto* value = std::get_if<Type>(&top());
    if (value == nullptr) fail("expected {} in the pickle, found {}", what, kind_of(top()));
    return *value;
  }

  template <typename Type>
  Type pop_as(std::string_view what) {
    auto value = top_as<Type>(what);
    pop();
    return value;
  }

  const PickleValue& remembered(std::uint32_t key) const {
    const auto found = memo_.find(key);
    if (found == memo_.end()) fail("expected a value remembered as {} in the pickle, found none", key);
    return found->second;
  }

  // --- objects ---
  // What is added to an object that means nothing here is dropped.
  bool top_is_object() { return std::holds_alternative<PickleObject*>(top()); }

  void append(std::vector<PickleValue> values) {
    if (top_is_object()) return;
    auto& items = top_as<PickleSequence*>("a list")->items;
    items.insert(items.end(), std::make_move_iterator(values.begin()), std::make_move_iterator(values.end()));
  }

  void set_items(std::vector<PickleValue> values) {
    if (values.size() % 2 != 0) fail("expected keys and values in pairs, found {} of them", values.size());
    if (top_is_object()) return;
    auto& items = top_as<PickleDict*>("a dictionary")->items;
    for (std::size_t i = 0; i < values.size(); i += 2)
      items.emplace_back(std::move(values[i]), std::move(values[i + 1]));
  }

  // An object whose state is no dictionary has none that we could use.
  void set_attributes(const PickleValue& state) {
    const auto* attributes = std::get_if<PickleDict*>(&state);
    if (top_is_object()) {
      if (attributes != nullptr) std::get<PickleObject*>(top())->attributes = *attributes;
      return;
    }
    if (attributes == nullptr) fail("expected a dictionary of attributes, found {}", kind_of(state));
    top_as<PickleDict*>("a dictionary or an object")->attributes = *attributes;
  }

  // A storage of elements that no tensor here has (quantised, complex, ...) is an object like any other.
  void push_storage(const std::vector<PickleValue>& id) {
    const auto* type = id.size() > 1 ? std::get_if<PickleGlobal>(&id[1]) : nullptr;
    if (type != nullptr && type->kind == PickleGlobal::Kind::kOther)
      return push_object(type->module, type->name);
    const auto description = storage_description(id);
    push(PickleStorage{load_storage_(description.key, description.dtype, description.count)});
  }

  void call() {
    const auto& arguments = pop_as<PickleSequence*>("arguments")->items;
    if (top_is_object()) return;  // called, an object that does nothing gives another one
    const auto function = pop_as<PickleGlobal>("a function");
    const auto* object = arguments.empty() ? nullptr : std::get_if<PickleObject*>(&arguments.front());
    switch (function.kind) {
      case PickleGlobal::Kind::kOrderedDict:
        if (!arguments.empty()) fail("expected an empty OrderedDict, found {} arguments", arguments.size());
        return push_dict();
      case PickleGlobal::Kind::kRebuildTensor:
      case PickleGlobal::Kind::kRebuildParameter:
        if (object != nullptr) return push(*object);
        return push(function.kind == PickleGlobal::Kind::kRebuildTensor ? rebuild_tensor(arguments)
                                                                        : rebuild_parameter(arguments));
      case PickleGlobal::Kind::kStorageType:
        fail("expected a function in the pickle, found a call of a storage type");
      case PickleGlobal::Kind::kOther:
        return push_object(function.module, function.name);
    }
  }

  std::string_view rest_;
  const LoadStorage& load_storage_;
  Pickle pickle_;
  std::vector<PickleValue> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, PickleValue> memo_;
};

}  // namespace

Pickle read_pickle(std::string_view bytes, const LoadStorage& load_storage) {
  return PickleReader(bytes, load_storage).read();
}

const PickleValue* PickleDict::find(std::string_view name) const {
  for (const auto& [key, value] : items) {
    const auto* text = std::get_if<std::string_view>(&key);
    if (text != nullptr && *text == name) return &value;
  }
  return nullptr;
}

std::string kind_of(const PickleValue& value) {
  if (const auto* object = std::get_if<PickleObject*>(&value))
    return fmt::format("the Python object {}.{}", (*object)->module, (*object)->name);
  constexpr std::array<std::string_view, std::variant_size_v<PickleValue> - 1> kNames{
      "None",    "a truth value", "an integer", "a number", "text",
      "a class", "a storage",     "a tensor",   "a list",   "a dictionary"};
  return std::string(kNames[value.index()]);
}

}  // namespace evenkeel::model_files
