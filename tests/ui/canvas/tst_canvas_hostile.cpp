// SPDX-License-Identifier: Apache-2.0
// What a canvas must survive: crowds, places far outside, pictures without pixels, pointers that end in the middle.
#include <QElapsedTimer>
#include <QTabletEvent>
#include <QtTest/QTest>

#include "engine/document/tracks_file.h"
#include "engine/document/validate.h"
#include "tests/ui/canvas/canvas_fixture.h"
#include "ui/canvas/tool_strip.h"

using namespace kinora;
using namespace kinora::ui;

namespace {

void press(Canvas& c, float x, float y) {
  QTest::mousePress(&c.view, Qt::LeftButton, {}, c.at(x, y));
}
void move(Canvas& c, float x, float y) {
  QTest::mouseMove(&c.view, c.at(x, y), 20);
}
void release(Canvas& c, float x, float y) {
  QTest::mouseRelease(&c.view, Qt::LeftButton, {}, c.at(x, y), 20);
}

void pen(Canvas& c, QEvent::Type type, float x, float y, double pressure, std::uint64_t atMs) {
  static const QPointingDevice device(QStringLiteral("pen"), 7, QInputDevice::DeviceType::Stylus,
                                      QPointingDevice::PointerType::Pen,
                                      QInputDevice::Capability::Position | QInputDevice::Capability::Pressure, 1, 1);
  const QPointF at = c.at(x, y);
  QTabletEvent event(type, &device, at, c.view.mapToGlobal(at), pressure, 0, 0, 0, 0, 0, {}, Qt::LeftButton,
                     type == QEvent::TabletRelease ? Qt::NoButton : Qt::LeftButton);
  event.setTimestamp(atMs);
  QCoreApplication::sendEvent(&c.view, &event);
}

// The document must obey its rules and the canvas must be ready for the next stroke.
void stillWorks(Canvas& c) {
  QVERIFY(document::validate(*c.session.document()).has_value());
  static_cast<void>(c.view.grab());
  const std::size_t before = c.currentTake()->tracks.size();
  c.paint.setTool(Tool::DrawPath);
  c.stroke({{60, 300}, {120, 260}, {200, 200}});
  QCOMPARE(c.currentTake()->tracks.size(), before + 1);
}

} // namespace

class TestCanvasHostile : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void endingsInTheMiddle_data() {
    QTest::addColumn<int>("tool");
    QTest::addColumn<QString>("interruption");
    QTest::addColumn<int>("tracks"); // afterwards; -1: either is right
    const auto add = [](const char* name, Tool tool, const char* what, int tracks) {
      QTest::newRow(name) << static_cast<int>(tool) << QString::fromLatin1(what) << tracks;
    };
    add("a change of tool keeps the stroke", Tool::DrawPath, "tool", 2);
    add("undo keeps the stroke and takes the step before back", Tool::DrawPath, "undo", 1);
    add("a hidden window keeps the stroke", Tool::DrawPath, "hide", 2);
    add("a deactivated window keeps the stroke", Tool::DrawPath, "deactivate", 2);
    add("a second press keeps the stroke", Tool::DrawPath, "press", 2);
    add("a lost release keeps the stroke", Tool::DrawPath, "lost", 2);
    add("another project drops the stroke", Tool::DrawPath, "project", 0);
    add("a change of tool keeps the move", Tool::Select, "tool", 1);
    add("undo ends the move", Tool::Select, "undo", 1);
    add("a hidden window keeps the move", Tool::Select, "hide", 1);
    add("another project drops the move", Tool::Select, "project", 0);
    add("a move wins over a deletion in its middle", Tool::Select, "delete", 1);
    add("moved points win over a deletion in their middle", Tool::EditPoints, "delete", 1);
    add("undo while points are moved", Tool::EditPoints, "undo", -1);
    add("undo while a span is hidden", Tool::HideSpan, "undo", -1);
    add("a hidden span wins over a deletion in its middle", Tool::HideSpan, "delete", 1);
    add("a change of tool while a span is hidden", Tool::HideSpan, "tool", 1);
    add("a change of tool keeps clicked points", Tool::ClickPath, "tool", 1);
    add("undo while clicking", Tool::ClickPath, "undo", -1);
    add("another project while clicking", Tool::ClickPath, "project", 0);
    add("a change of tool keeps the pins", Tool::Pin, "tool", -1);
    add("another project while pins are set", Tool::Pin, "project", 0);
    add("undo while the camera moves", Tool::Camera, "undo", -1);
    add("another project while the camera moves", Tool::Camera, "project", 0);
    add("undo while a mask is painted", Tool::MaskBrush, "undo", -1);
    add("the path goes while its mask is painted", Tool::MaskBrush, "delete", 0);
    add("another project while a mask is painted", Tool::MaskEraser, "project", 0);
    add("another project while panning", Tool::Hand, "project", 0);
  }
  void endingsInTheMiddle() {
    QFETCH(int, tool);
    QFETCH(QString, interruption);
    QFETCH(int, tracks);
    Canvas c;
    const TrackId id = c.addPath({{{}, {100, 100}}, {Duration::fromSeconds(2), {300, 100}}});
    c.session.selection().selectTrack(id);
    c.paint.setTool(static_cast<Tool>(tool));
    press(c, 100, 100);
    move(c, 140, 120);
    move(c, 200, 140);
    if (interruption == QLatin1String("tool")) {
      c.paint.setTool(Tool::Hand);
    } else if (interruption == QLatin1String("undo")) {
      c.session.endGesture(); // as the command does it
      c.session.undoStack().undo();
    } else if (interruption == QLatin1String("delete")) {
      c.session.apply(QStringLiteral("Delete"), [&](const document::DocumentPtr& d) {
        return document::edit::removeTracks(d, c.take, std::vector{id});
      });
    } else if (interruption == QLatin1String("project")) {
      document::MediaItem picture;
      picture.name = "other.png";
      picture.path = "/tmp/other.png";
      picture.size = {320, 200};
      c.session.replace(document::projectForPicture(picture, Duration::fromSeconds(2), FrameRate{24, 1})->document);
    } else if (interruption == QLatin1String("hide")) {
      c.view.hide();
      c.view.show();
    } else if (interruption == QLatin1String("deactivate")) {
      QEvent away(QEvent::WindowDeactivate);
      QCoreApplication::sendEvent(&c.view, &away);
      QFocusEvent out(QEvent::FocusOut, Qt::ActiveWindowFocusReason);
      QCoreApplication::sendEvent(&c.view, &out);
    } else if (interruption == QLatin1String("press")) {
      press(c, 400, 300);
    } else if (interruption == QLatin1String("lost")) {
      QMouseEvent free(QEvent::MouseMove, c.at(210, 150), c.view.mapToGlobal(c.at(210, 150)), Qt::NoButton,
                       Qt::NoButton, {});
      QCoreApplication::sendEvent(&c.view, &free);
    }
    move(c, 240, 160);
    if (interruption != QLatin1String("press"))
      release(c, 240, 160);
    else
      QTest::keyClick(&c.view, Qt::Key_Escape); // the second stroke
    if (tracks >= 0)
      QCOMPARE(static_cast<int>(c.currentTake()->tracks.size()), tracks);
    stillWorks(c);
    while (c.session.undoStack().canUndo())
      c.session.undoStack().undo();
    QVERIFY(document::validate(*c.session.document()).has_value());
  }

  void releasesWithoutAPress() {
    for (const ToolEntry& entry : canvasTools()) {
      Canvas c;
      c.paint.setTool(entry.tool);
      release(c, 100, 100);
      pen(c, QEvent::TabletRelease, 120, 100, 0, 10);
      move(c, 200, 100);
      QTest::keyRelease(&c.view, Qt::Key_X);
      QTest::keyRelease(&c.view, Qt::Key_Space);
      QVERIFY2(c.currentTake()->tracks.empty(), entry.action);
      QCOMPARE(c.session.undoStack().count(), 0);
      stillWorks(c);
    }
  }

  void aPenThatGoesAwayKeepsItsStroke() {
    Canvas c;
    pen(c, QEvent::TabletPress, 100, 100, 0.5, 1000);
    pen(c, QEvent::TabletMove, 160, 120, 0.7, 1020);
    pen(c, QEvent::TabletMove, 220, 140, 0.9, 1040);
    QEvent away(QEvent::TabletLeaveProximity);
    QCoreApplication::sendEvent(qApp, &away);
    QCOMPARE(c.currentTake()->tracks.size(), std::size_t{1});
    stillWorks(c); // with the mouse
  }

  void thePressureOfThePenIsTheSizeOfTheBrush() {
    Canvas c;
    c.session.selection().selectTrack(c.addPath({{{}, {100, 100}}, {Duration::fromSeconds(2), {300, 100}}}));
    c.paint.setTool(Tool::MaskBrush);
    pen(c, QEvent::TabletPress, 100, 200, 0.5, 1000);
    pen(c, QEvent::TabletMove, 200, 200, 0.5, 1020);
    pen(c, QEvent::TabletMove, 300, 200, 1, 1040);
    pen(c, QEvent::TabletRelease, 300, 200, 0, 1050);
    QCOMPARE(c.session.undoStack().count(), 2); // the path, the stroke
    QCOMPARE(c.currentTake()->matteEdits.size(), std::size_t{2});
    QCOMPARE(c.currentTake()->matteEdits[0].radius, 10.F); // half of 40 pixels across
    QCOMPARE(c.currentTake()->matteEdits[1].radius, 20.F);
    QCOMPARE(c.currentTake()->matteEdits[1].points.front(), c.currentTake()->matteEdits[0].points.back());
  }

  void aShortLiftOfThePenContinuesTheStroke() {
    Canvas c;
    pen(c, QEvent::TabletPress, 100, 100, 0.5, 1000);
    pen(c, QEvent::TabletMove, 160, 120, 0.7, 1020);
    pen(c, QEvent::TabletRelease, 160, 120, 0, 1030);
    QVERIFY(c.currentTake()->tracks.empty());
    pen(c, QEvent::TabletPress, 170, 124, 0.5, 1130);
    pen(c, QEvent::TabletMove, 260, 160, 0.7, 1160);
    pen(c, QEvent::TabletRelease, 260, 160, 0, 1170);
    QTRY_COMPARE(c.currentTake()->tracks.size(), std::size_t{1});
    QVERIFY(std::abs(c.track().points.back().position.x - 260) < 2);
  }

  void tracksFarOutsideAndCrowds_data() {
    QTest::addColumn<int>("count");
    QTest::addColumn<double>("reach");
    QTest::addColumn<bool>("hidden");
    QTest::newRow("ten thousand") << 10'000 << 600.0 << false;
    QTest::newRow("ten thousand far away") << 10'000 << 1e6 << true;
    QTest::newRow("one to the border of what there is") << 1 << 1e6 << false;
    QTest::newRow("one behind, to the border of what there is") << 1 << 1e6 << true;
  }
  void tracksFarOutsideAndCrowds() {
    QFETCH(int, count);
    QFETCH(double, reach);
    QFETCH(bool, hidden);
    Canvas c;
    std::vector<document::Track> tracks;
    for (int i = 0; i < count; ++i) {
      document::Track track;
      track.name = "Path";
      const double turn = i * 0.7;
      const auto x = static_cast<float>(reach * std::cos(turn));
      const auto y = static_cast<float>(reach * std::sin(turn));
      track.points = {{Duration{}, {-x, y}, !hidden}, {Duration::fromSeconds(2), {x, -y}, true}};
      tracks.push_back(std::move(track));
    }
    QVERIFY(c.session.apply(QStringLiteral("Import"), [&](const auto& d) -> Result<document::DocumentPtr> {
      auto made = document::edit::addTracks(d, c.take, tracks);
      return made ? Result<document::DocumentPtr>(made->document) : fail(made);
    }));
    const QImage seen = c.view.grab().toImage();
    QVERIFY(!seen.isNull());
    for (const double zoom : {0.05, 8.0}) {
      c.view.setZoom(zoom);
      static_cast<void>(c.view.grab());
    }
    c.paint.setTool(Tool::Select);
    move(c, 200, 150);
    c.stroke({{0, 0}, {640, 360}, {640, 360}}); // a marquee
    static_cast<void>(c.view.grab());
    QTest::keyClick(&c.view, Qt::Key_Escape);
    c.view.fit();
    stillWorks(c);
  }

  void numbersThatAreNoneComeThroughNoDoor() {
    Canvas c;
    for (const char* bad : {"NaN", "Infinity", "-1e999", "null", "\"x\""}) {
      const std::string json =
          std::string(R"({"schema":"kinora.tracks/1","size":[640,360],"fps":[24,1],"frames":24,"tracks":[{"id":1,)") +
          R"("points":[{"frame":0,"x":)" + bad + R"(,"y":0.0,"visible":true}]}]})";
      QVERIFY2(!document::parseTracksJson(json).has_value(), bad);
    }
    document::Track track;
    track.points = {{Duration{}, {std::numeric_limits<float>::quiet_NaN(), 0}, true}};
    QVERIFY(!document::edit::addTrack(c.session.document(), c.take, track).has_value());
    stillWorks(c);
  }

  void picturesOfAnySize_data() {
    QTest::addColumn<int>("width");
    QTest::addColumn<int>("height");
    QTest::newRow("nothing") << 0 << 0;
    QTest::newRow("one pixel") << 1 << 1;
    QTest::newRow("a line") << 1 << 20'000;
    QTest::newRow("huge") << 32'768 << 32'768;
  }
  void picturesOfAnySize() {
    QFETCH(int, width);
    QFETCH(int, height);
    Canvas c;
    document::Document document = *c.session.document();
    document::MediaItem picture = *document.media.front();
    picture.size = {width, height};
    document.media.front() = std::make_shared<const document::MediaItem>(picture);
    c.session.replace(std::make_shared<const document::Document>(document));
    for (const ToolEntry& entry : canvasTools()) {
      c.paint.setTool(entry.tool);
      QTest::mousePress(&c.view, Qt::LeftButton, {}, {200, 200});
      QTest::mouseMove(&c.view, {260, 240}, 20);
      static_cast<void>(c.view.grab());
      QTest::mouseRelease(&c.view, Qt::LeftButton, {}, {260, 240}, 20);
      QTest::keyClick(&c.view, Qt::Key_Escape);
    }
    c.view.setFocus(Qt::TabFocusReason);
    c.actions["paint.tool.drawPath"].trigger();
    QTest::keyClick(&c.view, Qt::Key_Return);
    QTest::keyClick(&c.view, Qt::Key_Right, Qt::ShiftModifier);
    QTest::keyClick(&c.view, Qt::Key_Return);
    c.view.resize(1, 1);
    static_cast<void>(c.view.grab());
    for (const document::TrackPtr& track : c.currentTake()->tracks)
      for (const document::TrackPoint& point : track->points)
        QVERIFY(std::isfinite(point.position.x) && std::isfinite(point.position.y));
  }
};

QTEST_MAIN(TestCanvasHostile)
#include "tst_canvas_hostile.moc"
