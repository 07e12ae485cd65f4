// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ATen/ATen.h>

#include "engine/inference/weights/weight_table_p.h"

namespace kinora::inference {
namespace {

constexpr std::size_t kNamed = 20; // names listed of each kind of problem

std::string listed(const std::vector<std::string>& names) {
  const std::size_t count = std::min(names.size(), kNamed);
  std::string text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(count), ", "));
  if (names.size() > count)
    text += fmt::format(" and {} more", names.size() - count);
  return text;
}

} // namespace

struct WeightTable::Account {
  std::shared_ptr<TensorSource> source; // none for a recorder
  LoadOptions options;
  std::unordered_map<std::string, std::size_t> index;
  std::vector<bool> used;
  std::uint64_t totalBytes = 0;
  std::uint64_t takenBytes = 0;
  std::vector<TensorInfo> asked;
  std::vector<std::string> missing;
  std::vector<std::string> misshaped;
  std::optional<Error> failed;
  bool stopped = false;
};

WeightTable::WeightTable(std::shared_ptr<TensorSource> source, LoadOptions options)
    : account_(std::make_shared<Account>()) {
  account_->source = std::move(source);
  account_->options = std::move(options);
  const auto& tensors = account_->source->tensors();
  account_->used.resize(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    account_->index.emplace(tensors[i].name, i);
    account_->totalBytes += tensors[i].bytes();
  }
}

WeightTable::WeightTable(std::shared_ptr<Account> account, std::string prefix)
    : account_(std::move(account)), prefix_(std::move(prefix)) {}

WeightTable WeightTable::recorder() {
  return {std::make_shared<Account>(), {}};
}

WeightTable WeightTable::under(std::string_view prefix) const {
  return {account_, fmt::format("{}{}.", prefix_, prefix)};
}

at::Tensor WeightTable::take(std::string_view name, at::IntArrayRef shape) {
  return take(name, shape, account_->options.dtype);
}

at::Tensor WeightTable::takeFloat32(std::string_view name, at::IntArrayRef shape) {
  return take(name, shape, at::kFloat);
}

at::Tensor WeightTable::take(std::string_view name, at::IntArrayRef shape, at::ScalarType type) {
  Account& account = *account_;
  std::string full = prefix_ + std::string(name);
  account.asked.push_back({full, DType::F32, shape.vec()});
  if (!account.source)
    return at::empty(shape, at::TensorOptions().dtype(type).device(at::kMeta));
  if (account.stopped || account.failed)
    return {};
  if (account.options.stop.stop_requested()) {
    account.stopped = true;
    return {};
  }
  const auto found = account.index.find(full);
  if (found == account.index.end()) {
    account.missing.push_back(fmt::format("{} {}", full, describeShape(shape.vec())));
    return {};
  }
  const TensorInfo& stored = account.source->tensors()[found->second];
  account.used[found->second] = true;
  if (stored.shape != shape.vec()) {
    account.misshaped.push_back(
        fmt::format("{} is {}, expected {}", full, describeShape(stored.shape), describeShape(shape.vec())));
    return {};
  }
  Result<at::Tensor> tensor = account.source->read(found->second);
  if (!tensor) {
    account.failed = tensor.error();
    return {};
  }
  account.takenBytes += stored.bytes();
  if (account.options.progress && account.totalBytes > 0)
    account.options.progress(static_cast<double>(account.takenBytes) / static_cast<double>(account.totalBytes));
  return tensor->to(account.options.device, type);
}

void WeightTable::ignore(std::string_view name) {
  const auto found = account_->index.find(prefix_ + std::string(name));
  if (found != account_->index.end())
    account_->used[found->second] = true;
}

bool WeightTable::has(std::string_view name) const {
  return account_->index.contains(prefix_ + std::string(name));
}

std::vector<std::int64_t> WeightTable::shapeOf(std::string_view name) const {
  const auto found = account_->index.find(prefix_ + std::string(name));
  return found == account_->index.end() ? std::vector<std::int64_t>{}
                                        : account_->source->tensors()[found->second].shape;
}

std::vector<std::string> WeightTable::names() const {
  std::vector<std::string> below;
  if (account_->source) {
    for (const TensorInfo& tensor : account_->source->tensors()) {
      if (tensor.name.starts_with(prefix_))
        below.push_back(tensor.name.substr(prefix_.size()));
    }
  }
  return below;
}

const std::vector<TensorInfo>& WeightTable::asked() const {
  return account_->asked;
}

Result<void> WeightTable::finish() const {
  const Account& account = *account_;
  if (!account.source)
    return {};
  if (account.stopped)
    return fail(ErrorCode::Cancelled, "loading the weights was cancelled", account.source->name());
  if (account.failed)
    return tl::unexpected<Error>(*account.failed);
  std::vector<std::string> leftOver;
  const auto& tensors = account.source->tensors();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!account.used[i])
      leftOver.push_back(fmt::format("{} {}", tensors[i].name, describeShape(tensors[i].shape)));
  }
  std::vector<std::string> problems;
  if (!account.missing.empty())
    problems.push_back(fmt::format("{} tensors are missing: {}", account.missing.size(), listed(account.missing)));
  if (!account.misshaped.empty())
    problems.push_back(
        fmt::format("{} tensors have another shape: {}", account.misshaped.size(), listed(account.misshaped)));
  if (!leftOver.empty())
    problems.push_back(fmt::format("{} tensors are left over: {}", leftOver.size(), listed(leftOver)));
  if (problems.empty())
    return {};
  return fail(ErrorCode::Corrupt,
              fmt::format("the weights do not fit the network: {}. Choose the network that this file was made for.",
                          fmt::join(problems, "; ")),
              account.source->name());
}

} // namespace kinora::inference
