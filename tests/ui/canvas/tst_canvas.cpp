// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <QSignalSpy>
#include <QtTest/QTest>

#include "engine/document/sampling.h"
#include "tests/ui/canvas/canvas_fixture.h"
#include "ui/canvas/option_bar.h"
#include "ui/canvas/tool_strip.h"

using namespace kinora;
using namespace kinora::ui;

class TestCanvas : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void drawingMakesOnePathInOneStep() {
    Canvas c;
    c.stroke({{100, 300}, {160, 220}, {260, 140}, {400, 100}});
    QCOMPARE(c.session.undoStack().count(), 1);
    const document::TakePtr take = c.currentTake();
    QCOMPARE(take->tracks.size(), std::size_t{1});
    const document::Track& track = *take->tracks.front();
    QVERIFY(track.kind == document::TrackKind::Path);
    QVERIFY(std::abs(track.points.front().position.x - 100) < 2);
    QVERIFY(std::abs(track.points.back().position.x - 400) < 2);
    QVERIFY(track.duration > Duration::zero());
    QCOMPARE(c.session.selection().current().focusedTrack(), track.id);
    c.session.undoStack().undo();
    QVERIFY(c.currentTake()->tracks.empty());
  }

  void theEngineHearsEverySampleWhileDrawing() {
    Canvas c;
    c.stroke({{100, 300}, {160, 220}, {260, 140}, {400, 100}});
    const auto& samples = c.port.samples;
    QCOMPARE(samples.size(), std::size_t{6}); // press, three moves, release, end
    QVERIFY(samples.front().phase == session::ControlPhase::Begin);
    QVERIFY(samples.back().phase == session::ControlPhase::End);
    QVERIFY(samples.front().stampNs > 0);
    QVERIFY(samples[1].stampNs <= samples[2].stampNs);
    QVERIFY(samples[1].frame <= samples[3].frame);
    QCOMPARE(samples.front().track, c.currentTake()->tracks.front()->id);
    QVERIFY(std::holds_alternative<runtime::Play>(c.port.commands.front().what));
  }

  void escapeDiscardsTheStroke() {
    Canvas c;
    QTest::mousePress(&c.view, Qt::LeftButton, {}, c.at(100, 300));
    QTest::mouseMove(&c.view, c.at(200, 200), 20);
    QTest::keyClick(&c.view, Qt::Key_Escape);
    QTest::mouseRelease(&c.view, Qt::LeftButton, {}, c.at(200, 200), 20);
    QVERIFY(c.currentTake()->tracks.empty());
    QCOMPARE(c.session.undoStack().count(), 0);
    QVERIFY(c.port.samples.back().phase == session::ControlPhase::Cancel);
  }

  void withoutFollowTheEngineHearsNothing() {
    Canvas c;
    PaintOptions options = c.paint.options();
    options.follow = false;
    c.paint.setOptions(options);
    c.stroke({{100, 300}, {260, 140}, {400, 100}});
    QVERIFY(c.port.samples.empty());
    QVERIFY(c.port.commands.empty());
    QCOMPARE(c.currentTake()->tracks.size(), std::size_t{1});
  }

  void aClickHoldsThePlace() {
    Canvas c;
    c.stroke({{100, 300}, {100, 300}});
    QCOMPARE(c.currentTake()->tracks.size(), std::size_t{1});
    QVERIFY(c.currentTake()->tracks.front()->kind == document::TrackKind::Pin);
  }

  void aRowOfPinsIsOneStep() {
    Canvas c;
    c.paint.setTool(Tool::Pin);
    c.stroke({{100, 100}, {200, 100}, {300, 100}});
    QCOMPARE(c.currentTake()->tracks.size(), std::size_t{3});
    QCOMPARE(c.session.undoStack().count(), 1);
  }

  void selectMovesAndEscapeRestores() {
    Canvas c;
    const TrackId id = c.addPath({{{}, {100, 100}}, {Duration::fromSeconds(2), {300, 100}}});
    c.paint.setTool(Tool::Select);
    c.stroke({{200, 100}, {220, 140}, {220, 140}});
    QCOMPARE(c.session.selection().current().focusedTrack(), id);
    const float y = c.currentTake()->tracks.front()->points.front().position.y;
    QVERIFY2(std::abs(y - 140) < 2, qPrintable(QString::number(y)));
    const int steps = c.session.undoStack().count();
    QTest::mousePress(&c.view, Qt::LeftButton, {}, c.at(200, 140));
    QTest::mouseMove(&c.view, c.at(200, 240), 20);
    QVERIFY(c.currentTake()->tracks.front()->points.front().position.y > 200); // shown at once
    QTest::keyClick(&c.view, Qt::Key_Escape);
    QTest::mouseRelease(&c.view, Qt::LeftButton, {}, c.at(200, 240));
    QCOMPARE(c.currentTake()->tracks.front()->points.front().position.y, y);
    QCOMPARE(c.session.undoStack().count(), steps);
  }

  void draggingWithAltMovesACopy() {
    Canvas c;
    const TrackId id = c.addPath({{{}, {100, 100}}, {Duration::fromSeconds(2), {300, 100}}});
    c.paint.setTool(Tool::Select);
    c.stroke({{200, 100}, {210, 140}, {220, 180}}, Qt::AltModifier);
    QCOMPARE(c.currentTake()->tracks.size(), std::size_t{2});
    QCOMPARE(c.session.undoStack().count(), 2);
    QCOMPARE(c.track(1).id, id);
    QCOMPARE(c.track(1).points.front().position, (Point{100, 100}));
    QVERIFY(std::abs(c.track(0).points.front().position.y - 180) < 2);
    QVERIFY(c.track(0).group != c.track(1).group);
    QCOMPARE(c.session.selection().current().focusedTrack(), c.track(0).id);
    c.session.undoStack().undo();
    QCOMPARE(c.currentTake()->tracks.size(), std::size_t{1});
  }

  void editPointsAddsMovesAndDeletes() {
    Canvas c;
    c.addPath({{{}, {100, 100}}, {Duration::fromSeconds(2), {300, 100}}});
    c.paint.setTool(Tool::EditPoints);
    c.stroke({{200, 100}, {200, 100}}); // selects the path
    c.stroke({{200, 100}, {200, 60}, {200, 60}});
    const document::Track& bent = *c.currentTake()->tracks.front();
    QCOMPARE(bent.points.size(), std::size_t{3});
    QVERIFY(std::abs(bent.points[1].position.y - 60) < 2);
    QCOMPARE(c.session.selection().current().points, std::vector<std::size_t>{1});
    QTest::keyClick(&c.view, Qt::Key_Right, Qt::ShiftModifier);
    QVERIFY(std::abs(c.currentTake()->tracks.front()->points[1].position.x - 210) < 2);
    c.actions["edit.delete"].trigger();
    QCOMPARE(c.currentTake()->tracks.front()->points.size(), std::size_t{2});
  }

  void deleteRemovesTheSelectedPaths() {
    Canvas c;
    const TrackId id = c.addPath({{{}, {100, 100}}, {Duration::fromSeconds(2), {300, 100}}});
    c.session.selection().selectTrack(id);
    c.actions["edit.delete"].trigger();
    QVERIFY(c.currentTake()->tracks.empty());
  }

  void draggingWithXHeldHidesSpans() {
    Canvas c;
    const TrackId id = c.addPath({{{}, {100, 100}}, {Duration::fromSeconds(2), {300, 100}}});
    c.session.selection().selectTrack(id);
    const auto visibleAt = [&](double seconds) {
      return document::sampleTrack(*c.currentTake()->tracks.front(), Time::fromSeconds(seconds)).visible;
    };
    c.actions["paint.hideSpan"].trigger();
    QVERIFY(c.paint.tool() == Tool::HideSpan);
    c.stroke({{150, 100}, {200, 100}, {250, 100}});
    QVERIFY(visibleAt(0.2) && !visibleAt(1.0) && visibleAt(1.8));
    QCOMPARE(c.session.undoStack().count(), 2);
    QVERIFY(c.paint.tool() == Tool::HideSpan); // as long as the key is down
    QTest::keyRelease(&c.view, Qt::Key_X);
    QVERIFY(c.paint.tool() == Tool::DrawPath);
    // A tap lends the tool for one drag, with Shift the other way round.
    c.actions["paint.showSpan"].trigger();
    QTest::keyRelease(&c.view, Qt::Key_X);
    QVERIFY(c.paint.tool() == Tool::ShowSpan);
    c.stroke({{140, 100}, {200, 100}, {260, 100}});
    QVERIFY(c.paint.tool() == Tool::DrawPath);
    QVERIFY(visibleAt(0.2) && visibleAt(1.0) && visibleAt(1.8));
    c.session.undoStack().undo();
    QVERIFY(!visibleAt(1.0));
    QCOMPARE(c.currentTake()->tracks.size(), std::size_t{1});
  }

  void spansNeedAPathAndEscapeRestores() {
    Canvas c;
    const QSignalSpy told(&c.view, &CanvasView::told);
    c.actions["paint.hideSpan"].trigger();
    c.stroke({{150, 100}, {250, 100}});
    QCOMPARE(told.count(), 1);
    const TrackId id = c.addPath({{{}, {100, 100}}, {Duration::fromSeconds(2), {300, 100}}});
    c.session.selection().selectTrack(id);
    QTest::mousePress(&c.view, Qt::LeftButton, {}, c.at(150, 100));
    QTest::mouseMove(&c.view, c.at(250, 100), 20);
    QVERIFY(c.currentTake()->tracks.front()->points.size() > 2); // shown at once
    QTest::keyClick(&c.view, Qt::Key_Escape);
    QTest::mouseRelease(&c.view, Qt::LeftButton, {}, c.at(250, 100));
    QCOMPARE(c.currentTake()->tracks.front()->points.size(), std::size_t{2});
    QCOMPARE(c.session.undoStack().count(), 1);
    QTest::keyRelease(&c.view, Qt::Key_X);
    QTest::keyClick(&c.view, Qt::Key_Escape);
    QVERIFY(c.paint.tool() == Tool::DrawPath);
  }

  void clickingMakesAPathOfConstantSpeed() {
    Canvas c;
    c.paint.setTool(Tool::ClickPath);
    for (const Point& place : {Point{100, 100}, Point{200, 100}, Point{500, 300}, Point{200, 200}})
      QTest::mouseClick(&c.view, Qt::LeftButton, {}, c.at(place.x, place.y), 600);
    QTest::keyClick(&c.view, Qt::Key_Backspace);
    QTest::keyClick(&c.view, Qt::Key_Backspace);
    QTest::mouseClick(&c.view, Qt::LeftButton, {}, c.at(200, 400), 600);
    QVERIFY(c.currentTake()->tracks.empty());
    QTest::keyClick(&c.view, Qt::Key_Return);
    QCOMPARE(c.session.undoStack().count(), 1);
    QCOMPARE(c.currentTake()->tracks.size(), std::size_t{1});
    const document::Track& track = *c.currentTake()->tracks.front();
    QCOMPARE(track.points.size(), std::size_t{3});
    QCOMPARE(track.duration, c.currentTake()->length);
    // 100 px, then 300 px: a quarter of the time for the first.
    QVERIFY(std::abs(track.points[1].at.seconds() - 1.0) < 0.03);
    QVERIFY(std::abs(track.points[2].position.y - 400) < 2);
    QVERIFY(c.port.samples.empty());
  }

  void aDoubleClickEndsAndEscapeDiscardsAClickPath() {
    Canvas c;
    c.paint.setTool(Tool::ClickPath);
    QTest::mouseClick(&c.view, Qt::LeftButton, {}, c.at(100, 100), 600);
    QTest::mouseClick(&c.view, Qt::LeftButton, {}, c.at(300, 100), 600);
    QTest::mouseDClick(&c.view, Qt::LeftButton, {}, c.at(300, 100));
    QCOMPARE(c.currentTake()->tracks.size(), std::size_t{1});
    QCOMPARE(c.currentTake()->tracks.front()->points.size(), std::size_t{2});
    QTest::mouseClick(&c.view, Qt::LeftButton, {}, c.at(100, 200), 600);
    QTest::mouseClick(&c.view, Qt::LeftButton, {}, c.at(300, 200), 600);
    QTest::keyClick(&c.view, Qt::Key_Escape);
    QTest::keyClick(&c.view, Qt::Key_Return);
    QCOMPARE(c.currentTake()->tracks.size(), std::size_t{1});
  }

  void draggingWhileClickingBendsThePath() {
    Canvas c;
    c.paint.setTool(Tool::ClickPath);
    c.stroke({{100, 200}, {100, 100}});
    QTest::mouseClick(&c.view, Qt::LeftButton, {}, c.at(300, 200), 600);
    c.paint.setTool(Tool::Select); // a change of tool ends the path
    const document::Track& track = *c.currentTake()->tracks.front();
    QVERIFY(track.points.size() > 10);
    const Point middle = document::sampleTrack(track, Time::fromSeconds(1)).at;
    QVERIFY2(middle.y < 190, qPrintable(QString::number(middle.y)));
  }

  void theCameraFrameWritesAKeyAtThePlayhead() {
    Canvas c;
    c.engine.seek(Time::fromSeconds(2));
    c.paint.setTool(Tool::Camera);
    QVERIFY(!c.port.thumbnails.empty());            // the frame lies on the untouched picture
    c.stroke({{640, 360}, {480, 270}, {480, 270}}); // half way to the middle
    QCOMPARE(c.currentTake()->camera.size(), std::size_t{1});
    document::CameraKey key = c.currentTake()->camera.front();
    QCOMPARE(key.at, Time::fromSeconds(2));
    QVERIFY2(std::abs(key.pose.zoom - 2) < 0.05F, qPrintable(QString::number(key.pose.zoom)));
    QCOMPARE(c.session.undoStack().count(), 1);
    QVERIFY(c.session.selection().current().camera);
    c.stroke({{320, 180}, {352, 180}, {352, 180}}); // inside: the frame goes right, the picture left
    key = c.currentTake()->camera.front();
    QVERIFY2(std::abs(key.pose.panX + 0.1F) < 0.01F, qPrintable(QString::number(key.pose.panX)));
    QCOMPARE(c.currentTake()->camera.size(), std::size_t{1});
    c.engine.seek(Time::fromSeconds(3));
    c.stroke({{352, 20}, {600, 180}, {600, 180}}); // outside: a quarter turn
    QCOMPARE(c.currentTake()->camera.size(), std::size_t{2});
    QVERIFY(std::abs(std::abs(c.currentTake()->camera.back().pose.rotation) - 1.5708F) < 0.03F);
    c.actions["edit.delete"].trigger(); // the key at the playhead
    QCOMPARE(c.currentTake()->camera.size(), std::size_t{1});
  }

  void hiddenPathsAreNotHit() {
    Canvas c;
    const TrackId id = c.addPath({{{}, {100, 100}}, {Duration::fromSeconds(2), {300, 100}}});
    c.session.apply(QStringLiteral("Hide"), [&](const document::DocumentPtr& d) {
      return document::edit::setTrackEnabled(d, c.take, id, false);
    });
    c.paint.setTool(Tool::Select);
    c.stroke({{200, 100}, {200, 100}});
    QVERIFY(!c.session.selection().current().focusedTrack().isValid());
  }

  void theMaskBrushCorrectsTheFocusedObjectInOneStep() {
    Canvas c;
    const TrackId id = c.addPath({{{}, {100, 100}}, {Duration::fromSeconds(2), {300, 100}}});
    c.session.selection().selectTrack(id);
    c.paint.setTool(Tool::MaskBrush);
    QCOMPARE(c.port.mattes, std::vector<std::int32_t>{1}); // shown while the tool is in hand
    c.actions["paint.brushLarger"].trigger();
    QCOMPARE(c.paint.options().brushSize, 48.F);
    c.port.mattes.clear();
    c.stroke({{100, 200}, {200, 220}, {300, 200}});
    QCOMPARE(c.session.undoStack().count(), 2);
    QCOMPARE(c.currentTake()->matteEdits.size(), std::size_t{1});
    const document::MatteEdit edit = c.currentTake()->matteEdits.front();
    QVERIFY(edit.add);
    QCOMPARE(edit.group, 1);
    QCOMPARE(edit.radius, 24.F);
    QCOMPARE(edit.points.size(), std::size_t{3});
    QVERIFY(std::abs(edit.points[1].x - 200) < 2 && std::abs(edit.points[1].y - 220) < 2);
    QCoreApplication::processEvents();
    QCOMPARE(c.port.mattes.size(), std::size_t{1}); // asked anew
    c.session.undoStack().undo();
    QVERIFY(c.currentTake()->matteEdits.empty());
    QCoreApplication::processEvents();
    QCOMPARE(c.port.mattes.size(), std::size_t{2});
    // Options and zoom make no other matte.
    c.actions["paint.brushLarger"].trigger();
    PaintOptions options = c.paint.options();
    options.grid = true;
    c.paint.setOptions(options);
    c.paint.setTool(Tool::MaskEraser);
    QCoreApplication::processEvents();
    QCOMPARE(c.port.mattes.size(), std::size_t{2});
  }

  void theEraserWithAltCutsAnOutline() {
    Canvas c;
    const TrackId id = c.addPath({{{}, {100, 100}}, {Duration::fromSeconds(2), {300, 100}}});
    c.addPath({{{}, {100, 50}}, {Duration::fromSeconds(2), {300, 50}}}, "Moon");
    c.session.apply(QStringLiteral("Ungroup"),
                    [&](const document::DocumentPtr& d) { return document::edit::setTrackGroup(d, c.take, id, 0); });
    c.session.selection().selectTrack(id);
    c.paint.setTool(Tool::MaskEraser);
    const int steps = c.session.undoStack().count();
    c.stroke({{100, 200}, {200, 200}, {200, 300}}, Qt::AltModifier);
    QCOMPARE(c.session.undoStack().count(), steps + 1);
    QCOMPARE(c.currentTake()->matteEdits.size(), std::size_t{1});
    const document::MatteEdit edit = c.currentTake()->matteEdits.front();
    QVERIFY(!edit.add);
    QCOMPARE(edit.radius, 0.F);
    QCOMPARE(edit.points.size(), std::size_t{3});
    QCOMPARE(edit.group, 2); // the path got a number that nobody else has
    QCOMPARE(c.currentTake()->tracks.back()->id, id);
    QCOMPARE(c.currentTake()->tracks.back()->group, 2);
    c.session.undoStack().undo();
    QVERIFY(c.currentTake()->matteEdits.empty());
    QCOMPARE(c.currentTake()->tracks.back()->group, 0);
  }

  void escapeDiscardsAMaskStroke() {
    Canvas c;
    c.session.selection().selectTrack(c.addPath({{{}, {100, 100}}, {Duration::fromSeconds(2), {300, 100}}}));
    c.paint.setTool(Tool::MaskBrush);
    const QPoint far = c.at(200, 250);
    const QRgb bare = c.view.grab().toImage().pixel(far);
    QTest::mousePress(&c.view, Qt::LeftButton, {}, c.at(100, 250));
    QTest::mouseMove(&c.view, c.at(300, 250), 20);
    QVERIFY(c.view.grab().toImage().pixel(far) != bare); // the stroke shows at once
    QTest::keyClick(&c.view, Qt::Key_Escape);
    QTest::mouseRelease(&c.view, Qt::LeftButton, {}, c.at(300, 250), 20);
    QVERIFY(c.currentTake()->matteEdits.empty());
    QCOMPARE(c.view.grab().toImage().pixel(far), bare);
  }

  void withoutAFocusedPathTheMaskBrushSaysWhatIsMissing() {
    Canvas c;
    const QSignalSpy told(&c.view, &CanvasView::told);
    c.paint.setTool(Tool::MaskBrush);
    c.stroke({{100, 200}, {200, 200}});
    QVERIFY(c.currentTake()->matteEdits.empty());
    QCOMPARE(told.count(), 1);
  }

  void zoomKeepsThePlaceUnderThePointer() {
    Canvas c;
    const QPointF spot(300, 200);
    const Point before = c.view.pictureMapping().toPicture(spot);
    c.view.setZoom(c.view.zoom() * 2.5, spot);
    const Point after = c.view.pictureMapping().toPicture(spot);
    QVERIFY(std::abs(before.x - after.x) < 1 && std::abs(before.y - after.y) < 1);
    QVERIFY(!c.view.isFitted());
    c.paint.requestZoom(0);
    QVERIFY(c.view.isFitted());
    c.paint.requestZoom(1);
    QCOMPARE(c.view.zoom(), 1.0);
  }

  void theNewestFrameIsShownPixelForPixel() {
    Canvas c;
    const auto slot = c.transport->beginWrite({640, 360});
    QVERIFY(slot.has_value());
    for (int y = 0; y < 360; ++y)
      for (int x = 0; x < 640; ++x) {
        auto* pixel = slot->pixels + y * slot->strideBytes + x * 4;
        pixel[0] = static_cast<std::byte>(x & 255);
        pixel[1] = static_cast<std::byte>(y & 255);
        pixel[2] = std::byte{7};
        pixel[3] = std::byte{255};
      }
    QVERIFY(c.transport->endWrite({}, 0).has_value());
    c.view.setZoom(1);
    QCoreApplication::processEvents();
    const QImage shown = c.view.grab().toImage();
    const QPoint place = c.view.frameToView().map(QPointF(130, 90)).toPoint();
    QCOMPARE(shown.pixel(place), qRgb(130, 90, 7));
    // An overlay goes on top without asking the engine again.
    c.addPath({{{}, {100, 90}}, {Duration::fromSeconds(2), {300, 90}}});
    QVERIFY(c.view.grab().toImage().pixel(place) != qRgb(130, 90, 7));
  }
};

QTEST_MAIN(TestCanvas)
#include "tst_canvas.moc"
