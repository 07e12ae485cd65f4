// SPDX-License-Identifier: Apache-2.0
// Runs the real kinora-cli as a script would: exit codes, files, JSON.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <QtCore/QElapsedTimer>
#include <QtCore/QProcess>
#include <QtTest/QTest>
#include <nlohmann/json.hpp>

#include "engine/base/file.h"
#include "engine/document/project_file.h"
#include "engine/document/starter.h"
#include "engine/media/decoder.h"
#include "engine/media/image_file.h"
#include "tests/support/files.h"
#include "tests/support/pictures.h"

using namespace kinora;
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
  [[nodiscard]] json object() const { return json::parse(out, nullptr, false); }
};

Outcome call(const QStringList& arguments) {
  QProcess process;
  process.start(QStringLiteral(KINORA_CLI), arguments);
  if (!process.waitForFinished(120'000))
    process.kill();
  return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
          process.readAllStandardOutput().toStdString(), process.readAllStandardError().toStdString()};
}

QString q(const fs::path& path) {
  return QString::fromStdString(path.string());
}

constexpr const char* kTracks = R"({"schema":"kinora.tracks/1","size":[160,120],"fps":[24,1],"frames":12,"tracks":[
  {"id":1,"name":"disc","role":"move","points":[{"frame":0,"x":60,"y":60,"visible":true},
                                                {"frame":11,"x":90,"y":60,"visible":true}]}]})";

// What only this process may hold: everything but finished files is gone afterwards.
std::vector<std::string> filesIn(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

} // namespace

class TestCli : public QObject {
  Q_OBJECT

  test::TempFolder folder_;
  fs::path picture_;
  fs::path tracks_;

  [[nodiscard]] fs::path project(Duration length) const {
    document::MediaItem item;
    item.name = "picture.png";
    item.path = picture_;
    item.size = {160, 120};
    auto made = document::projectForPicture(item, length, FrameRate{24, 1});
    document::Track track;
    track.points = {{Duration{}, {60, 60}, true}, {Duration::fromSeconds(.4), {90, 60}, true}};
    track.duration = Duration::fromSeconds(.4);
    auto tracked = document::edit::addTrack(made->document, made->id, track);
    const fs::path path = folder_.file("made.kinora");
    if (!document::writeProject(*tracked->document, path))
      qFatal("the project could not be written");
    return path;
  }

 private Q_SLOTS:
  void initTestCase() {
    picture_ = folder_.file("picture.png");
    QVERIFY(media::writeImage(picture_, test::withTexturedDisc(test::texturedPicture({160, 120}, 3), {60, 60}, 18, 8))
                .has_value());
    tracks_ = folder_.write("t.tracks.json", kTracks);
  }

  void usageFaultsAre64_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::newRow("nothing") << QStringList{};
    QTest::newRow("unknown command") << QStringList{"dance"};
    QTest::newRow("unknown flag") << QStringList{"inspect", "--why", "x"};
    QTest::newRow("missing flag") << QStringList{"motion", "--image", "a.png"};
    QTest::newRow("bad size") << QStringList{"motion", "--image", "a", "--tracks", "t", "--size", "big", "-o", "o.mp4"};
    QTest::newRow("bad rate") << QStringList{"motion", "--image", "a", "--tracks", "t", "--fps", "0", "-o", "o.mp4"};
    QTest::newRow("no frames") << QStringList{"motion",   "--image", "a",  "--tracks", "t",
                                              "--frames", "0",       "-o", "o.mp4"};
    QTest::newRow("bad device") << QStringList{"selfcheck", "--device", "tpu"};
    QTest::newRow("grid and points") << QStringList{"tracks",   "estimate", "v",  "--grid", "3",
                                                    "--points", "1,2",      "-o", "t"};
    QTest::newRow("grid of 0") << QStringList{"tracks", "estimate", "v", "--grid", "0", "-o", "t"};
  }
  void usageFaultsAre64() {
    QFETCH(QStringList, arguments);
    const Outcome outcome = call(arguments);
    QCOMPARE(outcome.code, 64);
    QVERIFY(!outcome.err.empty());
  }

  void helpAndVersionAre0() {
    QCOMPARE(call({"--help"}).code, 0);
    QCOMPARE(call({"motion", "--help"}).code, 0);
    QVERIFY(call({"--version"}).out.starts_with("kinora-cli "));
  }

  void motionRendersAFileThatFollowsItsTracks() {
    const fs::path out = folder_.file("moved.mp4");
    const Outcome outcome = call({"--json", "motion", "--image", q(picture_), "--tracks", q(tracks_), "-o", q(out)});
    QVERIFY2(outcome.code == 0, outcome.err.c_str());
    QCOMPARE(outcome.object()["frames"].get<int>(), 12);
    QVERIFY(fs::exists(out));
    const auto info = media::probe(out);
    QVERIFY(info && info->video);
    QCOMPARE(info->video->size, (Size{160, 120}));
    const Outcome measured = call({"tracks", "measure", q(out), "--tracks", q(tracks_), "--json"});
    QVERIFY2(measured.code == 0, measured.err.c_str());
    QVERIFY2(measured.object()["meanPx"].get<double>() <= 1.5, measured.out.c_str());
    QVERIFY(measured.object()["percentTracked"].get<double>() > 90);
  }

  void motionObeysSizeRateFramesAndSeed() {
    const fs::path out = folder_.file("sized.mov");
    const Outcome outcome = call({"motion", "--image", q(picture_), "--tracks", q(tracks_), "--size", "128x128",
                                  "--fps", "12", "--frames", "5", "--seed", "9", "--quiet", "-o", q(out)});
    QVERIFY2(outcome.code == 0, outcome.err.c_str());
    QVERIFY(outcome.out.empty() && outcome.err.empty());
    const auto info = media::probe(out);
    QVERIFY(info && info->video);
    QCOMPARE(info->video->size, (Size{128, 128}));
    QCOMPARE(info->video->frameRate, (FrameRate{12, 1}));
    QCOMPARE(info->duration.ticks, (FrameRate{12, 1}).timeOf(5).ticks);
  }

  // Tracks with the output's shape, not the picture's, were drawn on the output: what is measured is what was asked.
  void tracksMayBeDrawnOnTheOutput_data() {
    QTest::addColumn<QString>("framing");
    QTest::addColumn<QByteArray>("points");
    // Filled, the middle 120 columns are seen as they are; fitted, all 160 are seen at three quarters.
    QTest::newRow("fill") << "fill" << QByteArray(R"({"frame":0,"x":40,"y":60},{"frame":11,"x":70,"y":60})");
    QTest::newRow("fit") << "fit" << QByteArray(R"({"frame":0,"x":45,"y":60},{"frame":11,"x":67,"y":60})");
  }
  void tracksMayBeDrawnOnTheOutput() {
    QFETCH(QString, framing);
    QFETCH(QByteArray, points);
    const fs::path tracks =
        folder_.write("square.tracks.json", R"({"schema":"kinora.tracks/1","size":[120,120],"fps":[24,1],"frames":12,
      "tracks":[{"id":1,"name":"disc","role":"move","points":[)" +
                                                points.toStdString() + "]}]}");
    const fs::path out = folder_.file("drawn_on_output.mkv");
    const Outcome made = call({"motion", "--image", q(picture_), "--tracks", q(tracks), "--size", "120x120",
                               "--framing", framing, "--quiet", "-o", q(out)});
    QVERIFY2(made.code == 0, made.err.c_str());
    const Outcome measured = call({"tracks", "measure", q(out), "--tracks", q(tracks), "--json"});
    QVERIFY2(measured.code == 0, measured.err.c_str());
    QVERIFY2(measured.object()["meanPx"].get<double>() <= 1.5, measured.out.c_str());
    QVERIFY(measured.object()["percentTracked"].get<double>() > 90);
  }

  // 160×120 as a square of 120: filled, the middle 120 columns come out as they are, never smaller and blown up.
  void anotherShapeIsCutNotBlurred() {
    const fs::path still = folder_.write("still.tracks.json", R"({"schema":"kinora.tracks/1","size":[160,120],
      "fps":[24,1],"frames":2,"tracks":[{"id":1,"name":"pin","role":"hold","points":[{"frame":0,"x":60,"y":60,
      "visible":true}]}]})");
    const fs::path out = folder_.file("square.mkv");
    const QStringList motion{"motion", "--image", q(picture_), "--tracks", q(still), "--quiet", "--size", "120x120"};
    const Outcome filled = call(QStringList(motion) << "-o" << q(out));
    QVERIFY2(filled.code == 0, filled.err.c_str());
    auto decoder = media::Decoder::open(out);
    QVERIFY(decoder.has_value());
    const auto frame = decoder->next();
    QVERIFY(frame && *frame && (*frame)->size() == (Size{120, 120}));
    const auto whole = media::readImage(picture_);
    QVERIFY(whole.has_value());
    for (int y = 0; y < 120; ++y)
      for (int i = 0; i < 480; ++i)
        QCOMPARE(int{(*frame)->row<unsigned char>(y)[i]}, int{whole->row<unsigned char>(y)[80 + i]});
    const fs::path bars = folder_.file("bars.mkv");
    QCOMPARE(call(QStringList(motion) << "--framing"
                                      << "fit"
                                      << "-o" << q(bars))
                 .code,
             0);
    auto second = media::Decoder::open(bars);
    QVERIFY(second.has_value());
    const auto fitted = second->next();
    QVERIFY(fitted && *fitted);
    QCOMPARE(int{(*fitted)->row<unsigned char>(2)[100]}, 0);
    QCOMPARE(call(QStringList(motion) << "--framing"
                                      << "squeeze"
                                      << "-o" << q(bars))
                 .code,
             64);
  }

  void exportTakesSizeShapeAndRate() {
    const fs::path out = folder_.file("upright.mp4");
    const Outcome outcome = call({"export", q(project(Duration::fromSeconds(1))), "--size", "90x160", "--framing",
                                  "fill", "--fps", "12", "--json", "-o", q(out)});
    QVERIFY2(outcome.code == 0, outcome.err.c_str());
    QCOMPARE(outcome.object()["frames"].get<int>(), 12);
    const auto info = media::probe(out);
    QVERIFY(info && info->video);
    QCOMPARE(info->video->size, (Size{90, 160}));
    QCOMPARE(info->video->frameRate, (FrameRate{12, 1}));
    for (const QStringList& bad : {QStringList{"--size", "big"}, {"--fps", "never"}, {"--framing", "stretch"}})
      QCOMPARE(call(QStringList{"export", "none.kinora", "-o", q(out)} + bad).code, 64);
  }

  void sameInputsGiveTheSameBytes() {
    const fs::path one = folder_.file("one.mp4");
    const fs::path two = folder_.file("two.mp4");
    QCOMPARE(call({"motion", "--image", q(picture_), "--tracks", q(tracks_), "-o", q(one)}).code, 0);
    QCOMPARE(call({"motion", "--image", q(picture_), "--tracks", q(tracks_), "--threads", "3", "-o", q(two)}).code, 0);
    QVERIFY(*hashFile(one) == *hashFile(two));
  }

  void badInputsNameTheFile_data() {
    QTest::addColumn<QString>("image");
    QTest::addColumn<QString>("tracks");
    QTest::addColumn<QString>("output");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("named");
    QTest::newRow("no picture") << "none.png"
                                << "t.tracks.json"
                                << "o.mp4" << 66 << "none.png";
    QTest::newRow("no tracks") << "picture.png"
                               << "none.json"
                               << "o.mp4" << 66 << "none.json";
    QTest::newRow("picture is text") << "text.png"
                                     << "t.tracks.json"
                                     << "o.mp4" << 65 << "text.png";
    QTest::newRow("tracks are text") << "picture.png"
                                     << "text.json"
                                     << "o.mp4" << 65 << "text.json";
    QTest::newRow("folder missing") << "picture.png"
                                    << "t.tracks.json"
                                    << "nowhere/o.mp4" << 73 << "nowhere";
    QTest::newRow("unknown ending") << "picture.png"
                                    << "t.tracks.json"
                                    << "o.xyz" << 65 << "o.xyz";
  }
  void badInputsNameTheFile() {
    QFETCH(QString, image);
    QFETCH(QString, tracks);
    QFETCH(QString, output);
    QFETCH(int, code);
    QFETCH(QString, named);
    folder_.write("text.png", "not a picture");
    folder_.write("text.json", "not tracks");
    const auto in = [&](const QString& name) { return q(folder_.file(name.toStdString())); };
    const Outcome outcome = call({"motion", "--json", "--image", in(image), "--tracks", in(tracks), "-o", in(output)});
    QCOMPARE(outcome.code, code);
    QVERIFY2(outcome.err.find(named.toStdString()) != std::string::npos, outcome.err.c_str());
    QCOMPARE(outcome.object()["error"]["exit"].get<int>(), code);
    QVERIFY(!fs::exists(folder_.file("o.mp4")));
  }

  void anUnknownModelIs69() {
    QCOMPARE(call({"motion", "--image", q(picture_), "--tracks", q(tracks_), "--model", "grand", "-o",
                   q(folder_.file("o.mp4"))})
                 .code,
             69);
  }

  void exportRendersARangeOfAProject() {
    const fs::path out = folder_.file("range.mkv");
    const Outcome outcome =
        call({"export", q(project(Duration::fromSeconds(1))), "--range", "4-9", "--json", "-o", q(out)});
    QVERIFY2(outcome.code == 0, outcome.err.c_str());
    QCOMPARE(outcome.object()["frames"].get<int>(), 6);
    auto decoder = media::Decoder::open(out);
    QVERIFY(decoder.has_value());
    int frames = 0;
    while (true) {
      const auto frame = decoder->next();
      QVERIFY(frame.has_value());
      if (!*frame)
        break;
      ++frames;
    }
    QCOMPARE(frames, 6);
  }

  void exportRefusesUnknownPresetsByListingTheKnown() {
    const Outcome outcome =
        call({"export", q(project(Duration::fromSeconds(1))), "--preset", "vhs", "-o", q(folder_.file("o.mp4"))});
    QCOMPARE(outcome.code, 64);
    QVERIFY(outcome.err.find("h264") != std::string::npos);
  }

  void interruptingLeavesNoFile_data() {
    QTest::addColumn<int>("signal");
    QTest::newRow("Ctrl+C") << SIGINT;
    QTest::newRow("SIGTERM") << SIGTERM;
    QTest::newRow("kill") << SIGKILL;
  }
  void interruptingLeavesNoFile() {
    QFETCH(int, signal);
    const test::TempFolder target;
    const fs::path out = target.file("long.mp4");
    QProcess process;
    process.start(QStringLiteral(KINORA_CLI), {"export", q(project(Duration::fromSeconds(4000))), "-o", q(out)});
    QVERIFY(process.waitForStarted());
    // The first progress line says that frames are being written.
    QElapsedTimer timer;
    timer.start();
    while (!process.readAllStandardError().contains("Rendering") && timer.elapsed() < 60'000)
      process.waitForReadyRead(1000);
    QVERIFY(timer.elapsed() < 60'000);
    timer.restart();
    ::kill(static_cast<pid_t>(process.processId()), signal);
    QVERIFY(process.waitForFinished(20'000));
    QVERIFY(!fs::exists(out));
    if (signal == SIGKILL)
      return; // a part file may stay, under a name that does not look finished
    QCOMPARE(process.exitCode(), 130);
    QVERIFY(filesIn(target.path()).empty());
  }

  void inspectTellsWhatAFileIs() {
    const Outcome picture = call({"inspect", q(picture_), "--json"});
    QCOMPARE(picture.code, 0);
    QCOMPARE(picture.object()["kind"].get<std::string>(), std::string("picture"));
    const Outcome projectFile = call({"inspect", q(project(Duration::fromSeconds(2))), "--json"});
    QCOMPARE(projectFile.object()["takes"][0]["paths"].get<int>(), 1);
    const Outcome tracks = call({"inspect", q(tracks_), "--json"});
    QCOMPARE(tracks.object()["frames"].get<int>(), 12);
    QCOMPARE(call({"inspect", q(folder_.file("none"))}).code, 66);
    QCOMPARE(call({"inspect", q(folder_.write("empty.mp4", ""))}).code, 65);
  }

  void estimatedTracksCanBeMeasured() {
    const fs::path film = folder_.file("film.mp4");
    const fs::path found = folder_.file("found.tracks.json");
    QCOMPARE(call({"motion", "--image", q(picture_), "--tracks", q(tracks_), "-o", q(film)}).code, 0);
    const Outcome estimated =
        call({"tracks", "estimate", q(film), "--points", "60,60;20,20", "--json", "-o", q(found)});
    QVERIFY2(estimated.code == 0, estimated.err.c_str());
    QCOMPARE(estimated.object()["tracks"].get<int>(), 2);
    const Outcome measured = call({"tracks", "measure", q(film), "--tracks", q(found), "--json"});
    QVERIFY(measured.object()["meanPx"].get<double>() < .1);
    QCOMPARE(call({"tracks", "estimate", q(film), "--points", "1,2,3", "-o", q(found)}).code, 64);
    QCOMPARE(call({"tracks", "estimate", q(film), "--points", "5000,2", "-o", q(found)}).code, 65);
  }

  void inspectTellsWhatWeightsAre() {
    const std::string header = "{\"lora_unet_blocks_0_ffn_0.lora_down.weight\":{\"dtype\":\"U8\",\"shape\":[2,4],"
                               "\"data_offsets\":[0,8]}}";
    const fs::path lora = folder_.write("lora.safetensors", std::string(1, static_cast<char>(header.size())) +
                                                                std::string(7, '\0') + header + "12345678");
    const Outcome outcome = call({"inspect", q(lora), "--json"});
    QVERIFY2(outcome.code == 0, outcome.err.c_str());
    QCOMPARE(outcome.object()["kind"].get<std::string>(), std::string("weights"));
    QCOMPARE(outcome.object()["content"].get<std::string>(), std::string("lora"));
    QCOMPARE(outcome.object()["parameters"].get<int>(), 8);
    QVERIFY(call({"inspect", q(lora)}).out.find("Wan diffusion transformer") != std::string::npos);
    for (const char* name : {"empty.safetensors", "empty.pth"}) {
      const Outcome empty = call({"inspect", q(folder_.write(name, ""))});
      QCOMPARE(empty.code, 65);
      QVERIFY2(empty.err.find("the file is empty") != std::string::npos, empty.err.c_str());
    }
    QCOMPARE(call({"inspect", q(folder_.file("none.safetensors"))}).code, 66);
  }

  void parityComparesGoldenCases() {
    const fs::path golden = test::repositoryFile("tests/golden/cases/lora/wan");
    const Outcome outcome = call({"parity", q(golden), "--json"});
    QVERIFY2(outcome.code == 0, outcome.out.c_str());
    const json object = outcome.object();
    QCOMPARE(object["passed"].get<int>(), 1);
    QCOMPARE(object["cases"][0]["network"].get<std::string>(), std::string("wan_dit"));
    QVERIFY(object["cases"][0]["outputs"].size() > 50);
    QVERIFY(object["worstShareOfTolerance"].get<double>() < 1);
    QVERIFY(call({"parity", q(golden)}).out.find("1 passed, 0 failed") != std::string::npos);

    const test::TempFolder empty;
    QCOMPARE(call({"parity", q(empty.path())}).code, 65); // nothing was replayed
    QCOMPARE(call({"parity", q(empty.file("none"))}).code, 66);
    fs::copy(golden, empty.file("damaged"), fs::copy_options::recursive);
    empty.write("damaged/inputs.safetensors", "");
    const Outcome damaged = call({"parity", q(empty.path()), "--json"});
    QCOMPARE(damaged.code, 65);
    QCOMPARE(damaged.object()["failed"].get<int>(), 1);
  }

  void selfcheckGivesOneLineEach() {
    const Outcome outcome = call({"selfcheck", "--json"});
    QVERIFY2(outcome.code == 0, outcome.out.c_str());
    for (const char* line : {"tensors", "vulkan", "transport", "sharing", "models", "codecs"})
      QVERIFY2(outcome.object()[line]["ok"].get<bool>(), line);
    const std::string text = call({"selfcheck"}).out;
    QCOMPARE(std::count(text.begin(), text.end(), '\n'), std::ptrdiff_t{6});
  }
};

QTEST_GUILESS_MAIN(TestCli)
#include "tst_cli.moc"
