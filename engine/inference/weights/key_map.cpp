// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weights/key_map_p.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/weights/key_rules_p.h"

namespace kinora::inference {
namespace {

using Names = std::set<std::string, std::less<>>;

// A name without the segments of wrappers.
std::string unwrapped(std::string_view name) {
  std::string clean;
  clean.reserve(name.size());
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    const std::string_view segment = name.substr(0, dot);
    const auto wrappers = wrapperSegments();
    if (std::find(wrappers.begin(), wrappers.end(), segment) == wrappers.end()) {
      if (!clean.empty())
        clean += '.';
      clean += segment;
    }
    if (dot == name.size())
      break;
    name.remove_prefix(dot + 1);
    if (name.empty())
      clean += '.'; // a name that ends in a dot stays another name
  }
  return clean;
}

// Does the pattern match the beginning of the name up to a dot or its end? Gives what remains and the numbers of '*'.
bool matches(std::string_view pattern, std::string_view name, std::string_view& rest,
             std::vector<std::string_view>& numbers) {
  std::size_t at = 0;
  for (const char c : pattern) {
    if (c == '*') {
      const std::size_t begin = at;
      while (at < name.size() && name[at] >= '0' && name[at] <= '9')
        ++at;
      if (at == begin)
        return false;
      numbers.push_back(name.substr(begin, at - begin));
    } else if (at < name.size() && name[at] == c) {
      ++at;
    } else {
      return false;
    }
  }
  if (pattern.empty()) {
    rest = name;
    return true;
  }
  if (at == name.size()) {
    rest = {};
    return true;
  }
  rest = name.substr(at + 1);
  return name[at] == '.';
}

// The other spelling with the numbers filled in.
void append(std::string& text, std::string_view pattern, const std::vector<std::string_view>& numbers) {
  if (!text.empty() && !pattern.empty())
    text += '.';
  std::size_t next = 0;
  for (const char c : pattern) {
    if (c == '*' && next < numbers.size())
      text += numbers[next++];
    else
      text += c;
  }
}

struct Translated {
  std::string name; // empty: left out
  const KeyRule* rule = nullptr;
};

// From their grammar to ours.
std::optional<Translated> translate(const std::vector<KeyBlock>& blocks, std::string_view name) {
  for (const KeyBlock& block : blocks) {
    std::string_view inner;
    std::vector<std::string_view> numbers;
    if (!matches(block.theirs, name, inner, numbers))
      continue;
    for (const KeyRule& rule : block.inside) {
      std::string_view rest;
      std::vector<std::string_view> innerNumbers;
      if (!matches(rule.theirs, inner, rest, innerNumbers))
        continue;
      Translated result;
      result.rule = &rule;
      if (rule.ours.empty() && !rule.theirs.empty())
        return result;
      append(result.name, block.ours, numbers);
      append(result.name, rule.ours, innerNumbers);
      append(result.name, rest, {});
      return result;
    }
  }
  return std::nullopt;
}

// A tensor of the view: one stored tensor, or several joined.
struct Recipe {
  std::vector<std::size_t> parts;
  Change change = Change::None;
};

class MappedSource final : public TensorSource {
 public:
  explicit MappedSource(std::shared_ptr<TensorSource> base) : base_(std::move(base)) {}

  // Leaves out what does not fit together: the network then misses it by name.
  void add(std::string name, Recipe recipe) {
    const auto& stored = base_->tensors();
    TensorInfo info = stored[recipe.parts.front()];
    info.name = std::move(name);
    for (std::size_t i = 1; i < recipe.parts.size(); ++i) {
      const TensorInfo& part = stored[recipe.parts[i]];
      const bool joins = !info.shape.empty() && part.shape.size() == info.shape.size() && part.dtype == info.dtype &&
                         std::equal(part.shape.begin() + 1, part.shape.end(), info.shape.begin() + 1);
      if (!joins)
        return;
      info.shape[0] += part.shape[0];
    }
    changeShape(info.shape, recipe.change);
    infos_.push_back(std::move(info));
    recipes_.push_back(std::move(recipe));
  }

  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  std::string name() const override { return base_->name(); }

  Result<at::Tensor> read(std::size_t index) override {
    const Recipe& recipe = recipes_.at(index);
    std::vector<at::Tensor> parts;
    for (const std::size_t part : recipe.parts) {
      auto tensor = base_->read(part);
      if (!tensor)
        return fail(tensor);
      parts.push_back(*std::move(tensor));
    }
    const at::Tensor joined = parts.size() == 1 ? parts.front() : at::cat(parts, 0);
    return recipe.change == Change::Transpose && joined.dim() == 2 ? joined.t() : joined.reshape(infos_[index].shape);
  }

 private:
  static void changeShape(std::vector<std::int64_t>& shape, Change change) {
    if (change == Change::Conv1x1 && shape.size() == 2)
      shape.insert(shape.end(), 2, 1);
    else if (change == Change::Rank3 && !shape.empty() && shape.size() < 3)
      shape.insert(shape.begin(), 3 - shape.size(), 1);
    else if (change == Change::Transpose && shape.size() == 2)
      std::swap(shape[0], shape[1]);
  }

  std::shared_ptr<TensorSource> base_;
  std::vector<TensorInfo> infos_;
  std::vector<Recipe> recipes_;
};

// CLIP's two text encoders have the same names in transformers' grammar; ViT-H is 1024 wide, ViT-L 768.
bool isWide(const std::unordered_map<std::string, std::size_t>& index, const std::vector<TensorInfo>& tensors,
            const std::string& prefix) {
  auto found = index.find(prefix + "text_model.embeddings.token_embedding.weight");
  if (found == index.end())
    found = index.find(prefix + "embeddings.token_embedding.weight");
  return found != index.end() && tensors[found->second].shape.size() == 2 && tensors[found->second].shape[1] >= 1024;
}

// All networks whose landmarks are there, with both text encoders where only the width tells them apart.
std::vector<FoundNetwork> findAll(const std::vector<TensorInfo>& tensors) {
  std::unordered_map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    index.emplace(unwrapped(tensors[i].name), i);
  std::vector<FoundNetwork> found;
  for (const Landmark& landmark : landmarks()) {
    const std::string_view first = landmark.names.front();
    for (const auto& entry : index) {
      if (!entry.first.ends_with(first))
        continue;
      const std::string prefix = entry.first.substr(0, entry.first.size() - first.size());
      if ((!prefix.empty() && prefix.back() != '.') ||
          (!landmark.implied.empty() && prefix.ends_with(landmark.implied)))
        continue;
      const bool all = std::all_of(landmark.names.begin() + 1, landmark.names.end(),
                                   [&](std::string_view name) { return index.contains(prefix + std::string(name)); });
      if (all)
        found.push_back({landmark.kind, landmark.grammar, prefix, std::string(landmark.implied)});
    }
  }
  std::sort(found.begin(), found.end(), [](const FoundNetwork& a, const FoundNetwork& b) {
    const auto order = [](const FoundNetwork& n) {
      return std::tuple(n.kind, prefixRank(n.prefix), n.grammar, n.prefix);
    };
    return order(a) < order(b);
  });
  std::erase_if(found, [&](const FoundNetwork& network) {
    return network.kind == NetworkKind::WanDit && prefixRank(network.prefix) >= 9;
  });
  return found;
}

} // namespace

std::vector<FoundNetwork> findNetworks(const std::vector<TensorInfo>& tensors) {
  std::vector<FoundNetwork> found = findAll(tensors);
  std::unordered_map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    index.emplace(unwrapped(tensors[i].name), i);
  std::erase_if(found, [&](const FoundNetwork& network) {
    if (network.grammar != KeyGrammar::Diffusers)
      return false;
    const bool wide = isWide(index, tensors, network.prefix);
    return (network.kind == NetworkKind::ClipText && wide) || (network.kind == NetworkKind::OpenClipText && !wide);
  });
  return found;
}

std::shared_ptr<TensorSource> withOriginalKeys(std::shared_ptr<TensorSource> source, NetworkKind kind) {
  const std::vector<TensorInfo>& tensors = source->tensors();
  const std::vector<FoundNetwork> found = findAll(tensors);
  const auto network =
      std::find_if(found.begin(), found.end(), [kind](const FoundNetwork& n) { return n.kind == kind; });
  if (network == found.end())
    return source;

  std::vector<std::string> names(tensors.size()); // below the prefix; empty for other tensors
  Names known;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const std::string name = unwrapped(tensors[i].name);
    if (name.starts_with(network->prefix)) {
      names[i] = network->implied + name.substr(network->prefix.size());
      known.insert(names[i]);
    }
  }
  auto view = std::make_shared<MappedSource>(source);
  if (network->grammar == KeyGrammar::Original) {
    const auto kept = keptPrefixes(kind);
    std::set<std::string_view> taken;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const bool ours = kept.empty() || std::any_of(kept.begin(), kept.end(), [&](std::string_view prefix) {
                          return names[i].starts_with(prefix);
                        });
      if (!names[i].empty() && ours && taken.insert(names[i]).second)
        view->add(names[i], {{i}});
    }
    return view;
  }

  const std::vector<KeyBlock> blocks = keyBlocks(kind, known);
  struct Joined {
    std::vector<std::optional<std::size_t>> parts;
    Change change = Change::None;
  };
  std::map<std::string, Joined> joined;
  std::set<std::string> taken;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (names[i].empty())
      continue;
    const std::optional<Translated> to = translate(blocks, names[i]);
    if (to && to->name.empty())
      continue;
    const std::string name = to ? to->name : names[i];
    if (to && to->rule->parts > 1) {
      Joined& whole = joined[name];
      whole.parts.resize(static_cast<std::size_t>(to->rule->parts));
      whole.parts[static_cast<std::size_t>(to->rule->part)] = i;
    } else if (taken.insert(name).second) {
      view->add(name, {{i}, to ? to->rule->change : Change::None});
    }
  }
  for (const auto& [name, whole] : joined) {
    Recipe recipe;
    for (const auto& part : whole.parts) {
      if (part)
        recipe.parts.push_back(*part);
    }
    if (recipe.parts.size() == whole.parts.size() && taken.insert(name).second)
      view->add(name, std::move(recipe));
  }
  return view;
}

std::vector<OriginalWeight> diffusersWeights(NetworkKind kind, const std::vector<std::string>& names) {
  const std::vector<KeyBlock> blocks = keyBlocks(kind, {names.begin(), names.end()});
  std::vector<OriginalWeight> weights;
  for (const std::string& name : names) {
    for (const KeyBlock& block : blocks) {
      std::string_view inner;
      std::vector<std::string_view> numbers;
      if (!matches(block.ours, name, inner, numbers))
        continue;
      for (const KeyRule& rule : block.inside) {
        std::string_view rest;
        std::vector<std::string_view> innerNumbers;
        if ((rule.ours.empty() && !rule.theirs.empty()) || !matches(rule.ours, inner, rest, innerNumbers))
          continue;
        std::string theirs;
        append(theirs, block.theirs, numbers);
        append(theirs, rule.theirs, innerNumbers);
        append(theirs, rest, {});
        constexpr std::string_view kWeight = ".weight";
        if (theirs.ends_with(kWeight))
          weights.push_back({theirs.substr(0, theirs.size() - kWeight.size()), name, rule.part, rule.parts});
      }
    }
  }
  return weights;
}

} // namespace kinora::inference
