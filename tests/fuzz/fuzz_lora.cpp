// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>

#include <ATen/ATen.h>

#include "engine/inference/weights/lora_p.h"

namespace {

using namespace kinora::inference;

class Source : public TensorSource {
 public:
  void add(std::string name, std::vector<std::int64_t> shape) {
    infos_.push_back({std::move(name), DType::F32, std::move(shape)});
  }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  kinora::Result<at::Tensor> read(std::size_t index) override { return at::ones(infos_.at(index).shape); }
  std::string name() const override { return "fuzz"; }

 private:
  std::vector<TensorInfo> infos_;
};

} // namespace

// Lines are names; the first byte of each chooses a shape. Names are fitted to three networks and merged.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::vector<std::int64_t>> shapes = {{2, 4}, {4, 2}, {2, 4, 1, 1}, {4, 2, 1, 1}, {},
                                                                {4},    {4, 4}, {0, 4},       {2},          {12, 2}};
  static const std::vector<std::pair<NetworkKind, std::vector<const char*>>> networks = {
      {NetworkKind::WanDit, {"blocks.0.self_attn.q.weight", "blocks.0.ffn.0.weight"}},
      {NetworkKind::SdUnet, {"input_blocks.1.1.proj_in.weight", "input_blocks.3.0.op.weight"}},
      {NetworkKind::OpenClipText, {"transformer.resblocks.0.mlp.c_fc.weight"}}};
  auto file = std::make_shared<Source>();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.empty())
      file->add(std::string(line.substr(1)), shapes[static_cast<unsigned char>(line[0]) % shapes.size()]);
  }
  static_cast<void>(summarizeLora(file->tensors()));
  for (const auto& [kind, names] : networks) {
    auto network = std::make_shared<Source>();
    for (const char* name : names)
      network->add(name, {4, 4});
    network->add("blocks.0.self_attn.q.bias", {4});
    network->add("transformer.resblocks.0.attn.in_proj_weight", {12, 4});
    const auto lora = LoraFile::fit({file, "fuzz", nullptr, {}}, kind, network->tensors());
    if (!lora)
      continue;
    const auto merged = withLora(network, {{*lora, 0.5}});
    for (std::size_t i = 0; i < merged->tensors().size(); ++i) {
      if (merged->read(i).value().sizes().vec() != merged->tensors()[i].shape)
        __builtin_trap();
    }
  }
  return 0;
}
