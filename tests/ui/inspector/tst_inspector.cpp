// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <memory>

#include <QButtonGroup>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QSlider>
#include <QToolButton>
#include <QWheelEvent>
#include <QtTest/QTest>

#include "engine/base/worker_pool.h"
#include "engine/document/edit.h"
#include "engine/document/starter.h"
#include "ui/inspector/clip_panel.h"
#include "ui/inspector/curve_editor.h"
#include "ui/inspector/motion_panel.h"
#include "ui/inspector/number_row.h"
#include "ui/inspector/parameter_form.h"
#include "ui/inspector/timecode_edit.h"
#include "ui/session/action_table.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/paint_settings.h"
#include "ui/session/preferences.h"
#include "ui/session/project_session.h"
#include "ui/session/theme.h"

using namespace kinora;
using namespace kinora::ui;
namespace edit = kinora::document::edit;

namespace {

// An engine that takes everything and says nothing.
class SilentEngine : public EnginePort {
 public:
  void publish(document::DocumentPtr) override {}
  void send(runtime::Command) override {}
  void drag(TakeId, session::ControlSample) override {}
  JobId startExport(document::DocumentPtr, runtime::ExportRequest) override { return {}; }
  void cancelExport(JobId) override {}
  void describeMedia(std::filesystem::path) override {}
  void requestThumbnail(const runtime::ThumbnailRequest&) override {}
  void requestMatte(TakeId, std::int32_t) override {}
  std::optional<runtime::Event> nextEvent() override { return std::nullopt; }
  void setWakeUp(std::function<void()>) override {}
  runtime::EngineStats stats() const override { return {}; }
};

// An open project with one path and one pin, and the context around it.
struct Studio {
  WorkerPool workers{1};
  SilentEngine port;
  EngineBridge engine{port};
  ProjectSession session{workers, {}};
  ThemeSource theme;
  ActionTable actions{theme};
  PaintSettings paint;
  Preferences preferences;
  UiContext context{session, engine, theme, actions, paint, preferences};
  TakeId take;
  TrackId path;
  TrackId pin;

  Studio() {
    document::MediaItem picture;
    picture.name = "photo.png";
    picture.path = "/tmp/photo.png";
    picture.size = {320, 200};
    auto made = document::projectForPicture(picture, Duration::fromSeconds(4), FrameRate{24, 1});
    take = made->id;
    document::Track track;
    track.name = "Rocket";
    track.points = {{Duration{}, {10, 10}, true}, {Duration::fromSeconds(2), {110, 10}, true}};
    track.duration = Duration::fromSeconds(2);
    auto withPath = edit::addTrack(made->document, take, track);
    path = withPath->id;
    document::Track hold;
    hold.name = "Pin 1";
    hold.kind = document::TrackKind::Pin;
    hold.points = {{Duration{}, {50, 50}, true}};
    auto withPin = edit::addTrack(withPath->document, take, hold, 1);
    pin = withPin->id;
    session.replace(withPin->document);
    session.selection().setTake(take);
  }

  [[nodiscard]] document::Track track(TrackId id) const {
    for (const auto& t : session.currentTake()->tracks)
      if (t->id == id)
        return *t;
    return {};
  }
};

} // namespace

class TestInspector : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void numberRowDragsTypesWheelsAndResets() {
    NumberRow row({0, 10, .5, 4, 2, QStringLiteral("px"), true});
    row.resize(300, 28);
    row.show();
    auto* slider = row.findChild<QSlider*>();
    auto* field = row.findChild<QDoubleSpinBox*>();
    QSignalSpy edited(&row, &NumberRow::valueEdited);
    QSignalSpy began(&row, &NumberRow::gestureBegan);
    QSignalSpy ended(&row, &NumberRow::gestureEnded);

    row.setValue(2);
    QCOMPARE(edited.size(), 0);
    const QPoint right(slider->width() - 1, slider->height() / 2);
    QTest::mousePress(slider, Qt::LeftButton, {}, {slider->width() / 2, slider->height() / 2});
    QTest::mouseMove(slider, right);
    QTest::mouseRelease(slider, Qt::LeftButton, {}, right);
    QCOMPARE(row.value(), 10.0);
    QCOMPARE(began.size(), 1);
    QCOMPARE(ended.size(), 1);
    QVERIFY(edited.size() >= 2);

    QTest::mouseDClick(slider, Qt::LeftButton, {}, {5, 5});
    QTest::mouseRelease(slider, Qt::LeftButton, {}, {5, 5});
    QCOMPARE(row.value(), 4.0);

    field->setFocus();
    field->selectAll();
    QTest::keyClicks(field, QStringLiteral("7.5"));
    QTest::keyClick(field, Qt::Key_Return);
    QCOMPARE(row.value(), 7.5);

    QWheelEvent up({5, 5}, slider->mapToGlobal(QPointF(5, 5)), {}, {0, 120}, {}, {}, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(slider, &up);
    QCOMPARE(row.value(), 8.0);
    QWheelEvent fine({5, 5}, slider->mapToGlobal(QPointF(5, 5)), {}, {0, -120}, {}, Qt::ShiftModifier,
                     Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(slider, &fine);
    QCOMPARE(row.value(), 7.95);
  }

  void numberRowShiftDragIsTenTimesFiner() {
    NumberRow row({0, 100, 1, 50, 2, {}, true});
    row.resize(400, 28);
    row.show();
    auto* slider = row.findChild<QSlider*>();
    row.setValue(50);
    const QPoint start(slider->width() / 2, 10);
    QTest::mousePress(slider, Qt::LeftButton, Qt::ShiftModifier, start);
    QCOMPARE(row.value(), 50.0);
    QMouseEvent move(QEvent::MouseMove, QPointF(start) + QPointF(100, 0),
                     slider->mapToGlobal(QPointF(start) + QPointF(100, 0)), Qt::NoButton, Qt::LeftButton,
                     Qt::ShiftModifier);
    QCoreApplication::sendEvent(slider, &move);
    const double expected = 50 + 100.0 * .1 * 100 / (slider->width() - 12);
    QVERIFY(std::abs(row.value() - expected) < .02);
    QTest::mouseRelease(slider, Qt::LeftButton, Qt::ShiftModifier, start + QPoint(100, 0));
  }

  void timecodesAreTypedInManyWays_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("frame"); // -1: refused
    QTest::newRow("full") << "00:00:01:12" << 36;
    QTest::newRow("short") << "1:12" << 36;
    QTest::newRow("frames") << "36" << 36;
    QTest::newRow("seconds") << "1.5s" << 36;
    QTest::newRow("plus frames") << "+12" << 60;
    QTest::newRow("minus seconds") << "-0.5s" << 36;
    QTest::newRow("plus timecode") << "+1:00" << 72;
    QTest::newRow("empty") << "" << -1;
    QTest::newRow("words") << "soon" << -1;
    QTest::newRow("five parts") << "1:1:1:1:1" << -1;
    QTest::newRow("not a number") << "nans" << -1;
    QTest::newRow("sign alone") << "+" << -1;
    QTest::newRow("too large") << "999999999999999999999" << -1;
  }
  void timecodesAreTypedInManyWays() {
    QFETCH(QString, text);
    QFETCH(int, frame);
    const FrameRate rate{24, 1};
    const auto time = parseTimecode(text, rate.timeOf(48), rate);
    QCOMPARE(time.has_value(), frame >= 0);
    if (time)
      QCOMPARE(rate.frameAt(*time), frame);
  }

  void timecodeEditStepsCommitsAndForgetsOnEsc() {
    TimecodeEdit field;
    field.setRate({24, 1});
    field.setValue(Time::fromSeconds(1));
    QSignalSpy edited(&field, &TimecodeEdit::valueEdited);
    field.stepBy(1);
    QCOMPARE((FrameRate{24, 1}).frameAt(field.value()), 25);
    auto* line = field.findChild<QLineEdit*>();
    line->selectAll();
    QTest::keyClicks(line, QStringLiteral("2:00"));
    QTest::keyClick(&field, Qt::Key_Escape);
    QCOMPARE(line->text(), QStringLiteral("00:00:01:01"));
    line->selectAll();
    QTest::keyClicks(line, QStringLiteral("2:00"));
    QTest::keyClick(&field, Qt::Key_Return);
    QCOMPARE(field.value().ticks, Time::fromSeconds(2).ticks);
    QCOMPARE(edited.size(), 2);
    field.stepBy(-1000);
    QCOMPARE(field.value().ticks, std::int64_t{0});
  }

  void strengthDragIsOneUndoStep() {
    Studio studio;
    MotionPanel panel(studio.context);
    panel.resize(292, 400);
    panel.show();
    studio.session.selection().selectTrack(studio.path);
    auto* row = qobject_cast<NumberRow*>(panel.form().editor(QStringLiteral("track.strength")));
    QVERIFY(row && row->isVisible());
    QCOMPARE(row->value(), 1.0);
    auto* slider = row->findChild<QSlider*>();
    QTest::mousePress(slider, Qt::LeftButton, {}, {slider->width() - 10, 10});
    for (int x = slider->width() - 20; x > slider->width() / 2; x -= 10)
      QTest::mouseMove(slider, {x, 10});
    QTest::mouseRelease(slider, Qt::LeftButton, {}, {slider->width() / 2, 10});
    QVERIFY(studio.track(studio.path).strength < .7F);
    QCOMPARE(studio.session.undoStack().count(), 1);
    studio.session.undoStack().undo();
    QCOMPARE(studio.track(studio.path).strength, 1.F);
    QCOMPARE(row->value(), 1.0);
  }

  void nameColourAndMovesChangeTheSelectedPath() {
    Studio studio;
    MotionPanel panel(studio.context);
    panel.show();
    studio.session.selection().selectTrack(studio.path);
    auto* name = qobject_cast<QLineEdit*>(panel.form().editor(QStringLiteral("track.name")));
    QCOMPARE(name->text(), QStringLiteral("Rocket"));
    name->setFocus();
    name->selectAll();
    QTest::keyClicks(name, QStringLiteral("Booster"));
    QTest::keyClick(name, Qt::Key_Return);
    QCOMPARE(studio.track(studio.path).name, std::string("Booster"));

    for (auto* button : panel.form().editor(QStringLiteral("track.colour"))->findChildren<QToolButton*>())
      if (button->property("colourId").toString() == QLatin1String("mint"))
        button->click();
    QCOMPARE(studio.track(studio.path).colour, std::string("mint"));

    auto* moves = qobject_cast<QComboBox*>(panel.form().editor(QStringLiteral("track.moves")));
    QVERIFY(!panel.form().editor(QStringLiteral("track.grip"))->isVisible());
    moves->setCurrentIndex(1);
    Q_EMIT moves->activated(1);
    QCOMPARE(studio.track(studio.path).moves, document::TrackMoves::Point);
    QVERIFY(panel.form().editor(QStringLiteral("track.grip"))->isVisible());
    QCOMPARE(studio.session.undoStack().count(), 3);
  }

  void timesOfAPathAreTyped() {
    Studio studio;
    MotionPanel panel(studio.context);
    panel.show();
    studio.session.selection().selectTrack(studio.path);
    auto* duration = qobject_cast<TimecodeEdit*>(panel.form().editor(QStringLiteral("track.duration")));
    duration->stepBy(24);
    QCOMPARE(studio.track(studio.path).duration.ticks, Duration::fromSeconds(3).ticks);
    QCOMPARE(studio.track(studio.path).points.back().at.ticks, Duration::fromSeconds(3).ticks);
  }

  void pinsShowOnlyWhatTheyHave() {
    Studio studio;
    MotionPanel panel(studio.context);
    panel.show();
    studio.session.selection().selectTrack(studio.pin);
    QVERIFY(panel.form().editor(QStringLiteral("track.name"))->isVisible());
    QVERIFY(!panel.form().editor(QStringLiteral("track.strength"))->isVisible());
    QVERIFY(!panel.form().editor(QStringLiteral("track.duration"))->isVisible());
    QVERIFY(!panel.curve().isVisible());
  }

  void lockedPathsCannotBeChanged() {
    Studio studio;
    MotionPanel panel(studio.context);
    panel.show();
    studio.session.selection().selectTrack(studio.path);
    QVERIFY(panel.form().isEnabled());
    studio.session.apply(QStringLiteral("lock"), [&](const document::DocumentPtr& d) {
      return edit::setTrackLocked(d, studio.take, studio.path, true);
    });
    QVERIFY(!panel.form().isEnabled());
    QVERIFY(!panel.curve().isEnabled());
  }

  void curveHandlesDragAsOneStepAndResetOnDoubleClick() {
    Studio studio;
    MotionPanel panel(studio.context);
    panel.resize(292, 500);
    panel.show();
    studio.session.selection().selectTrack(studio.path);
    CurveEditor& curve = panel.curve();
    QVERIFY(curve.isVisible());
    const QPoint handle = curve.handlePosition(0).toPoint();
    QTest::mousePress(&curve, Qt::LeftButton, {}, handle);
    QTest::mouseMove(&curve, handle + QPoint(20, 10));
    QTest::mouseMove(&curve, handle + QPoint(30, 15));
    QTest::mouseRelease(&curve, Qt::LeftButton, {}, handle + QPoint(30, 15));
    const document::Easing eased = studio.track(studio.path).easing;
    QVERIFY(!eased.isLinear());
    QVERIFY(eased.first[0] > 1.F / 3 && eased.first[1] < 1.F / 3);
    QCOMPARE(studio.session.undoStack().count(), 1);
    QTest::mouseDClick(&curve, Qt::LeftButton, {}, {40, 20});
    QVERIFY(studio.track(studio.path).easing.isLinear());
    QCOMPARE(studio.session.undoStack().count(), 2);
  }

  void curveHandlesMoveByKeysAndStayInTheSquare() {
    Studio studio;
    CurveEditor curve(studio.theme);
    curve.resize(260, 90);
    curve.setTrack(studio.track(studio.path));
    QSignalSpy edited(&curve, &CurveEditor::easingEdited);
    for (int i = 0; i < 100; ++i)
      QTest::keyClick(&curve, Qt::Key_Down, Qt::ShiftModifier);
    QCOMPARE(curve.easing().first[1], 0.F);
    QTest::keyClick(&curve, Qt::Key_Right);
    QVERIFY(curve.easing().first[0] > 1.F / 3);
    QVERIFY(edited.size() > 0);
    QVERIFY(!curve.grab().isNull());
  }

  void menuRetimesThePath() {
    Studio studio;
    MotionPanel panel(studio.context);
    panel.show();
    studio.session.selection().selectTrack(studio.path);
    const auto trigger = [&](const QString& text) {
      for (QMenu* menu : panel.findChildren<QMenu*>())
        for (QAction* action : menu->actions())
          if (action->text() == text) {
            action->trigger();
            return true;
          }
      return false;
    };
    QVERIFY(trigger(QStringLiteral("Fit to clip")));
    QCOMPARE(studio.track(studio.path).duration.ticks, Duration::fromSeconds(4).ticks);
    QVERIFY(trigger(QStringLiteral("Reverse")));
    QCOMPARE(studio.track(studio.path).points.front().position.x, 110.F);
    QVERIFY(trigger(QStringLiteral("Start slowly")));
    QVERIFY(!studio.track(studio.path).easing.isLinear());
    QVERIFY(trigger(QStringLiteral("Constant speed")));
    QVERIFY(trigger(QStringLiteral("Smooth")));
  }

  void cameraRowsWriteAKeyAtThePlayhead() {
    Studio studio;
    MotionPanel panel(studio.context);
    panel.show();
    studio.session.selection().selectCamera();
    auto zoom = panel.findChildren<NumberRow*>();
    const auto row = std::find_if(zoom.begin(), zoom.end(), [](NumberRow* r) { return r->isVisible(); });
    QVERIFY(row != zoom.end());
    auto* field = (*row)->findChild<QDoubleSpinBox*>();
    field->setValue(1.5);
    QCOMPARE(studio.session.currentTake()->camera.size(), std::size_t{1});
    QCOMPARE(studio.session.currentTake()->camera.front().pose.zoom, 1.5F);
  }

  void clipPanelChangesTheFocusedClip() {
    Studio studio;
    ClipPanel panel(studio.context);
    panel.show();
    const ClipId clip = studio.session.document()->lanes.front()->clips.front()->id;
    studio.session.selection().selectClip(clip);
    auto* opacity = qobject_cast<NumberRow*>(panel.form().editor(QStringLiteral("clip.opacity")));
    QVERIFY(opacity->isVisible());
    opacity->findChild<QDoubleSpinBox*>()->setValue(40);
    QCOMPARE(studio.session.document()->findClip(clip)->opacity, .4F);
    QSignalSpy open(&panel, &ClipPanel::openInPaint);
    for (auto* button : panel.findChildren<QPushButton*>())
      button->click();
    QCOMPARE(open.size(), 1);
    QCOMPARE(open.front().front().value<TakeId>().value, studio.take.value);
  }

  void everyEditorHasAnAccessibleName() {
    Studio studio;
    MotionPanel panel(studio.context);
    for (const char* id : {"track.name", "track.colour", "track.strength", "track.moves", "track.grip", "track.start",
                           "track.duration"}) {
      QWidget* editor = panel.form().editor(QLatin1String(id));
      QVERIFY2(editor && !editor->accessibleName().isEmpty(), id);
    }
    for (auto* button : panel.findChildren<QToolButton*>())
      QVERIFY(!button->accessibleName().isEmpty());
  }
};

QTEST_MAIN(TestInspector)
#include "tst_inspector.moc"
