// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <functional>

#include <QtTest/QTest>

#include "engine/document/edit.h"
#include "engine/document/starter.h"
#include "engine/runtime/plan/plan.h"

using namespace kinora;
using namespace kinora::runtime;
namespace edit = kinora::document::edit;

namespace {

using document::DocumentPtr;

struct Project;

document::MediaItem picture(Size size, std::uint64_t hash) {
  document::MediaItem item;
  item.name = "photo.png";
  item.path = "/pictures/photo.png";
  item.hash = {1, hash};
  item.size = size;
  return item;
}

// Two takes on one lane; the first has a path and a pin.
struct Project {
  DocumentPtr document;
  TakeId first;
  TakeId second;
  TrackId path;
  TrackId pin;
  ModelTable models;

  Project() {
    models.learn("draft", 1);
    auto made = document::projectForPicture(picture({320, 200}, 1), Duration::fromSeconds(2), FrameRate{24, 1});
    first = made->id;
    auto more = document::addPictureTake(made->document, picture({100, 100}, 2), Duration::fromSeconds(1));
    second = more->id;
    document::Track track;
    track.points = {{Duration{}, {10, 10}, true}, {Duration::fromSeconds(1), {60, 10}, true}};
    track.duration = Duration::fromSeconds(1);
    auto withPath = edit::addTrack(more->document, first, track);
    path = withPath->id;
    document::Track hold;
    hold.kind = document::TrackKind::Pin;
    hold.points = {{Duration{}, {200, 100}, true}};
    auto withPin = edit::addTrack(withPath->document, first, hold, 1);
    pin = withPin->id;
    document = withPin->document;
  }

  [[nodiscard]] PlanPtr plan(const PlanPtr& previous = nullptr) const {
    return Plan::build(document, previous, models);
  }
  // Applies an edit; fails the test when it is refused.
  void change(const Result<DocumentPtr>& next) {
    if (!next)
      qFatal("%s", next.error().message.c_str());
    document = *next;
  }
};

using Change = std::function<Result<DocumentPtr>(const Project&)>;

} // namespace

Q_DECLARE_METATYPE(Change)

class TestPlan : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void unchangedTakesKeepTheirNodes() {
    Project p;
    const PlanPtr before = p.plan();
    p.change(edit::setTrackStrength(p.document, p.first, p.path, .5F));
    const PlanPtr after = p.plan(before);
    QVERIFY(after->node(p.first) != before->node(p.first));
    QVERIFY(after->node(p.first)->key != before->node(p.first)->key);
    QVERIFY(after->node(p.second) == before->node(p.second));
    // The pin was not touched: its samples are used again.
    QVERIFY(after->node(p.first)->tracks[1] == before->node(p.first)->tracks[1]);
    QVERIFY(after->node(p.first)->tracks[0] != before->node(p.first)->tracks[0]);
  }

  void movingAClipRemakesNothing() {
    Project p;
    const PlanPtr before = p.plan();
    const ClipId last = p.document->lanes.front()->clips.back()->id;
    p.change(edit::moveClip(p.document, last, p.document->lanes.front()->id, Time::fromSeconds(10)));
    const PlanPtr after = p.plan(before);
    QVERIFY(after->node(p.first) == before->node(p.first));
    QVERIFY(after->node(p.second) == before->node(p.second));
    QCOMPARE(after->frameCount(), 24 * 11);
  }

  void keysChangeExactlyWithWhatChangesPixels_data() {
    QTest::addColumn<Change>("change");
    QTest::addColumn<bool>("changes");
    const auto row = [](const char* name, bool changes, Change change) { QTest::newRow(name) << change << changes; };
    row("name of track", false,
        [](const Project& p) { return edit::renameTrack(p.document, p.first, p.path, "Other"); });
    row("colour", false, [](const Project& p) { return edit::setTrackColour(p.document, p.first, p.path, "mint"); });
    row("lock", false, [](const Project& p) { return edit::setTrackLocked(p.document, p.first, p.path, true); });
    row("name of take", false, [](const Project& p) { return edit::renameTake(p.document, p.first, "Best"); });
    row("loop", false, [](const Project& p) { return edit::setLoop(p.document, !p.document->loop); });
    row("clip opacity", false, [](const Project& p) {
      return edit::setClipPlacement(p.document, p.document->lanes.front()->clips.front()->id, .5F, 1, {});
    });
    row("a point", true, [](const Project& p) {
      const std::size_t last[] = {1};
      return edit::movePoints(p.document, p.first, p.path, last, {1, 0});
    });
    row("hidden span", true, [](const Project& p) {
      return edit::setTrackVisibility(p.document, p.first, p.path, {Time{}, Duration::fromSeconds(.5)}, false);
    });
    row("eye", true, [](const Project& p) { return edit::setTrackEnabled(p.document, p.first, p.path, false); });
    row("solo", true, [](const Project& p) { return edit::setTrackSolo(p.document, p.first, p.path, true); });
    row("timing", true, [](const Project& p) {
      return edit::setTrackTiming(p.document, p.first, p.path, Time{}, Duration::fromSeconds(1.5));
    });
    row("easing", true, [](const Project& p) {
      return edit::setTrackEasing(p.document, p.first, p.path, {{.42F, 0}, {1, 1}});
    });
    row("order", true, [](const Project& p) { return edit::reorderTrack(p.document, p.first, p.path, 1); });
    row("what moves", true, [](const Project& p) {
      return edit::setTrackMoves(p.document, p.first, p.path, document::TrackMoves::Point, 24);
    });
    row("camera", true, [](const Project& p) {
      return edit::setCamera(p.document, p.first, {{Time{}, {}}, {Time::fromSeconds(1), {2, 0, 0, 0}}});
    });
    row("matte", true, [](const Project& p) {
      return edit::addMatteEdit(p.document, p.first, {0, true, 5, {{1, 1}, {9, 9}}});
    });
    row("seed", true, [](const Project& p) { return edit::setTakeModel(p.document, p.first, "draft", 7, ""); });
    row("length", true,
        [](const Project& p) { return edit::setTakeLength(p.document, p.first, Duration::fromSeconds(3)); });
    row("picture", true, [](const Project& p) {
      return edit::relocateMedia(p.document, p.document->findTake(p.first)->picture, "/pictures/new.png", {9, 9});
    });
    row("picture moved to another folder", false, [](const Project& p) {
      const MediaId id = p.document->findTake(p.first)->picture;
      return edit::relocateMedia(p.document, id, "/elsewhere/photo.png", p.document->findMedia(id)->hash);
    });
    row("frame size", true, [](const Project& p) {
      return edit::setFrame(p.document, {{640, 400}, FrameRate{24, 1}});
    });
    row("frame rate", true, [](const Project& p) {
      return edit::setFrame(p.document, {{320, 200}, FrameRate{30, 1}});
    });
  }
  void keysChangeExactlyWithWhatChangesPixels() {
    QFETCH(Change, change);
    QFETCH(bool, changes);
    Project p;
    const PlanPtr before = p.plan();
    p.change(change(p));
    const PlanPtr after = p.plan(before);
    QCOMPARE(after->node(p.first)->key != before->node(p.first)->key, changes);
    // Built from nothing the key is the same: it does not depend on history.
    QVERIFY(p.plan()->node(p.first)->key == after->node(p.first)->key);
  }

  void keysNameTheModelsRevision() {
    Project p;
    const PlanPtr before = p.plan();
    p.models.learn("draft", 2);
    QVERIFY(p.plan()->node(p.first)->key != before->node(p.first)->key);
    const ModelTable nothingKnown;
    QVERIFY(Plan::build(p.document, nullptr, nothingKnown)->node(p.first)->key.isNull());
  }

  void tracksOfOneGroupAreOneObject() {
    Project p;
    const auto object = [&](std::size_t i) { return p.plan()->node(p.first)->tracks[i]->control.group; };
    QVERIFY(object(0) != object(1));
    p.change(edit::setTrackGroup(p.document, p.first, p.path, 3));
    p.change(edit::setTrackGroup(p.document, p.first, p.pin, 3));
    QCOMPARE(object(0), 3);
    QCOMPARE(object(1), 3);
    QCOMPARE(p.plan()->node(p.first)->tracks[1]->control.role, session::TrackRole::Hold);
  }

  void layersFollowClipsLanesAndEyes() {
    Project p;
    const PlanPtr plan = p.plan();
    QCOMPARE(plan->frameCount(), 72);
    QCOMPARE(plan->layersAt(0).size(), std::size_t{1});
    QCOMPARE(plan->layersAt(47).front().takeFrame, 47);
    QCOMPARE(plan->layersAt(48).front().node->take.value, p.second.value);
    QCOMPARE(plan->layersAt(48).front().takeFrame, 0);
    QVERIFY(plan->layersAt(72).empty());
    QVERIFY(plan->layersAt(-1).empty());
    p.change(edit::setLaneEnabled(p.document, p.document->lanes.front()->id, false));
    QVERIFY(p.plan()->layersAt(0).empty());
  }

  void lowerLanesComeFirst() {
    Project p;
    auto lane = edit::addLane(p.document, document::LaneKind::Picture, "Below", 1);
    document::Clip clip;
    clip.kind = document::ClipKind::Take;
    clip.take = p.second;
    clip.length = Duration::fromSeconds(1);
    p.change(edit::addClip(lane->document, lane->id, clip)->document);
    const auto layers = p.plan()->layersAt(0);
    QCOMPARE(layers.size(), std::size_t{2});
    QCOMPARE(layers[0].node->take.value, p.second.value);
    QCOMPARE(layers[1].node->take.value, p.first.value);
  }

  void picturesAreFittedScaledAndMoved() {
    Project p;
    const ClipId clip = p.document->lanes.front()->clips.back()->id; // 100x100 in a frame of 320x200
    const auto placement = [&] { return p.plan()->layersAt(48).front().placement; };
    QCOMPARE(placement(), (Placement{60, 0, {200, 200}, 1}));
    p.change(edit::setClipPlacement(p.document, clip, .25F, .5F, {10, -20}));
    QCOMPARE(placement(), (Placement{60 + 50 + 10, 50 - 20, {100, 100}, .25F}));
  }

  void marksAreWhatPlays() {
    Project p;
    QCOMPARE(p.plan()->playRange(), (FrameRange{0, 72}));
    p.change(edit::setMarks(p.document, Time::fromSeconds(.5), Time::fromSeconds(1.5)));
    QCOMPARE(p.plan()->playRange(), (FrameRange{12, 36}));
  }

  void takesFindTheirPlaceOnTheTimeline() {
    Project p;
    const PlanPtr plan = p.plan();
    QCOMPARE(plan->timelineFrame(p.first, 5, 0).value(), 5);
    QCOMPARE(plan->timelineFrame(p.second, 5, 0).value(), 53);
    QVERIFY(!plan->timelineFrame(TakeId{999}, 0, 0).has_value());
  }

  void anEmptyProjectPlaysNothing() {
    const ModelTable models;
    const PlanPtr plan = Plan::build(std::make_shared<document::Document>(), nullptr, models);
    QCOMPARE(plan->frameCount(), 0);
    QVERIFY(plan->layersAt(0).empty());
  }

  void exportsMayHaveAnotherSize() {
    Project p;
    const PlanPtr plan = Plan::build(p.document, nullptr, p.models, Size{160, 100});
    QCOMPARE(plan->frameSize(), (Size{160, 100}));
    QCOMPARE(plan->node(p.first)->outputSize, (Size{160, 100}));
  }

  void anotherShapeFitsOrFills() {
    Project p; // a frame of 320×200
    const PlanPtr fit = Plan::build(p.document, nullptr, p.models, Size{200, 200}, Framing::Fit);
    QCOMPARE(fit->area(), (FrameArea{0, 37, {200, 125}}));
    QCOMPARE(fit->node(p.first)->outputSize, (Size{200, 125}));
    QCOMPARE(fit->layersAt(0).front().placement, (Placement{0, 0, {200, 125}, 1}));
    const PlanPtr fill = Plan::build(p.document, nullptr, p.models, Size{200, 200}, Framing::Fill);
    QCOMPARE(fill->area(), (FrameArea{0, 0, {200, 200}}));
    QCOMPARE(fill->node(p.first)->outputSize, (Size{320, 200}));
    QCOMPARE(fill->layersAt(0).front().placement, (Placement{-60, 0, {320, 200}, 1}));
  }

  void takesAreMadeAsLargeAsTheyAreShown_data() {
    QTest::addColumn<Size>("picture");
    QTest::addColumn<Size>("frame");
    QTest::addColumn<double>("scale");
    QTest::addColumn<Size>("wanted");
    const Size photo{4000, 3000};
    QTest::newRow("fitted") << photo << Size{512, 512} << 1. << Size{512, 384};
    QTest::newRow("smaller") << photo << Size{512, 512} << .5 << Size{512, 384};
    QTest::newRow("one step") << photo << Size{512, 512} << 4. / 3 << Size{724, 543};
    QTest::newRow("the step's end") << photo << Size{512, 512} << std::sqrt(2.) << Size{724, 543};
    QTest::newRow("two steps") << photo << Size{512, 512} << 1.5 << Size{1024, 768};
    QTest::newRow("never beyond the picture") << photo << Size{512, 512} << 100. << photo;
    QTest::newRow("or beyond what covers") << Size{640, 480} << Size{512, 512} << 4. / 3 << Size{683, 512};
    QTest::newRow("small picture") << Size{64, 48} << Size{512, 512} << 9. << Size{683, 512};
    QTest::newRow("no number") << photo << Size{512, 512} << std::nan("") << Size{512, 384};
  }
  void takesAreMadeAsLargeAsTheyAreShown() {
    QFETCH(Size, picture);
    QFETCH(Size, frame);
    QFETCH(double, scale);
    QFETCH(Size, wanted);
    const Size made = renderSize(picture, frame, scale);
    QVERIFY2(made == wanted, qPrintable(QStringLiteral("%1×%2").arg(made.width).arg(made.height)));
  }
};

QTEST_APPLESS_MAIN(TestPlan)
#include "tst_plan.moc"
