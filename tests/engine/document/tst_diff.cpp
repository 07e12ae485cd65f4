// SPDX-License-Identifier: Apache-2.0
#include <QTest>

#include "engine/document/diff.h"
#include "tests/engine/document/samples.h"

using namespace kinora;
using namespace kinora::document;
using test::need;

namespace {

class DiffTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void nothing() {
    const auto s = test::sampleDocument();
    QVERIFY(diff(s.document, s.document).isEmpty());
    QVERIFY(diff(s.document, std::make_shared<Document>(*s.document)).isEmpty());
    QVERIFY(diff(nullptr, nullptr).isEmpty());
  }

  void everythingIsNewWithoutABefore() {
    const auto s = test::sampleDocument();
    const Diff d = diff(nullptr, s.document);
    QVERIFY(d.frame && d.structure);
    QCOMPARE(d.media.size(), std::size_t{3});
    QCOMPARE(d.takes.size(), std::size_t{1});
    QCOMPARE(d.lanes.size(), std::size_t{2});
    QCOMPARE(d.clips.size(), std::size_t{3});
  }

  void namesExactlyWhatChanged() {
    const auto s = test::sampleDocument();
    const auto check = [&](Result<DocumentPtr> after, const Diff& wanted) {
      const Diff d = diff(s.document, need(std::move(after)));
      return d.frame == wanted.frame && d.structure == wanted.structure && d.media == wanted.media &&
             d.takes == wanted.takes && d.lanes == wanted.lanes && d.clips == wanted.clips;
    };
    Diff w;
    w.takes = {s.take};
    QVERIFY(check(edit::setTrackStrength(s.document, s.take, s.path, .5F), w));
    w = {};
    w.frame = true;
    QVERIFY(check(edit::setFrame(s.document, {{320, 240}, {25, 1}}), w));
    w = {};
    w.structure = true;
    QVERIFY(check(edit::setLoop(s.document, false), w));
    QVERIFY(check(edit::addMarker(s.document, {test::atSecond(3), "x"}), w));
    w.lanes = {s.sounds};
    QVERIFY(check(edit::setLaneEnabled(s.document, s.sounds, false), w));
    w.structure = false;
    QVERIFY(check(edit::renameLane(s.document, s.sounds, "Noise"), w));
    w.clips = {s.soundClip};
    QVERIFY(check(edit::trimClipEnd(s.document, s.soundClip, test::atSecond(2)), w));
    QVERIFY(check(edit::removeClip(s.document, s.soundClip), w));
    w.structure = true;
    QVERIFY(check(edit::removeLane(s.document, s.sounds), w));
    w = {};
    w.media = {s.video};
    QVERIFY(check(edit::relocateMedia(s.document, s.video, "/elsewhere/sea.mp4", {}), w));
  }

  void aClipThatChangesLanesIsNamedOnce() {
    const auto s = test::sampleDocument();
    const auto second = need(edit::addLane(s.document, LaneKind::Picture, "Over", 0));
    const auto moved = need(edit::moveClip(second.document, s.videoClip, second.id, test::atSecond(9)));
    const Diff d = diff(second.document, moved);
    QCOMPARE(d.clips, std::vector<ClipId>{s.videoClip});
    QCOMPARE(d.lanes.size(), std::size_t{2});
    QVERIFY(!d.structure);
  }

  void reorderedClipsAreSeen() {
    const auto s = test::sampleDocument();
    const auto moved = need(edit::moveClip(s.document, s.takeClip, s.pictures, test::atSecond(20)));
    QCOMPARE(diff(s.document, moved).clips, std::vector<ClipId>{s.takeClip});
  }
};

} // namespace

QTEST_APPLESS_MAIN(DiffTest)
#include "tst_diff.moc"
