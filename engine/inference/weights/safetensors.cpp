// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ATen/ATen.h>

#include "engine/base/check.h"
#include "engine/base/file.h"
#include "engine/inference/weights/mapped_file_p.h"
#include "engine/inference/weights/safetensors_header_p.h"
#include "engine/inference/weights/safetensors_p.h"

namespace kinora::inference {
namespace {

namespace fs = std::filesystem;

class MappedSafetensors final : public SafetensorsFile {
 public:
  MappedSafetensors(std::shared_ptr<const MappedFile> file, SafetensorsHeader header)
      : file_(std::move(file)), header_(std::move(header)) {}

  const std::vector<TensorInfo>& tensors() const override { return header_.tensors; }
  Result<at::Tensor> read(std::size_t index) override {
    return tensorAt(file_, header_.offsets.at(index), header_.tensors.at(index));
  }
  std::string name() const override { return file_->name(); }
  const std::map<std::string, std::string>& metadata() const override { return header_.metadata; }

 private:
  std::shared_ptr<const MappedFile> file_;
  SafetensorsHeader header_;
};

tl::unexpected<Error> writeError(const fs::path& file, std::string_view why) {
  return fail(ErrorCode::Io, fmt::format("Writing the weights “{}” failed: {}.", file.filename().string(), why),
              file.string());
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

} // namespace

Result<std::shared_ptr<SafetensorsFile>> SafetensorsFile::open(const fs::path& file) {
  auto mapped = MappedFile::open(file);
  if (!mapped)
    return fail(mapped);
  auto header = readSafetensorsHeader((*mapped)->bytes(), (*mapped)->name());
  if (!header)
    return fail(header);
  return std::make_shared<MappedSafetensors>(std::move(*mapped), std::move(*header));
}

Result<void> writeSafetensors(const fs::path& file, const std::vector<NamedTensor>& tensors,
                              const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty())
    header["__metadata__"] = metadata;
  // The format allows no gaps: by falling element size every tensor is aligned. The header keeps the given order.
  std::vector<at::Tensor> stored;
  std::vector<std::uint64_t> begins(tensors.size());
  std::set<std::string_view> names;
  for (const NamedTensor& tensor : tensors) {
    if (!dtypeOf(tensor.tensor.scalar_type()))
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("Writing the weights “{}” failed: {} has elements that the format does not know.",
                              file.filename().string(), tensor.name),
                  file.string());
    if (tensor.name == "__metadata__" || !names.insert(tensor.name).second)
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("Writing the weights “{}” failed: the name {} stands twice.", file.filename().string(),
                              tensor.name),
                  file.string());
    stored.push_back(tensor.tensor.to(at::kCPU).contiguous());
  }
  std::vector<std::size_t> layout;
  for (const std::int64_t width : {8, 4, 2, 1}) {
    for (std::size_t i = 0; i < stored.size(); ++i) {
      if (stored[i].element_size() == width)
        layout.push_back(i);
    }
  }
  std::uint64_t reached = 0;
  for (const std::size_t i : layout) {
    begins[i] = reached;
    reached += stored[i].nbytes();
  }
  for (std::size_t i = 0; i < tensors.size(); ++i)
    header[tensors[i].name] = {{"dtype", dtypeName(*dtypeOf(stored[i].scalar_type()))},
                               {"shape", stored[i].sizes().vec()},
                               {"data_offsets", {begins[i], begins[i] + stored[i].nbytes()}}};
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("Writing the weights “{}” failed: a name is no UTF-8.", file.filename().string()),
                file.string());
  }
  text.append((8 - text.size() % 8) % 8, ' ');

  const fs::path part = partPath(file);
  std::unique_ptr<std::FILE, CloseFile> out(std::fopen(part.c_str(), "wbe"));
  if (!out)
    return writeError(file, std::strerror(errno));
  const std::uint64_t length = text.size();
  bool good = std::fwrite(&length, sizeof length, 1, out.get()) == 1 &&
              std::fwrite(text.data(), 1, text.size(), out.get()) == text.size();
  for (const std::size_t i : layout)
    good = good && std::fwrite(stored[i].data_ptr(), 1, stored[i].nbytes(), out.get()) == stored[i].nbytes();
  good = std::fflush(out.get()) == 0 && good;
  if (!good) {
    const std::string why = std::strerror(errno);
    out.reset();
    std::remove(part.c_str());
    return writeError(file, why);
  }
  out.reset();
  return publishPart(part, file);
}

} // namespace kinora::inference
