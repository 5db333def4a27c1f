#include "model_files/pickle_reader.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <stdexcept>
#include <string>
#include <unordered_map>

#include "model_files/pickle_bytes.h"
#include "model_files/pickle_calls.h"
#include "model_files/pickle_format.h"
#include "model_files/pickle_stack.h"
#include "model_files/pickle_tensor.h"

namespace evenkeel::model_files {
namespace {

class PickleReader : PickleStack {
 public:
  PickleReader(std::string_view bytes, const LoadStorage& load_storage)
      : bytes_(bytes), load_storage_(load_storage) {}

  std::size_t rest() const { return bytes_.rest().size(); }

  Pickle read() {
    while (step(static_cast<Opcode>(bytes_.integer<std::uint8_t>()))) {
    }
    pickle_.root = pop();
    if (!empty()) fail("expected one value in the pickle, found more");
    return std::move(pickle_);
  }

 private:
  // Returns whether there is more to read.
  bool step(Opcode code) {
    switch (code) {
      case Opcode::kStop:
        return false;
      case Opcode::kProtocol:
        check_protocol(bytes_.integer<std::uint8_t>());
        break;
      case Opcode::kMark:
        mark();
        break;
      case Opcode::kPop:
        pop();
        break;
      case Opcode::kPopMark:
        pop_to_mark();
        break;
      case Opcode::kDuplicate:
        push(PickleValue(top()));
        break;
      case Opcode::kFrame:
        bytes_.take(8);  // how much a reader may read at once
        break;
      case Opcode::kReadOnlyBuffer:
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
        push(std::int64_t{bytes_.integer<std::int32_t>()});
        break;
      case Opcode::kBinInt1:
        push(std::int64_t{bytes_.integer<std::uint8_t>()});
        break;
      case Opcode::kBinInt2:
        push(std::int64_t{bytes_.integer<std::uint16_t>()});
        break;
      case Opcode::kInt:
        push_decimal(bytes_.line());
        break;
      case Opcode::kLong:
        push_decimal(bytes_.line());
        break;
      case Opcode::kFloat:
        bytes_.line();
        push_object("builtins", "float");
        break;
      case Opcode::kLong1:
        push_long(bytes_.take(bytes_.integer<std::uint8_t>()));
        break;
      case Opcode::kLong4:
        push_long(bytes_.take(bytes_.integer<std::uint32_t>()));
        break;
      case Opcode::kBinFloat:
        push(bytes_.big_endian_double());
        break;
      case Opcode::kShortBinUnicode:
      case Opcode::kShortBinString:  // Python 2's text
        push(bytes_.take(bytes_.integer<std::uint8_t>()));
        break;
      case Opcode::kBinUnicode:
      case Opcode::kBinString:
        push(bytes_.take(bytes_.integer<std::uint32_t>()));
        break;
      case Opcode::kBinUnicode8:
        push(bytes_.take(bytes_.integer<std::uint64_t>()));
        break;
      case Opcode::kUnicode:
        push(bytes_.line());
        break;
      case Opcode::kString:
        push(quoted(bytes_.line()));
        break;
      case Opcode::kShortBinBytes:
        push_bytes(bytes_.integer<std::uint8_t>());
        break;
      case Opcode::kBinBytes:
        push_bytes(bytes_.integer<std::uint32_t>());
        break;
      case Opcode::kBinBytes8:
      case Opcode::kByteArray8:
        push_bytes(bytes_.integer<std::uint64_t>());
        break;
      case Opcode::kNextBuffer:
        push_object("builtins", "memoryview");
        break;
      case Opcode::kGlobal:
        push_global();
        break;
      case Opcode::kStackGlobal: {
        const auto names = pop_many(2);
        push(find_global(text_in(names[0]), text_in(names[1])));
        break;
      }
      case Opcode::kMemoize:
        memo_[static_cast<std::uint32_t>(memo_.size())] = top();
        break;
      case Opcode::kPut:
        memo_[decimal(bytes_.line())] = top();
        break;
      case Opcode::kGet:
        push(remembered(decimal(bytes_.line())));
        break;
      case Opcode::kBinPut:
        memo_[bytes_.integer<std::uint8_t>()] = top();
        break;
      case Opcode::kLongBinPut:
        memo_[bytes_.integer<std::uint32_t>()] = top();
        break;
      case Opcode::kBinGet:
        push(remembered(bytes_.integer<std::uint8_t>()));
        break;
      case Opcode::kLongBinGet:
        push(remembered(bytes_.integer<std::uint32_t>()));
        break;
      case Opcode::kEmptyList:
      case Opcode::kEmptyTuple:
        push_sequence({});
        break;
      case Opcode::kTuple:
      case Opcode::kList:
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
      case Opcode::kEmptySet:
        push_object("builtins", "set");
        break;
      case Opcode::kAddItems:
        append(pop_to_mark());
        break;
      case Opcode::kFrozenSet:
        pop_to_mark();
        push_object("builtins", "frozenset");
        break;
      case Opcode::kEmptyDict:
        push(pickle_.add(PickleDict()));
        break;
      case Opcode::kDict: {
        auto values = pop_to_mark();
        push(pickle_.add(PickleDict()));
        set_items(std::move(values));
        break;
      }
      case Opcode::kSetItem:
        set_items(pop_many(2));
        break;
      case Opcode::kSetItems:
        set_items(pop_to_mark());
        break;
      case Opcode::kBinPersonId:
        push(persistent(*pop_as<PickleSequence*>("a storage's description")));
        break;
      case Opcode::kPersonId:
        bytes_.line();
        push_object("builtins", "persistent_id");
        break;
      case Opcode::kNewObjectWithNames:
        pop();
        call_top();
        break;
      case Opcode::kReduce:
      case Opcode::kNewObject:
        call_top();
        break;
      case Opcode::kInstance: {
        const auto module = bytes_.line();
        const auto function = find_global(module, bytes_.line());
        push(call(pickle_, function, *pickle_.add(PickleSequence{pop_to_mark()})));
        break;
      }
      case Opcode::kObject: {
        auto values = pop_to_mark();
        if (values.empty()) fail("expected a class in the pickle, found nothing");
        push(values.front());
        values.erase(values.begin());
        push_sequence(std::move(values));
        call_top();
        break;
      }
      case Opcode::kBuild:
        set_attributes(pop());
        break;
      default:
        fail("expected a pickle of tensors, found the opcode 0x{:02x}", static_cast<int>(code));
    }
    return true;
  }

  // "01" and "00" are truth values; "12L" is an integer of Python 2.
  void push_decimal(std::string_view text) {
    if (text == "00" || text == "01") return push(text == "01");
    if (text.ends_with('L')) text.remove_suffix(1);
    std::int64_t value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc() || result.ptr != text.data() + text.size())
      return push_object("builtins", "int");
    push(value);
  }

  static std::string_view text_in(const PickleValue& value) {
    const auto* text = std::get_if<std::string_view>(&value);
    if (text == nullptr) fail("expected text in the pickle, found {}", kind_of(value));
    return *text;
  }

  void push_bytes(std::uint64_t count) {
    bytes_.take(count);
    push_object("builtins", "bytes");
  }

  void push_long(std::string_view bytes) {
    if (bytes.size() > 8) return push_object("builtins", "int");
    auto value = little_endian(bytes);
    if (!bytes.empty() && bytes.size() < 8 && (bytes.back() & 0x80) != 0)
      value |= ~std::uint64_t{0} << (8 * bytes.size());
    push(static_cast<std::int64_t>(value));
  }

  // --- values ---
  static void check_protocol(int protocol) {
    if (protocol > 5) fail("expected a pickle protocol of at most 5, found {}", protocol);
  }

  void push_global() {
    const auto module = bytes_.line();
    push(find_global(module, bytes_.line()));
  }
  void push_sequence(std::vector<PickleValue> items) { push(pickle_.add(PickleSequence{std::move(items)})); }
  void push_object(std::string_view module, std::string_view name) {
    push(pickle_.add(PickleObject{module, name}));
  }

  const PickleValue& remembered(std::uint32_t key) const {
    const auto found = memo_.find(key);
    if (found == memo_.end()) fail("expected a value remembered as {} in the pickle, found none", key);
    return found->second;
  }

  // --- objects ---
  void append(std::vector<PickleValue> values) {
    auto* object = top_object();
    if (object != nullptr && object->elements == nullptr) object->elements = pickle_.add(PickleSequence());
    auto& items = (object != nullptr ? object->elements : top_as<PickleSequence*>("a list"))->items;
    items.insert(items.end(), std::make_move_iterator(values.begin()), std::make_move_iterator(values.end()));
  }

  void set_items(std::vector<PickleValue> values) {
    if (values.size() % 2 != 0) fail("expected keys and values in pairs, found {} of them", values.size());
    auto* object = top_object();
    if (object != nullptr && object->items == nullptr) {
      object->items = pickle_.add(PickleDict());
      object->items->attributes = object->attributes;
    }
    auto& items = (object != nullptr ? object->items : top_as<PickleDict*>("a dictionary"))->items;
    for (std::size_t i = 0; i < values.size(); i += 2)
      items.emplace_back(std::move(values[i]), std::move(values[i + 1]));
  }

  // The state of an object: its attributes, or those and its slots. Of other states and other values we have no use.
  void set_attributes(const PickleValue& state) {
    const auto* attributes = std::get_if<PickleDict*>(&state);
    const auto* both = std::get_if<PickleSequence*>(&state);
    if (both != nullptr && (*both)->items.size() == 2)
      attributes = std::get_if<PickleDict*>(&(*both)->items.front());
    auto* object = top_object();
    if (attributes == nullptr) return;
    if (object != nullptr) {
      object->attributes = *attributes;
      if (object->items != nullptr) object->items->attributes = *attributes;
    }
    if (auto* dict = std::get_if<PickleDict*>(&top())) (*dict)->attributes = *attributes;
  }

  // ('storage', type, key, device, count): what a pickle does not hold itself.
  PickleValue persistent(const PickleSequence& id) try {
    const auto size = storage_size(id);
    if (!size) return storage_at(pickle_, id, nullptr);
    auto& bytes = storages_[storage_key(id)];
    if (bytes == nullptr) bytes = load_storage_(storage_key(id), *size);
    return storage_at(pickle_, id, bytes);
  } catch (const std::runtime_error& error) {  // it must not hide the tensors that lie elsewhere
    return pickle_.add(PickleObject{"torch", "storage", error.what()});
  }

  void call_top() {
    const auto& arguments = *pop_as<PickleSequence*>("arguments");
    if (top_object() != nullptr) return;  // called, an object that does nothing gives another one
    push(call(pickle_, pop_as<PickleGlobal>("a function"), arguments));
  }

  PickleBytes bytes_;
  const LoadStorage& load_storage_;
  Pickle pickle_;
  std::unordered_map<std::uint32_t, PickleValue> memo_;
  std::unordered_map<std::string_view, std::shared_ptr<Storage>> storages_;
};

}  // namespace

Pickle read_pickle(std::string_view bytes, const LoadStorage& load_storage, std::size_t* length) {
  PickleReader reader(bytes, load_storage);
  auto pickle = reader.read();
  if (length != nullptr) *length = bytes.size() - reader.rest();
  return pickle;
}

const PickleValue* PickleDict::find(std::string_view name) const {
  for (const auto& [key, value] : items) {
    const auto* text = std::get_if<std::string_view>(&key);
    if (text != nullptr && *text == name) return &value;
  }
  return nullptr;
}

const PickleDict* dict_in(const PickleValue& value) {
  if (const auto* dict = std::get_if<PickleDict*>(&value)) return *dict;
  const auto* object = std::get_if<PickleObject*>(&value);
  return object == nullptr ? nullptr : (*object)->items;
}

std::string kind_of(const PickleValue& value) {
  const auto* object = std::get_if<PickleObject*>(&value);
  if (object != nullptr && !(*object)->problem.empty()) return (*object)->problem;
  if (object != nullptr) return fmt::format("the Python object {}.{}", (*object)->module, (*object)->name);
  constexpr std::array<std::string_view, std::variant_size_v<PickleValue> - 1> kNames{
      "None",    "a truth value", "an integer", "a number", "text",
      "a class", "a storage",     "a tensor",   "a list",   "a dictionary"};
  return std::string(kNames[value.index()]);
}

}  // namespace evenkeel::model_files
