// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <memory>

#include <QDir>
#include <QImage>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTreeView>
#include <QtTest/QTest>

#include "engine/document/edit.h"
#include "engine/document/starter.h"
#include "tests/ui/shell/studio.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/dock_panel.h"
#include "ui/shell/export_page.h"
#include "ui/shell/main_window.h"
#include "ui/shell/notice_area.h"
#include "ui/shell/start_page.h"
#include "ui/shell/words.h"

using namespace kinora;
using namespace kinora::ui;
namespace edit = kinora::document::edit;

namespace {

document::MediaItem photo() {
  document::MediaItem picture;
  picture.name = "photo.png";
  picture.path = "/somewhere/photo.png";
  picture.size = {640, 426};
  return picture;
}

// A project with two paths and a pin.
document::DocumentPtr project() {
  auto made = document::projectForPicture(photo(), Duration::fromSeconds(4), FrameRate{24, 1});
  document::DocumentPtr document = made->document;
  const auto add = [&](const char* name, const char* colour, document::TrackKind kind) {
    document::Track track;
    track.name = name;
    track.colour = colour;
    track.kind = kind;
    track.points = {{Duration{}, {300, 300}, true}};
    if (kind == document::TrackKind::Path)
      track.points.push_back({Duration::fromSeconds(2), {360, 120}, true});
    document = edit::addTrack(document, made->id, track)->document;
  };
  add("Tower", "mint", document::TrackKind::Pin);
  add("Exhaust", "sky", document::TrackKind::Path);
  add("Rocket", "amber", document::TrackKind::Path);
  return document;
}

} // namespace

class ShellTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { QStandardPaths::setTestModeEnabled(true); }
  void showsTheNewestFrame();
  void saysNumbersInWords();
  void saysOneNoticeOnce();
  void publishesEveryEdit();
  void spacePlaysUnlessItTypes();
  void workspaceOwnsItsLetters();
  void panelsSurviveASwitch();
  void panelsHaveTheirWidths();
  void findsCommandsByLetters();
  void writesTheSameCommand();
  void exportsWithProgressAndCancel();
  void startsWithAPictureOrTheStartPage();
};

void ShellTest::showsTheNewestFrame() {
  Studio studio;
  MainWindow window(studio.context, nullptr, *studio.transport);
  studio.session.replace(project());
  window.show();
  auto slot = studio.transport->beginWrite({64, 48});
  QVERIFY(slot.has_value());
  for (int y = 0; y < 48; ++y)
    for (int x = 0; x < 64; ++x) {
      const std::uint8_t pixel[4] = {250, 10, 20, 255};
      std::memcpy(slot->pixels + y * slot->strideBytes + x * 4, pixel, 4);
    }
  QVERIFY(studio.transport->endWrite(Time{}, 0).has_value());
  const auto reds = [&window] {
    const QImage shot = window.grab().toImage();
    int count = 0;
    for (int y = 0; y < shot.height(); y += 4)
      for (int x = 0; x < shot.width(); x += 4)
        count += shot.pixelColor(x, y) == QColor(250, 10, 20) ? 1 : 0;
    return count;
  };
  QTRY_VERIFY(reds() > 1000);
}

void ShellTest::saysNumbersInWords() {
  const QChar space(0x202F);
  QCOMPARE(milliseconds(41.3), QStringLiteral("41%1ms").arg(space));
  QCOMPARE(framesPerSecond(1.6e7), QStringLiteral(">999%1fps").arg(space));
  QCOMPARE(framesPerSecond(9.96), QStringLiteral("10.0%1fps").arg(space));
  QCOMPARE(byteSize(0), QStringLiteral("0%1kB").arg(space));
  QCOMPARE(byteSize(1'900'000'000), QStringLiteral("1.9%1GB").arg(space));
  QCOMPARE(byteSize(999'600), QStringLiteral("1%1MB").arg(space));
  QCOMPARE(spokenDuration(41.2), QStringLiteral("0:42"));
  QCOMPARE(spokenDuration(119.5), QStringLiteral("2%1min").arg(space));
  QCOMPARE(spokenDuration(2 * 3600 + 10 * 60), QStringLiteral("2%1h 10%1min").arg(space));
}

void ShellTest::saysOneNoticeOnce() {
  ThemeSource theme;
  NoticeArea area(theme);
  area.showError(QStringLiteral("A"), Error{ErrorCode::Io, "The disk is full.", {}});
  area.showError(QStringLiteral("A"), Error{ErrorCode::Io, "The disk is full.", {}});
  QCOMPARE(area.count(), 1);
  for (int i = 0; i < 9; ++i)
    area.show({NoticeKind::Info, QString::number(i), {}, {}, {}});
  QCOMPARE(area.count(), 4);
  bool pressed = false;
  area.clear();
  QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
  area.show({NoticeKind::Warning, QStringLiteral("B"), {}, {{QStringLiteral("Do"), [&] { pressed = true; }}}, {}});
  area.findChild<QPushButton*>()->click();
  QVERIFY(pressed);
  QCOMPARE(area.count(), 0);
}

void ShellTest::publishesEveryEdit() {
  Studio studio;
  MainWindow window(studio.context, nullptr, *studio.transport);
  studio.session.replace(project());
  const TakeId take = studio.session.currentTake()->id;
  QVERIFY(studio.session.apply(QStringLiteral("Rename"),
                               [take](const auto& d) { return edit::renameTake(d, take, "Other"); }));
  QCOMPARE(studio.port.published.back(), studio.session.document());
  studio.actions["edit.undo"].trigger();
  QCOMPARE(studio.port.published.back()->findTake(take)->name, std::string("Take 1"));
  QVERIFY(!studio.actions["edit.undo"].isEnabled());
  QVERIFY(studio.actions["edit.redo"].isEnabled());
}

void ShellTest::spacePlaysUnlessItTypes() {
  Studio studio;
  MainWindow window(studio.context, nullptr, *studio.transport);
  studio.session.replace(project());
  window.show();
  window.activateWindow();
  QVERIFY(QTest::qWaitForWindowActive(&window));
  auto* view = window.findChild<QTreeView*>();
  QVERIFY(view != nullptr);
  view->setFocus(Qt::MouseFocusReason);
  const int before = studio.port.count<runtime::Play>();
  QTest::keyClick(view, Qt::Key_Space);
  QCOMPARE(studio.port.count<runtime::Play>(), before + 1);
  auto* field = window.findChild<QLineEdit*>();
  QVERIFY(field != nullptr);
  field->setFocus(Qt::MouseFocusReason);
  QTest::keyClick(field, Qt::Key_Space);
  QCOMPARE(studio.port.count<runtime::Play>(), before + 1);
}

void ShellTest::workspaceOwnsItsLetters() {
  Studio studio;
  MainWindow window(studio.context, nullptr, *studio.transport);
  studio.session.replace(project());
  window.setWorkspace(Workspace::Paint);
  QVERIFY(studio.actions["paint.tool.pin"].isEnabled());
  QVERIFY(!studio.actions["clip.split"].isEnabled());
  window.setWorkspace(Workspace::Edit);
  QVERIFY(!studio.actions["paint.tool.pin"].isEnabled());
  QVERIFY(studio.actions["clip.split"].isEnabled());
  QVERIFY(!studio.actions.reason(studio.actions["paint.tool.pin"]).isEmpty());
}

void ShellTest::panelsSurviveASwitch() {
  Studio studio;
  MainWindow window(studio.context, nullptr, *studio.transport);
  window.resize(1440, 900);
  window.show();
  window.setWorkspace(Workspace::Paint);
  auto* motion = window.findChild<DockPanel*>(QStringLiteral("motion"));
  auto* clip = window.findChild<DockPanel*>(QStringLiteral("clip"));
  QVERIFY(motion->isVisible() && !clip->isVisible());
  motion->hide();
  window.setWorkspace(Workspace::Edit);
  QVERIFY(!motion->isVisible() && clip->isVisible());
  window.setWorkspace(Workspace::Paint);
  QVERIFY(!motion->isVisible() && !clip->isVisible());
  studio.actions["view.resetLayout"].trigger();
  QVERIFY(motion->isVisible());
}

void ShellTest::panelsHaveTheirWidths() {
  Studio studio;
  MainWindow window(studio.context, nullptr, *studio.transport);
  window.resize(1440, 900);
  window.show();
  for (int round = 0; round < 2; ++round) {
    window.setWorkspace(Workspace::Edit);
    QTRY_COMPARE(window.findChild<DockPanel*>(QStringLiteral("media"))->width(), 304);
    QTRY_COMPARE(window.findChild<DockPanel*>(QStringLiteral("clip"))->width(), 300);
    window.setWorkspace(Workspace::Paint);
    QTRY_COMPARE(window.findChild<DockPanel*>(QStringLiteral("tracks"))->width(), 292);
  }
}

void ShellTest::findsCommandsByLetters() {
  QVERIFY(!fuzzyScore(QStringLiteral("xyz"), QStringLiteral("Export…")));
  QVERIFY(!fuzzyScore(QStringLiteral("tpo"), QStringLiteral("Top")));
  QVERIFY(fuzzyScore(QStringLiteral("dp"), QStringLiteral("Draw path")) >
          fuzzyScore(QStringLiteral("dp"), QStringLiteral("Undo step")));
  QVERIFY(fuzzyScore(QStringLiteral("pin"), QStringLiteral("Pin")) >
          fuzzyScore(QStringLiteral("pin"), QStringLiteral("Place it now")));
}

void ShellTest::writesTheSameCommand() {
  runtime::ExportRequest request;
  request.file = "/out/it's here.mp4";
  request.preset = "h264-mp4";
  QCOMPARE(exportCommand(QStringLiteral("/a/b.kinora"), request, FrameRate{24, 1}),
           QStringLiteral("kinora-cli export /a/b.kinora --preset h264-mp4 -o '/out/it'\\''s here.mp4'"));
  request.range = TimeRange{Time::fromSeconds(1), Duration::fromSeconds(2)};
  QVERIFY(exportCommand(QStringLiteral("x"), request, FrameRate{24, 1}).contains(QLatin1String("--range 24-71")));
  request.size = Size{1080, 1920};
  request.rate = FrameRate{24'000, 1001};
  QVERIFY(exportCommand(QStringLiteral("x"), request, FrameRate{24, 1})
              .contains(QLatin1String(" --size 1080x1920 --fps 23.976 ")));
  request.framing = runtime::Framing::Fill;
  request.rate = FrameRate{30'000, 1001};
  QVERIFY(exportCommand(QStringLiteral("x"), request, FrameRate{24, 1})
              .contains(QLatin1String(" --size 1080x1920 --framing fill --fps 29.97 ")));
}

void ShellTest::exportsWithProgressAndCancel() {
  QTemporaryDir folder;
  Studio studio;
  studio.preferences.lastFolder = folder.path();
  MainWindow window(studio.context, nullptr, *studio.transport);
  studio.session.replace(project());
  window.show();
  window.setWorkspace(Workspace::Export);
  auto* page = window.findChild<ExportPage*>();
  QVERIFY(page->isVisible());
  page->start();
  QCOMPARE(studio.port.exports.size(), std::size_t{1});
  QCOMPARE(studio.port.exports[0].range->length, Duration::fromSeconds(4));
  studio.port.tell(runtime::ExportProgress{JobId{1}, 48, 96, 30});
  auto* bar = page->findChild<QProgressBar*>();
  QTRY_COMPARE(bar->value(), 48);
  for (auto* button : page->findChildren<QPushButton*>())
    if (button->text() == QLatin1String("Cancel"))
      button->click();
  QCOMPARE(studio.port.cancelled, std::vector<JobId>{JobId{1}});
}

void ShellTest::startsWithAPictureOrTheStartPage() {
  Studio studio;
  MainWindow window(studio.context, nullptr, *studio.transport);
  window.show();
  window.openFiles({});
  auto* start = window.findChild<StartPage*>();
  QVERIFY(start->isVisible());
  QVERIFY(!window.findChild<DockPanel*>(QStringLiteral("motion"))->isVisible());
  window.openFiles({QStringLiteral("/somewhere/photo.png")});
  QCOMPARE(studio.port.described.back(), std::filesystem::path("/somewhere/photo.png"));
  studio.port.tell(runtime::MediaDescribed{"/somewhere/photo.png", photo()});
  QTRY_VERIFY(studio.session.currentTake() != nullptr && !start->isVisible());
  QVERIFY(studio.session.isDirty());
  QTRY_VERIFY(window.findChild<DockPanel*>(QStringLiteral("motion"))->isVisible());
  studio.port.tell(runtime::MediaDescribed{"/never/asked.png", photo()});
  QTest::qWait(1);
  QCOMPARE(studio.session.document()->media.size(), std::size_t{1});
}

QTEST_MAIN(ShellTest)
#include "tst_shell.moc"
