// SPDX-License-Identifier: Apache-2.0
#include <QTest>

#include <chrono>
#include <fstream>

#include <ATen/ATen.h>

#include "engine/inference/text/prompt_cache_p.h"
#include "engine/inference/text/prompt_encoder_p.h"
#include "tests/engine/inference/random_weights.h"
#include "tests/support/files.h"

using namespace kinora;
using namespace kinora::inference;

namespace {

at::Tensor rows(std::int64_t count, double value = 0.5) {
  return at::arange(count * 4, at::kFloat).view({count, 4}).mul_(0.25).add_(value).to(at::kBFloat16);
}

std::int64_t bytesIn(const std::filesystem::path& folder) {
  std::int64_t total = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    total += static_cast<std::int64_t>(entry.file_size());
  return total;
}

// Makes a file look unused since so many minutes.
void age(const std::filesystem::path& file, int minutes) {
  std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - std::chrono::minutes(minutes));
}

void overwrite(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

class TestPromptCache : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void keepsWhatWasStored();
  void encoderAndTextBothCount();
  void removesTheLongestUnused();
  void keepsTheNewestHoweverLarge();
  void ignoresDamagedFiles();
  void ignoresFilesOfAnotherPrompt();
  void leavesOtherFilesAlone();
  void saysWhyAFolderCannotBeMade();
  void loadsTheEncoderOnlyForNewPrompts();
  void worksWithoutAWritableFolder();
  void saysWhyTheEncoderIsMissing();
};

void TestPromptCache::keepsWhatWasStored() {
  const test::TempFolder folder;
  const PromptKey key{"umt5 abc", "a red fox, 一只 \n\" \\ </s>"};
  {
    const PromptCache cache(folder.path() / "deep" / "prompts");
    QVERIFY(!cache.find(key));
    QVERIFY(cache.store(key, rows(3)).has_value());
  }
  const PromptCache later(folder.path() / "deep" / "prompts");
  const auto found = later.find(key);
  QVERIFY(found.has_value());
  QCOMPARE(found->scalar_type(), at::kBFloat16);
  QVERIFY(at::equal(*found, rows(3)));
  QVERIFY(later.store(key, rows(2, 7)).has_value()); // replaced
  QVERIFY(at::equal(*later.find(key), rows(2, 7)));
  // What was handed out lives on without its file.
  std::filesystem::remove_all(folder.path() / "deep");
  QVERIFY(at::equal(*found, rows(3)));
}

void TestPromptCache::encoderAndTextBothCount() {
  const test::TempFolder folder;
  const PromptCache cache(folder.path());
  QVERIFY(cache.store({"one", "fox"}, rows(2, 1)).has_value());
  QVERIFY(cache.store({"two", "fox"}, rows(2, 2)).has_value());
  QVERIFY(!cache.find({"one", "foxes"}));
  QVERIFY(!cache.find({"onef", "ox"}));
  QVERIFY(at::equal(*cache.find({"one", "fox"}), rows(2, 1)));
  QVERIFY(at::equal(*cache.find({"two", "fox"}), rows(2, 2)));
}

void TestPromptCache::removesTheLongestUnused() {
  const test::TempFolder folder;
  const PromptKey a{"e", "a"}, b{"e", "b"}, c{"e", "c"}, d{"e", "d"};
  const PromptCache wide(folder.path());
  for (const PromptKey& key : {a, b, c})
    QVERIFY(wide.store(key, rows(50)).has_value());
  const std::int64_t three = bytesIn(folder.path());
  age(wide.fileOf(a), 30);
  age(wide.fileOf(b), 20);
  age(wide.fileOf(c), 10);
  QVERIFY(wide.find(a)); // used again: b is the oldest now
  const PromptCache narrow(folder.path(), three);
  QVERIFY(narrow.store(d, rows(50)).has_value());
  QVERIFY(bytesIn(folder.path()) <= three);
  QVERIFY(narrow.find(a));
  QVERIFY(!narrow.find(b));
  QVERIFY(narrow.find(c));
  QVERIFY(narrow.find(d));
}

void TestPromptCache::keepsTheNewestHoweverLarge() {
  const test::TempFolder folder;
  const PromptCache tiny(folder.path(), 1);
  QVERIFY(tiny.store({"e", "a"}, rows(5)).has_value());
  QVERIFY(tiny.store({"e", "b"}, rows(5)).has_value());
  QVERIFY(!tiny.find({"e", "a"}));
  QVERIFY(tiny.find({"e", "b"}));
}

void TestPromptCache::ignoresDamagedFiles() {
  const test::TempFolder folder;
  const PromptCache cache(folder.path());
  const PromptKey key{"e", "fox"};
  QVERIFY(cache.store(key, rows(4)).has_value());
  const std::string good = contents(cache.fileOf(key));
  std::vector<std::string> bad = {"",
                                  "x",
                                  std::string(8, '\xFF'),
                                  good.substr(0, good.size() - 1),
                                  good.substr(0, 20),
                                  good + "more",
                                  std::string(good.size(), '\0')};
  std::string wrong = good;
  wrong.replace(wrong.find("rows"), 4, "cols");
  bad.push_back(wrong);
  std::string notANumber = good; // the last bfloat16 becomes NaN
  notANumber.replace(notANumber.size() - 2, 2, "\xFF\x7F");
  bad.push_back(notANumber);
  for (const std::string& bytes : bad) {
    overwrite(cache.fileOf(key), bytes);
    QVERIFY2(!cache.find(key), bytes.substr(0, 40).c_str());
    QVERIFY(cache.store(key, rows(4)).has_value()); // written anew
    QVERIFY(cache.find(key));
  }
  QVERIFY(cache.store(key, at::ones({3})).has_value()); // no rows
  QVERIFY(!cache.find(key));
}

void TestPromptCache::ignoresFilesOfAnotherPrompt() {
  const test::TempFolder folder;
  const PromptCache cache(folder.path());
  QVERIFY(cache.store({"e", "fox"}, rows(4)).has_value());
  std::filesystem::copy_file(cache.fileOf({"e", "fox"}), cache.fileOf({"e", "cat"}));
  QVERIFY(!cache.find({"e", "cat"}));
}

void TestPromptCache::leavesOtherFilesAlone() {
  const test::TempFolder folder;
  const auto other = folder.write("notes.txt", std::string(10'000, 'n'));
  const PromptCache tiny(folder.path(), 1);
  QVERIFY(tiny.store({"e", "a"}, rows(5)).has_value());
  QVERIFY(tiny.store({"e", "b"}, rows(5)).has_value());
  QVERIFY(std::filesystem::exists(other));
}

void TestPromptCache::saysWhyAFolderCannotBeMade() {
  const test::TempFolder folder;
  const auto file = folder.write("file", "x");
  const auto stored = PromptCache(file / "prompts").store({"e", "a"}, rows(1));
  QVERIFY(!stored.has_value());
  QCOMPARE(stored.error().code, ErrorCode::Io);
  QVERIFY(!PromptCache(file / "prompts").find({"e", "a"}));
}

namespace {

struct Setup {
  int loads = 0;
  PromptEncoder encoder;

  explicit Setup(std::int64_t length = 512)
      : encoder{*UnigramTokenizer::open(*test::goldenCase("text/umt5") / "tokenizer.model"), "small umt5",
                [this]() -> Result<Umt5Encoder> {
                  ++loads;
                  const Umt5Config config{
                      .vocabulary = 520, .width = 16, .attentionWidth = 16, .feedForward = 32, .heads = 2, .layers = 2};
                  const auto load = [&](WeightTable& table) { return Umt5Encoder::load(table, config); };
                  WeightTable table(test::randomWeights([&](WeightTable& t) { static_cast<void>(load(t)); }, 1));
                  return load(table);
                },
                length} {}
};

} // namespace

void TestPromptCache::loadsTheEncoderOnlyForNewPrompts() {
  const test::TempFolder folder;
  const PromptCache cache(folder.path());
  Setup setup;
  const auto first = setup.encoder.embed({"a red fox", "a blue cat", "a  red fox "}, cache);
  QVERIFY(first.has_value());
  QCOMPARE(setup.loads, 1);
  QVERIFY(at::equal((*first)[0], (*first)[2])); // the same once cleaned
  QVERIFY(!at::equal((*first)[0].slice(0, 0, 2), (*first)[1].slice(0, 0, 2)));
  const auto again = setup.encoder.embed({"a blue cat", "a red fox"}, cache);
  QVERIFY(again.has_value());
  QCOMPARE(setup.loads, 1);
  QVERIFY(at::equal((*again)[0], (*first)[1]));
  QVERIFY(setup.encoder.embed({"a blue cat", "something new"}, cache).has_value());
  QCOMPARE(setup.loads, 2);
  // Another length of the prompt is another embedding.
  Setup shorter(3);
  const auto cut = shorter.encoder.embed({"a red fox"}, cache);
  QVERIFY(cut.has_value());
  QCOMPARE(shorter.loads, 1);
  QCOMPARE((*cut)[0].size(0), 3);
  std::stop_source stop;
  stop.request_stop();
  const auto cancelled = setup.encoder.embed({"a red fox"}, cache, stop.get_token());
  QVERIFY(!cancelled.has_value());
  QCOMPARE(cancelled.error().code, ErrorCode::Cancelled);
}

void TestPromptCache::worksWithoutAWritableFolder() {
  const test::TempFolder folder;
  const auto file = folder.write("file", "x");
  Setup setup;
  const auto embedded = setup.encoder.embed({"a red fox"}, PromptCache(file / "prompts"));
  QVERIFY(embedded.has_value());
  QCOMPARE(setup.loads, 1);
}

void TestPromptCache::saysWhyTheEncoderIsMissing() {
  const test::TempFolder folder;
  Setup setup;
  setup.encoder.load = []() -> Result<Umt5Encoder> {
    return fail(ErrorCode::NotFound, "the text encoder is not there", "models/umt5");
  };
  const auto embedded = setup.encoder.embed({"a red fox"}, PromptCache(folder.path()));
  QVERIFY(!embedded.has_value());
  QCOMPARE(embedded.error().code, ErrorCode::NotFound);
}

QTEST_APPLESS_MAIN(TestPromptCache)
#include "tst_prompt_cache.moc"
