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

class TestLiveDrag : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void everySampleArrivesInOrder() {
    EngineRig rig;
    rig.engine->publish(rig.document);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isMade(0); }));
    rig.drag(ControlPhase::Begin, 0, 0);
    for (int i = 1; i <= 500; ++i)
      rig.drag(ControlPhase::Move, i / 20, static_cast<float>(i) / 4);
    rig.drag(ControlPhase::End, 25, 126);
    QVERIFY(rig.until([&] { return rig.script->samples().size() == 502; }));
    const auto samples = rig.script->samples();
    QVERIFY(samples.front().phase == ControlPhase::Begin);
    QVERIFY(samples.back().phase == ControlPhase::End);
    for (std::size_t i = 1; i <= 500; ++i)
      QCOMPARE(samples[i].at.x, static_cast<float>(i) / 4);
  }

  // The take, and each time another one, is published in the very moment before the hand begins to drag in it.
  void aDragInABrandNewTakeLosesNothing() {
    EngineRig rig;
    rig.engine->publish(rig.document);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isMade(0); }));
    document::DocumentPtr document = rig.document;
    const document::MediaItem picture = *document->media.front();
    for (std::size_t round = 1; round <= 60; ++round) {
      auto made = must(document::addPictureTake(document, picture, Duration::fromSeconds(1)));
      document = made.document;
      rig.engine->publish(document);
      const auto sample = [&](ControlPhase phase, float x) {
        session::ControlSample s;
        s.phase = phase;
        s.track = TrackId{1};
        s.at = {x, 5};
        rig.engine->drag(made.id, s);
      };
      sample(ControlPhase::Begin, 1);
      sample(ControlPhase::Move, 2);
      sample(ControlPhase::Move, 3);
      sample(ControlPhase::End, 4);
      QVERIFY2(rig.until([&] { return rig.script->samples().size() == 4 * round; }, std::chrono::seconds(5)),
               qPrintable(QStringLiteral("round %1: %2").arg(round).arg(rig.script->samples().size())));
    }
    const auto samples = rig.script->samples();
    for (std::size_t i = 0; i < samples.size(); ++i)
      QCOMPARE(samples[i].at.x, static_cast<float>(i % 4 + 1));
  }

  // What cannot be followed is told once, not with every sample; the next drag is followed again.
  void aDragThatCannotBeFollowedIsToldOnce() {
    EngineRig rig;
    rig.engine->publish(must(edit::setTakeModel(rig.document, rig.take, "broken", 0, {})));
    rig.drag(ControlPhase::Begin, 0, 1);
    QVERIFY(rig.untilEvent<EngineFailure>().has_value());
    for (int i = 0; i < 20; ++i)
      rig.drag(ControlPhase::Move, 0, 2);
    rig.drag(ControlPhase::End, 0, 3);
    rig.engine->publish(rig.document);
    rig.drag(ControlPhase::Begin, 0, 9);
    int failures = 0;
    const auto isLive = [](const Event& event) { return std::holds_alternative<LiveState>(event); };
    QVERIFY(rig.until([&] { return std::any_of(rig.events.begin(), rig.events.end(), isLive); }));
    for (const Event& event : rig.events)
      failures += std::holds_alternative<EngineFailure>(event) ? 1 : 0;
    QCOMPARE(failures, 0);
    QCOMPARE(rig.script->samples().size(), std::size_t{1});
  }

  void samplesGatherWhileAStepRuns() {
    EngineRig rig;
    rig.engine->publish(rig.document);
    rig.drag(ControlPhase::Begin, 4, 1);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isLive() && s.green == 1; }));
    rig.script->block();
    rig.drag(ControlPhase::Move, 5, 2);
    QVERIFY(rig.until([&] { return rig.script->waiting() == 1; }));
    for (int i = 3; i <= 90; ++i)
      rig.drag(ControlPhase::Move, 6, static_cast<float>(i));
    const int before = rig.script->finishedSteps();
    rig.script->release();
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isLive() && s.green == 90 && s.number == 6; }));
    QCOMPARE(rig.script->finishedSteps(), before + 2); // the one that ran and one for all that came meanwhile
    QCOMPARE(rig.script->samples().size(), std::size_t{90});
  }

  void oneSampleIsEnoughForALivePicture() {
    for (int round = 0; round < 30; ++round) {
      EngineRig rig;
      rig.engine->publish(rig.document);
      QVERIFY(rig.untilShown([](const Shown& s) { return s.isMade(0); }));
      rig.drag(ControlPhase::Begin, 0, 9);
      QVERIFY(rig.untilShown([](const Shown& s) { return s.isLive() && s.green == 9; }));
      const auto live = rig.untilEvent<LiveState>();
      QVERIFY(live && live->take == rig.take && live->track == TrackId{1} && live->frame == 0);
    }
  }

  void theHandComesBeforeOtherWork() {
    EngineRig rig;
    rig.script->block();
    rig.engine->publish(rig.document);
    QVERIFY(rig.until([&] { return rig.script->waiting() == 1; }));
    rig.drag(ControlPhase::Begin, 0, 9);
    QVERIFY(rig.until([&] { return rig.script->cancelled() == 1 && rig.script->samples().size() == 1; }));
    rig.script->release();
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isLive() && s.green == 9; }));
  }

  void thePictureOfTheHandStaysUntilTheNewPathIsThere() {
    EngineRig rig;
    rig.engine->publish(rig.document);
    rig.seek(6);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.number == 6 && s.isMade(6); }));
    rig.drag(ControlPhase::Begin, 6, 50);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isLive() && s.green == 50; }));
    bool flashed = false;
    rig.onFrame = [&](const Shown& s) { flashed = flashed || !(s.isLive() || (s.isMade(6) && s.green == 60)); };
    rig.drag(ControlPhase::End, 6, 60);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isLive() && s.green == 60; }));
    rig.script->block();
    rig.engine->publish(rig.withPathTo(60));
    const std::uint64_t serial = rig.shown.serial;
    QVERIFY(rig.untilShown([&](const Shown& s) { return s.serial > serial; }));
    QVERIFY(rig.shown.isLive());
    rig.script->release();
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isMade(6) && s.green == 60; }));
    QVERIFY(!flashed);
  }

  void cancelShowsThePictureAsItWas() {
    EngineRig rig;
    rig.engine->publish(rig.withPathTo(20));
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isMade(0) && s.green == 20; }));
    rig.drag(ControlPhase::Begin, 0, 50);
    rig.drag(ControlPhase::Move, 3, 51);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isLive() && s.green == 51 && s.number == 3; }));
    rig.drag(ControlPhase::Cancel, 3, 52);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isMade(3) && s.green == 20; }));
    // What is made afterwards knows nothing of the drag.
    rig.seek(40);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isMade(40) && s.green == 20; }));
  }

  void aDragOnATakeThatIsGoneDoesNothing() {
    EngineRig rig;
    rig.engine->publish(rig.document);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isMade(0); }));
    const TakeId gone{999};
    for (const ControlPhase phase : {ControlPhase::Begin, ControlPhase::Move, ControlPhase::End}) {
      session::ControlSample sample;
      sample.phase = phase;
      rig.engine->drag(gone, sample);
    }
    rig.seek(8);
    QVERIFY(rig.untilShown([](const Shown& s) { return s.isMade(8); }));
    QVERIFY(rig.script->samples().empty());
  }

  void aModelThatFailsIsToldOnTheTake() {
    EngineRig rig;
    rig.script->failWith("The device was lost.");
    rig.engine->publish(rig.document);
    const auto progress = rig.untilEvent<TakeProgress>([](const TakeProgress& p) { return !p.failure.empty(); });
    QVERIFY(progress.has_value());
    QVERIFY(progress->take == rig.take);
    QCOMPARE(progress->spans, (std::vector<TakeProgress::Span>{{0, 48, SpanState::Failed}}));
    QVERIFY(progress->failure.find("The device was lost.") != std::string::npos);
    rig.seek(8); // the picture still plays
    QVERIFY(rig.untilShown([](const Shown& s) { return s.number == 8 && s.red == EngineRig::kUntouched; }));
  }

  void aModelThatIsNotThereIsToldOnTheTake() {
    EngineRig rig;
    rig.engine->publish(must(edit::setTakeModel(rig.document, rig.take, "broken", 0, {})));
    const auto progress = rig.untilEvent<TakeProgress>([](const TakeProgress& p) { return !p.failure.empty(); });
    QVERIFY(progress.has_value());
    QVERIFY(progress->failure.find("not installed") != std::string::npos);
  }

  void progressEndsWithEveryFrameReady() {
    EngineRig rig;
    rig.engine->publish(rig.document);
    const std::vector<TakeProgress::Span> all{{0, 48, SpanState::Ready}};
    QVERIFY(rig.untilEvent<TakeProgress>([&](const TakeProgress& p) { return p.spans == all; }).has_value());
    QCOMPARE(rig.script->finishedSteps(), 48); // nothing was made twice
  }
};

QTEST_APPLESS_MAIN(TestLiveDrag)
#include "tst_live_drag.moc"
