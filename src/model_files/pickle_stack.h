// The stack on which a pickle makes its values. Everything throws std::runtime_error with one line for what is not there.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "model_files/pickle_bytes.h"
#include "model_files/pickle_reader.h"

namespace evenkeel::model_files {

class PickleStack {
 public:
  void push(PickleValue value) { stack_.push_back(std::move(value)); }
  void mark() { marks_.push_back(stack_.size()); }
  bool empty() const { return stack_.empty() && marks_.empty(); }

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

  // The object at the top, or nullptr for another value.
  PickleObject* top_object() {
    auto* object = std::get_if<PickleObject*>(&top());
    return object == nullptr ? nullptr : *object;
  }

 private:
  // Values below the last mark are not this operation's.
  std::size_t available() const { return stack_.size() - (marks_.empty() ? 0 : marks_.back()); }

  std::vector<PickleValue> stack_;
  std::vector<std::size_t> marks_;
};

}  // namespace evenkeel::model_files
