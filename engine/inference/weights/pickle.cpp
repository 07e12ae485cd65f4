// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weights/pickle_p.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "engine/base/check.h"

namespace kinora::inference {
namespace {

constexpr std::size_t kMaxValues = 2'000'000;
constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxMarks = 10'000;
constexpr std::size_t kMaxRank = 64;
constexpr std::size_t kMaxArguments = 16;
constexpr std::int64_t kMaxRepeated = std::int64_t{1} << 24; // elements of a view that repeats stored ones
constexpr int kHighestProtocol = 5;

// What a name of the white list stands for.
enum class Name : std::uint8_t {
  OrderedDict,
  Set,
  FrozenSet,
  Encode, // bytes of protocol 2
  EmptyBytes,
  Size,
  RebuildTensor2,
  RebuildTensor3,
  RebuildParameter,
  Holder, // a class whose state is kept as a plain dict
  UntypedStorage,
  TypeOf, // one of kTypes: a storage class or an element type
};

struct NameRow {
  std::string_view module;
  std::string_view name;
  Name meaning;
};
constexpr std::array kNames = {
    NameRow{"collections", "OrderedDict", Name::OrderedDict},
    NameRow{"__builtin__", "set", Name::Set},
    NameRow{"builtins", "set", Name::Set},
    NameRow{"__builtin__", "frozenset", Name::FrozenSet},
    NameRow{"builtins", "frozenset", Name::FrozenSet},
    NameRow{"_codecs", "encode", Name::Encode},
    NameRow{"__builtin__", "bytes", Name::EmptyBytes},
    NameRow{"builtins", "bytes", Name::EmptyBytes},
    NameRow{"torch", "Size", Name::Size},
    NameRow{"torch._utils", "_rebuild_tensor_v2", Name::RebuildTensor2},
    NameRow{"torch._utils", "_rebuild_tensor_v3", Name::RebuildTensor3},
    NameRow{"torch._utils", "_rebuild_parameter", Name::RebuildParameter},
    NameRow{"torch.storage", "UntypedStorage", Name::UntypedStorage},
    NameRow{"argparse", "Namespace", Name::Holder},
    NameRow{"fairseq.data.dictionary", "Dictionary", Name::Holder},
};

struct TypeRow {
  std::string_view name; // in the module torch
  DType dtype;
  bool storage; // a storage class, else an element type
};
constexpr std::array kTypes = {
    TypeRow{"DoubleStorage", DType::F64, true},     TypeRow{"FloatStorage", DType::F32, true},
    TypeRow{"HalfStorage", DType::F16, true},       TypeRow{"BFloat16Storage", DType::BF16, true},
    TypeRow{"LongStorage", DType::I64, true},       TypeRow{"IntStorage", DType::I32, true},
    TypeRow{"ShortStorage", DType::I16, true},      TypeRow{"CharStorage", DType::I8, true},
    TypeRow{"ByteStorage", DType::U8, true},        TypeRow{"BoolStorage", DType::Bool, true},
    TypeRow{"float8_e4m3fn", DType::F8E4M3, false}, TypeRow{"float8_e5m2", DType::F8E5M2, false},
    TypeRow{"uint16", DType::U16, false},           TypeRow{"uint32", DType::U32, false},
    TypeRow{"uint64", DType::U64, false},           TypeRow{"float16", DType::F16, false},
    TypeRow{"bfloat16", DType::BF16, false},        TypeRow{"float32", DType::F32, false},
    TypeRow{"float64", DType::F64, false},
};

bool isUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t more = lead < 0x80   ? 0
                             : lead < 0xc2 ? 9
                             : lead < 0xe0 ? 1
                             : lead < 0xf0 ? 2
                             : lead < 0xf5 ? 3
                                           : 9;
    if (more == 9 || text.size() - i <= more)
      return false;
    char32_t code = more == 0 ? lead : lead & (0x3f >> more);
    for (std::size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80)
        return false;
      code = (code << 6) | (next & 0x3f);
    }
    if ((more == 2 && code < 0x800) || (more == 3 && (code < 0x10000 || code > 0x10ffff)) ||
        (code >= 0xd800 && code < 0xe000))
      return false;
    i += more + 1;
  }
  return true;
}

} // namespace

// The interpreter. Throws PickleFault, caught in readPickle.
class PickleReader {
 public:
  using Id = PickleTree::Id;

  PickleReader(std::span<const std::byte> bytes, PickleOptions options) : bytes_(bytes), options_(options) {}

  PickleResult run() {
    while (!step()) {
    }
    if (stack_.size() != 1 || !marks_.empty())
      bad("values are left over at its end");
    tree_.root_ = stack_.back();
    checkShape();
    return {std::move(tree_), at_};
  }

 private:
  using Node = PickleTree::Node;

  [[noreturn]] void fail(WeightsFault fault, std::string why) const {
    throw PickleFault{fault, std::move(why), opcode_};
  }
  [[noreturn]] void bad(std::string why) const { fail(WeightsFault::BadPickle, std::move(why)); }

  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size() - at_)
      bad("it ends in the middle of a value");
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + at_, count);
    at_ += count;
    return text;
  }
  template <class T>
  T number() {
    T value{};
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string_view line() {
    const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + at_, bytes_.size() - at_);
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos)
      bad("a name has no end");
    at_ += end + 1;
    return rest.substr(0, end);
  }

  Id make(PickleKind kind, std::uint64_t bits = 0, std::uint8_t detail = 0) {
    if (tree_.nodes_.size() >= kMaxValues)
      fail(WeightsFault::Limit, fmt::format("it makes more than {} values", kMaxValues));
    tree_.nodes_.push_back({kind, detail, 0, bits});
    return static_cast<Id>(tree_.nodes_.size() - 1);
  }
  Id makeText(PickleKind kind, std::string_view text) {
    if (kind == PickleKind::Text && !isUtf8(text))
      bad("a text is no UTF-8");
    if (text.size() > UINT32_MAX)
      fail(WeightsFault::Limit, "a text is longer than 4 GB");
    const Id id = make(kind, std::bit_cast<std::uint64_t>(text.data()));
    tree_.nodes_[id].size = static_cast<std::uint32_t>(text.size());
    return id;
  }
  Id makeContainer(PickleKind kind, std::vector<Id> items = {}, std::uint8_t detail = 0) {
    tree_.containers_.push_back(std::move(items));
    return make(kind, tree_.containers_.size() - 1, detail);
  }
  Id makeName(Name name, std::uint32_t row = 0) {
    const Id id = make(PickleKind::Other, row, static_cast<std::uint8_t>(name));
    return id;
  }

  // The part of the stack above the last mark belongs to it; nothing below may be taken.
  [[nodiscard]] std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  Id pop() {
    if (stack_.size() <= floor())
      bad("it takes a value from an empty stack");
    const Id id = stack_.back();
    stack_.pop_back();
    return id;
  }
  Id top() {
    const Id id = pop();
    stack_.push_back(id);
    return id;
  }
  std::vector<Id> popToMark() {
    if (marks_.empty())
      bad("a mark is missing");
    std::vector<Id> items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }
  void push(Id id) { stack_.push_back(id); }

  [[nodiscard]] const Node& node(Id id) const { return tree_.nodes_[id]; }
  [[nodiscard]] bool is(Id id, PickleKind kind) const { return node(id).kind == kind; }
  [[nodiscard]] bool is(Id id, Name name) const {
    return is(id, PickleKind::Other) && node(id).detail == static_cast<std::uint8_t>(name);
  }
  std::vector<Id>& container(Id id, PickleKind kind, std::string_view what) {
    if (!is(id, kind))
      bad(fmt::format("{} does not stand where one is filled", what));
    return tree_.containers_[node(id).bits];
  }
  const std::vector<Id>& tupleOf(Id id, std::string_view what) {
    if (!is(id, PickleKind::Tuple))
      bad(fmt::format("{} is no tuple", what));
    return tree_.containers_[node(id).bits];
  }
  // Copies cost no bytes of the pickle, so they are counted.
  std::vector<Id> copyOf(Id container) {
    const std::vector<Id>& items = tree_.containers_[node(container).bits];
    copied_ += items.size();
    if (copied_ > kMaxValues)
      fail(WeightsFault::Limit, fmt::format("it copies more than {} values", kMaxValues));
    return items;
  }
  std::int64_t integerOf(Id id, WeightsFault fault, std::string_view what) const {
    if (is(id, PickleKind::LongInt))
      fail(fault, fmt::format("{} is too large", what));
    if (!is(id, PickleKind::Int))
      bad(fmt::format("{} is no whole number", what));
    return static_cast<std::int64_t>(node(id).bits);
  }

  void remember(std::uint64_t slot) {
    // Every entry costs two bytes of the pickle, so a larger number is no slot.
    if (slot > bytes_.size())
      bad(fmt::format("it remembers a value in slot {}", slot));
    memo_[static_cast<std::uint32_t>(slot)] = top();
  }
  void recall(std::uint64_t slot) {
    const auto found = slot <= UINT32_MAX ? memo_.find(static_cast<std::uint32_t>(slot)) : memo_.end();
    if (found == memo_.end())
      bad(fmt::format("it recalls slot {}, which was never written", slot));
    push(found->second);
  }

  void longInteger(std::uint64_t size) {
    const std::string_view bytes = take(size);
    if (size > 8) {
      push(makeText(PickleKind::LongInt, bytes));
      return;
    }
    std::uint64_t value = size > 0 && (bytes.back() & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    std::memcpy(&value, bytes.data(), size);
    push(make(PickleKind::Int, value));
  }

  void global(std::string_view module, std::string_view name) {
    if (options_.tensors) {
      for (const NameRow& row : kNames) {
        if (row.module == module && row.name == name) {
          push(makeName(row.meaning));
          return;
        }
      }
      for (std::uint32_t i = 0; i < kTypes.size() && module == "torch"; ++i) {
        if (kTypes.at(i).name == name) {
          push(makeName(Name::TypeOf, i));
          return;
        }
      }
    }
    fail(WeightsFault::ForbiddenGlobal, fmt::format("{}.{}", printable(module), printable(name)));
  }

  void call() {
    const Id arguments = pop();
    const Id callee = pop();
    if (!is(callee, PickleKind::Other))
      bad("it calls something that is no class or function");
    if (tupleOf(arguments, "the list of arguments").size() > kMaxArguments)
      bad("it calls something with too many arguments");
    const std::vector<Id> values = tupleOf(arguments, "the list of arguments");
    switch (static_cast<Name>(node(callee).detail)) {
    case Name::OrderedDict:
      push(makeDict(values));
      return;
    case Name::Set:
    case Name::FrozenSet:
      if (values.size() != 1 || !is(values[0], PickleKind::List))
        bad("a set is not made from one list");
      push(makeContainer(PickleKind::Set, copyOf(values[0])));
      return;
    case Name::Encode:
      if (values.size() != 2 || !is(values[0], PickleKind::Text) || !is(values[1], PickleKind::Text))
        bad("bytes are not made from a text and its encoding");
      // The text keeps its own spelling: nothing here needs the bytes of such values.
      push(makeText(PickleKind::Bytes, tree_.text(values[0])));
      return;
    case Name::EmptyBytes:
      if (!values.empty())
        bad("bytes are made from values");
      push(makeText(PickleKind::Bytes, {}));
      return;
    case Name::Size:
      if (values.size() != 1 || !is(values[0], PickleKind::Tuple))
        bad("a size is not made from one tuple");
      push(values[0]);
      return;
    case Name::RebuildTensor2:
      push(makeTensor(values, false));
      return;
    case Name::RebuildTensor3:
      push(makeTensor(values, true));
      return;
    case Name::RebuildParameter:
      if (values.size() != 3 || !is(values[0], PickleKind::Tensor))
        bad("a parameter is not made from a tensor");
      push(values[0]);
      return;
    case Name::Holder:
      if (!values.empty())
        bad("a plain object is made from values");
      push(makeContainer(PickleKind::Dict, {}, kHolder));
      return;
    case Name::UntypedStorage:
    case Name::TypeOf:
      break;
    }
    bad("it calls a type");
  }

  Id makeDict(const std::vector<Id>& values) {
    const Id dict = makeContainer(PickleKind::Dict, {}, kOrdered);
    if (values.empty())
      return dict;
    if (values.size() != 1 || !is(values[0], PickleKind::List))
      bad("a dictionary is not made from one list");
    std::vector<Id> items;
    for (const Id pair : tree_.containers_[node(values[0]).bits]) {
      const bool good =
          (is(pair, PickleKind::List) || is(pair, PickleKind::Tuple)) && tree_.containers_[node(pair).bits].size() == 2;
      if (!good)
        bad("a dictionary is not made from pairs");
      const std::vector<Id> both = copyOf(pair);
      items.insert(items.end(), both.begin(), both.end());
    }
    tree_.containers_[node(dict).bits] = std::move(items);
    return dict;
  }

  // (storage, offset, sizes, strides, requires_grad, hooks[, metadata]) or, in version 3, with the type before
  // metadata.
  Id makeTensor(const std::vector<Id>& values, bool typed) {
    const std::size_t least = typed ? 7 : 6;
    if (values.size() < least || values.size() > least + 1 || !is(values[0], PickleKind::Other) ||
        node(values[0]).detail != kStorageDetail)
      bad("a tensor is not made from a storage");
    PickleTensor tensor;
    tensor.storage = static_cast<std::uint32_t>(node(values[0]).bits);
    const PickleStorage& storage = tree_.storages_[tensor.storage];
    tensor.dtype = storage.dtype;
    std::int64_t stored = storage.elements;
    if (typed) {
      if (!is(values[6], Name::TypeOf) || kTypes.at(node(values[6]).bits).storage)
        bad("a tensor has no element type");
      tensor.dtype = kTypes.at(node(values[6]).bits).dtype;
      stored = stored * static_cast<std::int64_t>(dtypeBits(storage.dtype)) /
               static_cast<std::int64_t>(dtypeBits(tensor.dtype));
    }
    tensor.offset = integerOf(values[1], WeightsFault::BadTensor, "the offset of a tensor");
    tensor.sizes = integers(values[2], "the sizes of a tensor");
    tensor.strides = integers(values[3], "the strides of a tensor");
    check(tensor, stored);
    tree_.tensors_.push_back(std::move(tensor));
    return make(PickleKind::Tensor, tree_.tensors_.size() - 1);
  }

  std::vector<std::int64_t> integers(Id id, std::string_view what) {
    const std::vector<Id>& items = tupleOf(id, what);
    if (items.size() > kMaxRank)
      fail(WeightsFault::BadTensor, fmt::format("a tensor has {} dimensions", items.size()));
    std::vector<std::int64_t> numbers;
    for (const Id item : items)
      numbers.push_back(integerOf(item, WeightsFault::BadTensor, what));
    return numbers;
  }

  // Every element lies inside the storage, and no product overflows.
  void check(const PickleTensor& tensor, std::int64_t stored) const {
    const auto refuse = [this](std::string why) { fail(WeightsFault::BadTensor, std::move(why)); };
    if (tensor.sizes.size() != tensor.strides.size())
      refuse("a tensor has another number of strides than of sizes");
    std::int64_t elements = 1;
    std::int64_t last = tensor.offset;
    bool empty = false;
    for (std::size_t i = 0; i < tensor.sizes.size(); ++i) {
      const std::int64_t size = tensor.sizes[i];
      const std::int64_t stride = tensor.strides[i];
      if (size < 0 || stride < 0)
        refuse("a size or stride of a tensor is negative");
      empty = empty || size == 0;
      std::int64_t reach = 0;
      if (size != 0 && (__builtin_mul_overflow(elements, size, &elements) ||
                        __builtin_mul_overflow(size - 1, stride, &reach) || __builtin_add_overflow(last, reach, &last)))
        refuse("the sizes of a tensor overflow");
    }
    std::int64_t bits = 0;
    if (__builtin_mul_overflow(elements, std::int64_t{64}, &bits))
      refuse("the sizes of a tensor overflow");
    if (tensor.offset < 0)
      refuse("the offset of a tensor is negative");
    if (empty ? tensor.offset > stored : last >= stored)
      refuse(fmt::format("a tensor of {} reaches element {} of a storage of {}", describeShape(tensor.sizes), last,
                         stored));
    if (elements > std::max(stored, kMaxRepeated))
      refuse(fmt::format("a tensor of {} repeats a storage of {} elements", describeShape(tensor.sizes), stored));
  }

  void persistentId() {
    const Id id = pop();
    if (!options_.tensors)
      fail(WeightsFault::ForbiddenOpcode, "a persistent id");
    const std::vector<Id>& parts = tupleOf(id, "a persistent id");
    // ('storage', class, key, device, elements[, view]): the last only in files of the old format.
    if (parts.size() < 5 || parts.size() > 6 || !is(parts[0], PickleKind::Text) || tree_.text(parts[0]) != "storage")
      bad("a persistent id is no storage");
    if (parts.size() == 6 && !is(parts[5], PickleKind::None))
      fail(WeightsFault::Unsupported, "a storage is a view of another one, as in files of very old versions");
    PickleStorage storage;
    if (is(parts[1], Name::UntypedStorage))
      storage.dtype = DType::U8;
    else if (is(parts[1], Name::TypeOf) && kTypes.at(node(parts[1]).bits).storage)
      storage.dtype = kTypes.at(node(parts[1]).bits).dtype;
    else
      bad("a storage has no class");
    if (!is(parts[2], PickleKind::Text))
      bad("the key of a storage is no text");
    storage.key = tree_.text(parts[2]);
    storage.elements = integerOf(parts[4], WeightsFault::BadTensor, "the size of a storage");
    if (storage.elements < 0 || storage.elements > (std::int64_t{1} << 56))
      fail(WeightsFault::BadTensor, fmt::format("a storage has {} elements", storage.elements));
    auto [known, isNew] = storageIndex_.try_emplace(storage.key, static_cast<std::uint32_t>(tree_.storages_.size()));
    if (isNew) {
      tree_.storages_.push_back(storage);
    } else {
      const PickleStorage& first = tree_.storages_[known->second];
      if (first.elements != storage.elements || first.dtype != storage.dtype)
        fail(WeightsFault::BadTensor, fmt::format("the storage {} has two sizes or types", printable(storage.key)));
    }
    push(make(PickleKind::Other, known->second, kStorageDetail));
  }

  void build() {
    const Id state = pop();
    const Id object = top();
    if (!is(object, PickleKind::Dict) || node(object).detail == 0 || !is(state, PickleKind::Dict))
      bad("a state is given to something that has none");
    // The attributes of an ordered dictionary (versions of modules) are no part of its content.
    std::vector<Id>& items = tree_.containers_[node(object).bits];
    if (node(object).detail == kHolder && items.empty())
      items = copyOf(state);
  }

  void newObject() {
    const Id arguments = pop();
    const Id callee = pop();
    if (!tupleOf(arguments, "the list of arguments").empty() ||
        (!is(callee, Name::OrderedDict) && !is(callee, Name::Holder)))
      bad("it makes an object that is no plain one");
    push(makeContainer(PickleKind::Dict, {}, is(callee, Name::Holder) ? kHolder : kOrdered));
  }

  void setItems(Id dict, const std::vector<Id>& items) {
    if (items.size() % 2 != 0)
      bad("a key has no value");
    std::vector<Id>& all = container(dict, PickleKind::Dict, "a dictionary");
    all.insert(all.end(), items.begin(), items.end());
  }

  void mark() {
    if (marks_.size() >= kMaxMarks)
      fail(WeightsFault::Limit, fmt::format("more than {} values are begun inside each other", kMaxMarks));
    marks_.push_back(stack_.size());
  }

  void checkStack() {
    if (stack_.size() > kMaxValues)
      fail(WeightsFault::Limit, fmt::format("more than {} values wait", kMaxValues));
  }

  // One instruction; true at the end.
  bool step() {
    opcode_ = at_;
    if (at_ == bytes_.size())
      bad("it ends without a stop");
    const auto code = static_cast<unsigned char>(bytes_[at_++]);
    checkStack();
    switch (code) {
    case 0x80: { // PROTO
      const int protocol = number<std::uint8_t>();
      if (protocol > kHighestProtocol)
        bad(fmt::format("protocol {} is unknown", protocol));
      return false;
    }
    case 0x95: // FRAME
      if (number<std::uint64_t>() > bytes_.size() - at_)
        bad("a frame is larger than the rest");
      return false;
    case '(':
      mark();
      return false;
    case '.':
      return true;
    case '0': // POP; it also takes a mark away
      if (stack_.size() == floor() && !marks_.empty())
        marks_.pop_back();
      else
        pop();
      return false;
    case '1': // POP_MARK
      popToMark();
      return false;
    case '2': // DUP
      push(top());
      return false;
    case 'N':
      push(make(PickleKind::None));
      return false;
    case 0x88:
      push(make(PickleKind::Bool, 1));
      return false;
    case 0x89:
      push(make(PickleKind::Bool, 0));
      return false;
    case 'J': // BININT
      push(make(PickleKind::Int, static_cast<std::uint64_t>(std::int64_t{number<std::int32_t>()})));
      return false;
    case 'K': // BININT1
      push(make(PickleKind::Int, number<std::uint8_t>()));
      return false;
    case 'M': // BININT2
      push(make(PickleKind::Int, number<std::uint16_t>()));
      return false;
    case 0x8a: // LONG1
      longInteger(number<std::uint8_t>());
      return false;
    case 0x8b: { // LONG4
      const auto size = number<std::int32_t>();
      if (size < 0)
        bad("a number has a negative length");
      longInteger(static_cast<std::uint64_t>(size));
      return false;
    }
    case 'G': { // BINFLOAT, big endian
      push(make(PickleKind::Float, __builtin_bswap64(number<std::uint64_t>())));
      return false;
    }
    case 'X': // BINUNICODE
      push(makeText(PickleKind::Text, take(number<std::uint32_t>())));
      return false;
    case 0x8c: // SHORT_BINUNICODE
      push(makeText(PickleKind::Text, take(number<std::uint8_t>())));
      return false;
    case 0x8d: // BINUNICODE8
      push(makeText(PickleKind::Text, take(number<std::uint64_t>())));
      return false;
    case 'U': { // SHORT_BINSTRING, text of Python 2
      const std::string_view text = take(number<std::uint8_t>());
      push(makeText(isUtf8(text) ? PickleKind::Text : PickleKind::Bytes, text));
      return false;
    }
    case 'C': // SHORT_BINBYTES
      push(makeText(PickleKind::Bytes, take(number<std::uint8_t>())));
      return false;
    case 'B': // BINBYTES
      push(makeText(PickleKind::Bytes, take(number<std::uint32_t>())));
      return false;
    case 0x8e: // BINBYTES8
    case 0x96: // BYTEARRAY8
      push(makeText(PickleKind::Bytes, take(number<std::uint64_t>())));
      return false;
    case ']':
      push(makeContainer(PickleKind::List));
      return false;
    case ')':
      push(makeContainer(PickleKind::Tuple));
      return false;
    case '}':
      push(makeContainer(PickleKind::Dict));
      return false;
    case 0x8f:
      push(makeContainer(PickleKind::Set));
      return false;
    case 'l':
      push(makeContainer(PickleKind::List, popToMark()));
      return false;
    case 't':
      push(makeContainer(PickleKind::Tuple, popToMark()));
      return false;
    case 'd': {
      const std::vector<Id> items = popToMark();
      const Id dict = makeContainer(PickleKind::Dict);
      setItems(dict, items);
      push(dict);
      return false;
    }
    case 0x91: // FROZENSET
      push(makeContainer(PickleKind::Set, popToMark()));
      return false;
    case 0x85:
    case 0x86:
    case 0x87: { // TUPLE1..3
      std::vector<Id> items(static_cast<std::size_t>(code - 0x84));
      for (auto item = items.rbegin(); item != items.rend(); ++item)
        *item = pop();
      push(makeContainer(PickleKind::Tuple, std::move(items)));
      return false;
    }
    case 'a': {
      const Id item = pop();
      container(top(), PickleKind::List, "a list").push_back(item);
      return false;
    }
    case 'e': {
      const std::vector<Id> items = popToMark();
      std::vector<Id>& list = container(top(), PickleKind::List, "a list");
      list.insert(list.end(), items.begin(), items.end());
      return false;
    }
    case 0x90: { // ADDITEMS
      const std::vector<Id> items = popToMark();
      std::vector<Id>& set = container(top(), PickleKind::Set, "a set");
      set.insert(set.end(), items.begin(), items.end());
      return false;
    }
    case 's': {
      const Id value = pop();
      const Id key = pop();
      setItems(top(), {key, value});
      return false;
    }
    case 'u': {
      const std::vector<Id> items = popToMark();
      setItems(top(), items);
      return false;
    }
    case 'q':
      remember(number<std::uint8_t>());
      return false;
    case 'r':
      remember(number<std::uint32_t>());
      return false;
    case 0x94: // MEMOIZE
      remember(memo_.size());
      return false;
    case 'h':
      recall(number<std::uint8_t>());
      return false;
    case 'j':
      recall(number<std::uint32_t>());
      return false;
    case 'c': {
      const std::string_view module = line();
      global(module, line());
      return false;
    }
    case 0x93: { // STACK_GLOBAL
      const Id name = pop();
      const Id module = pop();
      if (!is(name, PickleKind::Text) || !is(module, PickleKind::Text))
        bad("the name of a class is no text");
      global(tree_.text(module), tree_.text(name));
      return false;
    }
    case 'R':
      call();
      return false;
    case 0x81:
      newObject();
      return false;
    case 'b':
      build();
      return false;
    case 'Q':
      persistentId();
      return false;
    default:
      unused(code);
    }
  }

  // Instructions that exist, but that no program needs for weights; the rest is noise.
  [[noreturn]] void unused(unsigned char code) const {
    static constexpr std::array kKnown = {
        std::pair{'P', "PERSID"},
        std::pair{'i', "INST"},
        std::pair{'o', "OBJ"},
        std::pair{'I', "INT"},
        std::pair{'L', "LONG"},
        std::pair{'F', "FLOAT"},
        std::pair{'S', "STRING"},
        std::pair{'T', "BINSTRING"},
        std::pair{'V', "UNICODE"},
        std::pair{'p', "PUT"},
        std::pair{'g', "GET"},
        std::pair{'\x82', "EXT1"},
        std::pair{'\x83', "EXT2"},
        std::pair{'\x84', "EXT4"},
        std::pair{'\x92', "NEWOBJ_EX"},
        std::pair{'\x97', "NEXT_BUFFER"},
        std::pair{'\x98', "READONLY_BUFFER"},
    };
    for (const auto& [known, name] : kKnown) {
      if (static_cast<unsigned char>(known) == code)
        fail(WeightsFault::ForbiddenOpcode, name);
    }
    bad(fmt::format("the instruction {:#04x} is unknown", code));
  }

  // No value contains itself, and none lies deeper than the limit. Iterative: the depth is what is being checked.
  void checkShape() {
    std::vector<std::uint8_t> state(tree_.nodes_.size(), 0); // 0 new, 1 on the way, 2 done
    std::vector<std::uint8_t> height(tree_.nodes_.size(), 0);
    struct Visit {
      Id id;
      std::size_t next;
    };
    std::vector<Visit> way = {{tree_.root_, 0}};
    state[tree_.root_] = 1;
    while (!way.empty()) {
      Visit& visit = way.back();
      const auto items = tree_.items(visit.id);
      if (visit.next < items.size()) {
        const Id child = items[visit.next++];
        if (state[child] == 1)
          fail(WeightsFault::BadStructure, "a list or dictionary contains itself");
        if (state[child] == 0) {
          state[child] = 1;
          if (way.size() > kMaxDepth)
            fail(WeightsFault::Limit, fmt::format("values lie more than {} levels deep", kMaxDepth));
          way.push_back({child, 0});
        }
        continue;
      }
      // A shared value was visited on another way: its height counts on this one too.
      std::uint8_t tallest = 0;
      for (const Id child : items)
        tallest = std::max(tallest, static_cast<std::uint8_t>(height[child] + 1));
      if (tallest > kMaxDepth)
        fail(WeightsFault::Limit, fmt::format("values lie more than {} levels deep", kMaxDepth));
      height[visit.id] = tallest;
      state[visit.id] = 2;
      way.pop_back();
    }
  }

  static constexpr std::uint8_t kStorageDetail = 255;
  // Dictionaries that may be given a state: an OrderedDict's is left out, a plain object's is its content.
  static constexpr std::uint8_t kOrdered = 1;
  static constexpr std::uint8_t kHolder = 2;

  std::span<const std::byte> bytes_;
  PickleOptions options_;
  std::size_t at_ = 0;
  std::size_t opcode_ = 0;
  PickleTree tree_;
  std::vector<Id> stack_;
  std::size_t copied_ = 0;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, Id> memo_;
  std::unordered_map<std::string_view, std::uint32_t> storageIndex_;
};

double PickleTree::number(Id id) const {
  return std::bit_cast<double>(nodes_[id].bits);
}

std::string_view PickleTree::text(Id id) const {
  return {std::bit_cast<const char*>(nodes_[id].bits), nodes_[id].size};
}

std::span<const PickleTree::Id> PickleTree::items(Id id) const {
  switch (nodes_[id].kind) {
  case PickleKind::List:
  case PickleKind::Tuple:
  case PickleKind::Set:
  case PickleKind::Dict:
    return containers_[nodes_[id].bits];
  default:
    return {};
  }
}

tl::expected<PickleResult, PickleFault> readPickle(std::span<const std::byte> bytes, PickleOptions options) {
  try {
    return PickleReader(bytes, options).run();
  } catch (PickleFault& fault) {
    return tl::unexpected(std::move(fault));
  }
}

} // namespace kinora::inference
