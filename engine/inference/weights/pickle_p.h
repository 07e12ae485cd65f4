// SPDX-License-Identifier: Apache-2.0
// Hides the pickle format: a small interpreter that builds plain values and descriptions of tensors. It calls nothing:
// the few names it knows are a table, every other class or function is refused by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/inference/weights/tensor_info.h"
#include "engine/inference/weights/weights_fault_p.h"

namespace kinora::inference {

enum class PickleKind : std::uint8_t {
  None,
  Bool,
  Int,
  LongInt,
  Float,
  Text,
  Bytes,
  List,
  Tuple,
  Set,
  Dict,
  Tensor,
  Other
};

// A storage that a persistent id names.
struct PickleStorage {
  std::string_view key;
  DType dtype = DType::F32;
  std::int64_t elements = 0;
};

// A strided view of a storage; sizes, strides and offset were checked against its elements.
struct PickleTensor {
  std::uint32_t storage = 0;
  std::int64_t offset = 0;
  DType dtype = DType::F32; // of the elements; the storage's own unless that is untyped bytes
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;
};

// Values refer to each other by number, so nothing here is recursive: neither reading nor destruction.
class PickleTree {
 public:
  using Id = std::uint32_t;

  [[nodiscard]] Id root() const { return root_; }
  [[nodiscard]] PickleKind kind(Id id) const { return nodes_[id].kind; }
  [[nodiscard]] bool boolean(Id id) const { return nodes_[id].bits != 0; }
  [[nodiscard]] std::int64_t integer(Id id) const { return static_cast<std::int64_t>(nodes_[id].bits); }
  [[nodiscard]] double number(Id id) const;
  // Text (UTF-8), bytes, and the little-endian bytes of a LongInt; they lie in the pickle or in this tree.
  [[nodiscard]] std::string_view text(Id id) const;
  // Items of a list, tuple or set; keys and values by turns of a dict.
  [[nodiscard]] std::span<const Id> items(Id id) const;
  [[nodiscard]] const PickleTensor& tensor(Id id) const { return tensors_[nodes_[id].bits]; }
  [[nodiscard]] std::span<const PickleStorage> storages() const { return storages_; }

 private:
  friend class PickleReader;
  struct Node {
    PickleKind kind = PickleKind::None;
    std::uint8_t detail = 0; // which Other, which Dict
    std::uint32_t size = 0;  // bytes of a text
    std::uint64_t bits = 0;  // value, address or index
  };
  std::vector<Node> nodes_;
  std::vector<std::vector<Id>> containers_;
  std::vector<PickleTensor> tensors_;
  std::vector<PickleStorage> storages_;
  Id root_ = 0;
};

struct PickleOptions {
  bool tensors = true; // false: plain values only, any name or persistent id is refused
};

struct PickleFault {
  WeightsFault fault = WeightsFault::BadPickle;
  std::string why;
  std::size_t byte = 0; // in the pickle
};

struct PickleResult {
  PickleTree tree;
  std::size_t bytes = 0; // up to and including STOP
};

// Reads one pickle. Texts refer to the bytes, which must outlive the tree. Depth, values and ranks have limits; a tree
// that contains itself is refused.
[[nodiscard]] tl::expected<PickleResult, PickleFault> readPickle(std::span<const std::byte> bytes,
                                                                 PickleOptions options = {});

} // namespace kinora::inference
