// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weights/pth_p.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/weights/mapped_file_p.h"
#include "engine/inference/weights/pickle_p.h"
#include "engine/inference/weights/zip_p.h"

namespace kinora::inference {
namespace {

constexpr std::uint64_t kMaxPickle = std::uint64_t{64} << 20;
constexpr std::size_t kMaxTensors = 200'000;
constexpr std::size_t kMaxValues = 200'000; // values that are shared count each time they are met
constexpr std::int64_t kLegacyProtocol = 1001;
// The number that opens files of the old format, as the pickle stores it.
constexpr std::string_view kLegacyMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

// Where the elements of a storage lie.
struct Place {
  std::shared_ptr<const MappedFile> bytes; // none until a packed or unchecked entry was read
  std::uint64_t offset = 0;
  std::string entry; // of the archive; empty for the old format
};

// Puts the tree's tensors into a flat list and its other values into JSON.
class Collector {
 public:
  Collector(const PickleTree& tree, std::string_view file) : tree_(tree), file_(file) {}

  std::vector<TensorInfo> infos;
  std::vector<PickleTree::Id> ids; // of the tensors, in the same order

  nlohmann::json run() {
    nlohmann::json values = visit(tree_.root(), "");
    if (const auto twice = doubled(); !twice.empty())
      throw weightsError(WeightsFault::BadStructure, file_, fmt::format("two tensors are called {}", printable(twice)),
                         fmt::format("tensor {}", printable(twice)));
    return values;
  }

 private:
  // Discarded when it holds nothing but tensors. Recursion is bounded: the reader limits the depth.
  nlohmann::json visit(PickleTree::Id id, const std::string& path) {
    if (++visited_ > kMaxValues)
      throw weightsError(WeightsFault::Limit, file_, fmt::format("its values are met more than {} times", kMaxValues));
    switch (tree_.kind(id)) {
    case PickleKind::None:
      return nullptr;
    case PickleKind::Bool:
      return tree_.boolean(id);
    case PickleKind::Int:
      return tree_.integer(id);
    case PickleKind::LongInt:
      // A positive number of 64 bits has a ninth byte for its sign.
      if (const std::string_view bytes = tree_.text(id); bytes.size() == 9 && bytes.back() == 0) {
        std::uint64_t value = 0;
        std::memcpy(&value, bytes.data(), sizeof value);
        return value;
      }
      return fmt::format("number of {} bytes", tree_.text(id).size());
    case PickleKind::Float:
      return tree_.number(id);
    case PickleKind::Text:
      return std::string(tree_.text(id));
    case PickleKind::Bytes:
      return fmt::format("{} bytes", tree_.text(id).size());
    case PickleKind::List:
    case PickleKind::Tuple:
    case PickleKind::Set:
      return visitList(id, path);
    case PickleKind::Dict:
      return visitDict(id, path);
    case PickleKind::Tensor:
      addTensor(id, path);
      break;
    case PickleKind::Other:
      break;
    }
    return nlohmann::json(nlohmann::json::value_t::discarded);
  }

  nlohmann::json visitList(PickleTree::Id id, const std::string& path) {
    nlohmann::json list = nlohmann::json::array();
    const auto items = tree_.items(id);
    for (std::size_t i = 0; i < items.size(); ++i) {
      nlohmann::json value = visit(items[i], below(path, std::to_string(i)));
      if (!value.is_discarded())
        list.push_back(std::move(value));
    }
    return list.empty() && !items.empty() ? nlohmann::json(nlohmann::json::value_t::discarded) : list;
  }

  nlohmann::json visitDict(PickleTree::Id id, const std::string& path) {
    nlohmann::json object = nlohmann::json::object();
    const auto items = tree_.items(id);
    std::unordered_map<std::string, std::size_t> last; // of two equal keys the later one counts
    std::vector<std::string> keys(items.size() / 2);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      keys[i] = keyText(items[2 * i], i);
      last[keys[i]] = i;
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (last[keys[i]] != i)
        continue;
      nlohmann::json value = visit(items[2 * i + 1], below(path, keys[i]));
      if (!value.is_discarded())
        object[keys[i]] = std::move(value);
    }
    return object.empty() && !items.empty() ? nlohmann::json(nlohmann::json::value_t::discarded) : object;
  }

  std::string keyText(PickleTree::Id key, std::size_t number) const {
    switch (tree_.kind(key)) {
    case PickleKind::Text:
      return std::string(tree_.text(key));
    case PickleKind::Int:
      return std::to_string(tree_.integer(key));
    case PickleKind::Bool:
      return tree_.boolean(key) ? "True" : "False";
    default:
      return fmt::format("#{}", number);
    }
  }

  static std::string below(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "." + name;
  }

  void addTensor(PickleTree::Id id, const std::string& path) {
    if (infos.size() >= kMaxTensors)
      throw weightsError(WeightsFault::Limit, file_, fmt::format("it holds more than {} tensors", kMaxTensors));
    const PickleTensor& tensor = tree_.tensor(id);
    infos.push_back({path.empty() ? "value" : path, tensor.dtype, tensor.sizes});
    ids.push_back(id);
  }

  [[nodiscard]] std::string doubled() const {
    std::unordered_set<std::string_view> names;
    for (const TensorInfo& info : infos) {
      if (!names.insert(info.name).second)
        return info.name;
    }
    return {};
  }

  const PickleTree& tree_;
  std::string_view file_;
  std::size_t visited_ = 0;
};

class LoadedPth final : public PthFile {
 public:
  // Throws Error.
  explicit LoadedPth(std::shared_ptr<const MappedFile> file) : file_(std::move(file)) {
    const auto bytes = file_->bytes();
    if (startsWith("PK\x03\x04"))
      openArchive();
    else if (!bytes.empty() && bytes[0] == std::byte{0x80})
      openLegacy();
    else
      throw weightsError(WeightsFault::BadMagic, file_->name(),
                         bytes.empty()                ? "the file is empty"
                         : foreignKind(bytes).empty() ? "it begins like no file of PyTorch"
                                                      : foreignKind(bytes),
                         "byte 0");
  }

  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  std::string name() const override { return file_->name(); }
  const nlohmann::json& values() const override { return values_; }

  Result<at::Tensor> read(std::size_t index) override {
    const TensorInfo& info = infos_.at(index);
    const PickleTensor& tensor = tree_.tensor(ids_.at(index));
    const PickleStorage& storage = tree_.storages()[tensor.storage];
    Place& place = places_[tensor.storage];
    if (!place.bytes) {
      auto content = archive_->read(place.entry, archive_->entries().find(place.entry)->second);
      if (!content)
        return fail(content);
      place.bytes = content->bytes;
      place.offset = content->offset;
    }
    const std::int64_t width = static_cast<std::int64_t>(dtypeBits(info.dtype) / 8);
    const std::int64_t stored = storage.elements * static_cast<std::int64_t>(dtypeBits(storage.dtype) / 8) / width;
    if (info.elements() == 0)
      return tensorAt(place.bytes, place.offset, {info.name, info.dtype, info.shape});
    // Only the part of the storage that the view touches; a copy of misaligned elements stays as small as that.
    std::int64_t last = 0;
    for (std::size_t i = 0; i < tensor.sizes.size(); ++i)
      last += (tensor.sizes[i] - 1) * tensor.strides[i];
    const TensorInfo touched{info.name, info.dtype, {std::min(last + 1, stored - tensor.offset)}};
    auto flat = tensorAt(place.bytes, place.offset + static_cast<std::uint64_t>(tensor.offset * width), touched);
    if (!flat)
      return fail(flat);
    return flat->as_strided(tensor.sizes, tensor.strides).contiguous();
  }

 private:
  [[noreturn]] void refuse(WeightsFault fault, std::string_view why, std::string_view spot = {}) const {
    throw weightsError(fault, file_->name(), why, spot);
  }
  [[nodiscard]] bool startsWith(std::string_view text) const {
    const auto bytes = file_->bytes();
    return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
  }

  PickleResult unpickled(std::span<const std::byte> bytes, std::uint64_t offset, std::string_view where) const {
    auto result = readPickle(bytes);
    if (!result)
      refuse(result.error().fault, result.error().why, fmt::format("{}byte {}", where, offset + result.error().byte));
    return std::move(*result);
  }

  void collect() {
    Collector collector(tree_, file_->name());
    values_ = collector.run();
    if (values_.is_discarded())
      values_ = nullptr;
    infos_ = std::move(collector.infos);
    ids_ = std::move(collector.ids);
  }

  void openArchive() {
    auto archive = ZipArchive::open(file_);
    if (!archive)
      throw archive.error();
    archive_ = std::move(*archive);
    constexpr std::string_view kPickle = "data.pkl";
    std::string root;
    bool found = false;
    for (const auto& [name, entry] : archive_->entries()) {
      const bool inFolder =
          name.ends_with(kPickle) && name.size() > kPickle.size() && name[name.size() - kPickle.size() - 1] == '/';
      if (name.ends_with("constants.pkl"))
        refuse(WeightsFault::Unsupported, "it is a TorchScript program; save its weights alone");
      if (name != kPickle && !inFolder)
        continue;
      if (found)
        refuse(WeightsFault::BadArchive, "it holds two lists of objects", fmt::format("entry {}", printable(name)));
      found = true;
      root = name.substr(0, name.size() - kPickle.size());
    }
    if (!found)
      refuse(WeightsFault::BadArchive, "data.pkl is missing: it is another kind of zip archive");
    checkByteOrder(root);
    const auto entry = archive_->entries().find(root + std::string(kPickle));
    if (entry->second.size > kMaxPickle)
      refuse(WeightsFault::Limit, fmt::format("data.pkl of {} bytes", entry->second.size));
    auto content = archive_->read(entry->first, entry->second);
    if (!content)
      throw content.error();
    text_ = content->bytes;
    tree_ = unpickled(text_->bytes().subspan(content->offset, entry->second.size), 0, "data.pkl ").tree;
    for (const PickleStorage& storage : tree_.storages()) {
      const std::string name = fmt::format("{}data/{}", root, storage.key);
      const auto data = archive_->entries().find(name);
      if (data == archive_->entries().end())
        refuse(WeightsFault::BadArchive, fmt::format("the storage {} is missing", printable(storage.key)),
               fmt::format("entry data/{}", printable(storage.key)));
      const std::uint64_t bytes = static_cast<std::uint64_t>(storage.elements) * (dtypeBits(storage.dtype) / 8);
      if (data->second.size != bytes)
        refuse(
            WeightsFault::BadArchive,
            fmt::format("the storage {} has {} bytes instead of {}", printable(storage.key), data->second.size, bytes),
            fmt::format("entry data/{}", printable(storage.key)));
      places_.push_back({nullptr, 0, name});
    }
    collect();
  }

  void checkByteOrder(const std::string& root) const {
    const auto order = archive_->entries().find(root + "byteorder");
    if (order == archive_->entries().end())
      return;
    if (order->second.size > 16)
      refuse(WeightsFault::BadArchive, "its byte order is damaged", "entry byteorder");
    auto content = archive_->read(order->first, order->second);
    if (!content)
      throw content.error();
    const std::string_view text(reinterpret_cast<const char*>(content->bytes->bytes().data()) + content->offset,
                                order->second.size);
    if (text != "little")
      refuse(WeightsFault::Unsupported, "its numbers have the byte order of another kind of processor",
             "entry byteorder");
  }

  // magic, version, machine, objects, keys of the storages: five pickles; then each storage with its element count.
  void openLegacy() {
    const auto bytes = file_->bytes();
    const auto magic = readPickle(bytes.first(std::min<std::size_t>(bytes.size(), 64)), {.tensors = false});
    if (!magic || magic->tree.kind(magic->tree.root()) != PickleKind::LongInt ||
        magic->tree.text(magic->tree.root()) != kLegacyMagic)
      refuse(WeightsFault::BadMagic, "it is a pickle, but not one of PyTorch", "byte 0");
    std::uint64_t at = magic->bytes;
    const auto next = [&] {
      const std::uint64_t room = std::min<std::uint64_t>(bytes.size() - at, kMaxPickle);
      PickleResult result = unpickled(bytes.subspan(at, room), at, "");
      at += result.bytes;
      return result;
    };
    const PickleResult version = next();
    if (version.tree.kind(version.tree.root()) != PickleKind::Int ||
        version.tree.integer(version.tree.root()) != kLegacyProtocol)
      refuse(WeightsFault::Unsupported, "its version is unknown", fmt::format("byte {}", magic->bytes));
    const PickleResult machine = next();
    const auto facts = machine.tree.kind(machine.tree.root()) == PickleKind::Dict
                           ? machine.tree.items(machine.tree.root())
                           : std::span<const PickleTree::Id>();
    for (std::size_t i = 0; i + 1 < facts.size(); i += 2) {
      const bool little =
          machine.tree.kind(facts[i]) == PickleKind::Text && machine.tree.text(facts[i]) == "little_endian";
      if (little && (machine.tree.kind(facts[i + 1]) != PickleKind::Bool || !machine.tree.boolean(facts[i + 1])))
        refuse(WeightsFault::Unsupported, "its numbers have the byte order of another kind of processor");
    }
    text_ = file_;
    tree_ = next().tree;
    const PickleResult keys = next();
    if (keys.tree.kind(keys.tree.root()) != PickleKind::List)
      refuse(WeightsFault::BadArchive, "the list of storages is missing", fmt::format("byte {}", at));
    placeStorages(keys.tree, at);
    collect();
  }

  void placeStorages(const PickleTree& keys, std::uint64_t at) {
    const auto bytes = file_->bytes();
    const auto storages = tree_.storages();
    std::unordered_map<std::string_view, std::size_t> index;
    for (std::size_t i = 0; i < storages.size(); ++i)
      index.emplace(storages[i].key, i);
    places_.resize(storages.size());
    for (const PickleTree::Id key : keys.items(keys.root())) {
      const auto known = keys.kind(key) == PickleKind::Text ? index.find(keys.text(key)) : index.end();
      if (known == index.end() || places_[known->second].bytes)
        refuse(WeightsFault::BadArchive, "the list of storages does not fit the objects", fmt::format("byte {}", at));
      const PickleStorage& storage = storages[known->second];
      std::int64_t count = 0;
      if (bytes.size() - at < sizeof count)
        refuse(WeightsFault::BadArchive, "it ends before the last storage", fmt::format("byte {}", at));
      std::memcpy(&count, bytes.data() + at, sizeof count);
      if (count != storage.elements)
        refuse(WeightsFault::BadArchive,
               fmt::format("the storage {} has {} elements instead of {}", printable(storage.key), count,
                           storage.elements),
               fmt::format("byte {}", at));
      at += sizeof count;
      const std::uint64_t size = static_cast<std::uint64_t>(count) * (dtypeBits(storage.dtype) / 8);
      if (size > bytes.size() - at)
        refuse(WeightsFault::BadArchive, fmt::format("the storage {} is cut off", printable(storage.key)),
               fmt::format("byte {}", at));
      places_[known->second] = {file_, at, {}};
      at += size;
    }
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (!places_[i].bytes)
        refuse(WeightsFault::BadArchive, fmt::format("the storage {} is missing", printable(storages[i].key)),
               fmt::format("byte {}", at));
    }
  }

  std::shared_ptr<const MappedFile> file_;
  std::shared_ptr<const MappedFile> text_; // what the tree's texts lie in
  std::optional<ZipArchive> archive_;
  PickleTree tree_;
  std::vector<Place> places_; // one for each storage
  std::vector<TensorInfo> infos_;
  std::vector<PickleTree::Id> ids_;
  nlohmann::json values_;
};

} // namespace

Result<std::shared_ptr<PthFile>> PthFile::open(std::shared_ptr<const MappedFile> file) {
  try {
    return std::make_shared<LoadedPth>(std::move(file));
  } catch (Error& error) {
    return tl::unexpected<Error>(std::move(error));
  }
}

Result<std::shared_ptr<PthFile>> PthFile::open(const std::filesystem::path& file) {
  auto mapped = MappedFile::open(file);
  if (!mapped)
    return fail(mapped);
  return open(std::move(*mapped));
}

} // namespace kinora::inference
