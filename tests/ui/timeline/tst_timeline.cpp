// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <QContextMenuEvent>
#include <QMenu>
#include <QtTest/QTest>

#include "tests/ui/support/studio.h"
#include "ui/session/track_times.h"
#include "ui/timeline/timeline_view.h"

using namespace kinora;
using namespace kinora::ui;

namespace {

struct Timeline : Studio {
  TimelineView view{context};

  explicit Timeline(TimelineContent content) {
    preferences.snapping = false;
    view.setContent(content);
    view.resize(1000, 240);
    view.show();
    view.setFocus();
    QCoreApplication::processEvents();
  }
  [[nodiscard]] document::ClipPtr clip() const { return session.document()->lanes.front()->clips.front(); }
  void drag(QPointF from, double dx, Qt::KeyboardModifiers modifiers = {}) {
    QTest::mousePress(&view, Qt::LeftButton, modifiers, from.toPoint());
    QTest::mouseMove(&view, (from + QPointF(dx / 2, 0)).toPoint());
    QTest::mouseMove(&view, (from + QPointF(dx, 0)).toPoint());
    QTest::mouseRelease(&view, Qt::LeftButton, modifiers, (from + QPointF(dx, 0)).toPoint());
  }
  [[nodiscard]] bool near(Time t, double seconds) const {
    return std::abs(t.seconds() - seconds) < 1.6 / view.timelineLayout().pixelsPerSecond() + 1.0 / 48;
  }
};

} // namespace

class TestTimeline : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void aClickOnTheRulerMovesThePlayhead() {
    Timeline t(TimelineContent::Lanes);
    const double x = t.view.timelineLayout().x(Time::fromSeconds(2));
    QTest::mouseClick(&t.view, Qt::LeftButton, {}, QPoint(static_cast<int>(x), 10));
    QVERIFY(t.near(t.engine.playhead(), 2));
    QVERIFY(std::holds_alternative<runtime::Seek>(t.port.commands.back().what));
  }

  void scrubbingSeeksToFrames() {
    Timeline t(TimelineContent::Lanes);
    const auto& layout = t.view.timelineLayout();
    t.drag({layout.x(Time::fromSeconds(1)), 10}, layout.pixelsPerSecond());
    QVERIFY(t.near(t.engine.playhead(), 2));
    const FrameRate rate{24, 1};
    QCOMPARE(t.engine.playhead().ticks, rate.timeOf(rate.frameAt(t.engine.playhead())).ticks);
    QCOMPARE(t.session.undoStack().count(), 0);
  }

  void aClipMovesInOneStep() {
    Timeline t(TimelineContent::Lanes);
    const double second = t.view.timelineLayout().pixelsPerSecond();
    t.drag(t.view.clipRect(t.clip()->id).center(), second);
    QVERIFY(t.near(t.clip()->start, 1));
    QCOMPARE(t.session.undoStack().count(), 1);
    QVERIFY(t.session.selection().current().has(t.clip()->id));
    t.session.undoStack().undo();
    QCOMPARE(t.clip()->start.ticks, std::int64_t{0});
  }

  void escapeRestoresTheClip() {
    Timeline t(TimelineContent::Lanes);
    const QPointF from = t.view.clipRect(t.clip()->id).center();
    QTest::mousePress(&t.view, Qt::LeftButton, {}, from.toPoint());
    QTest::mouseMove(&t.view, (from + QPointF(120, 0)).toPoint());
    QVERIFY(t.clip()->start > Time{});
    QTest::keyClick(&t.view, Qt::Key_Escape);
    QTest::mouseRelease(&t.view, Qt::LeftButton, {}, (from + QPointF(120, 0)).toPoint());
    QCOMPARE(t.clip()->start.ticks, std::int64_t{0});
    QCOMPARE(t.session.undoStack().count(), 0);
  }

  void edgesTrim() {
    Timeline t(TimelineContent::Lanes);
    const double second = t.view.timelineLayout().pixelsPerSecond();
    const QRectF rect = t.view.clipRect(t.clip()->id);
    t.drag({rect.right() - 3, rect.center().y()}, -second);
    QVERIFY(t.near(t.clip()->range().end(), 3));
    t.view.fit();
    const QRectF shorter = t.view.clipRect(t.clip()->id);
    t.drag({shorter.left() + 3, shorter.center().y()}, t.view.timelineLayout().pixelsPerSecond());
    QVERIFY(t.near(t.clip()->start, 1));
    QVERIFY(t.near(Time{} + t.clip()->sourceIn, 1));
    QCOMPARE(t.session.undoStack().count(), 2);
  }

  void snappingSticksToThePlayhead() {
    Timeline t(TimelineContent::Lanes);
    t.preferences.snapping = true;
    t.engine.seek(FrameRate{24, 1}.timeOf(36));
    const double second = t.view.timelineLayout().pixelsPerSecond();
    t.drag(t.view.clipRect(t.clip()->id).center(), second * 1.5 + 5);
    QCOMPARE(t.clip()->start.ticks, t.engine.playhead().ticks);
  }

  void bladeSplitsWhereItIsClicked() {
    Timeline t(TimelineContent::Lanes);
    t.actions["edit.tool.blade"].setChecked(true);
    QTest::mouseClick(&t.view, Qt::LeftButton, {}, t.view.clipRect(t.clip()->id).center().toPoint());
    const auto& clips = t.session.document()->lanes.front()->clips;
    QCOMPARE(clips.size(), std::size_t{2});
    QVERIFY(t.near(clips[1]->start, 2));
    t.actions["edit.tool.select"].setChecked(true);
    t.session.selection().selectClip(clips[0]->id);
    QTest::keyClick(&t.view, Qt::Key_Right);
    QCOMPARE(t.session.selection().current().focusedClip(), t.session.document()->lanes.front()->clips[1]->id);
    t.actions["edit.delete"].trigger();
    QCOMPARE(t.session.document()->lanes.front()->clips.size(), std::size_t{1});
  }

  void aPathMovesAndStretchesInTime() {
    Timeline t(TimelineContent::Motion);
    const TrackId id = t.addPath({{{}, {10, 10}}, {Duration::fromSeconds(2), {200, 10}}});
    const double second = t.view.timelineLayout().pixelsPerSecond();
    t.drag(t.view.trackRect(id).center(), second);
    const auto track = [&] { return t.currentTake()->tracks.front(); };
    QVERIFY(t.near(track()->start, 1));
    QVERIFY(std::abs(track()->duration.seconds() - 2) < 1e-6);
    const QRectF rect = t.view.trackRect(id);
    t.drag({rect.right() - 2, rect.center().y()}, -second);
    QVERIFY(t.near(track()->start + track()->duration, 2));
    QCOMPARE(t.session.selection().current().focusedTrack(), id);
    QCOMPARE(t.session.undoStack().count(), 3);
  }

  void eyeAndLockOfAPath() {
    Timeline t(TimelineContent::Motion);
    const TrackId id = t.addPath({{{}, {10, 10}}, {Duration::fromSeconds(2), {200, 10}}});
    const int y = static_cast<int>(t.view.trackRect(id).center().y());
    const int right = static_cast<int>(t.view.timelineLayout().headerWidth);
    QTest::mouseClick(&t.view, Qt::LeftButton, {}, QPoint(right - 40, y));
    QVERIFY(!t.currentTake()->tracks.front()->enabled);
    QTest::mouseClick(&t.view, Qt::LeftButton, {}, QPoint(right - 14, y));
    QVERIFY(t.currentTake()->tracks.front()->locked);
  }

  void zoomingKeepsTheMomentAtThePointer() {
    TimelineLayout layout;
    layout.setView(100, 3);
    const Time before = layout.timeAt(500);
    layout.zoomAt(500, 4);
    QVERIFY(std::abs(layout.timeAt(500).seconds() - before.seconds()) < 1e-9);
    QCOMPARE(layout.pixelsPerSecond(), 400.0);
  }

  void rulerLabelsNeverCrowd() {
    for (const FrameRate rate : {FrameRate{24, 1}, FrameRate{30000, 1001}, FrameRate{1, 1}, FrameRate{120, 1}})
      for (double pixels = 0.05; pixels < 5000; pixels *= 1.7) {
        const RulerStep step = rulerStep(rate, pixels, 110);
        QVERIFY(step.majorFrames > 0 && step.minorFrames > 0);
        QCOMPARE(step.majorFrames % step.minorFrames, std::int64_t{0});
        if (step.majorFrames < 36000)
          QVERIFY(static_cast<double>(step.majorFrames) * pixels / rate.hertz() > 100);
      }
  }

  void theCacheStripShowsStates() {
    Timeline t(TimelineContent::Lanes);
    runtime::TakeProgress progress;
    progress.take = t.take;
    progress.rate = {24, 1};
    progress.spans = {{0, 48, runtime::SpanState::Ready}, {48, 48, runtime::SpanState::Failed}};
    progress.failure = "out of memory";
    t.port.tell(progress);
    QCoreApplication::processEvents();
    const QImage shown = t.view.grab().toImage();
    const auto& layout = t.view.timelineLayout();
    const int y = static_cast<int>(layout.rulerHeight) - 3;
    const QColor ready = t.theme.current().color("cache.cached");
    QCOMPARE(shown.pixelColor(static_cast<int>(layout.x(Time::fromSeconds(1))), y), ready);
    QVERIFY(shown.pixelColor(static_cast<int>(layout.x(Time::fromSeconds(3))), y) != ready);
  }

  void theEdgesOfAHiddenSpanAreDragged() {
    Timeline t(TimelineContent::Motion);
    const TrackId id = t.addPath({{{}, {100, 100}}, {Duration::fromSeconds(3), {300, 100}}});
    t.session.apply(QStringLiteral("Hide"), [&](const document::DocumentPtr& d) {
      return document::edit::setTrackVisibility(d, t.take, id, {Time::fromSeconds(1), Duration::fromSeconds(1)}, false);
    });
    QCoreApplication::processEvents();
    const auto& layout = t.view.timelineLayout();
    const auto span = [&] { return hiddenSpans(*t.currentTake()->tracks.front()); };
    const double y = t.view.trackRect(id).center().y();
    t.drag({layout.x(layout.onTimeline(Time::fromSeconds(2))), y}, layout.pixelsPerSecond() / 2);
    QCOMPARE(span().size(), std::size_t{1});
    QVERIFY(t.near(span().front().start, 1) && t.near(span().front().end(), 2.5));
    t.drag({layout.x(layout.onTimeline(Time::fromSeconds(1))), y}, layout.pixelsPerSecond() / 2);
    QVERIFY(t.near(span().front().start, 1.5) && t.near(span().front().end(), 2.5));
    QCOMPARE(t.session.undoStack().count(), 4);
    t.drag({layout.x(layout.onTimeline(span().front().end())), y}, -2 * layout.pixelsPerSecond());
    QVERIFY(span().empty());
    t.session.undoStack().undo();
    QCOMPARE(span().size(), std::size_t{1});
  }

  void menusFitWhatIsUnderThePointer() {
    const auto menuAt = [](Timeline& t, QPoint at) {
      QContextMenuEvent event(QContextMenuEvent::Mouse, at, t.view.mapToGlobal(at));
      QCoreApplication::sendEvent(&t.view, &event);
      return t.view.findChildren<QMenu*>().back();
    };
    const auto entry = [](const QMenu& menu, const QString& text) -> QAction* {
      for (QAction* action : menu.actions())
        if (action->text() == text)
          return action;
      return nullptr;
    };
    Timeline t(TimelineContent::Lanes);
    const QRectF clip = t.view.clipRect(t.clip()->id);
    QMenu* onClip = menuAt(t, clip.center().toPoint());
    QVERIFY(t.session.selection().current().has(t.clip()->id));
    QVERIFY(entry(*onClip, QStringLiteral("Split at the playhead")) != nullptr);
    entry(*onClip, QStringLiteral("Delete"))->trigger();
    QVERIFY(t.session.document()->lanes.front()->clips.empty());
    delete onClip;
    t.session.undoStack().undo();
    QMenu* onLane = menuAt(t, {20, static_cast<int>(clip.center().y())});
    entry(*onLane, QStringLiteral("Lock lane"))->trigger();
    QVERIFY(t.session.document()->lanes.front()->locked);
    delete onLane;
    QMenu* onRuler = menuAt(t, {static_cast<int>(t.view.timelineLayout().x(Time::fromSeconds(1))), 10});
    entry(*onRuler, QStringLiteral("Playhead here"))->trigger();
    QVERIFY(t.near(t.engine.playhead(), 1));
    delete onRuler;
    Timeline m(TimelineContent::Motion);
    const TrackId id = m.addPath({{{}, {100, 100}}, {Duration::fromSeconds(2), {300, 100}}});
    QCoreApplication::processEvents();
    QMenu* onPath = menuAt(m, m.view.trackRect(id).center().toPoint());
    QCOMPARE(m.session.selection().current().focusedTrack(), id);
    entry(*onPath, QStringLiteral("Hide path"))->trigger();
    QVERIFY(!m.currentTake()->tracks.front()->enabled);
    delete onPath;
  }
};

QTEST_MAIN(TestTimeline)
#include "tst_timeline.moc"
