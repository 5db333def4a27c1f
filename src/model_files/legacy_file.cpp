#include "model_files/legacy_file.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "model_files/pickle_bytes.h"
#include "model_files/pickle_model.h"
#include "model_files/pickle_reader.h"

namespace evenkeel::model_files {
namespace {

// Where its elements are is known when the pickles have been read.
class LegacyStorage : public Storage {
 public:
  LegacyStorage(std::shared_ptr<const File> file, std::uint64_t size) : file_(std::move(file)), size_(size) {}

  void place_at(std::uint64_t begin) { begin_ = begin; }

  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t offset, std::span<std::byte> into) override {
    if (!begin_) fail("expected the elements of every storage behind the pickle, found fewer");
    file_->read(*begin_ + offset, into);
  }

 private:
  std::shared_ptr<const File> file_;
  std::uint64_t size_;
  std::optional<std::uint64_t> begin_;
};

// The reader holds the text that the pickle's values point into.
struct HeldPickle {
  std::unique_ptr<std::string> bytes;
  Pickle pickle;
};

class LegacyReader {
 public:
  explicit LegacyReader(std::shared_ptr<const File> file) : file_(std::move(file)) {}

  ModelFile read() {
    next();  // the magic number
    next();  // the protocol, 1001
    const auto system = next();
    const auto* dict = dict_in(system.pickle.root);
    const auto* little = dict == nullptr ? nullptr : dict->find("little_endian");
    const auto* is_little = little == nullptr ? nullptr : std::get_if<bool>(little);
    big_endian_ = is_little != nullptr && !*is_little;
    const auto object = next();
    auto storages = std::move(storages_);
    place(next(), storages);
    return find_tensors(object.pickle);
  }

 private:
  // A pickle does not say how long it is: more and more of the file is read until it ends.
  HeldPickle next() {
    constexpr std::uint64_t kFirst = std::uint64_t{1} << 20;
    constexpr std::uint64_t kMost = std::uint64_t{1} << 29;
    const auto left = file_->size() - offset_;
    for (auto window = std::min(kFirst, left);; window = std::min(4 * window, left)) {
      storages_.clear();
      HeldPickle held{std::make_unique<std::string>(file_->text(offset_, window)), {}};
      try {
        std::size_t length = 0;
        held.pickle = read_pickle(
            *held.bytes, [&](std::string_view key, std::uint64_t size) { return storage(key, size); },
            &length);
        offset_ += length;
        return held;
      } catch (const std::runtime_error&) {
        if (window == left || window >= kMost) throw;
      }
    }
  }

  std::shared_ptr<Storage> storage(std::string_view key, std::uint64_t size) {
    auto& storage = storages_[std::string(key)];
    if (storage == nullptr) storage = std::make_shared<LegacyStorage>(file_, size);
    storage->big_endian = big_endian_;
    return storage;
  }

  // A list of keys, then for each its number of elements and the elements.
  void place(const HeldPickle& keys, const std::map<std::string, std::shared_ptr<LegacyStorage>>& storages) {
    const auto* list = std::get_if<PickleSequence*>(&keys.pickle.root);
    if (list == nullptr)
      fail("expected a list of storages behind the pickle, found {}", kind_of(keys.pickle.root));
    for (const auto& key : (*list)->items) {
      const auto* text = std::get_if<std::string_view>(&key);
      const auto found = text == nullptr ? storages.end() : storages.find(std::string(*text));
      // Of a storage that no tensor here has nothing tells how long it is: those behind it are not found either.
      if (found == storages.end() || file_->size() - offset_ < 8) return;
      offset_ += 8;
      const auto size = found->second->size();
      if (size > file_->size() - offset_) return;
      found->second->place_at(offset_);
      offset_ += size;
    }
  }

  std::shared_ptr<const File> file_;
  std::uint64_t offset_ = 0;
  bool big_endian_ = false;
  std::map<std::string, std::shared_ptr<LegacyStorage>> storages_;
};

}  // namespace

bool is_legacy_file(const File& file) {
  constexpr std::string_view kMagic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
  constexpr std::uint64_t kBeginning = 32;
  return file.text(0, std::min(kBeginning, file.size())).find(kMagic) != std::string::npos;
}

ModelFile read_legacy_file(std::shared_ptr<const File> file) { return LegacyReader(std::move(file)).read(); }

}  // namespace evenkeel::model_files
