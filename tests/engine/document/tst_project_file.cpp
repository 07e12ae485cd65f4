// SPDX-License-Identifier: Apache-2.0
#include <QTest>

#include <nlohmann/json.hpp>

#include "engine/base/file.h"
#include "engine/document/project_file.h"
#include "engine/document/upgrade_p.h"
#include "engine/document/validate.h"
#include "tests/engine/document/samples.h"
#include "tests/support/files.h"

using namespace kinora;
using namespace kinora::document;
using nlohmann::json;
using test::need;
namespace fs = std::filesystem;

namespace {

// The valid project with one value replaced at a JSON pointer.
std::string with(const char* pointer, json value) {
  json root = json::parse(test::projectFromTheFuture());
  root[json::json_pointer(pointer)] = std::move(value);
  return root.dump();
}

std::string without(const char* object, const char* key) {
  json root = json::parse(test::projectFromTheFuture());
  root[json::json_pointer(object)].erase(key);
  return root.dump();
}

std::string replaced(std::string_view what, std::string_view by) {
  std::string text = test::projectFromTheFuture();
  const std::size_t at = text.find(what);
  return text.replace(at, what.size(), by);
}

class ProjectFileTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void writesAndReadsTheSame() {
    const auto s = test::sampleDocument();
    for (const char* folder : {"/media", "/projects/deep/down", "/"}) {
      const auto again = parseProject(formatProject(*s.document, folder), folder);
      QVERIFY2(again.has_value(), again ? "" : again.error().text().c_str());
      QVERIFY(**again == *s.document);
    }
    test::TempFolder folder;
    const fs::path path = folder.file("größer.kinora");
    QVERIFY(writeProject(*s.document, path).has_value());
    QVERIFY(*need(readProject(path)) == *s.document);
    QVERIFY(!fs::exists(partPath(path)));
  }

  void floatsSurviveExactly() {
    const auto s = test::sampleDocument();
    for (const float x : {.1F, 1.F / 3, 16777217.F / 32, 1e-30F, 123456.79F, -0.F, 8.589973e-5F, 3.4e-41F}) {
      const auto doc = need(edit::setClipPlacement(s.document, s.videoClip, 1, 1, {x, -x}));
      QCOMPARE(need(parseProject(formatProject(*doc, "/p"), "/p"))->findClip(s.videoClip)->position.x, x);
    }
  }

  void unknownMembersSurviveEveryObject() {
    auto doc = need(parseProject(test::projectFromTheFuture(), "/projects"));
    doc = need(edit::rename(doc, "Edited"));
    doc = need(edit::setFrame(doc, {{1280, 720}, {25, 1}}));
    doc = need(edit::renameTake(doc, {2}, "Edited"));
    doc = need(edit::renameTrack(doc, {2}, {3}, "Edited"));
    doc = need(edit::renameClip(doc, {6}, "Edited"));
    doc = need(edit::relocateMedia(doc, {1}, "/projects/new.png", {}));
    const json out = json::parse(formatProject(*doc, "/projects"));
    const auto at = [&](const char* pointer) { return out.at(json::json_pointer(pointer)); };
    QVERIFY(at("/mood/warm/2/deep") == json(nullptr));
    QVERIFY(at("/frame/pixelAspect") == json({1, 1}));
    QVERIFY(at("/frame/size") == json({1280, 720}));
    QVERIFY(at("/markers/0/note") == json("loud"));
    QVERIFY(at("/media/0/rating") == json(5));
    QVERIFY(at("/media/0/path") == json("new.png"));
    QVERIFY(at("/takes/0/stars") == json("many"));
    QVERIFY(at("/takes/0/seed") == json(18446744073709551615ULL));
    QVERIFY(at("/takes/0/camera/0/lens") == json(35));
    QVERIFY(at("/takes/0/matteEdits/0/tool") == json("chalk"));
    QVERIFY(at("/takes/0/tracks/0/physics/mass") == json(2));
    QVERIFY(at("/takes/0/tracks/1/glue") == json(true));
    QVERIFY(at("/lanes/0/blend") == json("screen"));
    QVERIFY(at("/lanes/0/clips/0/speed") == json(0.5));
  }

  void unknownMembersCountInComparisons() {
    const auto a = need(parseProject(test::projectFromTheFuture(), "/p"));
    const auto b = need(parseProject(test::projectFromTheFuture(), "/p"));
    const auto c = need(parseProject(with("/lanes/0/clips/0/speed", 0.75), "/p"));
    const auto d = need(parseProject(without("/takes/0/tracks/1", "glue"), "/p"));
    QVERIFY(*a == *b);
    QVERIFY(!(*a == *c));
    QVERIFY(!(*a == *d));
  }

  void pathsAreRelativeToTheFile() {
    const auto doc = need(parseProject(test::projectFromTheFuture(), "/projects/one"));
    QCOMPARE(doc->media[0]->path, fs::path("/projects/one/media/boat.png"));
    const auto up = need(parseProject(with("/media/0/path", "../../etc/passwd"), "/projects/one"));
    QCOMPARE(up->media[0]->path, fs::path("/etc/passwd")); // just a path
    const auto full = need(parseProject(with("/media/0/path", "/pictures/a.png"), "/projects/one"));
    QCOMPARE(full->media[0]->path, fs::path("/pictures/a.png"));
    QVERIFY(formatProject(*full, "/projects/one").find("\"../../pictures/a.png\"") != std::string::npos);
  }

  void smallOmissionsAreMended() {
    const auto doc = need(parseProject(without("", "nextId"), "/p"));
    QCOMPARE(doc->nextId, std::uint64_t{7});
    const auto low = need(parseProject(with("/nextId", 2), "/p"));
    QCOMPARE(low->nextId, std::uint64_t{7});
    const auto bare = need(parseProject(R"({"schema": "kinora.project/1"})", "/p"));
    QVERIFY(bare->lanes.empty());
  }

  void coordinatesAreClamped() {
    const auto doc = need(parseProject(with("/takes/0/tracks/0/points/0/1", 1e300), "/p"));
    QCOMPARE(doc->takes[0]->tracks[0]->points[0].position.x, 1e6F);
  }

  void hostileFiles_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, const std::string& text, const char* says) {
      QTest::newRow(name) << QByteArray(text.data(), static_cast<qsizetype>(text.size())) << QString::fromUtf8(says);
    };
    const std::string good = test::projectFromTheFuture();
    row("empty", "", "JSON");
    row("not JSON", "hello", "JSON");
    row("null", "null", "object");
    row("list", "[]", "object");
    row("text", R"("x")", "object");
    row("half a file", good.substr(0, good.size() / 2), "JSON");
    row("one byte short", good.substr(0, good.size() - 1), "JSON");
    row("rubbish behind", good + "x", "JSON");
    row("zero bytes", std::string(5000, '\0'), "JSON");
    row("invalid UTF-8", replaced("Rocket", "Ro\xff\xfe"), "JSON");
    row("lone surrogate", replaced("Rocket", "\\ud800"), "JSON");
    row("zero byte in a name", replaced("Rocket", "Ro\\u0000"), "zero byte");
    row("deep list", std::string(100'000, '['), "nested");
    std::string deep;
    for (int i = 0; i < 100'000; ++i)
      deep += "{\"a\":";
    row("deep object", deep, "nested");
    row("too many values", std::string(8'100'000, ','), "values");
    row("very long text", "{\"schema\":\"kinora.project/1\",\"name\":\"" + std::string(5 << 20, 'x') + "\"}", "longer");
    row("no schema", without("", "schema"), "kinora.project");
    row("schema of tracks", with("/schema", "kinora.tracks/1"), "kinora.project");
    row("schema without number", with("/schema", "kinora.project/"), "kinora.project");
    row("schema 0", with("/schema", "kinora.project/0"), "kinora.project");
    row("schema with more", with("/schema", "kinora.project/1x"), "kinora.project");
    row("schema overflows", with("/schema", "kinora.project/99999999999999999999"), "kinora.project");
    row("schema is a number", with("/schema", 1), "kinora.project");
    row("number out of range", replaced("1.1", "1e999"), "out of range");
    row("NaN", replaced("1.1", "NaN"), "JSON");
    row("name is a number", with("/name", 5), "text");
    row("media is an object", with("/media", json::object()), "list");
    row("take is a text", with("/takes/0", "x"), "object");
    row("loop is a number", with("/loop", 1), "true or false");
    row("seed is negative", with("/takes/0/seed", -1), "not negative");
    row("no id", without("/takes/0/tracks/0", "id"), "missing");
    row("id 0", with("/lanes/0/id", 0), "between");
    row("id huge", with("/lanes/0/id", 18446744073709551615ULL), "between");
    row("id is real", with("/lanes/0/id", 1.5), "whole number");
    row("duplicate id", with("/takes/0/tracks/1/id", 3), "Two things have the number 3");
    row("id of another kind", with("/lanes/0/id", 1), "Two things have the number 1");
    row("nextId huge", with("/nextId", 18446744073709551615ULL), "next number");
    row("clip of a missing take", with("/lanes/0/clips/0/take", 39), "take 39, which is not there");
    row("clip of missing media", with("/lanes/0/clips/0", {{"id", 6}, {"kind", "media"}, {"media", 12}, {"length", 1}}),
        "media item 12");
    row("take of a missing picture", with("/takes/0/picture", 12), "media item 12");
    row("unknown kind", with("/lanes/0/kind", "smell"), "knows");
    row("empty kind", with("/lanes/0/kind", ""), "knows");
    row("take on a sound lane", with("/lanes/0/kind", "sound"), "does not fit");
    row("negative length", with("/takes/0/length", -5), "between");
    row("no length", without("/takes/0", "length"), "missing");
    row("zero length", with("/lanes/0/clips/0/length", 0), "long");
    row("length overflows", with("/lanes/0/clips/0/length", 9223372036854775807LL), "between");
    row("start overflows", with("/lanes/0/clips/0/start", 1e300), "whole number");
    row("negative start", with("/lanes/0/clips/0/start", -1), "between");
    json two = json::parse(good)["lanes"][0]["clips"];
    two.push_back({{"id", 7}, {"kind", "take"}, {"take", 2}, {"start", 1}, {"length", 10}});
    row("clips overlap", with("/lanes/0/clips", two), "overlaps");
    row("track without points", with("/takes/0/tracks/0/points", json::array()), "no points");
    row("points are no list", with("/takes/0/tracks/0/points", 3), "list");
    row("point of two numbers", with("/takes/0/tracks/0/points/0", {1, 2}), "entries");
    row("point of five numbers", with("/takes/0/tracks/0/points/0", {1, 2, 3, 0, 5}), "entries");
    row("points out of order", with("/takes/0/tracks/0/points/0/0", 352800000), "order");
    row("point beyond the track", with("/takes/0/tracks/0/duration", 5), "order");
    row("pin that moves",
        with("/takes/0/tracks/1", {{"id", 4}, {"kind", "pin"}, {"duration", 9}, {"points", {{0, 1, 1}, {9, 2, 2}}}}),
        "pin");
    row("strength beyond 1", with("/takes/0/tracks/0/strength", 1e300), "out of range");
    row("strength is 2", with("/takes/0/tracks/0/strength", 2), "strength");
    row("easing of three", with("/takes/0/tracks/0/easing", {0, 0, 1}), "entries");
    row("easing outside", with("/takes/0/tracks/0/easing", {-1, 0, 1, 1}), "timing curve");
    row("camera out of order", with("/takes/0/camera/1/at", 0), "order");
    row("frame of no pixels", with("/frame/size", {0, 10}), "frame");
    row("frame of a billion", with("/frame/size", {1000000000, 10}), "between");
    row("frame rate 0", with("/frame/rate", {0, 1}), "between");
    row("frame rate 1/1000", with("/frame/rate", {1, 1000}), "frame rate");
    row("frame is a list", with("/frame", {1, 2}), "object");
    row("marks crossed", with("/marks", {5, 1}), "mark");
    row("hash of the wrong length", with("/media/0/hash", "abc"), "hash");
    row("hash of other letters", with("/media/0/hash", "zz112233445566778899aabbccddeeff"), "hash");
    row("media without a path", without("/media/0", "path"), "missing");
    row("media with an empty path", with("/media/0/path", ""), "path");
  }

  void hostileFiles() {
    QFETCH(QByteArray, text);
    QFETCH(QString, says);
    const auto doc = parseProject({text.data(), static_cast<std::size_t>(text.size())}, "/p");
    QVERIFY(!doc.has_value());
    const QString message = QString::fromStdString(doc.error().text());
    QCOMPARE(doc.error().code, ErrorCode::Corrupt);
    QVERIFY2(message.contains(says), qPrintable(message));
  }

  void everyPrefixIsRefusedOrRead() {
    const std::string good = test::projectFromTheFuture();
    for (std::size_t n = 0; n < good.size(); n += 3)
      QVERIFY(!parseProject(std::string_view(good).substr(0, n), "/p").has_value());
  }

  void changedBytesNeverBreakTheRules() {
    const std::string good = test::projectFromTheFuture();
    std::uint32_t state = 12345;
    const auto next = [&] { return state = state * 1664525U + 1013904223U, state >> 8U; };
    int read = 0;
    for (int i = 0; i < 4'000; ++i) {
      std::string text = good;
      for (std::uint32_t k = next() % 4 + 1; k > 0; --k)
        text[next() % text.size()] = static_cast<char>(" 0123456789-e.\"[]{},x"[next() % 21]);
      if (const auto doc = parseProject(text, "/p")) {
        ++read;
        QVERIFY(validate(**doc).has_value());
        QVERIFY(*need(parseProject(formatProject(**doc, "/p"), "/p")) == **doc);
      }
    }
    QVERIFY(read > 50);
  }

  void newerFormatsAreRefused() {
    const auto doc = parseProject(with("/schema", "kinora.project/2"), "/p");
    QCOMPARE(doc.error().code, ErrorCode::Unsupported);
    QVERIFY(doc.error().message.find("newer Kinora") != std::string::npos);
  }

  void errorsNameTheFile() {
    test::TempFolder folder;
    const auto missing = readProject(folder.file("none.kinora"));
    QCOMPARE(missing.error().code, ErrorCode::NotFound);
    const auto path = folder.write("bad.kinora", with("/takes/0/tracks/0/grip", "big"));
    const auto bad = readProject(path);
    QCOMPARE(bad.error().code, ErrorCode::Corrupt);
    QVERIFY(bad.error().message.find("bad.kinora") != std::string::npos);
    QVERIFY(bad.error().where.find("takes[0].tracks[0].grip") != std::string::npos);
    QVERIFY(!readProject(folder.path()).has_value()); // a folder
    QVERIFY(!writeProject(*test::sampleDocument().document, folder.file("no/such/folder.kinora")).has_value());
  }

  void hugeFilesAreNotRead() {
    test::TempFolder folder;
    const auto path = folder.write("huge.kinora", "{");
    fs::resize_file(path, std::uintmax_t{200} << 20U); // sparse
    const auto doc = readProject(path);
    QVERIFY(!doc.has_value());
    QVERIFY(doc.error().message.find("larger") != std::string::npos);
  }

  void upgradesRunInAChain() {
    const std::vector<Upgrade> steps{
        {1, [](json& root) { root["b"] = root.at("a"), root.erase("a"); }},
        {2, [](json& root) { root["c"] = root.at("b").get<int>() + 1; }},
    };
    json root{{"a", 5}};
    QVERIFY(upgrade(root, 1, 3, steps).has_value());
    QVERIFY(root == (json{{"b", 5}, {"c", 6}}));
    json half{{"b", 7}};
    QVERIFY(upgrade(half, 2, 3, steps).has_value());
    QVERIFY(half == (json{{"b", 7}, {"c", 8}}));
    json same{{"x", 1}};
    QVERIFY(upgrade(same, 3, 3, steps).has_value());
    QVERIFY(same == (json{{"x", 1}}));
    QCOMPARE(upgrade(same, 4, 3, steps).error().code, ErrorCode::Unsupported);
    QCOMPARE(upgrade(same, 1, 3, steps).error().code, ErrorCode::Corrupt);     // "a" is missing
    QCOMPARE(upgrade(same, 3, 4, steps).error().code, ErrorCode::Unsupported); // no such step
    // This build's own table leads from every version it names to today's.
    for (const Upgrade& step : projectUpgrades())
      QVERIFY(step.from >= 1 && step.from < kProjectVersion);
    QCOMPARE(projectUpgrades().size(), std::size_t(kProjectVersion - 1));
  }

  void tenThousandTracksReadAndWrite() {
    json root = json::parse(test::projectFromTheFuture());
    auto& tracks = root["takes"][0]["tracks"];
    for (int i = 0; i < 10'000; ++i)
      tracks.push_back({{"id", 100 + i}, {"points", {{0, i, 1}, {5, 2, 3}, {9, 4, 5}}}, {"duration", 9}});
    const auto doc = need(parseProject(root.dump(), "/p"));
    QVERIFY(*need(parseProject(formatProject(*doc, "/p"), "/p")) == *doc);
    for (int i = 0; i < 10'001; ++i)
      tracks.push_back({{"id", 20'000 + i}, {"points", {{0, i, 1}}}});
    const auto tooMany = parseProject(root.dump(), "/p");
    QCOMPARE(tooMany.error().code, ErrorCode::Corrupt);
  }
};

} // namespace

QTEST_APPLESS_MAIN(ProjectFileTest)
#include "tst_project_file.moc"
