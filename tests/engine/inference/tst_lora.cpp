// SPDX-License-Identifier: Apache-2.0
#include <QTest>

#include <fstream>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "engine/inference/weights/key_map_p.h"
#include "engine/inference/weights/lora_p.h"
#include "engine/inference/weights/safetensors_p.h"
#include "engine/inference/weights/weights_fault_p.h"
#include "tests/support/files.h"

using namespace kinora;
using namespace kinora::inference;

namespace {

class MemorySource : public TensorSource {
 public:
  explicit MemorySource(const std::vector<NamedTensor>& tensors) {
    for (const NamedTensor& tensor : tensors) {
      infos_.push_back({tensor.name, DType::F32, tensor.tensor.sizes().vec()});
      tensors_.push_back(tensor.tensor);
    }
  }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  Result<at::Tensor> read(std::size_t index) override { return tensors_.at(index); }
  std::string name() const override { return "folder/test.safetensors"; }

 private:
  std::vector<TensorInfo> infos_;
  std::vector<at::Tensor> tensors_;
};

OpenedWeights weights(const std::vector<NamedTensor>& tensors) {
  return {std::make_shared<MemorySource>(tensors), "memory", nullptr, {}};
}

// A value that depends on its place, the same every time.
at::Tensor ramp(at::IntArrayRef shape, double step = 0.01) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape)
    count *= extent;
  return at::sin(at::arange(count, at::kFloat) * (1 + step)).reshape(shape);
}

std::vector<NamedTensor> wan() {
  return {{"blocks.0.self_attn.q.weight", ramp({6, 4})},
          {"blocks.0.self_attn.q.bias", ramp({6})},
          {"blocks.0.ffn.0.weight", ramp({8, 4})},
          {"head.modulation", ramp({1, 2, 4})},
          {"patch_embedding.weight", ramp({4, 2, 1, 2, 2})}};
}

at::Tensor read(TensorSource& source, std::string_view name) {
  for (std::size_t i = 0; i < source.tensors().size(); ++i) {
    if (source.tensors()[i].name == name)
      return source.read(i).value();
  }
  throw std::runtime_error("no such tensor");
}

struct Row {
  const char* name;
  WeightsFault fault;
  std::vector<NamedTensor> tensors;
};

std::vector<Row> badLoras() {
  using enum WeightsFault;
  const std::string q = "diffusion_model.blocks.0.self_attn.q.";
  const NamedTensor down{q + "lora_down.weight", ramp({2, 4})};
  const NamedTensor up{q + "lora_up.weight", ramp({6, 2})};
  const auto with = [&](const NamedTensor& more) { return std::vector<NamedTensor>{down, up, more}; };
  const auto halves = [&](const at::Tensor& a, const at::Tensor& b) {
    return std::vector<NamedTensor>{{down.name, a}, {up.name, b}};
  };
  const auto kind = [&](const char* ending) { return std::vector<NamedTensor>{{q + ending, ramp({2, 4})}}; };
  return {
      {"nothing", BadKeys, {}},
      {"down alone", BadKeys, {down}},
      {"up alone", BadKeys, {up}},
      {"alpha alone", BadKeys, {{q + "alpha", at::scalar_tensor(1)}}},
      {"halves of two layers", BadKeys, {down, {"diffusion_model.blocks.0.ffn.0.lora_up.weight", ramp({8, 2})}}},
      {"a plain weight among them", BadKeys, with({"blocks.0.self_attn.q.weight", ramp({6, 4})})},
      {"empty name", BadKeys, with({"", ramp({1})})},
      {"only an ending", BadKeys, with({".alpha", ramp({1})})},
      {"only a beginning", BadKeys, with({"lora_unet_.alpha", ramp({1})})},
      {"layer that is not there", BadKeys, with({"diffusion_model.blocks.7.self_attn.q.alpha", ramp({1})})},
      {"layer of another network",
       BadKeys,
       {{"lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight", ramp({2, 4})}}},
      {"negative layer", BadKeys, with({"diffusion_model.blocks.-1.self_attn.q.alpha", ramp({1})})},
      {"huge layer", BadKeys, with({"diffusion_model.blocks.99999999999999999999.self_attn.q.alpha", ramp({1})})},
      {"dots", BadKeys, with({"diffusion_model.blocks..0.self_attn.q.alpha", ramp({1})})},
      {"way up", BadKeys, with({"diffusion_model.../../x.alpha", ramp({1})})},
      {"zero byte", BadKeys, with({std::string("diffusion_model.blocks\0.alpha", 29), ramp({1})})},
      {"same layer in two grammars", BadKeys, with({"transformer.blocks.0.attn1.to_q.lora_A.weight", ramp({2, 4})})},
      {"alpha twice",
       BadKeys,
       {down, up, {q + "alpha", ramp({1})}, {"lora_unet_blocks_0_self_attn_q.alpha", ramp({1})}}},
      {"alpha of two numbers", BadKeys, with({q + "alpha", ramp({2})})},
      {"alpha of none", BadKeys, with({q + "alpha", at::empty({0})})},
      {"alpha infinite", BadKeys, with({q + "alpha", at::full({}, INFINITY)})},
      {"alpha not a number", BadKeys, with({q + "alpha", at::full({}, NAN)})},
      {"ranks differ", BadKeys, halves(ramp({3, 4}), ramp({6, 2}))},
      {"rank 0", BadKeys, halves(at::empty({0, 4}), at::empty({6, 0}))},
      {"too wide", BadKeys, halves(ramp({2, 5}), ramp({6, 2}))},
      {"too high", BadKeys, halves(ramp({2, 4}), ramp({7, 2}))},
      {"turned", BadKeys, halves(ramp({4, 2}), ramp({2, 6}))},
      {"scalar down", BadKeys, halves(at::scalar_tensor(1), ramp({6, 2}))},
      {"scalar up", BadKeys, halves(ramp({2, 4}), at::scalar_tensor(1))},
      {"up without a second dimension", BadKeys, halves(ramp({2, 4}), ramp({12}))},
      {"convolution on a linear layer", BadKeys, halves(ramp({2, 4, 3, 3}), ramp({6, 2, 1, 1}))},
      {"up with a kernel", BadKeys, halves(ramp({2, 4}), ramp({6, 2, 3, 3}))},
      {"whole difference of another shape", BadKeys, {{q + "diff", ramp({6, 5})}}},
      {"bias difference of another length", BadKeys, {{q + "diff_b", ramp({7})}}},
      {"bias difference where there is no bias", BadKeys, {{"diffusion_model.blocks.0.ffn.0.diff_b", ramp({8})}}},
      {"modulation of another size", BadKeys, {{"diffusion_model.head.diff_m", ramp({1, 2, 5})}}},
      {"modulation of a layer without one", BadKeys, {{q + "diff_m", ramp({1, 2, 4})}}},
      {"empty bias difference", BadKeys, {{q + "diff_b", at::empty({0})}}},
      {"only for a text encoder", BadKeys, {{"lora_te_text_model_encoder_layers_0_mlp_fc1.alpha", ramp({1})}}},
      {"DoRA", Unsupported, with({q + "dora_scale", ramp({6})})},
      {"LoHa", Unsupported, kind("hada_w1_a")},
      {"LoKr", Unsupported, kind("lokr_w1")},
      {"Tucker", Unsupported, with({q + "lora_mid.weight", ramp({2, 2, 3, 3})})},
      {"bias of a factor", Unsupported, with({q + "lora_B.bias", ramp({6})})},
      {"OFT", Unsupported, kind("oft_blocks")},
  };
}

} // namespace

class TestLora : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void refusesBadFiles_data() {
    QTest::addColumn<int>("row");
    const auto rows = badLoras();
    for (std::size_t i = 0; i < rows.size(); ++i)
      QTest::newRow(rows[i].name) << static_cast<int>(i);
  }
  void refusesBadFiles() {
    QFETCH(int, row);
    const Row bad = badLoras().at(static_cast<std::size_t>(row));
    const MemorySource network(wan());
    const auto lora = LoraFile::fit(weights(bad.tensors), NetworkKind::WanDit, network.tensors());
    QVERIFY(!lora);
    QVERIFY2(lora.error().message.find(faultPhrase(bad.fault)) != std::string::npos, lora.error().text().c_str());
    QVERIFY2(lora.error().where.find("test.safetensors") != std::string::npos, lora.error().where.c_str());
  }

  void mergesEveryGrammarAlike_data() {
    QTest::addColumn<QString>("module");
    QTest::addColumn<QString>("down");
    QTest::addColumn<QString>("up");
    const auto row = [](const char* name, const char* module, const char* down, const char* up) {
      QTest::newRow(name) << QString(module) << QString(down) << QString(up);
    };
    row("original", "diffusion_model.blocks.0.self_attn.q", ".lora_down.weight", ".lora_up.weight");
    row("original, PEFT halves", "diffusion_model.blocks.0.self_attn.q", ".lora_A.weight", ".lora_B.weight");
    row("bare", "blocks.0.self_attn.q", ".lora_A.default.weight", ".lora_B.default.weight");
    row("diffusers", "transformer.blocks.0.attn1.to_q", ".lora_A.weight", ".lora_B.weight");
    row("PEFT", "base_model.model.blocks.0.attn1.to_q", ".lora_A.weight", ".lora_B.weight");
    row("kohya, original", "lora_unet_blocks_0_self_attn_q", ".lora_down.weight", ".lora_up.weight");
    row("kohya, diffusers", "lora_transformer_blocks_0_attn1_to_q", ".lora_down.weight", ".lora_up.weight");
    row("early diffusers", "transformer.blocks.0.attn1.processor.to_q", "_lora.down.weight", "_lora.up.weight");
  }
  void mergesEveryGrammarAlike() {
    QFETCH(QString, module);
    QFETCH(QString, down);
    QFETCH(QString, up);
    const auto network = std::make_shared<MemorySource>(wan());
    const at::Tensor a = ramp({2, 4}, 0.3);
    const at::Tensor b = ramp({6, 2}, 0.7);
    const auto file = weights({{(module + down).toStdString(), a},
                               {(module + up).toStdString(), b},
                               {module.toStdString() + ".alpha", at::scalar_tensor(3)}});
    const auto lora = LoraFile::fit(file, NetworkKind::WanDit, network->tensors());
    QVERIFY2(lora, lora ? "" : lora.error().text().c_str());
    const auto merged = withLora(network, {{*lora, 0.5}, {*lora, 0.25}});
    const at::Tensor before = read(*network, "blocks.0.self_attn.q.weight");
    const at::Tensor expected = before + at::mm(b, a) * (0.75 * 3 / 2);
    QVERIFY(at::allclose(read(*merged, "blocks.0.self_attn.q.weight"), expected, 1e-5, 1e-6));
    QVERIFY(at::equal(before, wan()[0].tensor)); // the network's own tensor is as before
    QVERIFY(at::equal(read(*merged, "blocks.0.ffn.0.weight"), wan()[2].tensor));
  }

  void sideBranchesEqualMerging() {
    const auto network = std::make_shared<MemorySource>(
        std::vector<NamedTensor>{{"input_blocks.1.1.proj_in.weight", ramp({6, 4, 1, 1})},
                                 {"input_blocks.1.0.in_layers.2.weight", ramp({6, 4, 3, 3})},
                                 {"input_blocks.3.0.op.weight", ramp({4, 4, 3, 3})},
                                 {"input_blocks.0.0.weight", ramp({4, 4, 3, 3})},
                                 {"middle_block.0.in_layers.0.weight", ramp({4})}});
    const auto file =
        weights({{"lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight", ramp({2, 4, 1, 1}, 0.2)},
                 {"lora_unet_down_blocks_0_attentions_0_proj_in.lora_up.weight", ramp({6, 2, 1, 1}, 0.5)},
                 {"lora_unet_down_blocks_0_resnets_0_conv1.lora_down.weight", ramp({3, 4, 3, 3}, 0.2)},
                 {"lora_unet_down_blocks_0_resnets_0_conv1.lora_up.weight", ramp({6, 3, 1, 1}, 0.5)},
                 {"lora_unet_down_blocks_0_resnets_0_conv1.alpha", at::scalar_tensor(1.5)},
                 {"lora_te_text_model_encoder_layers_0_mlp_fc1.alpha", at::scalar_tensor(1)}});
    const auto lora = LoraFile::fit(file, NetworkKind::SdUnet, network->tensors());
    QVERIFY2(lora, lora ? "" : lora.error().text().c_str());
    QCOMPARE((*lora)->tensorsForOthers(), 1U);
    const auto merged = withLora(network, {{*lora, 0.8}});
    const auto branches = LoraBranches::load({{*lora, 0.8}}, at::kFloat, at::kCPU);
    QVERIFY2(branches, branches ? "" : branches.error().text().c_str());
    const at::Tensor x = ramp({2, 4, 7, 5}, 0.9);
    for (const char* name : {"input_blocks.1.1.proj_in.weight", "input_blocks.1.0.in_layers.2.weight"}) {
      const at::Tensor own = read(*network, name);
      const std::int64_t padding = own.size(2) / 2;
      at::Tensor y = at::conv2d(x, own, {}, 1, padding);
      branches->addConv2d(x, y, name, {1, 1}, {padding, padding});
      QVERIFY(at::allclose(y, at::conv2d(x, read(*merged, name), {}, 1, padding), 1e-4, 1e-5));
      QVERIFY(!at::allclose(y, at::conv2d(x, own, {}, 1, padding), 1e-2, 1e-3));
    }
    const at::Tensor tokens = ramp({2, 3, 4}, 0.1);
    const std::string name = "input_blocks.1.1.proj_in.weight";
    at::Tensor y = at::matmul(tokens, read(*network, name).reshape({6, 4}).t());
    branches->addLinear(tokens, y, name);
    QVERIFY(at::allclose(y, at::matmul(tokens, read(*merged, name).reshape({6, 4}).t()), 1e-4, 1e-5));
  }

  void changesPartsOfJoinedWeights() {
    const std::string layer = "transformer.resblocks.0.";
    const auto network =
        std::make_shared<MemorySource>(std::vector<NamedTensor>{{"token_embedding.weight", ramp({5, 4})},
                                                                {layer + "attn.in_proj_weight", ramp({12, 4})},
                                                                {layer + "attn.in_proj_bias", ramp({12})},
                                                                {layer + "mlp.c_fc.weight", ramp({8, 4})}});
    const std::string k = "lora_te_text_model_encoder_layers_0_self_attn_k_proj.";
    const auto file = weights({{k + "lora_down.weight", ramp({2, 4}, 0.2)}, {k + "lora_up.weight", ramp({4, 2}, 0.5)}});
    const auto lora = LoraFile::fit(file, NetworkKind::OpenClipText, network->tensors());
    QVERIFY2(lora, lora ? "" : lora.error().text().c_str());
    at::Tensor expected = ramp({12, 4});
    expected.narrow(0, 4, 4).add_(at::mm(ramp({4, 2}, 0.5), ramp({2, 4}, 0.2)));
    QVERIFY(at::allclose(read(*withLora(network, {{*lora, 1}}), layer + "attn.in_proj_weight"), expected));
    const auto branches = LoraBranches::load({{*lora, 1}}, at::kFloat, at::kCPU);
    const at::Tensor x = ramp({3, 4}, 0.9);
    at::Tensor y = at::matmul(x, ramp({12, 4}).t());
    branches->addLinear(x, y, layer + "attn.in_proj_weight");
    QVERIFY(at::allclose(y, at::matmul(x, expected.t()), 1e-4, 1e-5));
  }

  void takesAlphaFromMetadata() {
    const MemorySource network(wan());
    OpenedWeights file = weights({{"transformer.blocks.0.attn1.to_q.lora_A.weight", ramp({4, 4})},
                                  {"transformer.blocks.0.attn1.to_q.lora_B.weight", ramp({6, 4})}});
    file.values = {{"lora_adapter_metadata", "{\"transformer.lora_alpha\":2,\"transformer.r\":4}"}};
    QCOMPARE((*LoraFile::fit(file, NetworkKind::WanDit, network.tensors()))->layers()[0].scale, 0.5);
    file.values = {{"lora_adapter_metadata", "{\"transformer.lora_alpha\":2,\"transformer.use_rslora\":true}"}};
    QCOMPARE((*LoraFile::fit(file, NetworkKind::WanDit, network.tensors()))->layers()[0].scale, 1.0);
    file.values = {{"lora_adapter_metadata", "nonsense"}};
    QCOMPARE((*LoraFile::fit(file, NetworkKind::WanDit, network.tensors()))->layers()[0].scale, 1.0);
  }

  void wholeDifferencesCannotBeSwitched() {
    const auto network = std::make_shared<MemorySource>(wan());
    const auto file = weights({{"diffusion_model.blocks.0.self_attn.q.diff", ramp({6, 4}, 0.4)},
                               {"diffusion_model.blocks.0.self_attn.q.diff_b", ramp({6}, 0.4)},
                               {"diffusion_model.head.diff_m", ramp({1, 2, 4}, 0.4)}});
    const auto lora = LoraFile::fit(file, NetworkKind::WanDit, network->tensors());
    QVERIFY2(lora, lora ? "" : lora.error().text().c_str());
    const auto merged = withLora(network, {{*lora, 2}});
    QVERIFY(at::allclose(read(*merged, "blocks.0.self_attn.q.weight"), ramp({6, 4}) + 2 * ramp({6, 4}, 0.4)));
    QVERIFY(at::allclose(read(*merged, "blocks.0.self_attn.q.bias"), ramp({6}) + 2 * ramp({6}, 0.4)));
    QVERIFY(at::allclose(read(*merged, "head.modulation"), ramp({1, 2, 4}) + 2 * ramp({1, 2, 4}, 0.4)));
    QCOMPARE(LoraBranches::load({{*lora, 1}}, at::kFloat, at::kCPU).error().code, ErrorCode::Unsupported);
  }

  void mergesSharedCasesExactly_data() {
    QTest::addColumn<QString>("folder");
    QTest::addColumn<int>("kind");
    QTest::newRow("wan") << QString("lora/wan") << static_cast<int>(NetworkKind::WanDit);
    QTest::newRow("sd15_kohya") << QString("lora/sd15_kohya") << static_cast<int>(NetworkKind::SdUnet);
  }
  void mergesSharedCasesExactly() {
    QFETCH(QString, folder);
    QFETCH(int, kind);
    const auto path = test::goldenCase(folder.toStdString());
    if (!path)
      QSKIP("This case is not in tests/golden/cases, and KINORA_GOLDENS is not set.");
    const auto network = static_cast<NetworkKind>(kind);
    const std::shared_ptr<TensorSource> stored = SafetensorsFile::open(*path / "weights.safetensors").value();
    const auto base = withOriginalKeys(stored, network);
    const auto description = nlohmann::json::parse(std::ifstream(*path / "case.json"));
    const double atol = description.at("tolerance").at("atol");
    const double rtol = description.at("tolerance").at("rtol");
    auto expected = SafetensorsFile::open(*path / "outputs.safetensors").value();
    // Names in the outputs may be those of diffusers.
    std::vector<std::string> names;
    for (const TensorInfo& tensor : base->tensors())
      names.push_back(tensor.name);
    std::map<std::string, std::string> original;
    for (const OriginalWeight& weight : diffusersWeights(network, names))
      original.emplace(weight.module + ".weight", weight.name);
    int compared = 0;
    for (const std::string file : description.at("config").at("lora_files")) {
      const auto lora = LoraFile::fit(openWeights(*path / file).value(), network, base->tensors());
      QVERIFY2(lora, lora ? "" : lora.error().text().c_str());
      const std::string grammar = file.substr(5, file.size() - 5 - std::string(".safetensors").size());
      for (const double strength : description.at("config").at("strengths")) {
        const auto merged = withLora(base, {{*lora, strength}});
        const std::string number = strength == 1 ? "1" : QByteArray::number(strength).toStdString();
        for (std::size_t i = 0; i < expected->tensors().size(); ++i) {
          const std::string& output = expected->tensors()[i].name;
          std::string start = "merged_" + grammar + "_s" + number + "/";
          if (!output.starts_with(start))
            start = "merged_s" + number + "/";
          if (!output.starts_with(start))
            continue;
          const std::string name = output.substr(start.size());
          const at::Tensor ours = read(*merged, original.contains(name) ? original.at(name) : name);
          QVERIFY2(at::allclose(ours, expected->read(i).value(), rtol, atol), output.c_str());
          ++compared;
        }
      }
    }
    QVERIFY(compared >= 30);
  }

  void summarizes() {
    const auto file = weights({{"lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight", ramp({2, 4})},
                               {"lora_unet_down_blocks_0_attentions_0_proj_in.lora_up.weight", ramp({6, 2})},
                               {"lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight", ramp({8, 4})}});
    const LoraSummary summary = summarizeLora(file.tensors->tensors());
    QCOMPARE(summary.grammar, std::string("kohya"));
    QCOMPARE(summary.layers, 2U);
    QCOMPARE(summary.leastRank, 2);
    QCOMPARE(summary.largestRank, 8);
    QCOMPARE(summary.networks, (std::vector<NetworkKind>{NetworkKind::SdUnet, NetworkKind::ClipText}));
    QCOMPARE(summarizeLora(MemorySource(wan()).tensors()).layers, 0U);
  }
};

QTEST_APPLESS_MAIN(TestLora)
#include "tst_lora.moc"
