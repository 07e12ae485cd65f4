// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <QAccessible>
#include <QContextMenuEvent>
#include <QElapsedTimer>
#include <QMenu>
#include <QPushButton>
#include <QVBoxLayout>
#include <QtTest/QTest>

#include "engine/document/sampling.h"
#include "tests/ui/canvas/canvas_fixture.h"
#include "ui/canvas/canvas_accessible.h"
#include "ui/canvas/tool_strip.h"
#include "ui/session/plurals.h"

using namespace kinora;
using namespace kinora::ui;

namespace {

QStringList entries(const QMenu& menu) {
  QStringList texts;
  for (const QAction* action : menu.actions())
    if (!action->isSeparator())
      texts << action->text();
  return texts;
}

// Opens the menu at a place (or of the focused item) and returns it.
QMenu* menuAt(Canvas& c, QPoint at, QContextMenuEvent::Reason reason = QContextMenuEvent::Mouse) {
  QContextMenuEvent event(reason, at, c.view.mapToGlobal(at));
  QCoreApplication::sendEvent(&c.view, &event);
  const auto menus = c.view.findChildren<QMenu*>();
  return menus.isEmpty() ? nullptr : menus.back();
}

} // namespace

class TestCanvasKeys : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void tabGoesFromItemToItemAndLeavesAtTheEnd() {
    Canvas c;
    const TrackId far = c.addPath({{{}, {100, 100}}, {Duration::fromSeconds(2), {300, 100}}}, "Far");
    const TrackId near = c.addPath({{{}, {100, 200}}, {Duration::fromSeconds(2), {300, 200}}}, "Near");
    c.view.setFocus(Qt::TabFocusReason);
    c.view.clearFocus();
    c.view.setFocus(Qt::TabFocusReason);
    const auto focused = [&] { return c.session.selection().current().focusedTrack(); };
    QTest::keyClick(&c.view, Qt::Key_Tab);
    QCOMPARE(focused(), near);
    QTest::keyClick(&c.view, Qt::Key_Tab);
    QCOMPARE(focused(), far);
    QTest::keyClick(&c.view, Qt::Key_Backtab, Qt::ShiftModifier);
    QCOMPARE(focused(), near);
    QTest::keyClick(&c.view, Qt::Key_Down, Qt::AltModifier);
    QCOMPARE(focused(), far);
    QTest::keyClick(&c.view, Qt::Key_Up, Qt::AltModifier);
    QCOMPARE(focused(), near);
    const QImage ring = c.view.grab().toImage();
    QTest::mouseClick(&c.view, Qt::LeftButton, {}, c.at(600, 340));
    c.session.undoStack().undo();
    c.session.selection().selectTrack(near);
    QVERIFY(c.view.grab().toImage() != ring); // drawn for the keyboard only
  }

  void pointsAreReachedMovedHiddenAndDeletedByKeys() {
    Canvas c;
    const TrackId id =
        c.addPath({{{}, {100, 100}}, {Duration::fromSeconds(1), {200, 100}}, {Duration::fromSeconds(2), {300, 100}}});
    c.view.clearFocus();
    c.view.setFocus(Qt::TabFocusReason);
    QTest::keyClick(&c.view, Qt::Key_Tab);
    QTest::keyClick(&c.view, Qt::Key_Return);
    const auto points = [&] { return c.session.selection().current().points; };
    QCOMPARE(points(), std::vector<std::size_t>{0});
    QTest::keyClick(&c.view, Qt::Key_PageDown);
    QCOMPARE(points(), std::vector<std::size_t>{1});
    QTest::keyClick(&c.view, Qt::Key_Right);
    QTest::keyClick(&c.view, Qt::Key_Down, Qt::ShiftModifier);
    QTest::keyClick(&c.view, Qt::Key_Up, Qt::AltModifier);
    QVERIFY(std::abs(c.track().points[1].position.x - 201) < 0.01F);
    QVERIFY(std::abs(c.track().points[1].position.y - 109.9F) < 0.01F);
    QTest::keyClick(&c.view, Qt::Key_Period);
    QTest::keyClick(&c.view, Qt::Key_Period);
    QTest::keyClick(&c.view, Qt::Key_Comma);
    QCOMPARE(c.track().points[1].at, Duration::fromSeconds(1) + FrameRate(24, 1).frameDuration());
    c.actions["paint.hideSpan"].trigger();
    QVERIFY(!document::sampleTrack(c.track(), Time::fromSeconds(1.5)).visible);
    QVERIFY(document::sampleTrack(c.track(), Time::fromSeconds(0.5)).visible);
    QVERIFY(c.paint.tool() == Tool::DrawPath);
    c.actions["paint.hideSpan"].trigger(); // again: back
    QVERIFY(document::sampleTrack(c.track(), Time::fromSeconds(1.5)).visible);
    QCOMPARE(points(), std::vector<std::size_t>{1});
    c.actions["edit.delete"].trigger();
    QCOMPARE(c.track().points.size(), std::size_t{2});
    c.engine.seek(Time::fromSeconds(0.5));
    QTest::keyClick(&c.view, Qt::Key_Plus);
    QCOMPARE(c.track().points.size(), std::size_t{3});
    QVERIFY(std::abs(c.track().points[1].position.x - 150) < 0.5F);
    QTest::keyClick(&c.view, Qt::Key_Escape);
    QVERIFY(points().empty());
    QCOMPARE(c.session.selection().current().focusedTrack(), id);
    QTest::keyClick(&c.view, Qt::Key_Escape);
    QVERIFY(!c.session.selection().current().focusedTrack().isValid());
  }

  void aPathIsWalkedByKeys() {
    Canvas c;
    c.view.clearFocus();
    c.view.setFocus(Qt::TabFocusReason);
    c.actions["paint.tool.drawPath"].trigger();
    QTest::keyClick(&c.view, Qt::Key_Return);
    for (int i = 0; i < 5; ++i)
      QTest::keyClick(&c.view, Qt::Key_Right, Qt::ShiftModifier);
    QTest::keyClick(&c.view, Qt::Key_Return);
    QTest::keyClick(&c.view, Qt::Key_Up, Qt::ShiftModifier);
    QTest::keyClick(&c.view, Qt::Key_Return);
    QCOMPARE(c.currentTake()->tracks.size(), std::size_t{1});
    QCOMPARE(c.track().points.size(), std::size_t{3});
    QCOMPARE(c.track().points[0].position, (Point{320, 180}));
    QCOMPARE(c.track().points[1].position, (Point{370, 180}));
    QCOMPARE(c.track().points[2].position, (Point{370, 170}));
    QCOMPARE(c.track().points[1].at, Duration::fromSeconds(0.25)); // six frames
    QCOMPARE(c.session.undoStack().count(), 3);
    QTest::keyClick(&c.view, Qt::Key_Escape);
    QTest::keyClick(&c.view, Qt::Key_Right); // the focused path itself
    QCOMPARE(c.track().points[2].position, (Point{371, 170}));
    QTest::keyClick(&c.view, Qt::Key_Escape);
    QTest::keyClick(&c.view, Qt::Key_Right);
    QCOMPARE(c.track().points[2].position, (Point{371, 170}));
  }

  void aWalkIsRecordedInRealTime() {
    Canvas c;
    c.view.clearFocus();
    c.view.setFocus(Qt::TabFocusReason);
    c.actions["paint.tool.drawPath"].trigger();
    QTest::keyClick(&c.view, Qt::Key_Return, Qt::ControlModifier, 20);
    for (int i = 0; i < 6; ++i)
      QTest::keyClick(&c.view, Qt::Key_Right, Qt::ShiftModifier, 20);
    QTest::keyClick(&c.view, Qt::Key_Return, Qt::ControlModifier, 20);
    QCOMPARE(c.currentTake()->tracks.size(), std::size_t{1});
    QVERIFY(c.track().kind == document::TrackKind::Path);
    QVERIFY(std::abs(c.track().points.back().position.x - 380) < 1);
    QVERIFY(c.track().duration > Duration::zero());
    QVERIFY(c.port.samples.front().phase == session::ControlPhase::Begin);
    QVERIFY(c.port.samples.back().phase == session::ControlPhase::End);
    QTest::keyClick(&c.view, Qt::Key_Return, Qt::ControlModifier, 20);
    QTest::keyClick(&c.view, Qt::Key_Right, Qt::ShiftModifier, 20);
    QTest::keyClick(&c.view, Qt::Key_Escape);
    QCOMPARE(c.currentTake()->tracks.size(), std::size_t{1});
    QVERIFY(c.port.samples.back().phase == session::ControlPhase::Cancel);
  }

  void aHeldLetterLendsItsTool() {
    Canvas c;
    ToolStrip strip(c.context);
    for (const ToolEntry& entry : canvasTools())
      connect(&c.actions[entry.action], &QAction::triggered, this, [&c, entry] { c.paint.setTool(entry.tool); });
    c.actions["paint.tool.mask"].trigger();
    QVERIFY(c.paint.tool() == Tool::MaskBrush);
    QElapsedTimer held; // the length of the press is what counts
    held.start();
    QTRY_VERIFY(held.hasExpired(400));
    QTest::keyRelease(&c.view, Qt::Key_B);
    QVERIFY(c.paint.tool() == Tool::DrawPath);
    c.actions["paint.tool.eraser"].trigger();
    QTest::keyRelease(&c.view, Qt::Key_E);
    QVERIFY(c.paint.tool() == Tool::MaskEraser);
  }

  void theCanvasIsSpokenAsAList() {
    EnglishPlurals plurals;
    QCoreApplication::installTranslator(&plurals);
    Canvas c;
    const TrackId id = c.addPath({{{}, {100, 100}}, {Duration::fromSeconds(2.1), {310, 100}}});
    c.session.apply(QStringLiteral("Hide"), [&](const document::DocumentPtr& d) {
      return document::edit::setTrackVisibility(d, c.take, id, {Time::fromSeconds(1), Duration::fromSeconds(0.7)},
                                                false);
    });
    c.session.apply(QStringLiteral("Camera"), [&](const document::DocumentPtr& d) {
      return document::edit::setCamera(d, c.take, {{Time{}, {}, {}}});
    });
    QAccessibleInterface* canvas = QAccessible::queryAccessibleInterface(&c.view);
    QVERIFY(canvas != nullptr);
    QVERIFY(canvas->role() == QAccessible::Canvas);
    QCOMPARE(canvas->text(QAccessible::Name), QStringLiteral("Canvas, photo.png, 1 track"));
    QCOMPARE(canvas->childCount(), 2);
    QAccessibleInterface* track = canvas->child(0);
    QVERIFY(track->role() == QAccessible::ListItem);
    QCOMPARE(track->text(QAccessible::Name),
             QStringLiteral("Rocket, path, 4 points, 0.0 to 2.1 seconds, hidden 1.0 to 1.7"));
    QCOMPARE(canvas->indexOfChild(track), 0);
    QCOMPARE(canvas->child(1)->text(QAccessible::Name), QStringLiteral("Camera, 1 key"));
    QCOMPARE(track->childCount(), 0); // not focused
    QCOMPARE(canvas->focusChild(), nullptr);
    track->actionInterface()->doAction(QAccessibleActionInterface::setFocusAction());
    QCOMPARE(c.session.selection().current().focusedTrack(), id);
    QCOMPARE(canvas->focusChild(), track);
    QVERIFY(track->state().focused);
    QCOMPARE(track->childCount(), 4);
    QAccessibleInterface* point = track->child(0);
    QCOMPARE(point->parent(), track);
    QCOMPARE(point->text(QAccessible::Value), QStringLiteral("x 100, y 100, 0.0 s"));
    const QPoint place = c.view.mapToGlobal(c.at(100, 100));
    QVERIFY(point->rect().contains(place));
    QCOMPARE(track->childAt(place.x(), place.y()), point);
    QCOMPARE(canvas->childAt(place.x(), place.y()), track);
    point->actionInterface()->doAction(QAccessibleActionInterface::pressAction());
    QCOMPARE(c.session.selection().current().points, std::vector<std::size_t>{0});
    QCOMPARE(canvas->focusChild(), point);
    c.session.apply(QStringLiteral("Remove"), [&](const document::DocumentPtr& d) {
      return document::edit::removeTracks(d, c.take, std::vector{id});
    });
    QVERIFY(!track->isValid());
    QVERIFY(!point->isValid());
    QVERIFY(point->rect().isEmpty());
    QVERIFY(track->text(QAccessible::Name).isEmpty());
    QCOMPARE(canvas->childCount(), 1);
  }

  void menusFitWhatIsUnderThePointer() {
    Canvas c;
    const TrackId id =
        c.addPath({{{}, {100, 100}}, {Duration::fromSeconds(1), {200, 100}}, {Duration::fromSeconds(2), {300, 100}}});
    QMenu* empty = menuAt(c, c.at(500, 300));
    QVERIFY(empty != nullptr);
    QVERIFY(entries(*empty).contains(QStringLiteral("Fit the picture")));
    delete empty;
    QMenu* track = menuAt(c, c.at(150, 100));
    QCOMPARE(c.session.selection().current().focusedTrack(), id);
    QVERIFY(entries(*track).contains(QStringLiteral("Reverse")));
    for (QAction* action : track->actions())
      if (action->text() == QStringLiteral("Lock"))
        action->trigger();
    QVERIFY(c.track().locked);
    delete track;
    c.session.undoStack().undo();
    c.paint.setTool(Tool::EditPoints);
    c.session.selection().selectTrack(id);
    QMenu* point = menuAt(c, c.at(200, 100));
    QCOMPARE(c.session.selection().current().points, std::vector<std::size_t>{1});
    for (QAction* action : point->actions())
      if (action->text() == QStringLiteral("Hide the segment"))
        action->trigger();
    QVERIFY(!document::sampleTrack(c.track(), Time::fromSeconds(1.5)).visible);
    delete point;
    QMenu* byKey = menuAt(c, {}, QContextMenuEvent::Keyboard);
    QVERIFY(entries(*byKey).contains(QStringLiteral("Show the segment")));
    delete byKey;
  }
};

QTEST_MAIN(TestCanvasKeys)
#include "tst_canvas_keys.moc"
