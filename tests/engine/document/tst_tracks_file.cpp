// SPDX-License-Identifier: Apache-2.0
#include <QTest>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <zlib.h>

#include "engine/document/sampling.h"
#include "engine/document/tracks_file.h"
#include "tests/engine/document/samples.h"
#include "tests/support/files.h"

using namespace kinora;
using namespace kinora::document;
using test::need;
using test::seconds;

namespace {

const std::string kGood =
    R"({"schema":"kinora.tracks/1","size":[640,480],"fps":[24,1],"frames":48,"note":"kept out","tracks":[
  {"id":1,"name":"Rocket","group":2,"role":"move","points":[{"frame":0,"x":10.5,"y":20,"visible":true},
   {"frame":24,"x":110.5,"y":20,"visible":false},{"frame":47,"x":110.5,"y":43}]},
  {"id":7,"points":[{"frame":0,"x":5,"y":6},{"frame":30,"x":5,"y":6}]},
  {"id":8,"role":"hold","points":[{"frame":2,"x":5,"y":6},{"frame":9,"x":50,"y":60,"visible":false}]}]})";

std::string replaced(std::string_view what, std::string_view by) {
  std::string text = kGood;
  return text.replace(text.find(what), what.size(), by);
}

void append(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i)
    out += static_cast<char>(value >> (8 * i) & 0xffU);
}

std::string npyHeader(const std::string& dictionary, char version = 1) {
  std::string header = dictionary;
  const std::size_t before = version == 1 ? 10 : 12;
  header.append(63 - (before + header.size()) % 64, ' ');
  header += '\n';
  std::string out = "\x93NUMPY";
  out += version;
  out += '\0';
  append(out, header.size(), version == 1 ? 2 : 4);
  return out + header;
}

std::string dictionary(const char* type, const char* shape, bool fortran = false) {
  return std::string("{'descr': '") + type + "', 'fortran_order': " + (fortran ? "True" : "False") +
         ", 'shape': " + shape + ", }";
}

template <class T>
std::string raw(const std::vector<T>& values, bool bigEndian = false) {
  std::string out;
  for (const T& v : values) {
    std::string bytes(reinterpret_cast<const char*>(&v), sizeof(T));
    if (bigEndian)
      std::reverse(bytes.begin(), bytes.end());
    out += bytes;
  }
  return out;
}

template <class T>
std::string npy(const char* type, const char* shape, const std::vector<T>& values, bool fortran = false) {
  return npyHeader(dictionary(type, shape, fortran)) + raw(values, type[0] == '>');
}

struct Member {
  std::string name;
  std::string bytes;
  bool deflate = false;
};

// A ZIP archive as numpy.savez writes it.
std::string zipOf(const std::vector<Member>& members) {
  std::string out;
  std::string directory;
  for (const Member& m : members) {
    std::string packed = m.bytes;
    if (m.deflate) {
      z_stream stream{};
      deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
      packed.resize(deflateBound(&stream, m.bytes.size()));
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(m.bytes.data()));
      stream.avail_in = static_cast<uInt>(m.bytes.size());
      stream.next_out = reinterpret_cast<Bytef*>(packed.data());
      stream.avail_out = static_cast<uInt>(packed.size());
      deflate(&stream, Z_FINISH);
      packed.resize(stream.total_out);
      deflateEnd(&stream);
    }
    const auto crc = crc32(0, reinterpret_cast<const Bytef*>(m.bytes.data()), static_cast<uInt>(m.bytes.size()));
    std::string common; // version, flags, method, time, date, crc, sizes, name length, extra length
    append(common, 20, 2), append(common, 0, 2), append(common, m.deflate ? 8 : 0, 2), append(common, 0, 4);
    append(common, crc, 4), append(common, packed.size(), 4), append(common, m.bytes.size(), 4);
    append(common, m.name.size(), 2), append(common, 0, 2);
    const std::size_t offset = out.size();
    append(out, 0x04034b50, 4);
    out += common + m.name + packed;
    append(directory, 0x02014b50, 4), append(directory, 20, 2);
    directory += common;
    append(directory, 0, 2), append(directory, 0, 2), append(directory, 0, 2), append(directory, 0, 4);
    append(directory, offset, 4);
    directory += m.name;
  }
  const std::size_t start = out.size();
  out += directory;
  append(out, 0x06054b50, 4), append(out, 0, 4), append(out, members.size(), 2), append(out, members.size(), 2);
  append(out, directory.size(), 4), append(out, start, 4), append(out, 0, 2);
  return out;
}

// Sets bytes counted from the first directory entry (its flags lie at 8, method 10, crc 16, packed 20, size 24).
std::string patched(std::string archive, std::size_t field, std::uint64_t value, int bytes) {
  const std::size_t at = archive.find("PK\x01\x02");
  std::string number;
  append(number, value, bytes);
  std::copy(number.begin(), number.end(), archive.begin() + static_cast<std::ptrdiff_t>(at + field));
  return archive;
}

// Three frames of two tracks: (0,1) (2,3) | (4,5) (6,7) | (8,9) (10,11).
const std::vector<float> kPlain{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

class TracksFileTest : public QObject {
  Q_OBJECT

  Result<TrackSet> read(const char* name, const std::string& bytes, Size size = {100, 50}, FrameRate rate = {24, 1}) {
    return readTracks(folder_.write(name, bytes), size, rate);
  }

 private Q_SLOTS:
  void readsTheDocumentedForm() {
    const TrackSet set = need(parseTracksJson(kGood));
    QCOMPARE(set.size, (Size{640, 480}));
    QCOMPARE(set.frames, std::int64_t{48});
    QCOMPARE(set.tracks.size(), std::size_t{3});
    const Track& rocket = set.tracks[0];
    QCOMPARE(rocket.id.value, std::uint64_t{1});
    QCOMPARE(rocket.name, std::string("Rocket"));
    QCOMPARE(rocket.group, 2);
    QCOMPARE(rocket.kind, TrackKind::Path);
    const auto at = [&](const Track& track, std::int64_t frame) { return sampleTrack(track, set.rate.timeOf(frame)); };
    QCOMPARE(at(rocket, 0).at, (Point{10.5F, 20}));
    QVERIFY(std::abs(at(rocket, 12).at.x - 60.5F) < 1e-3F); // between points
    QVERIFY(at(rocket, 23).visible && !at(rocket, 24).visible && at(rocket, 47).visible);
    QCOMPARE(set.tracks[1].kind, TrackKind::Pin); // all points equal
    QCOMPARE(set.tracks[1].group, 0);
    const Track& hold = set.tracks[2];
    QCOMPARE(hold.kind, TrackKind::Pin); // told to hold
    QCOMPARE(at(hold, 40).at, (Point{5, 6}));
    QVERIFY(at(hold, 3).visible && !at(hold, 20).visible);
  }

  void writesWhatItReads() {
    const TrackSet set = need(parseTracksJson(kGood));
    const TrackSet again = need(parseTracksJson(formatTracksJson(set)));
    QCOMPARE(again.frames, set.frames);
    QVERIFY(again.tracks == set.tracks);
    const auto path = folder_.file("a.tracks.json");
    QVERIFY(writeTracks(set, path).has_value());
    QVERIFY(need(readTracks(path, {}, {})).tracks == set.tracks);
    QVERIFY(!writeTracks(set, folder_.file("a.npy")).has_value());
    QVERIFY(!writeTracks({{}, {24, 1}, 1, {}}, path).has_value());
  }

  void writesEasedTracksFrameByFrame() {
    for (const FrameRate rate : {FrameRate{24, 1}, FrameRate{30'000, 1'001}}) {
      Track track = test::samplePath();
      track.id.value = 3;
      track.easing = {{.42F, 0}, {.58F, 1}};
      track.strength = .5F;
      track.points[1].visible = false;
      const TrackSet set{{640, 480}, rate, 96, {track}};
      const TrackSet again = need(parseTracksJson(formatTracksJson(set)));
      const auto wanted = sampleTrack(track, rate, 96);
      const auto got = sampleTrack(again.tracks[0], rate, 96);
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        QVERIFY(std::abs(wanted[i].at.x - got[i].at.x) < 1e-3F && std::abs(wanted[i].at.y - got[i].at.y) < 1e-3F);
        QCOMPARE(got[i].visible, wanted[i].visible);
      }
    }
  }

  void scalesWithThePicture() {
    const TrackSet set = scaledTo(need(parseTracksJson(kGood)), {1280, 240});
    QCOMPARE(set.tracks[0].points[0].position, (Point{21, 10}));
    QCOMPARE(set.size, (Size{1280, 240}));
    QCOMPARE(scaledTo(set, {}).size, (Size{1280, 240}));
  }

  void extremesThatAreFine() {
    QCOMPARE(need(parseTracksJson(replaced("640,480", "100000,1"))).size, (Size{100'000, 1}));
    QCOMPARE(need(parseTracksJson(replaced("\"frames\":48", "\"frames\":100000"))).frames, std::int64_t{100'000});
    const auto outside = need(parseTracksJson(replaced("10.5", "-2500")));
    QCOMPARE(outside.tracks[0].points[0].position.x, -2500.F);
    QCOMPARE(need(parseTracksJson(replaced("10.5", "1e300"))).tracks[0].points[0].position.x, 1e6F);
    std::string many = R"({"schema":"kinora.tracks/1","size":[9,9],"fps":[24,1],"frames":9,"tracks":[)";
    for (int i = 0; i < 10'000; ++i)
      many += std::string(i > 0 ? "," : "") + R"({"points":[{"frame":0,"x":1,"y":2},{"frame":8,"x":3,"y":2}]})";
    QCOMPARE(need(parseTracksJson(many + "]}")).tracks.size(), std::size_t{10'000});
    QVERIFY(need(parseTracksJson(R"({"schema":"kinora.tracks/1","size":[9,9],"fps":[24,1],"frames":9,"tracks":[]})"))
                .tracks.empty());
  }

  void hostileJson_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, const std::string& text, const char* says) {
      QTest::newRow(name) << QByteArray(text.data(), static_cast<qsizetype>(text.size())) << QString::fromUtf8(says);
    };
    row("empty", "", "JSON");
    row("half a file", kGood.substr(0, kGood.size() / 2), "JSON");
    row("a project", replaced("kinora.tracks/1", "kinora.project/1"), "kinora.tracks");
    row("zero frames", replaced("\"frames\":48", "\"frames\":0"), "between");
    row("negative frames", replaced("\"frames\":48", "\"frames\":-1"), "between");
    row("too many frames", replaced("\"frames\":48", "\"frames\":100001"), "between");
    row("no frames", replaced("\"frames\":48,", ""), "missing");
    row("no tracks", replaced("\"tracks\"", "\"other\""), "missing");
    row("size of zero", replaced("640,480", "0,480"), "pixel");
    row("size negative", replaced("640,480", "-640,480"), "between");
    row("size overflows", replaced("640,480", "99999999999,480"), "between");
    row("size of one number", replaced("640,480", "640"), "entries");
    row("size is a text", replaced("[640,480]", "\"big\""), "list");
    row("rate of zero", replaced("[24,1]", "[0,1]"), "between");
    row("rate without den", replaced("[24,1]", "[24,0]"), "between");
    row("rate too high", replaced("[24,1]", "[2000,1]"), "rate");
    row("NaN", replaced("10.5", "NaN"), "JSON");
    row("infinity", replaced("10.5", "1e999"), "out of range");
    row("x is a text", replaced("10.5", "\"left\""), "number");
    row("x is missing", replaced("\"x\":10.5,", ""), "missing");
    row("visible is a number", replaced("true", "1"), "true or false");
    row("frame is real", replaced("\"frame\":24", "\"frame\":24.5"), "whole");
    row("frame behind the end", replaced("\"frame\":47", "\"frame\":48"), "between");
    row("frame before the start", replaced("\"frame\":0", "\"frame\":-1"), "between");
    row("frames out of order", replaced("\"frame\":24", "\"frame\":47"), "order");
    row("role unknown", replaced("\"move\"", "\"jump\""), "role");
    row("group negative", replaced("\"group\":2", "\"group\":-2"), "group");
    row("group overflows", replaced("\"group\":2", "\"group\":99999999999"), "between");
    row("id 0", replaced("\"id\":7", "\"id\":0"), "between");
    row("id twice", replaced("\"id\":7", "\"id\":1"), "Two tracks");
    row("no points", replaced(R"({"frame":0,"x":5,"y":6},{"frame":30,"x":5,"y":6})", ""), "at least one point");
    row("points are missing", replaced(R"("points":[{"frame":0,"x":5)", R"("dots":[{"frame":0,"x":5)"), "point");
    row("track is a number", replaced("{\"id\":7", "5,{\"id\":7"), "object");
    std::string many = R"({"schema":"kinora.tracks/1","size":[9,9],"fps":[24,1],"frames":9,"tracks":[{})";
    for (int i = 0; i < 20'000; ++i)
      many += ",{}";
    row("too many tracks", many + "]}", "entries");
  }

  void hostileJson() {
    QFETCH(QByteArray, text);
    QFETCH(QString, says);
    const auto set = parseTracksJson({text.data(), static_cast<std::size_t>(text.size())});
    QVERIFY(!set.has_value());
    const QString message = QString::fromStdString(set.error().text());
    QCOMPARE(set.error().code, ErrorCode::Corrupt);
    QVERIFY2(message.contains(says), qPrintable(message));
  }

  void newerTracksAreRefused() {
    QCOMPARE(parseTracksJson(replaced("tracks/1", "tracks/2")).error().code, ErrorCode::Unsupported);
  }

  void arraysOfEveryType_data() {
    QTest::addColumn<QByteArray>("bytes");
    const auto row = [](const char* name, const std::string& bytes) {
      QTest::newRow(name) << QByteArray(bytes.data(), static_cast<qsizetype>(bytes.size()));
    };
    const auto as = [](auto zero) { return std::vector<decltype(zero)>(kPlain.begin(), kPlain.end()); };
    row("f4", npy("<f4", "(3, 2, 2)", kPlain));
    row("f4 big-endian", npy(">f4", "(3, 2, 2)", kPlain));
    row("f8", npy("<f8", "(3, 2, 2)", as(0.0)));
    row("f8 big-endian", npy(">f8", "(3, 2, 2)", as(0.0)));
    std::vector<std::uint16_t> half; // small whole numbers as IEEE half floats
    for (const float v : kPlain) {
      const auto bits = std::bit_cast<std::uint32_t>(v);
      half.push_back(
          v == 0 ? std::uint16_t{0}
                 : static_cast<std::uint16_t>((((bits >> 23U) & 0xffU) - 112U) << 10U | ((bits >> 13U) & 0x3ffU)));
    }
    row("f2", npy("<f2", "(3, 2, 2)", half));
    row("i1", npy("|i1", "(3, 2, 2)", as(std::int8_t{})));
    row("u1", npy("|u1", "(3, 2, 2)", as(std::uint8_t{})));
    row("i2", npy("<i2", "(3, 2, 2)", as(std::int16_t{})));
    row("i4 big-endian", npy(">i4", "(3, 2, 2)", as(std::int32_t{})));
    row("u4", npy("<u4", "(3, 2, 2)", as(std::uint32_t{})));
    row("i8", npy("<i8", "(3, 2, 2)", as(std::int64_t{})));
    row("u8", npy("=u8", "(3, 2, 2)", as(std::uint64_t{})));
    row("leading one", npy("<f4", "(1, 3, 2, 2)", kPlain));
    row("version 2", npyHeader(dictionary("<f4", "(3,2,2)"), 2) + raw(kPlain));
    row("version 3", npyHeader(dictionary("<f4", "(3,2,2,)"), 3) + raw(kPlain));
    row("keys in another order",
        npyHeader("{\"shape\":(3,2,2),\"fortran_order\":False,\"descr\":\"<f4\"}") + raw(kPlain));
    // Fortran order: the first index runs fastest.
    row("fortran order", npy<float>("<f4", "(3, 2, 2)", {0, 4, 8, 2, 6, 10, 1, 5, 9, 3, 7, 11}, true));
    row("bytes behind the array", npy("<f4", "(3, 2, 2)", kPlain) + "rest");
  }

  void arraysOfEveryType() {
    QFETCH(QByteArray, bytes);
    const TrackSet set = need(read("a.npy", {bytes.data(), static_cast<std::size_t>(bytes.size())}));
    QCOMPARE(set.frames, std::int64_t{3});
    QCOMPARE(set.tracks.size(), std::size_t{2});
    for (int frame = 0; frame < 3; ++frame)
      for (int track = 0; track < 2; ++track) {
        const auto x = static_cast<float>(frame * 4 + track * 2);
        QCOMPARE(sampleTrack(set.tracks[static_cast<std::size_t>(track)], set.rate.timeOf(frame)).at,
                 (Point{x, x + 1}));
      }
  }

  void signedAndHalfNumbers() {
    const TrackSet set = need(read("a.npy", npy<std::int16_t>("<i2", "(1, 1, 2)", {-5, -32768})));
    QCOMPARE(set.tracks[0].points[0].position, (Point{-5, -32768}));
    QCOMPARE(set.tracks[0].kind, TrackKind::Pin);
    // -2, the smallest half above zero
    const TrackSet half = need(read("b.npy", npy<std::uint16_t>("<f2", "(1, 1, 2)", {0xc000, 0x0001})));
    QCOMPARE(half.tracks[0].points[0].position, (Point{-2, 5.9604645e-8F}));
  }

  void visibility() {
    const TrackSet third = need(read("a.npy", npy<float>("<f4", "(2, 1, 3)", {1, 2, 1, 3, 4, 0})));
    QVERIFY(third.tracks[0].points[0].visible && !third.tracks[0].points[1].visible);
    const Member tracks{"tracks.npy", npy("<f4", "(3, 2, 2)", kPlain), true};
    const std::vector<std::uint8_t> seen{1, 0, 0, 1, 1, 1};
    for (const char* shape : {"(3, 2)", "(1, 3, 2)", "(3, 2, 1)"})
      for (const char* name : {"visibility.npy", "vis.npy", "pred_visibility.npy"}) {
        const TrackSet set = need(read("a.npz", zipOf({{name, npy("|b1", shape, seen), true}, tracks})));
        QVERIFY(set.tracks[0].points[0].visible && !set.tracks[1].points[0].visible);
        QVERIFY(!set.tracks[0].points[1].visible && set.tracks[1].points[1].visible);
      }
    // One track: [1, T, 1] is both a leading and a trailing one.
    const TrackSet one = need(read("b.npz", zipOf({{"tracks.npy", npy<float>("<f4", "(2, 1, 2)", {1, 2, 3, 4})},
                                                   {"vis.npy", npy<float>("<f4", "(1, 2, 1)", {.9F, .1F})}})));
    QVERIFY(one.tracks[0].points[0].visible && !one.tracks[0].points[1].visible);
  }

  void archives() {
    for (const char* name : {"tracks.npy", "pred_tracks.npy", "arr_0.npy"})
      for (const bool deflate : {false, true}) {
        const std::string bytes = zipOf({{"other.npy", "x", false}, {name, npy("<f4", "(3, 2, 2)", kPlain), deflate}});
        QCOMPARE(need(read("a.npz", bytes)).tracks.size(), std::size_t{2});
        QCOMPARE(need(read("A.NPZ", bytes)).tracks.size(), std::size_t{2});
      }
  }

  // Written by numpy (savez, savez_compressed, save); see tests/data/tracks/README.md.
  void filesOfNumpyItself_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"cotracker.npz", "compressed.npz", "fortran.npy", "big_endian.npy"})
      QTest::newRow(name) << name;
  }

  void filesOfNumpyItself() {
    QFETCH(QString, name);
    const auto path = test::dataFile("tracks/" + name.toStdString());
    const TrackSet set = need(readTracks(path, {64, 48}, {24, 1}));
    QCOMPARE(set.frames, std::int64_t{5});
    QCOMPARE(set.tracks.size(), std::size_t{3});
    for (int t = 0; t < 5; ++t)
      for (int n = 0; n < 3; ++n) {
        const auto p = sampleTrack(set.tracks[static_cast<std::size_t>(n)], set.rate.timeOf(t));
        QCOMPARE(p.at, (Point{static_cast<float>(t) + 10.5F * static_cast<float>(n), -2.F * static_cast<float>(t)}));
        if (name.endsWith(".npz"))
          QCOMPARE(p.visible, (t + n) % 3 != 0);
      }
  }

  void hostileArrays_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, const char* file, const std::string& bytes, ErrorCode code,
                        const char* says) {
      QTest::newRow(name) << QString(file) << QByteArray(bytes.data(), static_cast<qsizetype>(bytes.size()))
                          << static_cast<int>(code) << QString::fromUtf8(says);
    };
    const auto corrupt = ErrorCode::Corrupt;
    const auto unsupported = ErrorCode::Unsupported;
    const auto header = [&](const char* name, const std::string& text, ErrorCode code, const char* says) {
      row(name, "a.npy", npyHeader(text) + raw(kPlain), code, says);
    };
    const std::string good = npy("<f4", "(3, 2, 2)", kPlain);
    row("empty", "a.npy", "", corrupt, "not a NumPy");
    row("wrong magic", "a.npy", std::string(good).replace(0, 1, 1, 'X'), corrupt, "not a NumPy");
    row("magic alone", "a.npy", good.substr(0, 6), corrupt, "cut off");
    row("header cut off", "a.npy", good.substr(0, 40), corrupt, "cut off");
    row("numbers cut off", "a.npy", good.substr(0, good.size() - 1), corrupt, "cut off");
    std::string version = good;
    version[6] = 9;
    row("version 9", "a.npy", version, unsupported, "Version 9");
    row("header of 4 GiB", "a.npy", std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12) + good, corrupt, "header");
    header("no dictionary", "hello", corrupt, "understood");
    header("dictionary without end", "{'descr': '<f4', ", corrupt, "understood");
    header("no shape", "{'descr': '<f4', 'fortran_order': False}", corrupt, "understood");
    header("unknown key", "{'descr': '<f4', 'fortran_order': False, 'shape': (3,2,2), 'x': 1}", corrupt, "understood");
    header("order is a number", "{'descr': '<f4', 'fortran_order': 0, 'shape': (3,2,2)}", corrupt, "understood");
    header("shape is negative", dictionary("<f4", "(-3, 2, 2)"), corrupt, "understood");
    header("shape of words", dictionary("<f4", "(three, 2, 2)"), corrupt, "understood");
    header("shape of 30 digits", dictionary("<f4", "(999999999999999999999999999999, 2, 2)"), corrupt, "understood");
    header("shape of 20 dimensions", dictionary("<f4", "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)"), corrupt,
           "understood");
    header("shape overflows", dictionary("<f4", "(4294967296, 4294967296, 2)"), corrupt, "impossibly");
    header("shape larger than the file", dictionary("<f4", "(1000000, 2, 2)"), corrupt, "cut off");
    header("objects", dictionary("|O", "(3, 2, 2)"), unsupported, "|O");
    header("complex numbers", dictionary("<c8", "(3, 2, 2)"), unsupported, "c8");
    header("text", dictionary("<U4", "(3, 2, 2)"), unsupported, "U4");
    header("records", "{'descr': [('x', '<f4'), ('y', '<f4')], 'fortran_order': False, 'shape': (3,2)}", unsupported,
           "record");
    header("floats of 16 bytes", dictionary("<f16", "(3, 2, 2)"), unsupported, "f16");
    header("one dimension", dictionary("<f4", "(12,)"), corrupt, "shape");
    header("no dimension", dictionary("<f4", "()"), corrupt, "shape");
    header("four coordinates", dictionary("<f4", "(3, 1, 4)"), corrupt, "shape");
    header("two films", dictionary("<f4", "(2, 1, 2, 2)"), corrupt, "shape");
    header("no frames", dictionary("<f4", "(0, 2, 2)"), corrupt, "no points");
    header("no tracks", dictionary("<f4", "(3, 0, 2)"), corrupt, "no points");
    row("too many frames", "a.npy", npy("|u1", "(100001, 1, 2)", std::vector<std::uint8_t>(200'002)),
        ErrorCode::InvalidArgument, "at most");
    row("too many tracks", "a.npy", npy("|u1", "(1, 20001, 2)", std::vector<std::uint8_t>(40'002)),
        ErrorCode::InvalidArgument, "at most");
    row("NaN", "a.npy", npy<float>("<f4", "(1, 1, 2)", {std::nanf(""), 1}), corrupt, "finite");
    row("infinity", "a.npy", npy<float>("<f4", "(1, 1, 2)", {1, -std::numeric_limits<float>::infinity()}), corrupt,
        "finite");

    const std::string stored = zipOf({{"tracks.npy", good, false}});
    const std::string packed = zipOf({{"tracks.npy", good, true}});
    row("npz: empty", "a.npz", "", corrupt, "short");
    row("npz: no archive", "a.npz", std::string(100, 'x'), corrupt, "directory");
    row("npz: an npy", "a.npz", good, corrupt, "directory");
    row("npz: cut off", "a.npz", stored.substr(0, stored.size() - 30), corrupt, "directory");
    row("npz: no arrays", "a.npz", zipOf({}), corrupt, "no array");
    row("npz: other arrays", "a.npz", zipOf({{"pictures.npy", good, false}}), corrupt, "no array");
    row("npz: bad checksum", "a.npz", patched(stored, 16, 0x12345678, 4), corrupt, "checksum");
    row("npz: bad packed bytes", "a.npz", std::string(packed).replace(50, 4, "\xff\xff\xff\xff"), corrupt, "damaged");
    row("npz: encrypted", "a.npz", patched(packed, 8, 1, 2), unsupported, "encrypted");
    row("npz: other method", "a.npz", patched(packed, 10, 14, 2), unsupported, "method 14");
    row("npz: bomb by size", "a.npz", patched(packed, 24, 0x1fffffff, 4), corrupt, "cannot have");
    row("npz: larger than may be", "a.npz", patched(packed, 24, 0x7fffffff, 4), ErrorCode::InvalidArgument, "larger");
    row("npz: claims too little", "a.npz", patched(packed, 24, 10, 4), corrupt, "damaged");
    row("npz: claims too much", "a.npz", patched(packed, 24, good.size() + 1, 4), corrupt, "damaged");
    row("npz: packed beyond the end", "a.npz", patched(packed, 20, 0x7fffffff, 4), corrupt, "cut off");
    row("npz: header elsewhere", "a.npz", patched(packed, 42, 5, 4), corrupt, "begin");
    row("npz: header beyond the end", "a.npz", patched(packed, 42, 0xfffffff0, 4), corrupt, "begin");
    row("npz: name beyond the end", "a.npz", patched(packed, 28, 0xffff, 2), corrupt, "cut off");
    row("npz: array damaged", "a.npz", zipOf({{"tracks.npy", "hello", true}}), corrupt, "NumPy");
    row("npz: visibility of another shape", "a.npz",
        zipOf({{"tracks.npy", good, true}, {"visibility.npy", npy("<f4", "(4, 3)", kPlain), true}}), corrupt,
        "visibility");
    const std::string zeros(40 << 20, '\0');
    row("npz: real bomb", "a.npz",
        zipOf({{"tracks.npy", npyHeader(dictionary("|u1", "(20971520, 1, 2)")) + zeros, true}}),
        ErrorCode::InvalidArgument, "at most");
    row("no ending", "tracks", kGood, unsupported, ".npz");
    row("other ending", "tracks.txt", kGood, unsupported, ".npz");
  }

  void hostileArrays() {
    QFETCH(QString, name);
    QFETCH(QByteArray, bytes);
    QFETCH(int, code);
    QFETCH(QString, says);
    const auto set = read(qPrintable(name), {bytes.data(), static_cast<std::size_t>(bytes.size())});
    QVERIFY(!set.has_value());
    const QString message = QString::fromStdString(set.error().text());
    QVERIFY2(message.contains(says), qPrintable(message));
    QCOMPARE(static_cast<int>(set.error().code), code);
    QVERIFY2(message.contains(name), qPrintable(message)); // the file is named
  }

  void changedBytesNeverCrash() {
    const std::string packed = zipOf(
        {{"tracks.npy", npy("<f4", "(3, 2, 2)", kPlain), true}, {"vis.npy", npy("<f4", "(3, 2)", kPlain), false}});
    std::uint32_t state = 99;
    const auto next = [&] { return state = state * 1664525U + 1013904223U, state >> 8U; };
    int read = 0;
    for (int i = 0; i < 3'000; ++i) {
      std::string bytes = packed;
      bytes[next() % bytes.size()] = static_cast<char>(next());
      if (i % 2 == 0)
        bytes.resize(next() % bytes.size());
      if (this->read("fuzz.npz", bytes))
        ++read;
    }
    QVERIFY(read > 0 && read < 1'500);
  }

  void errorsAndArguments() {
    QCOMPARE(readTracks(folder_.file("none.npy"), {9, 9}, {24, 1}).error().code, ErrorCode::NotFound);
    const std::string good = npy("<f4", "(3, 2, 2)", kPlain);
    QCOMPARE(read("a.npy", good, {0, 9}).error().code, ErrorCode::InvalidArgument);
    QCOMPARE(read("a.npy", good, {9, 9}, {0, 0}).error().code, ErrorCode::InvalidArgument);
  }

 private:
  test::TempFolder folder_;
};

} // namespace

QTEST_APPLESS_MAIN(TracksFileTest)
#include "tst_tracks_file.moc"
