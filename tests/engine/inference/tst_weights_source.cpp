// SPDX-License-Identifier: Apache-2.0
#include <QTest>

#include <cstring>

#include <nlohmann/json.hpp>

#include "engine/inference/weights/inspection.h"
#include "engine/inference/weights/strict_json_p.h"
#include "engine/inference/weights/weights_fault_p.h"
#include "engine/inference/weights/weights_source_p.h"
#include "tests/engine/inference/key_table.h"
#include "tests/engine/inference/made_weights.h"
#include "tests/support/files.h"

using namespace kinora;
using namespace kinora::inference;
using nlohmann::json;
using test::safetensorsOf;

namespace {

// A folder with two good parts (a and b; c), and this text as the index.
std::filesystem::path indexed(const test::TempFolder& folder, const std::string& index) {
  folder.write("m-00001-of-00002.safetensors", safetensorsOf({{"a", {2}}, {"b", {1}}}));
  folder.write("m-00002-of-00002.safetensors", safetensorsOf({{"c", {3}}}));
  folder.write("x.txt", "no weights");
  return folder.write("m.safetensors.index.json", index);
}

std::string weightMap(const std::string& entries) {
  return "{\"metadata\":{\"total_size\":24},\"weight_map\":{" + entries + "}}";
}
const std::string kOne = "m-00001-of-00002.safetensors";
const std::string kTwo = "m-00002-of-00002.safetensors";
std::string entry(const std::string& tensor, const std::string& file) {
  return "\"" + tensor + "\":\"" + file + "\"";
}
const std::string kGood = entry("a", kOne) + "," + entry("b", kOne) + "," + entry("c", kTwo);

struct Row {
  const char* name;
  std::string index;
  const char* expected; // part of the message
};

std::vector<Row> badIndexes() {
  const std::string phrase(faultPhrase(WeightsFault::BadIndex));
  const auto in = [](const std::string& file) { return weightMap(kGood + "," + entry("d", file)); };
  std::string deep;
  for (int i = 0; i < 100'000; ++i)
    deep += "[";
  return {
      {"empty", "", "no JSON"},
      {"space", "   ", "no JSON"},
      {"cut off", weightMap(kGood).substr(0, 60), "no JSON"},
      {"two values", weightMap(kGood) + "{}", "no JSON"},
      {"zero byte", weightMap(kGood) + std::string("\0", 1), "zero byte"},
      {"no UTF-8", "{\"weight_map\":{\"\xff\":\"x\"}}", "no JSON"},
      {"comment", "/* */" + weightMap(kGood), "no JSON"},
      {"not a number", "{\"weight_map\":NaN}", "no JSON"},
      {"deep", deep, "levels deep"},
      {"list", "[]", "no weight_map"},
      {"text", "\"weight_map\"", "no weight_map"},
      {"null", "null", "no weight_map"},
      {"no map", "{\"metadata\":{}}", "no weight_map"},
      {"map is a list", "{\"weight_map\":[]}", "no weight_map"},
      {"map is null", "{\"weight_map\":null}", "no weight_map"},
      {"map is empty", weightMap(""), "0 files"},
      {"map twice", "{\"weight_map\":{" + kGood + "},\"weight_map\":{}}", "stands twice"},
      {"tensor in two parts", weightMap(kGood + "," + entry("a", kTwo)), "a stands twice"},
      {"tensor in two parts by escape", weightMap(kGood + ",\"\\u0061\":\"" + kTwo + "\""), "a stands twice"},
      {"file is a number", weightMap(kGood + ",\"d\":1"), "no file beside"},
      {"file is null", weightMap(kGood + ",\"d\":null"), "no file beside"},
      {"file is a list", weightMap(kGood + ",\"d\":[\"x\"]"), "no file beside"},
      {"empty name", in(""), "no file beside"},
      {"this folder", in("."), "no file beside"},
      {"folder above", in(".."), "no file beside"},
      {"way up", in("../m.safetensors"), "no file beside"},
      {"way up in the middle", in("x/../../m.safetensors"), "no file beside"},
      {"absolute", in("/etc/passwd"), "no file beside"},
      {"folder below", in("sub/m.safetensors"), "no file beside"},
      {"backslash", in("..\\\\m.safetensors"), "no file beside"},
      {"zero in the name", in("m\\u0000.safetensors"), "no file beside"},
      {"name of 300 letters", in(std::string(300, 'n')), "no file beside"},
      {"device", in("/dev/zero"), "no file beside"},
      {"missing part", in("m-00003-of-00003.safetensors"), "m-00003-of-00003.safetensors"},
      {"part is a text file", in("x.txt"), "the header is broken"},
      {"tensor in no part", weightMap(kGood + "," + entry("d", kTwo)), "d in "},
      {"tensor in the other part", weightMap(entry("a", kOne) + "," + entry("b", kTwo) + "," + entry("c", kTwo)),
       "the index says"},
      {"tensor that the index does not know", weightMap(entry("a", kOne) + "," + entry("c", kTwo)), "does not know it"},
      {"parts swapped", weightMap(entry("a", kTwo) + "," + entry("b", kTwo) + "," + entry("c", kOne)),
       "the index says"},
      {"the index itself", in("m.safetensors.index.json"), "the header is broken"},
      {"only a name that is too long for a file", weightMap(entry("a", std::string(255, 'x'))), "files are missing"},
  };
}

std::string numbers(const NetworkReport& report, const std::string& name) {
  for (const auto& [key, value] : report.configuration) {
    if (key == name)
      return value;
  }
  return {};
}

std::vector<test::Made> wanTensors() {
  return {{"patch_embedding.weight", {64, 16, 1, 2, 2}},
          {"head.modulation", {1, 2, 64}},
          {"head.head.weight", {64, 64}},
          {"text_embedding.0.weight", {64, 40}},
          {"time_embedding.0.weight", {64, 256}},
          {"blocks.0.ffn.0.weight", {160, 64}},
          {"blocks.11.ffn.0.weight", {160, 64}}};
}

} // namespace

class TestWeightsSource : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void refusesBadIndexes_data() {
    QTest::addColumn<int>("row");
    const auto rows = badIndexes();
    for (std::size_t i = 0; i < rows.size(); ++i)
      QTest::newRow(rows[i].name) << static_cast<int>(i);
  }
  void refusesBadIndexes() {
    QFETCH(int, row);
    const Row bad = badIndexes().at(static_cast<std::size_t>(row));
    const test::TempFolder folder;
    const auto path = indexed(folder, bad.index);
    const auto opened = openWeights(path);
    QVERIFY(!opened);
    QVERIFY2(opened.error().message.find(bad.expected) != std::string::npos, opened.error().text().c_str());
    QVERIFY2(opened.error().where.find(folder.path().string()) != std::string::npos, opened.error().where.c_str());
  }

  void joinsParts() {
    const test::TempFolder folder;
    const auto path = indexed(folder, weightMap(kGood));
    for (const auto& way : {path, folder.path()}) {
      auto opened = openWeights(way);
      QVERIFY2(opened, opened ? "" : opened.error().text().c_str());
      QCOMPARE(opened->container, std::string("safetensors in 2 parts"));
      QCOMPARE(opened->tensors->tensors().size(), 3U);
      QCOMPARE(opened->files.size(), 2U);
      QCOMPARE(opened->values.at("total_size").get<int>(), 24);
      for (std::size_t i = 0; i < 3; ++i)
        QCOMPARE(opened->tensors->read(i).value().numel(),
                 static_cast<std::int64_t>(opened->tensors->tensors()[i].elements()));
    }
  }

  void choosesTheFileOfAFolder() {
    const test::TempFolder folder;
    QCOMPARE(openWeights(folder.path()).error().code, ErrorCode::InvalidArgument);
    folder.write("model.fp16.safetensors", safetensorsOf({{"half", {1}}}));
    QCOMPARE(openWeights(folder.path())->tensors->tensors()[0].name, std::string("half"));
    folder.write("model.safetensors", safetensorsOf({{"whole", {1}}}));
    QCOMPARE(openWeights(folder.path())->tensors->tensors()[0].name, std::string("whole"));
    folder.write("pytorch_model.bin", "not looked at");
    QCOMPARE(openWeights(folder.path())->tensors->tensors()[0].name, std::string("whole"));
    folder.write("other.safetensors", safetensorsOf({{"x", {1}}}));
    QCOMPARE(openWeights(folder.path()).error().code, ErrorCode::InvalidArgument);
  }

  void missesTheIndexOfParts() {
    const test::TempFolder folder;
    indexed(folder, "");
    std::filesystem::remove(folder.file("m.safetensors.index.json"));
    const auto opened = openWeights(folder.path());
    QVERIFY(!opened);
    QCOMPARE(opened.error().code, ErrorCode::NotFound);
    QVERIFY2(opened.error().message.find("index") != std::string::npos, opened.error().text().c_str());
  }

  void tellsFilesByTheirContent() {
    const test::TempFolder folder;
    QCOMPARE(openWeights(folder.write("a.pth", safetensorsOf({{"a", {1}}})))->container, std::string("safetensors"));
    const std::string picture = "\x89PNG\r\n\x1a\n and more bytes";
    QVERIFY(openWeights(folder.write("p.safetensors", picture)).error().message.find("picture") != std::string::npos);
    QVERIFY(openWeights(folder.write("p.pth", picture)).error().message.find("picture") != std::string::npos);
    QVERIFY(openWeights(folder.write("e.pth", "")).error().message.find("empty") != std::string::npos);
    QVERIFY(openWeights(folder.write("e.safetensors", "")).error().message.find("empty") != std::string::npos);
    QVERIFY(!looksLikeWeights(folder.write("p.png", picture)));
    QVERIFY(!looksLikeWeights(folder.write("e", "")));
    QVERIFY(looksLikeWeights(folder.write("noending", safetensorsOf({{"a", {1}}}))));
  }

  void survivesASparseFileOfThreeGigabytes() {
    const test::TempFolder folder;
    const auto path = folder.write("sparse.safetensors", "");
    std::filesystem::resize_file(path, std::uintmax_t{3} << 30);
    const auto opened = openWeights(path);
    QVERIFY(!opened);
    QVERIFY2(opened.error().message.find(faultPhrase(WeightsFault::BadHeader)) != std::string::npos,
             opened.error().text().c_str());
  }

  void inspectsANetwork() {
    const test::TempFolder folder;
    const auto path = folder.write("wan.safetensors", safetensorsOf(wanTensors()));
    auto inspection = inspectWeights(path);
    QVERIFY2(inspection, inspection ? "" : inspection.error().text().c_str());
    QCOMPARE(inspection->content, WeightsContent::Networks);
    QCOMPARE(inspection->networks.size(), 1U);
    const NetworkReport& report = inspection->networks[0];
    QCOMPARE(report.kind, NetworkKind::WanDit);
    QCOMPARE(numbers(report, "layers"), std::string("12"));
    QCOMPARE(numbers(report, "width"), std::string("64"));
    QCOMPARE(numbers(report, "output channels"), std::string("16"));
    QVERIFY(report.problems.empty());
    QCOMPARE(report.needs.size(), 2U); // an autoencoder and the text encoder

    folder.write("config.json", "{\"dim\":64,\"num_layers\":40}");
    folder.write("tae.safetensors", safetensorsOf({{"encoder.0.weight", {8, 3, 3, 3}},
                                                   {"decoder.1.weight", {8, 16, 3, 3}},
                                                   {"encoder.12.conv.weight", {8, 8, 1, 1}}}));
    inspection = inspectWeights(path);
    QVERIFY2(inspection, inspection ? "" : inspection.error().text().c_str());
    QCOMPARE(inspection->networks[0].needs.size(), 1U);
    QCOMPARE(inspection->networks[0].problems.size(), 1U);
    QVERIFY(inspection->networks[0].problems[0].find("num_layers 40") != std::string::npos);
  }

  void knowsEveryPublishedNetwork_data() {
    QTest::addColumn<QString>("keys");
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("variant");
    const auto row = [](const char* keys, NetworkKind kind, const char* variant) {
      QTest::newRow(keys) << QString(keys) << static_cast<int>(kind) << QString(variant);
    };
    row("taew2_1", NetworkKind::Taehv, "taew2_1");
    row("taew2_1_super", NetworkKind::Taehv, "taew2_1");
    row("taew2_2", NetworkKind::Taehv, "taew2_2");
    row("taesd", NetworkKind::Taesd, "");
    row("wan_vae21", NetworkKind::WanVae, "");
    row("wan_vae22", NetworkKind::WanVae22, "");
    row("umt5_xxl", NetworkKind::Umt5, "UMT5-XXL");
    row("sd15_unet", NetworkKind::SdUnet, "Stable Diffusion 1.x");
    row("sd21_unet", NetworkKind::SdUnet, "Stable Diffusion 2.x");
    row("sd15_text", NetworkKind::ClipText, "CLIP ViT-L/14");
    row("sd21_text", NetworkKind::OpenClipText, "OpenCLIP ViT-H/14");
    row("sd_vae_diffusers", NetworkKind::SdVae, "");
    row("dreamidv", NetworkKind::WanDit, "DreamID-V");
    row("dreamidv_faster", NetworkKind::WanDit, "DreamID-V Faster");
    row("wan_t2v_1b", NetworkKind::WanDit, "Wan 2.1 text to video, 1.3B (and causal models made from it)");
    row("wan_t2v_14b", NetworkKind::WanDit, "Wan 2.1 or 2.2 text to video, 14B");
    row("wan_i2v_14b", NetworkKind::WanDit, "Wan 2.1 image to video, 14B");
    row("wan_inpaint_1b", NetworkKind::WanDit, "Wan 2.1 Fun inpainting, 1.3B");
    row("wan_control_1b", NetworkKind::WanDit, "Wan 2.1 Fun control, 1.3B");
    row("wan_ti2v_5b", NetworkKind::WanDit, "Wan 2.2 text and image to video, 5B");
    row("wan_track_1b", NetworkKind::WanDit, "Wan 2.1 with tracks, 1.3B");
  }
  // Names and shapes at full size; the numbers are a hole in the file.
  void knowsEveryPublishedNetwork() {
    QFETCH(QString, keys);
    QFETCH(int, kind);
    QFETCH(QString, variant);
    nlohmann::ordered_json header = nlohmann::ordered_json::object();
    std::uint64_t at = 0;
    for (const auto& [name, shape] : test::keyTable(keys.toStdString())) {
      std::uint64_t bytes = 2;
      for (const std::int64_t extent : shape)
        bytes *= static_cast<std::uint64_t>(extent);
      header[name] = {{"dtype", "BF16"}, {"shape", shape}, {"data_offsets", {at, at + bytes}}};
      at += bytes;
    }
    const std::string text = header.dump();
    std::string length(8, '\0');
    const std::uint64_t size = text.size();
    std::memcpy(length.data(), &size, 8);
    const test::TempFolder folder;
    const auto path = folder.write("full.safetensors", length + text);
    std::filesystem::resize_file(path, 8 + size + at);
    const auto inspection = inspectWeights(path);
    QVERIFY2(inspection, inspection ? "" : inspection.error().text().c_str());
    QCOMPARE(inspection->networks.size(), 1U);
    QCOMPARE(inspection->networks[0].kind, static_cast<NetworkKind>(kind));
    QCOMPARE(inspection->networks[0].variant, variant.toStdString());
    // q, k and v of 23 layers are one weight and one bias in the original.
    const bool joined = inspection->networks[0].kind == NetworkKind::OpenClipText;
    QCOMPARE(inspection->networks[0].tensors, header.size() - (joined ? 23U * 4U : 0U));
  }

  void inspectsAModelFolder() {
    const test::TempFolder folder;
    folder.write("model_index.json",
                 "{\"_class_name\":\"WanPipeline\",\"_diffusers_version\":\"0.33\",\"boundary_ratio\":null,"
                 "\"scheduler\":[\"diffusers\",\"UniPC\"],\"text_encoder\":[\"transformers\",\"UMT5EncoderModel\"],"
                 "\"transformer\":[\"diffusers\",\"WanTransformer3DModel\"],\"image_encoder\":[null,null]}");
    folder.write("scheduler/scheduler_config.json", "{}");
    folder.write("transformer/diffusion_pytorch_model.safetensors",
                 safetensorsOf({{"patch_embedding.weight", {64, 16, 1, 2, 2}},
                                {"condition_embedder.time_proj.weight", {384, 64}}}));
    folder.write("transformer/config.json", "{\"in_channels\":36}");
    const auto inspection = inspectWeights(folder.path());
    QVERIFY2(inspection, inspection ? "" : inspection.error().text().c_str());
    QCOMPARE(inspection->container, std::string("diffusers folder (WanPipeline)"));
    QCOMPARE(inspection->networks.size(), 1U);
    QCOMPARE(inspection->networks[0].component, std::string("transformer"));
    QVERIFY(inspection->networks[0].diffusersNames);
    QCOMPARE(inspection->networks[0].problems.size(), 1U);
    QCOMPARE(inspection->networks[0].needs.size(), 2U);
    const std::pair<std::string, std::string> missing{"text_encoder", "missing"};
    QVERIFY(std::find(inspection->facts.begin(), inspection->facts.end(), missing) != inspection->facts.end());

    folder.write("model_index.json", "{\"../x\":[\"a\",\"b\"]}");
    QVERIFY(!inspectWeights(folder.path()));
    folder.write("model_index.json", "{}");
    QVERIFY(!inspectWeights(folder.path()));
    folder.write("model_index.json", "nonsense");
    QVERIFY(!inspectWeights(folder.path()));
  }

  void inspectsOtherFiles() {
    const test::TempFolder folder;
    const auto lora = inspectWeights(
        folder.write("lora.safetensors", safetensorsOf({{"lora_unet_blocks_0_self_attn_q.lora_down.weight", {4, 32}},
                                                        {"lora_unet_blocks_0_self_attn_q.lora_up.weight", {32, 4}},
                                                        {"lora_unet_blocks_0_self_attn_q.alpha", {}}})));
    QVERIFY2(lora, lora ? "" : lora.error().text().c_str());
    QCOMPARE(lora->content, WeightsContent::Lora);
    const auto nothing = inspectWeights(folder.write("none.safetensors", safetensorsOf({})));
    QCOMPARE(nothing->content, WeightsContent::Nothing);
    const auto unknown = inspectWeights(folder.write("u.safetensors", safetensorsOf({{"a", {1}}, {"b", {2}}})));
    QCOMPARE(unknown->content, WeightsContent::Tensors);
    QCOMPARE(unknown->firstTensors.size(), 2U);
    QVERIFY(!inspectWeights(folder.file("absent.safetensors")));
    const auto goldens = test::goldensFolder();
    if (!goldens)
      return;
    const auto voice = inspectWeights(*goldens / "voice/rvc_container/v2_40k.pth");
    QVERIFY2(voice, voice ? "" : voice.error().text().c_str());
    QCOMPARE(voice->content, WeightsContent::VoiceModel);
    const auto list = inspectWeights(*goldens / "hostile/pth/not_a_model.pth");
    QVERIFY2(list, list ? "" : list.error().text().c_str());
    QVERIFY(list->content == WeightsContent::Nothing || list->content == WeightsContent::Tensors);
  }
};

QTEST_APPLESS_MAIN(TestWeightsSource)
#include "tst_weights_source.moc"
