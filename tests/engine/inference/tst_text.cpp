// SPDX-License-Identifier: Apache-2.0
#include <QElapsedTimer>
#include <QTest>

#include <bit>
#include <functional>
#include <random>

#include "engine/inference/text/clip_tokenizer_p.h"
#include "engine/inference/text/mojibake_p.h"
#include "engine/inference/text/prompt_tokens_p.h"
#include "engine/inference/text/sentencepiece_p.h"
#include "engine/inference/text/text_cleaning_p.h"
#include "engine/inference/text/utf8_p.h"
#include "tests/support/files.h"

using namespace kinora;
using namespace kinora::inference;

namespace {

// --- a small writer of .model files ----------------------------------------------------------------------------------

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7)
    bytes.push_back(static_cast<char>((value & 0x7F) | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}
std::string number(int field, std::uint64_t value) {
  return varint(static_cast<std::uint64_t>(field) << 3) + varint(value);
}
std::string bytesField(int field, std::string_view bytes) {
  return varint((static_cast<std::uint64_t>(field) << 3) | 2) + varint(bytes.size()) + std::string(bytes);
}
std::string fixed32(std::uint32_t value) {
  std::string bytes;
  for (int i = 0; i < 4; ++i)
    bytes.push_back(static_cast<char>((value >> (8 * i)) & 0xFF));
  return bytes;
}
std::string floatField(int field, float value) {
  return varint((static_cast<std::uint64_t>(field) << 3) | 5) + fixed32(std::bit_cast<std::uint32_t>(value));
}
std::string piece(std::string_view text, float score = -1, int type = 1) {
  return bytesField(1, bytesField(1, text) + floatField(2, score) + number(3, static_cast<std::uint64_t>(type)));
}
std::string trainer(const std::string& more = {}) {
  return bytesField(2, number(3, 1) + number(42, 1) + more);
}
std::string smallModel(const std::string& more = {}) {
  return piece("<unk>", 0, 2) + piece("</s>", 0, 3) + piece("\xE2\x96\x81", -2) + piece("a", -3) + piece("ab", -2.5F) +
         piece("b", -4) + trainer() + more;
}
std::string mapField(std::string_view blob) {
  return bytesField(3, bytesField(2, blob));
}

struct BadModel {
  const char* name;
  std::string bytes;
  const char* says; // part of the message
  ErrorCode code = ErrorCode::Corrupt;
};

std::vector<BadModel> badModels() {
  const std::string good = smallModel();
  std::string cut = good;
  cut.resize(cut.size() - 1);
  std::string bytePieces;
  for (int byte = 0; byte < 255; ++byte) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", byte);
    bytePieces += piece(name, 0, 6);
  }
  std::string eleven(11, '\xFF');
  return {
      {"nothing", "", "no pieces"},
      {"one byte", "\x0A", "cut off at byte 1"},
      {"text", "this is no model", "byte"},
      {"html page", "<!DOCTYPE html><html></html>", "byte"},
      {"a picture", "\x89PNG\r\n\x1A\n", "byte"},
      {"a zip", "PK\x03\x04 something", "byte"},
      {"a safetensors header", std::string("\x10\0\0\0\0\0\0\0{\"a\":1}", 15), "byte"},
      {"cut at the end", cut, "left"},
      {"cut in the middle", good.substr(0, good.size() / 2), "left"},
      {"length past the end", good + varint(10) + varint(1000), "1000 bytes long"},
      {"length of 2^63", good + varint(10) + varint(1ULL << 63), "bytes long"},
      {"endless number", good + varint(24) + eleven, "64 bits"},
      {"number cut off", good + varint(24) + "\xFF\xFF", "cut off"},
      {"field zero", good + std::string("\x02\x00", 2), "begins no field"},
      {"unknown kind of field", good + "\x0B", "unknown kind 3"},
      {"unknown kind 6", good + "\x0E", "unknown kind 6"},
      {"piece as a number", good + number(1, 7), "kind 0 instead of 2"},
      {"piece as fixed bytes", good + varint((1 << 3) | 5) + "abcd", "kind 5 instead of 2"},
      {"text of a piece as a number", good + bytesField(1, number(1, 7)), "text of a piece"},
      {"score as a number", good + bytesField(1, bytesField(1, "x") + number(2, 7)), "score of a piece"},
      {"type as a float", good + bytesField(1, bytesField(1, "x") + floatField(3, 1)), "type of a piece"},
      {"type 0", good + piece("x", -1, 0), "unknown type 0"},
      {"type 9", good + piece("x", -1, 9), "unknown type 9"},
      {"score that is no number", good + piece("x", std::nanf("")), "no finite score"},
      {"infinite score", good + piece("x", INFINITY), "no finite score"},
      {"empty piece", good + piece(""), "is empty"},
      {"piece without text", good + bytesField(1, floatField(2, -1)), "is empty"},
      {"piece of 100 kB", good + piece(std::string(100'000, 'a')), "more than 512"},
      {"the same piece twice", good + piece("ab"), "are both 'ab'"},
      {"two unknown pieces", good + piece("<unk2>", 0, 2), "both stand for what is unknown"},
      {"no unknown piece", piece("a") + trainer(), "no piece stands for what is unknown"},
      {"only marks", piece("<unk>", 0, 2) + piece("</s>", 0, 3) + trainer(), "ordinary text"},
      {"byte-pair model", smallModel(bytesField(2, number(3, 2))), "byte-pair model", ErrorCode::Unsupported},
      {"word model", smallModel(bytesField(2, number(3, 3))), "word model", ErrorCode::Unsupported},
      {"character model", smallModel(bytesField(2, number(3, 4))), "character model", ErrorCode::Unsupported},
      {"model type 77", smallModel(bytesField(2, number(3, 77))), "unknown model", ErrorCode::Unsupported},
      {"byte fallback without bytes", smallModel(bytesField(2, number(35, 1))), "no piece for byte 0"},
      {"byte fallback without the last byte", smallModel(bytePieces + bytesField(2, number(35, 1))),
       "no piece for byte 255"},
      {"end past the pieces", smallModel(bytesField(2, number(42, 6))), "piece 6 of 6"},
      {"pad far past the pieces", smallModel(bytesField(2, number(43, 0x7FFFFFFF))), "piece 2147483647 of 6"},
      {"map of two bytes", smallModel(mapField("ab")), "too few"},
      {"map shorter than its trie", smallModel(mapField(fixed32(4096) + "abcd")), "trie"},
      {"trie of no size", smallModel(mapField(fixed32(0) + "abcd")), "trie"},
      {"trie of odd size", smallModel(mapField(fixed32(3) + std::string("abcdef\0", 7))), "trie"},
      {"map without replacements", smallModel(mapField(fixed32(4) + "abcd")), "zero byte"},
      {"replacements without end", smallModel(mapField(fixed32(4) + "abcdxyz")), "zero byte"},
      {"map as a number", smallModel(bytesField(3, number(2, 5))), "kind 0 instead of 2"},
  };
}

UnigramTokenizer golden(const char* name) {
  const auto folder = test::goldenCase(name);
  Q_ASSERT(folder);
  auto tokenizer = UnigramTokenizer::open(*folder / "tokenizer.model");
  Q_ASSERT(tokenizer);
  return *tokenizer;
}

std::string joined(const UnigramTokenizer& tokenizer, const std::vector<std::int64_t>& ids) {
  std::string text;
  for (const std::int64_t id : ids) {
    const std::string_view one = tokenizer.piece(id);
    if (one.size() == 6 && one.starts_with("<0x"))
      text.push_back(static_cast<char>(std::stoi(std::string(one.substr(3, 2)), nullptr, 16)));
    else
      text += one;
  }
  return text;
}

// Strange but correct text, and bytes that are none.
std::vector<std::string> oddTexts() {
  std::vector<std::string> texts = {
      "",
      " ",
      std::string("a\0b\0", 4),
      "\xF0\x9F\xA6\x8A \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x80 \xE2\x9D\xA4\xEF\xB8\x8F",
      "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D \xE2\x80\x8F\xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7",
      "e\xCC\x81\xCC\xA7 a\xCC\x8A",
      "\xEF\xBC\xA1\xEF\xBD\x82 \xE3\x8E\x8F \xE2\x91\xA0 \xC2\xBD",
      "\xFF\xFE\xC0\x80\xED\xA0\x80\xF5\x80\x80\x80 bytes",
      "\xE2\x96\x81\xE2\x96\x81 blank mark",
      "</s><pad><unk>&lt;/s&gt;",
      "\xE2\x80\xAE reversed \xE2\x80\xAC",
      std::string(300, '&'),
      "&#" + std::string(5000, '9') + ";",
  };
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    std::string bytes;
    for (int j = 0; j < 40; ++j)
      bytes.push_back(static_cast<char>(random()));
    texts.push_back(bytes);
    std::u32string codes;
    for (int j = 0; j < 30; ++j) {
      auto code = static_cast<char32_t>(random() % 0x11000);
      if (code >= 0xD800 && code < 0xE000)
        code += 0x12000;
      codes.push_back(code);
    }
    texts.push_back(toUtf8(codes));
  }
  return texts;
}

bool isUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const DecodedChar next = decodeChar(text, at);
    if (!next.valid)
      return false;
    at += next.bytes;
  }
  return true;
}

} // namespace

class TestText : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void cleansAsTheReferenceDoes_data();
  void cleansAsTheReferenceDoes();
  void leavesCorrectTextAlone_data();
  void leavesCorrectTextAlone();
  void repairsWronglyDecodedText_data();
  void repairsWronglyDecodedText();
  void cleaningTwiceChangesNothing();
  void refusesBadModels_data();
  void refusesBadModels();
  void survivesDamagedModels();
  void survivesAnyCharacterMap();
  void picksTheMostProbablePieces();
  void fallsBackToBytesWithoutLoss();
  void takesAnyText();
  void cutsLongPromptsInBoundedTime();
  void parsesMarksOnlyWhenAsked();
  void refusesBadMerges();
  void clipTakesAnyText();
  void clipCutsLongPrompts();
};

void TestText::cleansAsTheReferenceDoes_data() {
  QTest::addColumn<QString>("text");
  QTest::addColumn<QString>("cleaned");
  const auto row = [](const char* name, const char16_t* text, const char16_t* cleaned) {
    QTest::newRow(name) << QString::fromUtf16(text) << QString::fromUtf16(cleaned);
  };
  row("nothing", u"", u"");
  row("blanks", u" \t a \r\n b\u00A0\u3000c\v ", u"a b c");
  row("entities", u"Fish &amp; chips &lt;b&gt; &amp;amp; &#39;q&#39;", u"Fish & chips <b> & 'q'");
  row("entity without semicolon", u"a &lt b &notit; &copy", u"a < b \u00ACit; \u00A9");
  row("numbers of old pages", u"&#150; &#x80; &#0; &#xD800; &#x110000; &#1; &#xFFFF;",
      u"\u2013 \u20AC \uFFFD \uFFFD \uFFFD");
  row("capitals", u"P&EACUTE;REZ STRA&SZLIG;E", u"P\u00C9REZ STRASSE");
  row("wide", u"\uFF26\uFF35\uFF2C\uFF2C\u3000\uFF57\uFF29\uFF24\uFF34\uFF28", u"FULL wIDTH");
  row("half-width katakana with its voice mark", u"\uFF76\uFF9E", u"\u30AC");
  row("ligatures", u"\uFB01ne \uFB03 \u0132 \u01C4", u"fine ffi IJ D\u017D");
  row("apostrophe digraph", u"\u0149", u"'n");
  row("quotes", u"\u201Ca\u201D \u2018b\u2019 \u201Ec", u"\"a\" 'b' \"c");
  row("controls", u"a\u0007b\u007F \uFEFFc\u2069d\uFFF9e \u00ADf", u"ab c\u2069de \u00ADf");
  row("terminal colours", u"\u001B[31;1mred\u001B[0m \u001B[9", u"red [9");
  row("line ends", u"a\rb\r\nc\u2028d\u0085e", u"a b c d\u2026e");
  row("composed", u"e\u0301 A\u030A \u1100\u1161", u"\u00E9 \u00C5 \uAC00");
  row("marks in canonical order", u"a\u0301\u0323", u"\u1EA1\u0301");
  row("zero width joiner", u"\u200Bx\u200Dy", u"\u200Bx\u200Dy");
}

void TestText::cleansAsTheReferenceDoes() {
  QFETCH(QString, text);
  QFETCH(QString, cleaned);
  QCOMPARE(QString::fromStdString(cleanedPrompt(text.toStdString())), cleaned);
}

void TestText::leavesCorrectTextAlone_data() {
  QTest::addColumn<QString>("text");
  for (const char16_t* text :
       {u"Ein gr\u00F6\u00DFerer Flu\u00DF, na\u00EFve fa\u00E7ade, \u00C5ngstr\u00F6m", u"NESTL\u00C9\u00AE",
        u"\u00AB CAF\u00C9\u00BB", u"\u00D8 5 mm \u00B1 0.1", u"caf\u00E9\u2026 d\u00E9j\u00E0 vu \u2013 50 \u20AC",
        u"\u041F\u0440\u0438\u0432\u0435\u0442, \u043C\u0438\u0440",
        u"\u0395\u03BB\u03BB\u03B7\u03BD\u03B9\u03BA\u03AC", u"\u4E00\u53EA\u732B", u"\u221A2 \u2248 1.41",
        u"\u00A1Hola! \u00BFQu\u00E9?", u"P\u00E9t\u0151fi S\u00E1ndor", u"\u0160koda \u017D",
        u"\u00DCberraschung \u00C4\u00D6\u00DC", u"5\u00B0 \u00B5m \u00BD", u"caf\u00E9\u00BD\u00BC"})
    QTest::newRow(qPrintable(QString::fromUtf16(text))) << QString::fromUtf16(text);
}

void TestText::leavesCorrectTextAlone() {
  QFETCH(QString, text);
  QCOMPARE(QString::fromStdString(cleanedPrompt(text.toStdString())), text);
}

void TestText::repairsWronglyDecodedText_data() {
  QTest::addColumn<QString>("text");
  QTest::addColumn<QString>("repaired");
  const auto row = [](const char* name, const char16_t* text, const char16_t* repaired) {
    QTest::newRow(name) << QString::fromUtf16(text) << QString::fromUtf16(repaired);
  };
  row("western", u"sch\u00C3\u00B6n caf\u00C3\u00A9", u"sch\u00F6n caf\u00E9");
  row("latin-1 controls", u"\u00E2\u0080\u0099s", u"\u2019s");
  row("quotes with an open byte", u"\u00E2\u20AC\u0153q\u00E2\u20AC\u009D", u"\u201Cq\u201D");
  row("twice", u"\u00C3\u0192\u00C2\u00A9t\u00C3\u0192\u00C2\u00A9", u"\u00E9t\u00E9");
  row("emoji", u"\u00F0\u0178\u00A6\u0160", u"\U0001F98A");
  row("Chinese", u"\u00E4\u00B8\u20AC\u00E5\u008F\u00AA", u"\u4E00\u53EA");
  row("Russian read as windows-1251", u"\u0420\u045F\u0421\u0402\u0420\u0451\u0420\u0406\u0420\u00B5\u0421\u201A",
      u"\u041F\u0440\u0438\u0432\u0435\u0442");
  row("read as Macintosh", u"caf\u221A\u00A9", u"caf\u00E9");
  row("read as DOS", u"caf\u251C\u2310", u"caf\u00E9");
  row("next to text that is right", u"sch\u00C3\u00B6n \u4E00\u53EA", u"sch\u00F6n \u4E00\u53EA");
  row("Greek next to text that is right", u"na\u00EFve \u00CE\u2022\u00CE\u00BB", u"na\u00EFve \u0395\u03BB");
  row("a lone ligature", u"c\u00C5\u201Cur", u"c\u0153ur");
  row("lost no-break space", u"voil\u00C3 un chat", u"voil\u00E0 un chat");
  row("windows control", u"wait\u0085 50 \u0080", u"wait\u2026 50 \u20AC");
}

void TestText::repairsWronglyDecodedText() {
  QFETCH(QString, text);
  QFETCH(QString, repaired);
  QCOMPARE(QString::fromStdU32String(repairedEncoding(text.toStdU32String())), repaired);
}

void TestText::cleaningTwiceChangesNothing() {
  for (const std::string& text : oddTexts()) {
    const std::string once = cleanedPrompt(text);
    QVERIFY2(isUtf8(once), text.c_str());
    if (once.find('&') == std::string::npos) // "&amp;amp;amp;" has more to give
      QCOMPARE(cleanedPrompt(once), once);
  }
}

void TestText::refusesBadModels_data() {
  QTest::addColumn<int>("index");
  const auto models = badModels();
  QVERIFY(models.size() >= 40);
  for (std::size_t i = 0; i < models.size(); ++i)
    QTest::newRow(models[i].name) << static_cast<int>(i);
}

void TestText::refusesBadModels() {
  QFETCH(int, index);
  const BadModel bad = badModels()[static_cast<std::size_t>(index)];
  const auto result = UnigramTokenizer::parse(bad.bytes, "folder/spiece.model");
  QVERIFY(!result.has_value());
  QCOMPARE(result.error().code, bad.code);
  QCOMPARE(result.error().where, std::string("folder/spiece.model"));
  QVERIFY2(result.error().message.find(bad.says) != std::string::npos, result.error().message.c_str());
}

// Every byte of a good file set to other values: an error or a tokenizer that works, never a crash.
void TestText::survivesDamagedModels() {
  const std::string good = smallModel(mapField(fixed32(8) + fixed32(0x100) + fixed32(0x41) + std::string("x\0", 2)));
  QVERIFY(UnigramTokenizer::parse(good, "good").has_value());
  int readable = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const unsigned value : {0x00U, 0x01U, 0x7FU, 0x80U, 0xFFU}) {
      std::string bad = good;
      bad[at] = static_cast<char>(value);
      const auto tokenizer = UnigramTokenizer::parse(bad, "bad");
      if (!tokenizer)
        continue;
      ++readable;
      for (const std::int64_t id : tokenizer->encode("abba A \xE2\x96\x81 \xFF"))
        QVERIFY(id >= 0 && id < tokenizer->size());
    }
  }
  QVERIFY(readable > 0);
}

// The map is only bytes to the format: whatever stands there, looking up ends inside it.
void TestText::survivesAnyCharacterMap() {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    std::string trie;
    for (int unit = 0; unit < 64; ++unit)
      trie += fixed32(round % 3 == 0 ? static_cast<std::uint32_t>(random())
                                     : static_cast<std::uint32_t>(random()) & 0x1FFFF);
    const auto tokenizer =
        UnigramTokenizer::parse(smallModel(mapField(fixed32(256) + trie + std::string("ab\0c\0", 5))), "random map");
    QVERIFY(tokenizer.has_value());
    std::string text;
    for (int i = 0; i < 200; ++i)
      text.push_back(static_cast<char>(random()));
    for (const std::int64_t id : tokenizer->encode(text))
      QVERIFY(id >= 0 && id < tokenizer->size());
  }
}

void TestText::picksTheMostProbablePieces() {
  const auto tokenizer = UnigramTokenizer::parse(smallModel(), "small");
  QVERIFY(tokenizer.has_value());
  // "ab" (-2.5) beats "a" + "b" (-7); what is unknown costs ten more than the least probable piece and melts together.
  QCOMPARE(tokenizer->normalised(" ab  a "), std::string("\xE2\x96\x81"
                                                         "ab\xE2\x96\x81"
                                                         "a"));
  QCOMPARE(tokenizer->encode("ab ba"), (std::vector<std::int64_t>{2, 4, 2, 5, 3}));
  QCOMPARE(tokenizer->encode("axyzb"), (std::vector<std::int64_t>{2, 3, 0, 5}));
  QCOMPARE(tokenizer->endId(), std::int64_t{1});
  QCOMPARE(tokenizer->padId(), std::int64_t{-1});
  // A piece of the user's own costs next to nothing.
  const auto own = UnigramTokenizer::parse(smallModel(piece("bb", -9, 4)), "own");
  QVERIFY(own.has_value());
  QCOMPARE(own->encode("abb"), (std::vector<std::int64_t>{2, 3, 6}));
}

void TestText::fallsBackToBytesWithoutLoss() {
  const UnigramTokenizer tokenizer = golden("text/umt5");
  for (const std::string& text : oddTexts()) {
    const auto ids = tokenizer.encode(text);
    QCOMPARE(joined(tokenizer, ids), tokenizer.normalised(text));
  }
}

void TestText::takesAnyText() {
  const UnigramTokenizer tokenizer = golden("text/umt5_nobyte");
  for (const std::string& text : oddTexts()) {
    const auto ids = promptTokens(tokenizer, cleanedPrompt(text), 20);
    QVERIFY(!ids.empty() && ids.size() <= 20);
    QCOMPARE(ids.back(), tokenizer.endId());
    for (const std::int64_t id : ids)
      QVERIFY(id >= 0 && id < tokenizer.size());
    QCOMPARE(ids, promptTokens(tokenizer, cleanedPrompt(text), 20));
  }
}

void TestText::cutsLongPromptsInBoundedTime() {
  const UnigramTokenizer tokenizer = golden("text/umt5");
  for (const char* part : {"a", "the fox ", "\xF0\x9F\xA6\x8A", "a\xCC\x81\xCC\xA3", "&amp;", "\xC3\x83\xC2\xA9"}) {
    std::string text;
    for (int i = 0; i < 100'000; ++i)
      text += part;
    QElapsedTimer timer;
    timer.start();
    const auto ids = promptTokens(tokenizer, cleanedPrompt(text), 512);
    QCOMPARE(ids.size(), std::size_t{512});
    QCOMPARE(ids.back(), tokenizer.endId());
    // A second is normal; what grew with the square of the length would take hours.
    QVERIFY2(timer.elapsed() < 120'000, part);
    // The first ids are those of the whole text: cutting the text first would end in other pieces.
    QCOMPARE(std::vector<std::int64_t>(ids.begin(), ids.begin() + 100), [&] {
      auto all = tokenizer.encode(cleanedPrompt(text));
      all.resize(100);
      return all;
    }());
  }
}

void TestText::parsesMarksOnlyWhenAsked() {
  const UnigramTokenizer tokenizer = golden("text/umt5");
  const std::string text = "a</s> <pad>b";
  const auto plain = promptTokens(tokenizer, text);
  const auto parsed = promptTokens(tokenizer, text, 512, PromptMarks::Parsed);
  QCOMPARE(std::count(plain.begin(), plain.end(), tokenizer.endId()), 1);
  QCOMPARE(std::count(parsed.begin(), parsed.end(), tokenizer.endId()), 2);
  QCOMPARE(std::count(parsed.begin(), parsed.end(), tokenizer.padId()), 1);
}

void TestText::refusesBadMerges() {
  for (const char* merges :
       {"ab\n", "a b\nx yz\n", "a\n", " \n", "a  b\n", "a b c\n", "a</w> b\n", "\xFF a\n", "a b\n\n"}) {
    const auto result = ClipTokenizer::parse(merges);
    QVERIFY2(!result.has_value(), merges);
    QCOMPARE(result.error().code, ErrorCode::Corrupt);
    QVERIFY(result.error().message.find("line") != std::string::npos);
  }
  QVERIFY(ClipTokenizer::parse("").has_value());
  const auto small = ClipTokenizer::parse("a b\nab c</w>\n");
  QVERIFY(small.has_value());
  QCOMPARE(small->encode("abc"), (std::vector<std::int64_t>{ClipTokenizer::kBegin, 513, ClipTokenizer::kEnd}));
}

void TestText::clipTakesAnyText() {
  const ClipTokenizer tokenizer = ClipTokenizer::bundled();
  // Marks: each tokenizer has its own, and only transformers' finds them behind other signs.
  const auto ends = [&](const char* text, ClipTextRules rules) {
    const auto ids = tokenizer.encode(text, rules);
    return std::count(ids.begin(), ids.end(), ClipTokenizer::kEnd) - 1;
  };
  QCOMPARE(ends("a <|endoftext|>", ClipTextRules::OpenClip), 0);
  QCOMPARE(ends("a <end_of_text> !<end_of_text>", ClipTextRules::OpenClip), 1);
  QCOMPARE(ends("a <|endoftext|> !<|endoftext|>", ClipTextRules::Transformers), 2);
  QCOMPARE(ends("a <end_of_text>", ClipTextRules::Transformers), 0);
  for (const std::string& text : oddTexts()) {
    for (const ClipTextRules rules : {ClipTextRules::OpenClip, ClipTextRules::Transformers}) {
      const auto ids = tokenizer.encodePadded(text, 0, rules);
      QCOMPARE(ids.size(), ClipTokenizer::kLength);
      QCOMPARE(ids.front(), ClipTokenizer::kBegin);
      for (const std::int64_t id : ids)
        QVERIFY(id >= 0 && id <= ClipTokenizer::kEnd);
    }
  }
}

void TestText::clipCutsLongPrompts() {
  const ClipTokenizer tokenizer = ClipTokenizer::bundled();
  for (const char* part : {"a", "word ", "\xF0\x9F\xA6\x8A", "!", "1"}) {
    std::string text;
    for (int i = 0; i < 100'000; ++i)
      text += part;
    QElapsedTimer timer;
    timer.start();
    const auto ids = tokenizer.encode(text);
    QCOMPARE(ids.size(), ClipTokenizer::kLength);
    QCOMPARE(ids.back(), ClipTokenizer::kEnd);
    QVERIFY2(timer.elapsed() < 120'000, part);
  }
}

QTEST_APPLESS_MAIN(TestText)
#include "tst_text.moc"
