// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "tests/engine/runtime/engine_rig.h"

using namespace kinora;
using namespace kinora::runtime;
using kinora::test::EngineRig;
using kinora::test::must;
using kinora::test::Shown;
using session::ControlPhase;
namespace edit = kinora::document::edit;

class TestEngine : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void playbackSeekAndPublishDoNotWaitForTheModel() {
    EngineRig rig;
    rig.script->block();
    rig.engine->publish(rig.document);
    QVERIFY(rig.until([&] { return rig.script->waiting() == 1; }));
    // The untouched picture stands in and time goes on: never ahead of the clock.
    const auto begin = EngineRig::Steady::now();
    bool ahead = false;
    rig.onFrame = [&](const Shown& s) {
      const std::chrono::duration<double> passed = EngineRig::Steady::now() - begin;
      ahead = ahead || static_cast<double>(s.number) > passed.count() * 24 + 1;
    };
    rig.engine->send({Play{}});
    QVERIFY(rig.untilShown([](const Shown& s) { return s.number >= 12; }));
    QVERIFY(!ahead);
    QCOMPARE(rig.shown.red, static_cast<int>(EngineRig::kUntouched));
    rig.onFrame = nullptr;
    rig.engine->send({Pause{}});
    for (const std::int64_t frame : {3, 30, 12, 47, 0, 40}) { // scrubbing
      rig.seek(frame);
      QVERIFY(rig.untilShown([frame](const Shown& s) { return s.number == frame; }));
    }
    // A document of half the frame rate: the same moment has another number.
    rig.engine->publish(must(edit::setFrame(rig.document, {EngineRig::kSize, FrameRate{12, 1}})));
    QVERIFY(rig.untilShown([](const Shown& s) { return s.number == 23; }));
    QCOMPARE(rig.script->finishedSteps(), 0);
    rig.script->release();
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isMade(23); }));
  }

  void seekShowsTheExactFrame() {
    EngineRig rig;
    rig.engine->publish(rig.document);
    for (const std::int64_t frame : {17, 3, 47, 0, 24}) {
      rig.seek(frame);
      QVERIFY(rig.untilShown([&](const Shown& s) { return s.number == frame && s.isMade(frame); }));
    }
    rig.engine->send({Seek{Time::fromSeconds(100)}});
    QVERIFY(rig.untilShown([](const Shown& s) { return s.number == 47 && s.isMade(47); }));
    rig.engine->send({Seek{Time::fromSeconds(-1)}});
    QVERIFY(rig.untilShown([](const Shown& s) { return s.number == 0 && s.isMade(0); }));
  }

  // Standing still, too: what was made quickly gives way on the screen to what was made well.
  void theBetterFrameReplacesTheQuickOne() {
    EngineRig rig;
    rig.script->beRoughFirst();
    rig.engine->publish(rig.document);
    rig.seek(5);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.number == 5 && s.blue == test::kRough; }));
    QVERIFY(rig.untilShown([](const Shown& s) { return s.number == 5 && s.isMade(5); }));
  }

  void ofManySeeksTheLastIsShown() {
    EngineRig rig;
    rig.engine->publish(rig.document);
    for (int round = 0; round < 20; ++round)
      for (std::int64_t frame = 0; frame < 48; ++frame)
        rig.seek(frame);
    rig.seek(29);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.number == 29 && s.isMade(29); }));
    const auto state =
        rig.untilEvent<PlaybackState>([](const PlaybackState& s) { return s.playhead == EngineRig::kRate.timeOf(29); });
    QVERIFY(state && !state->playing);
  }

  void stepsStopAtTheEnds() {
    EngineRig rig;
    rig.engine->publish(rig.document);
    const auto shows = [&](std::int64_t frame) {
      return rig.untilShown([frame](const Shown& s) { return s.number == frame && s.isMade(frame); });
    };
    QVERIFY(shows(0));
    rig.engine->send({Step{1}});
    QVERIFY(shows(1));
    rig.engine->send({Step{10}});
    QVERIFY(shows(11));
    rig.engine->send({Step{-2}});
    QVERIFY(shows(9));
    rig.engine->send({Step{-100}});
    QVERIFY(shows(0));
    rig.engine->send({Step{100}});
    QVERIFY(shows(47));
  }

  void marksAreGoneThroughAgainAndAgain() {
    EngineRig rig;
    auto document = must(edit::setMarks(rig.document, EngineRig::kRate.timeOf(10), EngineRig::kRate.timeOf(16)));
    rig.engine->publish(must(edit::setLoop(document, true)));
    rig.seek(10);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.number == 10; }));
    int turns = 0;
    bool outside = false;
    std::int64_t last = 10;
    rig.onFrame = [&](const Shown& s) {
      turns += s.number < last ? 1 : 0;
      outside = outside || s.number < 10 || s.number >= 16;
      last = s.number;
    };
    rig.engine->send({Play{}});
    QVERIFY(rig.until([&] { return turns >= 2; }));
    QVERIFY(!outside);
    turns = 0;
    rig.onFrame = [&](const Shown& s) {
      turns += s.number > last ? 1 : 0;
      last = s.number;
    };
    rig.engine->send({Play{-1}});
    QVERIFY(rig.until([&] { return turns >= 2; }));
  }

  void withoutLoopPlaybackEndsAtTheLastFrame() {
    EngineRig rig;
    auto document = must(edit::setMarks(rig.document, EngineRig::kRate.timeOf(10), EngineRig::kRate.timeOf(16)));
    rig.engine->publish(must(edit::setLoop(document, false)));
    rig.seek(12);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.number == 12; }));
    rig.engine->send({Play{}});
    const auto playing = rig.untilEvent<PlaybackState>([](const PlaybackState& s) { return s.playing; });
    QVERIFY(playing.has_value());
    const auto ended = rig.untilEvent<PlaybackState>([](const PlaybackState& s) { return !s.playing; });
    QVERIFY(ended && ended->playhead == EngineRig::kRate.timeOf(15));
    QVERIFY(rig.untilShown([](const Shown& s) { return s.number == 15 && s.isMade(15); }));
  }

  // A store that holds 20 of 48 frames: 16 are made ahead and kept until they are shown; nothing is made again and
  // again.
  void readAheadStaysWithinTheStore() {
    EngineRig rig({{}, 20 * EngineRig::kFrameBytes, 0});
    rig.engine->publish(rig.document);
    QVERIFY(rig.until([&] { return rig.script->finishedSteps() >= 16; }));
    for (int i = 0; i < 40; ++i) { // answered between two steps
      rig.engine->requestMatte(rig.take, 7);
      QVERIFY(rig.untilEvent<MatteReady>().has_value());
    }
    QCOMPARE(rig.script->finishedSteps(), 16);
    rig.engine->send({SetPlaybackRule{true}});
    rig.engine->send({Play{}});
    QVERIFY(rig.untilShown([](const Shown& s) { return s.number == 47 && s.isMade(47); }));
    const int steps = rig.script->finishedSteps(); // those of the next time round included
    QVERIFY2(steps <= 48 + 16, qPrintable(QString::number(steps)));
  }

  // Frames of an earlier run lie on disk, memory holds four, and the model stands still.
  void framesOnDiskPlayWhileTheModelStandsStill() {
    const test::TempFolder store;
    const EngineOptions options{store.path(), 4 * EngineRig::kFrameBytes, std::int64_t{1} << 24};
    {
      EngineRig rig(options);
      rig.engine->startExport(rig.document, {rig.folder.file("film.mp4"), {}, {}, {}});
      const auto end = rig.untilEvent<ExportFinished>();
      QVERIFY(end && end->file);
    }
    EngineRig rig(options);
    rig.script->block();
    const auto more =
        must(document::addPictureTake(rig.document, *rig.document->media.front(), Duration::fromSeconds(1)));
    rig.engine->publish(more.document);
    QVERIFY(rig.until([&] { return rig.script->waiting() == 1; })); // for the other take
    for (std::int64_t frame = 0; frame < 40; ++frame) {
      rig.seek(frame);
      QVERIFY2(rig.untilShown([frame](const Shown& s) { return s.number == frame && s.isMade(frame); }),
               qPrintable(QString::number(frame)));
    }
    QCOMPARE(rig.script->finishedSteps(), 0);
  }

  // Tried again by itself after a while, told once; an export asks anew at once.
  void whatFailedIsTriedAgain() {
    EngineRig rig;
    rig.script->failWith("The device was lost.");
    rig.engine->publish(rig.document);
    int failures = 0;
    const auto failed = [](const Event& event) {
      const auto* progress = std::get_if<TakeProgress>(&event);
      return progress && !progress->failure.empty();
    };
    const auto count = [&] {
      for (; !rig.events.empty(); rig.events.pop_front())
        failures += failed(rig.events.front()) ? 1 : 0;
      return failures;
    };
    QVERIFY(rig.until([&] { return count() == 1; }));
    const int tries = rig.script->finishedSteps();
    QVERIFY(rig.until([&] { return rig.script->finishedSteps() > tries; })); // after a second
    QCOMPARE(count(), 1);
    rig.script->failWith("");
    rig.engine->startExport(rig.document, {rig.folder.file("film.mp4"), {}, {}, {}});
    const auto end = rig.untilEvent<ExportFinished>();
    QVERIFY(end && end->file);
    rig.seek(5);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.number == 5 && s.isMade(5); }));
  }

  void aPictureThatComesBackIsUsed() {
    EngineRig rig;
    const auto photo = rig.folder.file("photo.png");
    std::filesystem::rename(photo, rig.folder.file("away.png"));
    rig.engine->publish(rig.document);
    QVERIFY(rig.untilEvent<TakeProgress>([](const TakeProgress& p) { return !p.failure.empty(); }).has_value());
    std::filesystem::rename(rig.folder.file("away.png"), photo);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isMade(0); }));
  }

  void everyFrameIsShownHoweverLongItTakes() {
    EngineRig rig;
    rig.script->block();
    rig.engine->publish(rig.document);
    rig.engine->send({SetPlaybackRule{true}});
    rig.engine->send({Play{}});
    QVERIFY(rig.until([&] { return rig.script->waiting() == 1; }));
    std::int64_t last = 0;
    bool left = false; // a frame was passed over
    rig.onFrame = [&](const Shown& s) {
      left = left || !s.isMade(s.number) || s.number < last;
      last = s.number;
    };
    rig.script->release();
    QVERIFY(rig.untilShown([](const Shown& s) { return s.number >= 10; }));
    QVERIFY(!left);
    QCOMPARE(rig.engine->stats().skipped, 0);
  }

  void obsoleteWorkIsCancelled() {
    EngineRig rig;
    rig.script->block();
    rig.engine->publish(rig.withPathTo(20));
    QVERIFY(rig.until([&] { return rig.script->waiting() == 1; }));
    rig.engine->publish(rig.withPathTo(33));
    QVERIFY(rig.until([&] { return rig.script->cancelled() == 1 && rig.script->waiting() == 1; }));
    QCOMPARE(rig.script->finishedSteps(), 0);
    rig.script->release();
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isMade(0) && s.green == 33; }));
  }

  void workThatIsStillWantedGoesOn() {
    EngineRig rig;
    rig.script->block();
    const auto document = rig.withPathTo(20);
    rig.engine->publish(document);
    QVERIFY(rig.until([&] { return rig.script->waiting() == 1; }));
    rig.engine->publish(must(edit::renameTake(document, rig.take, "Another name")));
    rig.seek(5);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.number == 5; }));
    QCOMPARE(rig.script->cancelled(), 0);
    rig.script->release();
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isMade(5) && s.green == 20; }));
    QCOMPARE(rig.script->prepared(), 1);
  }

  void anEngineEndsWhileTheModelStandsStill() {
    EngineRig rig;
    rig.script->block();
    rig.engine->publish(rig.document);
    QVERIFY(rig.until([&] { return rig.script->waiting() == 1; }));
    rig.engine->startExport(rig.document, {rig.folder.file("film.mkv"), {}, {}, {}});
    rig.engine.reset();
    QCOMPARE(rig.script->cancelled(), 1);
    QVERIFY(!std::filesystem::exists(rig.folder.file("film.mkv")));
  }
};

QTEST_APPLESS_MAIN(TestEngine)
#include "tst_engine.moc"
