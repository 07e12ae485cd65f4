// SPDX-License-Identifier: Apache-2.0
#include <QTest>

#include <map>

#include <ATen/ATen.h>

#include "engine/inference/weights/key_map_p.h"
#include "engine/inference/weights/safetensors_p.h"
#include "tests/support/files.h"

using namespace kinora;
using namespace kinora::inference;

namespace {

// Tensors in memory.
class MemorySource : public TensorSource {
 public:
  void add(std::string name, at::Tensor tensor) {
    infos_.push_back({std::move(name), DType::F32, tensor.sizes().vec()});
    tensors_.push_back(std::move(tensor));
  }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  Result<at::Tensor> read(std::size_t index) override { return tensors_.at(index); }
  std::string name() const override { return "memory"; }

 private:
  std::vector<TensorInfo> infos_;
  std::vector<at::Tensor> tensors_;
};

std::shared_ptr<MemorySource> sourceOf(const std::vector<std::string>& names) {
  auto source = std::make_shared<MemorySource>();
  float value = 1;
  for (const std::string& name : names)
    source->add(name, at::full({2, 2}, value++));
  return source;
}

std::map<std::string, at::Tensor> readAll(TensorSource& source) {
  std::map<std::string, at::Tensor> all;
  for (std::size_t i = 0; i < source.tensors().size(); ++i) {
    const TensorInfo& info = source.tensors()[i];
    at::Tensor tensor = source.read(i).value();
    if (tensor.sizes().vec() != info.shape)
      throw std::runtime_error(info.name + " is not of the shape that was announced");
    all.emplace(info.name, std::move(tensor));
  }
  return all;
}

} // namespace

class TestKeyMap : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void sameTensorsInBothGrammars_data() {
    QTest::addColumn<QString>("folder");
    QTest::addColumn<int>("kind");
    const auto row = [](const char* folder, NetworkKind kind) {
      QTest::newRow(folder) << QString(folder) << static_cast<int>(kind);
    };
    row("wan/dit_t2v", NetworkKind::WanDit);
    row("wan/dit_i2v", NetworkKind::WanDit);
    row("wan/vae21", NetworkKind::WanVae);
    row("text/umt5", NetworkKind::Umt5);
    row("text/clip_l", NetworkKind::ClipText);
    row("text/openclip_h", NetworkKind::OpenClipText);
    row("clip/vision", NetworkKind::ClipVision);
    row("sd/unet15", NetworkKind::SdUnet);
    row("sd/vae", NetworkKind::SdVae);
  }
  void sameTensorsInBothGrammars() {
    QFETCH(QString, folder);
    QFETCH(int, kind);
    const auto path = test::goldenCase(folder.toStdString());
    if (!path || !std::filesystem::exists(*path / "weights.diffusers.safetensors"))
      QSKIP("This case is not whole in tests/golden/cases, and KINORA_GOLDENS is not set.");
    const auto network = static_cast<NetworkKind>(kind);
    const std::shared_ptr<TensorSource> original = SafetensorsFile::open(*path / "weights.safetensors").value();
    const std::shared_ptr<TensorSource> diffusers =
        SafetensorsFile::open(*path / "weights.diffusers.safetensors").value();
    const auto ours = readAll(*withOriginalKeys(original, network));
    const auto theirs = readAll(*withOriginalKeys(diffusers, network));
    QVERIFY(!theirs.empty());
    for (const auto& [name, tensor] : theirs) {
      const auto same = ours.find(name);
      QVERIFY2(same != ours.end(), name.c_str());
      QVERIFY2(same->second.sizes() == tensor.sizes(), name.c_str());
      QVERIFY2(at::equal(same->second, tensor), name.c_str());
    }
    // transformers drops the last text layer of OpenCLIP and the projection of the image.
    const bool fewer = network == NetworkKind::OpenClipText || network == NetworkKind::ClipVision;
    QVERIFY(fewer ? theirs.size() < ours.size() : theirs.size() == ours.size());
    for (const auto& [name, tensor] : ours)
      QVERIFY2(fewer || theirs.contains(name), name.c_str());

    // The list for LoRA files names every weight of the other grammar.
    std::vector<std::string> names;
    for (const auto& [name, tensor] : ours)
      names.push_back(name);
    std::map<std::string, OriginalWeight> modules;
    for (const OriginalWeight& weight : diffusersWeights(network, names))
      modules.emplace(weight.module, weight);
    for (const TensorInfo& tensor : diffusers->tensors()) {
      const std::string_view name = tensor.name;
      if (!name.ends_with(".weight"))
        continue;
      const auto weight = modules.find(std::string(name.substr(0, name.size() - 7)));
      QVERIFY2(weight != modules.end(), tensor.name.c_str());
      QVERIFY2(ours.contains(weight->second.name), weight->second.name.c_str());
    }
  }

  void findsPrefixes_data() {
    QTest::addColumn<QString>("prefix");
    for (const char* prefix : {"", "model.", "generator.", "generator.model.", "generator_ema.model.", "module.",
                               "state_dict.model.diffusion_model.", "pipe.dit."})
      QTest::newRow(*prefix == '\0' ? "none" : prefix) << QString(prefix);
  }
  void findsPrefixes() {
    QFETCH(QString, prefix);
    const std::string p = prefix.toStdString();
    const auto source = sourceOf({p + "head.modulation", p + "patch_embedding.weight",
                                  p + "blocks.0._fsdp_wrapped_module.ffn.0._checkpoint_wrapped_module.weight"});
    const auto found = findNetworks(source->tensors());
    QCOMPARE(found.size(), 1U);
    QCOMPARE(found.front(), (FoundNetwork{NetworkKind::WanDit, KeyGrammar::Original, p, ""}));
    const auto all = readAll(*withOriginalKeys(source, NetworkKind::WanDit));
    QCOMPARE(all.size(), 3U);
    QVERIFY(all.contains("blocks.0.ffn.0.weight"));
  }

  void prefersAveragedWeightsAndNeverCritics() {
    std::vector<std::string> names;
    for (const char* prefix : {"critic.model.", "generator.model.", "generator_ema.model."}) {
      for (const char* name : {"head.modulation", "patch_embedding.weight"})
        names.push_back(std::string(prefix) + name);
    }
    const auto source = sourceOf(names);
    const auto found = findNetworks(source->tensors());
    QCOMPARE(found.size(), 2U);
    QCOMPARE(found[0].prefix, std::string("generator_ema.model."));
    const auto all = readAll(*withOriginalKeys(source, NetworkKind::WanDit));
    QCOMPARE(all.at("head.modulation")[0][0].item<int>(), 5);
  }

  void takesOneNetworkOutOfACheckpointOfThree() {
    const auto source = sourceOf(
        {"model.diffusion_model.input_blocks.0.0.weight", "model.diffusion_model.middle_block.0.in_layers.0.weight",
         "first_stage_model.encoder.conv_in.weight", "first_stage_model.decoder.mid.attn_1.norm.weight",
         "first_stage_model.loss.logvar", "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight",
         "cond_stage_model.transformer.text_model.embeddings.position_ids", "model_ema.decay", "betas"});
    QCOMPARE(findNetworks(source->tensors()).size(), 3U);
    QCOMPARE(withOriginalKeys(source, NetworkKind::SdUnet)->tensors().size(), 2U);
    QCOMPARE(withOriginalKeys(source, NetworkKind::SdVae)->tensors().size(), 2U);
    const auto text = withOriginalKeys(source, NetworkKind::ClipText);
    QCOMPARE(text->tensors().size(), 1U);
    QCOMPARE(text->tensors()[0].name, std::string("text_model.embeddings.token_embedding.weight"));
  }

  void joinsOnlyWhatFits() {
    auto source = std::make_shared<MemorySource>();
    source->add("text_model.embeddings.token_embedding.weight", at::zeros({4, 2}));
    const std::string layer = "text_model.encoder.layers.0.self_attn.";
    source->add(layer + "v_proj.weight", at::full({2, 2}, 3));
    source->add(layer + "q_proj.weight", at::full({2, 2}, 1));
    source->add(layer + "k_proj.weight", at::full({2, 2}, 2));
    source->add(layer + "q_proj.bias", at::zeros({2}));
    source->add(layer + "k_proj.bias", at::zeros({2, 1}));
    source->add(layer + "v_proj.bias", at::zeros({2}));
    source->add("text_model.encoder.layers.1.self_attn.q_proj.weight", at::zeros({2, 2}));
    const auto all = readAll(*withOriginalKeys(source, NetworkKind::OpenClipText));
    QCOMPARE(all.size(), 2U); // the biases of layer 0 and the lone q of layer 1 are missing
    const at::Tensor joined = all.at("transformer.resblocks.0.attn.in_proj_weight");
    QCOMPARE(joined.sizes().vec(), (std::vector<std::int64_t>{6, 2}));
    QCOMPARE(joined[1][0].item<int>(), 1);
    QCOMPARE(joined[5][1].item<int>(), 3);
  }

  void keepsOneOfTwoEqualTensors() {
    const auto source = sourceOf({"shared.weight", "encoder.embed_tokens.weight", "encoder.final_layer_norm.weight",
                                  "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
                                  "lm_head.weight", "decoder.final_layer_norm.weight"});
    const auto all = readAll(*withOriginalKeys(source, NetworkKind::Umt5));
    QCOMPARE(all.size(), 3U);
    QCOMPARE(all.at("token_embedding.weight")[0][0].item<int>(), 1);
  }

  void knowsFilesThatLeaveTheModelsNameOut() {
    for (const char* prefix : {"", "text_encoder."}) {
      const std::string p = prefix;
      const auto source = sourceOf({p + "embeddings.token_embedding.weight", p + "embeddings.position_ids",
                                    p + "encoder.layers.0.self_attn.q_proj.weight", p + "final_layer_norm.bias"});
      QCOMPARE(findNetworks(source->tensors()).size(), 1U);
      const auto all = readAll(*withOriginalKeys(source, NetworkKind::ClipText));
      QCOMPARE(all.size(), 3U);
      QVERIFY(all.contains("text_model.encoder.layers.0.self_attn.q_proj.weight"));
      QVERIFY(readAll(*withOriginalKeys(source, NetworkKind::OpenClipText)).contains("ln_final.bias"));
    }
    const auto vision = sourceOf(
        {"embeddings.class_embedding", "encoder.layers.0.self_attn.q_proj.weight", "encoder.layers.0.mlp.fc1.weight"});
    QVERIFY(readAll(*withOriginalKeys(vision, NetworkKind::ClipVision)).contains("visual.transformer.0.mlp.0.weight"));
  }

  void leavesUnknownSourcesAlone() {
    const auto source = sourceOf({"a", "b"});
    QVERIFY(findNetworks(source->tensors()).empty());
    QCOMPARE(withOriginalKeys(source, NetworkKind::WanDit).get(), static_cast<TensorSource*>(source.get()));
  }

  void survivesNamesThatMeanNothing() {
    const auto source = sourceOf({"", ".", "..", "head.modulation", "patch_embedding.weight", "blocks.", "blocks.x.y",
                                  "blocks.99999999999999999999.z", "_fsdp_wrapped_module", "head.modulation."});
    const auto view = withOriginalKeys(source, NetworkKind::WanDit);
    QVERIFY(view->tensors().size() >= 6);
    QVERIFY(!diffusersWeights(NetworkKind::WanDit, {"blocks..self_attn.q.weight", "", "blocks.1.self_attn.q.weight"})
                 .empty());
    const auto vae = sourceOf({"encoder.conv_in.weight", "decoder.mid_block.attentions.0.group_norm.weight",
                               "decoder.up_blocks.4294967295.resnets.0.norm1.weight", "decoder.up_blocks.-1.x"});
    QCOMPARE(withOriginalKeys(vae, NetworkKind::SdVae)->tensors().size(), 4U);
  }
};

QTEST_APPLESS_MAIN(TestKeyMap)
#include "tst_key_map.moc"
