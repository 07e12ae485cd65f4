// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

#include <sys/resource.h>

#include "tests/engine/runtime/engine_rig.h"

using namespace kinora;
using namespace kinora::runtime;
using kinora::test::EngineRig;
using kinora::test::must;
namespace edit = kinora::document::edit;
namespace fs = std::filesystem;

namespace {

ExportFinished finished(EngineRig& rig, JobId job) {
  auto end = rig.untilEvent<ExportFinished>([job](const ExportFinished& e) { return e.job == job; });
  return end ? std::move(*end) : ExportFinished{{}, fail(ErrorCode::Internal, "The export never ended.")};
}

std::string bytesOf(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::size_t entriesIn(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

int redOf(const fs::path& picture) {
  return *must(media::readImage(picture, media::OutputDepth::Eight)).row<unsigned char>(0);
}

} // namespace

class TestExport : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void twoRunsGiveTheSameBytes() {
    std::string first;
    for (const char* name : {"a.mp4", "b.mp4"}) {
      EngineRig rig;
      const auto document = rig.withPathTo(20);
      const auto end = finished(rig, rig.engine->startExport(document, {rig.folder.file(name), {}, {}, {}}));
      QVERIFY2(end.file.has_value(), end.file ? "" : end.file.error().message.c_str());
      QVERIFY(*end.file == rig.folder.file(name));
      const std::string bytes = bytesOf(*end.file);
      QVERIFY(bytes.size() > 500);
      QVERIFY(first.empty() || first == bytes);
      first = bytes;
    }
  }

  void aRangeHasExactlyItsFrames() {
    EngineRig rig;
    rig.engine->publish(rig.document);
    ExportRequest request{rig.folder.file("film"), "png-sequence", {}, {}};
    request.range = TimeRange{EngineRig::kRate.timeOf(10), EngineRig::kRate.timeOf(5) - Time{}};
    const auto end = finished(rig, rig.engine->startExport(rig.document, request));
    QVERIFY2(end.file.has_value(), end.file ? "" : end.file.error().message.c_str());
    QCOMPARE(entriesIn(request.file), std::size_t{5});
    for (int i = 0; i < 5; ++i)
      QCOMPARE(redOf(request.file / ("0000" + std::to_string(i) + ".png")), 10 + i);
  }

  void marksAreTheRangeWhenNoneIsGiven() {
    EngineRig rig;
    const auto document = must(edit::setMarks(rig.document, EngineRig::kRate.timeOf(40), EngineRig::kRate.timeOf(43)));
    const auto end =
        finished(rig, rig.engine->startExport(document, {rig.folder.file("film"), "png-sequence", {}, {}}));
    QVERIFY(end.file.has_value());
    QCOMPARE(entriesIn(*end.file), std::size_t{3});
    QCOMPARE(redOf(*end.file / "00000.png"), 40);
  }

  void anotherSizeIsMadeInThatSize() {
    EngineRig rig;
    ExportRequest request{rig.folder.file("film"), "png-sequence", {}, Size{32, 24}};
    request.range = TimeRange{{}, EngineRig::kRate.timeOf(1) - Time{}};
    const auto end = finished(rig, rig.engine->startExport(rig.document, request));
    QVERIFY(end.file.has_value());
    QVERIFY(must(media::readImage(*end.file / "00000.png")).size() == (Size{32, 24}));
  }

  // The frame of 64×48 in a square: black bars, or cut at both sides and no bars.
  void anotherShapeFitsOrFills() {
    EngineRig rig;
    ExportRequest request{rig.folder.file("fit"), "png-sequence", {}, Size{48, 48}};
    request.range = TimeRange{{}, EngineRig::kRate.timeOf(1) - Time{}};
    auto end = finished(rig, rig.engine->startExport(rig.document, request));
    QVERIFY(end.file.has_value());
    const auto blueAt = [](const Image& image, int y) { return image.row<unsigned char>(y)[4 * 24 + 2]; };
    const Image fit = must(media::readImage(*end.file / "00000.png", media::OutputDepth::Eight));
    QVERIFY(fit.size() == (Size{48, 48}));
    for (const int y : {0, 5, 42, 47})
      QCOMPARE(blueAt(fit, y), 0);
    for (const int y : {6, 24, 41})
      QCOMPARE(blueAt(fit, y), int{test::kMade});
    request.file = rig.folder.file("fill");
    request.framing = Framing::Fill;
    end = finished(rig, rig.engine->startExport(rig.document, request));
    QVERIFY(end.file.has_value());
    const Image fill = must(media::readImage(*end.file / "00000.png", media::OutputDepth::Eight));
    for (const int y : {0, 24, 47})
      QCOMPARE(blueAt(fill, y), int{test::kMade});
  }

  void anotherRateKeepsTheTimes() {
    EngineRig rig;
    ExportRequest request{rig.folder.file("film"), "png-sequence", {}, {}};
    request.range = TimeRange{EngineRig::kRate.timeOf(12), EngineRig::kRate.timeOf(24) - Time{}}; // .5 s to 1.5 s
    request.rate = FrameRate{10, 1};
    const auto end = finished(rig, rig.engine->startExport(rig.document, request));
    QVERIFY(end.file.has_value());
    QCOMPARE(entriesIn(request.file), std::size_t{10});
    QCOMPARE(redOf(request.file / "00000.png"), 5); // the frame of the take at .5 s
    request.file = rig.folder.file("none.mp4");
    request.preset.clear();
    request.rate = FrameRate{0, 1};
    const auto none = finished(rig, rig.engine->startExport(rig.document, request));
    QVERIFY(!none.file && none.file.error().code == ErrorCode::InvalidArgument);
  }

  void cancelEndsWithinASecondAndLeavesNothing_data() {
    QTest::addColumn<bool>("modelKnown");
    QTest::newRow("waiting for a frame") << true;
    QTest::newRow("waiting for a model to be opened") << false;
  }
  void cancelEndsWithinASecondAndLeavesNothing() {
    QFETCH(bool, modelKnown);
    EngineRig rig;
    rig.script->block();
    rig.engine->publish(rig.document);
    QVERIFY(rig.until([&] { return rig.script->waiting() == 1; }));
    const auto document =
        modelKnown ? rig.document : must(edit::setTakeModel(rig.document, rig.take, "another", 0, {}));
    const fs::path folder = rig.folder.path() / "out";
    fs::create_directory(folder);
    const JobId job = rig.engine->startExport(document, {folder / "film.mp4", {}, {}, {}});
    const JobId behind = rig.engine->startExport(document, {folder / "next.mp4", {}, {}, {}});
    if (modelKnown)
      QVERIFY(rig.untilEvent<ExportProgress>([&](const ExportProgress& p) { return p.job == job; }).has_value());
    const auto begin = EngineRig::Steady::now();
    rig.engine->cancelExport(behind); // it has not begun
    rig.engine->cancelExport(job);
    for (const JobId each : {behind, job}) {
      const auto end = finished(rig, each);
      QVERIFY(!end.file.has_value());
      QCOMPARE(end.file.error().code, ErrorCode::Cancelled);
    }
    QVERIFY(EngineRig::Steady::now() - begin < std::chrono::seconds(1));
    QCOMPARE(entriesIn(folder), std::size_t{0});
    rig.script->release(); // and the next one works
    QVERIFY(finished(rig, rig.engine->startExport(rig.document, {folder / "film.mp4", {}, {}, {}})).file.has_value());
  }

  void impossibleRequestsAreErrors_data() {
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("preset");
    QTest::addColumn<int>("firstFrame");
    QTest::addColumn<ErrorCode>("code");
    QTest::newRow("no folder") << "photo.png/film.mp4"
                               << "" << 0 << ErrorCode::Io;
    QTest::newRow("no preset of that name") << "film.mp4"
                                            << "wonder" << 0 << ErrorCode::InvalidArgument;
    QTest::newRow("no format of that ending") << "film.doc"
                                              << "" << 0 << ErrorCode::InvalidArgument;
    QTest::newRow("behind the end") << "film.mp4"
                                    << "" << 400 << ErrorCode::InvalidArgument;
  }
  void impossibleRequestsAreErrors() {
    QFETCH(QString, file);
    QFETCH(QString, preset);
    QFETCH(int, firstFrame);
    QFETCH(ErrorCode, code);
    EngineRig rig;
    ExportRequest request{rig.folder.file(file.toStdString()), preset.toStdString(), {}, {}};
    request.range = TimeRange{EngineRig::kRate.timeOf(firstFrame), EngineRig::kRate.timeOf(5) - Time{}};
    const auto end = finished(rig, rig.engine->startExport(rig.document, request));
    QVERIFY(!end.file.has_value());
    QCOMPARE(end.file.error().code, code);
    QCOMPARE(entriesIn(rig.folder.path()), std::size_t{1}); // the photo
  }

  void sourcesAreNotWrittenOver() {
    EngineRig rig;
    // A film that shows itself: under its own name and under another one.
    const auto first = finished(rig, rig.engine->startExport(rig.document, {rig.folder.file("film.mkv"), {}, {}, {}}));
    QVERIFY(first.file.has_value());
    const auto added = must(document::addMediaClip(rig.document, must(describeMediaFile(*first.file))));
    const std::string before = bytesOf(*first.file);
    fs::create_symlink(*first.file, rig.folder.file("link.mkv"));
    for (const char* name : {"film.mkv", "link.mkv"}) {
      const auto end = finished(rig, rig.engine->startExport(added.document, {rig.folder.file(name), {}, {}, {}}));
      QVERIFY(!end.file && end.file.error().code == ErrorCode::InvalidArgument);
      QVERIFY(end.file.error().message.find("film.mkv") != std::string::npos);
    }
    QVERIFY(bytesOf(*first.file) == before);
    QVERIFY(finished(rig, rig.engine->startExport(added.document, {rig.folder.file("other.mkv"), {}, {}, {}})).file);
    // Numbered pictures into the folder that they come from.
    const fs::path numbers = rig.folder.path() / "numbers";
    fs::create_directory(numbers);
    fs::copy_file(rig.folder.file("photo.png"), numbers / "00003.png");
    const auto shown = must(document::addMediaClip(rig.document, must(describeMediaFile(*first.file))));
    const auto more = must(edit::addMedia(shown.document, must(describeMediaFile(numbers / "00003.png"))));
    const auto end = finished(rig, rig.engine->startExport(more.document, {numbers, "png-sequence", {}, {}}));
    QVERIFY(!end.file && end.file.error().code == ErrorCode::InvalidArgument);
    QCOMPARE(entriesIn(numbers), std::size_t{1});
  }

  void aFolderThatVanishesIsAnError_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"film.mp4", "film.mkv", "film.mov"})
      QTest::newRow(name) << name;
  }
  void aFolderThatVanishesIsAnError() {
    QFETCH(QString, name);
    EngineRig rig;
    const fs::path folder = rig.folder.path() / "out";
    fs::create_directory(folder);
    rig.script->block();
    const JobId job = rig.engine->startExport(rig.document, {folder / name.toStdString(), {}, {}, {}});
    QVERIFY(rig.until([&] { return rig.script->waiting() == 1; }));
    fs::remove_all(folder);
    rig.script->release();
    const auto end = finished(rig, job);
    QVERIFY(!end.file);
    QVERIFY2(end.file.error().code == ErrorCode::Io || end.file.error().code == ErrorCode::NotFound,
             end.file.error().text().c_str());
    QVERIFY(!fs::exists(folder));
  }

  // No file may grow beyond 400 bytes: what a full disk does, without filling one.
  void aFullDiskIsAnErrorAndLeavesNothing() {
    for (const char* name : {"film.mp4", "film.mkv", "film.mov"}) {
      EngineRig rig;
      const fs::path folder = rig.folder.path() / "out";
      fs::create_directory(folder);
      rlimit usual{};
      QCOMPARE(::getrlimit(RLIMIT_FSIZE, &usual), 0);
      const rlimit little{400, usual.rlim_max};
      const auto handler = std::signal(SIGXFSZ, SIG_IGN);
      QCOMPARE(::setrlimit(RLIMIT_FSIZE, &little), 0);
      const auto end = finished(rig, rig.engine->startExport(rig.document, {folder / name, {}, {}, {}}));
      ::setrlimit(RLIMIT_FSIZE, &usual);
      std::signal(SIGXFSZ, handler);
      QVERIFY2(!end.file && end.file.error().code == ErrorCode::Io, name);
      QVERIFY(end.file.error().message.find(name) != std::string::npos);
      QCOMPARE(entriesIn(folder), std::size_t{0});
    }
  }

  void aSourceThatVanishesIsNamed() {
    EngineRig rig;
    const auto film = finished(rig, rig.engine->startExport(rig.document, {rig.folder.file("film.mkv"), {}, {}, {}}));
    const auto added = must(document::addMediaClip(rig.document, must(describeMediaFile(*film.file))));
    fs::remove(*film.file); // shown after the take
    const auto end = finished(rig, rig.engine->startExport(added.document, {rig.folder.file("b.mkv"), {}, {}, {}}));
    QVERIFY(!end.file && end.file.error().code == ErrorCode::NotFound);
    QVERIFY(end.file.error().text().find("film.mkv") != std::string::npos);
    QCOMPARE(entriesIn(rig.folder.path()), std::size_t{1}); // the photo
  }

  void aModelThatFailsEndsTheExport() {
    EngineRig rig;
    rig.script->failWith("The device was lost.");
    const auto end = finished(rig, rig.engine->startExport(rig.document, {rig.folder.file("film.mp4"), {}, {}, {}}));
    QVERIFY(!end.file.has_value());
    QVERIFY(end.file.error().message.find("The device was lost.") != std::string::npos);
    QCOMPARE(entriesIn(rig.folder.path()), std::size_t{1});
  }

  void filesAreDescribedAndShownSmall() {
    EngineRig rig;
    const fs::path photo = rig.folder.file("photo.png");
    rig.engine->describeMedia(photo);
    const auto described = rig.untilEvent<MediaDescribed>();
    QVERIFY(described && described->item && described->item->size == EngineRig::kSize);
    rig.engine->describeMedia(rig.folder.file("none.png"));
    const auto missing = rig.untilEvent<MediaDescribed>();
    QVERIFY(missing && !missing->item && missing->item.error().code == ErrorCode::NotFound);

    rig.engine->requestThumbnail({photo, {}, {32, 32}, 5});
    const auto small = rig.untilEvent<ThumbnailReady>();
    QVERIFY(small && small->tag == 5 && small->image && small->image->size() == (Size{32, 24}));
    rig.engine->requestThumbnail({rig.folder.write("text.png", "no picture"), {}, {32, 32}, 6});
    const auto none = rig.untilEvent<ThumbnailReady>();
    QVERIFY(none && none->tag == 6 && !none->image);
  }

  void mattesAreAnswered() {
    EngineRig rig;
    rig.engine->publish(rig.document);
    QVERIFY(rig.untilShown([](const test::Shown& s) { return s.isMade(0); }));
    rig.engine->requestMatte(rig.take, 7);
    const auto matte = rig.untilEvent<MatteReady>();
    QVERIFY(matte && matte->group == 7 && matte->matte && matte->matte->format() == PixelFormat::Gray8);
    rig.engine->requestMatte(TakeId{999}, 7);
    const auto none = rig.untilEvent<MatteReady>();
    QVERIFY(none && !none->matte && none->matte.error().code == ErrorCode::NotFound);
  }
};

QTEST_APPLESS_MAIN(TestExport)
#include "tst_export.moc"
