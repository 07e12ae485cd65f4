// SPDX-License-Identifier: Apache-2.0
// Hides the tables of names: which module of a diffusers or transformers file is which module of the original one.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/inference/weights/key_map_p.h"

namespace kinora::inference {

// What the numbers of a tensor need on their way to the original.
enum class Change { None, Conv1x1, Rank3, Transpose };

// Two spellings of a module or tensor; both match whole segments. '*' stands for a number, the same on both sides.
// ours empty: the tensor does not belong to the original and is left out.
struct KeyRule {
  std::string theirs;
  std::string ours;
  Change change = Change::None;
  int part = 0; // ours is made of several of theirs, joined along the first dimension
  int parts = 1;
};

// Networks are blocks of modules: the rule of the block's place is followed by one of the modules inside.
struct KeyBlock {
  std::string theirs;
  std::string ours;
  std::span<const KeyRule> inside;
};

// The rules between the diffusers grammar and the original. Names of either grammar tell how many layers a level has.
[[nodiscard]] std::vector<KeyBlock> keyBlocks(NetworkKind kind, const std::set<std::string, std::less<>>& names);

// Names that together prove a network, all below the same prefix.
struct Landmark {
  NetworkKind kind;
  KeyGrammar grammar;
  std::span<const std::string_view> names;
  std::string_view implied = {}; // what newer files leave out in front of every name
};
[[nodiscard]] std::span<const Landmark> landmarks();

// Of an original file, only names that begin like this belong to the network (none: all).
[[nodiscard]] std::span<const std::string_view> keptPrefixes(NetworkKind kind);

// Segments that training code puts into names, anywhere.
[[nodiscard]] std::span<const std::string_view> wrapperSegments();
// The lower, the better a copy below this prefix.
[[nodiscard]] int prefixRank(std::string_view prefix);

} // namespace kinora::inference
