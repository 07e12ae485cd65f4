// SPDX-License-Identifier: Apache-2.0
// Finding commands, settings and help, choosing keys, first hints and the check of the computer.
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTableWidget>
#include <QtTest/QTest>

#include "engine/document/edit.h"
#include "engine/document/starter.h"
#include "tests/ui/shell/studio.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/keys_room.h"
#include "ui/shell/machine_check.h"
#include "ui/shell/main_window.h"
#include "ui/shell/settings.h"
#include "ui/shell/start_page.h"
#include "ui/shell/status_strip.h"

using namespace kinora;
using namespace kinora::ui;
namespace edit = kinora::document::edit;

namespace {

document::DocumentPtr project() {
  document::MediaItem picture;
  picture.name = "photo.png";
  picture.path = "/somewhere/photo.png";
  picture.size = {640, 426};
  return document::projectForPicture(picture, Duration::fromSeconds(4), FrameRate{24, 1})->document;
}

// A window in Paint with a picture, and its palette.
struct Window : Studio {
  MainWindow window{context, nullptr, *transport};
  CommandPalette* palette = window.findChild<CommandPalette*>();
  QLineEdit* field = palette->findChild<QLineEdit*>();
  QAbstractItemModel* found = palette->findChild<QListView*>()->model();

  Window() {
    session.replace(project());
    window.show();
    window.activateWindow();
  }
  bool choose(const QString& name) const {
    for (int row = 0; row < found->rowCount(); ++row)
      if (found->index(row, 0).data().toString() == name) {
        palette->findChild<QListView*>()->setCurrentIndex(found->index(row, 0));
        return true;
      }
    return false;
  }
  [[nodiscard]] QString pathOfCurrent() const {
    return palette->findChild<QListView*>()->currentIndex().data(Qt::AccessibleTextRole).toString();
  }
};

QPushButton* buttonNamed(const QWidget& parent, const QString& text) {
  for (auto* button : parent.findChildren<QPushButton*>())
    if (button->text() == text)
      return button;
  return nullptr;
}

} // namespace

class CommandsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

  void everyHelpTopicNamesACommand() {
    Studio studio;
    for (const HelpTopic& topic : helpTopics())
      QVERIFY2(!studio.actions[topic.command].text().isEmpty(), topic.command);
  }

  void paletteChangesSettings() {
    Window w;
    w.palette->appear(QStringLiteral("#light"));
    QVERIFY(w.choose(QStringLiteral("Light theme")));
    QVERIFY(w.pathOfCurrent().contains(QLatin1String("off")));
    QTest::keyClick(w.field, Qt::Key_Return);
    QCOMPARE(w.theme.current().mode(), ThemeMode::Light);
    QCOMPARE(w.preferences.theme, ThemeMode::Light);
    QVERIFY(w.actions["view.light"].isChecked());
    w.palette->appear(QStringLiteral("#high"));
    QVERIFY(w.choose(QStringLiteral("High contrast theme")));
    QTest::keyClick(w.field, Qt::Key_Return);
    QCOMPARE(w.theme.current().mode(), ThemeMode::HighContrast);
    QVERIFY(!w.actions["view.light"].isChecked() && w.actions["view.highContrast"].isChecked());
  }

  void paletteAnswersQuestions() {
    Window w;
    w.palette->appear(QStringLiteral("?move"));
    QVERIFY(w.choose(QStringLiteral("Make something move")));
    w.paint.setTool(Tool::Select);
    QTest::keyClick(w.field, Qt::Key_Return);
    QCOMPARE(w.paint.tool(), Tool::DrawPath);
    w.palette->appear(QStringLiteral("?cut a clip"));
    QVERIFY(w.choose(QStringLiteral("Cut a clip")));
    QVERIFY2(w.pathOfCurrent().contains(QLatin1String("works in Edit")), qPrintable(w.pathOfCurrent()));
    QTest::keyClick(w.field, Qt::Key_Return); // cannot run here: stays open
    QVERIFY(w.palette->isVisible());
  }

  void paletteFindsTakesAndClips() {
    Window w;
    w.palette->appear(QStringLiteral("@"));
    bool take = false;
    bool onLane = false;
    for (int row = 0; row < w.found->rowCount(); ++row) {
      const QString text = w.found->index(row, 0).data(Qt::AccessibleTextRole).toString();
      take = take || text.contains(QLatin1String(", take"));
      onLane = onLane || text.contains(QLatin1String("clip on"));
    }
    QVERIFY(take && onLane);
  }

  void slashFindsUnlessItTypes() {
    Window w;
    QVERIFY(QTest::qWaitForWindowActive(&w.window));
    w.window.centralWidget()->setFocus();
    QTest::keyClick(&w.window, Qt::Key_Slash);
    QTRY_VERIFY(w.palette->isVisible());
    w.palette->reject();
    QLineEdit typed(&w.window);
    typed.show();
    typed.setFocus();
    QTest::keyClick(&typed, '/');
    QCOMPARE(typed.text(), QStringLiteral("/"));
    QVERIFY(!w.palette->isVisible());
  }

  void aKeyGoesToAnotherCommand() {
    Window w;
    w.palette->appear(QStringLiteral("select all"));
    QVERIFY(w.choose(QStringLiteral("Select all")));
    QTest::keyClick(w.field, Qt::Key_Return, Qt::ControlModifier);
    auto* room = w.window.findChild<KeysRoom*>();
    QVERIFY(room != nullptr && room->isVisible());
    auto* field = room->findChild<KeyField*>();
    QVERIFY(field->isVisible());
    QTest::keyClick(field, Qt::Key_T, Qt::ControlModifier); // free
    QCOMPARE(w.actions.keyList(w.actions["edit.selectAll"]), QStringList{QStringLiteral("Ctrl+T")});
    QCOMPARE(w.actions["edit.selectAll"].shortcut(), QKeySequence(QStringLiteral("Ctrl+T")));
    QCOMPARE(w.preferences.keys.value(QStringLiteral("edit.selectAll")), QStringLiteral("Ctrl+T"));

    room->catchKeyOf(QStringLiteral("edit.selectAll"));
    QTest::keyClick(field, Qt::Key_S, Qt::ControlModifier); // belongs to Save
    auto* use = buttonNamed(*room, QStringLiteral("Use it here"));
    QVERIFY(use->isVisible());
    bool told = false;
    for (auto* label : room->findChildren<QLabel*>())
      told = told || label->text().contains(QStringLiteral("“Save”"));
    QVERIFY(told);
    QCOMPARE(w.actions.keyList(w.actions["file.save"]), QStringList{QStringLiteral("Ctrl+S")}); // not yet
    use->click();
    QVERIFY(w.actions.keyList(w.actions["file.save"]).isEmpty());
    QCOMPARE(w.actions["file.save"].shortcut(), QKeySequence());
    QCOMPARE(w.actions.keyList(w.actions["edit.selectAll"]), QStringList{QStringLiteral("Ctrl+S")});

    buttonNamed(*room, QStringLiteral("All to standard"))->click();
    QCOMPARE(w.actions["file.save"].shortcut(), QKeySequence(QStringLiteral("Ctrl+S")));
    QVERIFY(w.preferences.keys.isEmpty());
  }

  void escapeKeepsTheOldKey() {
    Window w;
    w.actions["help.keys"].trigger();
    auto* room = w.window.findChild<KeysRoom*>();
    room->catchKeyOf(QStringLiteral("file.open"));
    auto* field = room->findChild<KeyField*>();
    QTest::keyClick(field, Qt::Key_Escape);
    QVERIFY(!field->isVisible() && room->isVisible());
    QCOMPARE(w.actions.keyList(w.actions["file.open"]), QStringList{QStringLiteral("Ctrl+O")});
  }

  void spaceIsAKeyLikeOthers() {
    Window w;
    w.actions.setKeys(w.actions["play.toggle"], {QStringLiteral("X")});
    QVERIFY(w.actions.plainKeyAction(QStringLiteral("Space")) == nullptr);
    w.actions.setKeys(w.actions["play.loop"], {QStringLiteral("Space")});
    QCOMPARE(w.actions.plainKeyAction(QStringLiteral("Space")), &w.actions["play.loop"]);
    QVERIFY(w.actions["play.loop"].text().endsWith(QLatin1String("\tSpace")));
  }

  void hintsComeOnce() {
    Window w;
    auto* status = w.window.findChild<StatusStrip*>();
    const TakeId take = w.session.currentTake()->id;
    const auto draw = [&] {
      document::Track track;
      track.name = "Path";
      track.points = {{Duration{}, {10, 10}, true}, {Duration::fromSeconds(1), {90, 90}, true}};
      return w.session.apply(QStringLiteral("Draw"), [&](const auto& d) -> Result<document::DocumentPtr> {
        return edit::addTrack(d, take, track)->document;
      });
    };
    QVERIFY(status->shownHint().isEmpty());
    QVERIFY(draw());
    const QString first = status->shownHint();
    QVERIFY(!first.isEmpty());
    QVERIFY(w.session.apply(QStringLiteral("Rename"), [&](const auto& d) { return edit::renameTake(d, take, "X"); }));
    QVERIFY(!status->shownHint().isEmpty() && status->shownHint() != first);
    status->hint({});
    QVERIFY(draw());
    QVERIFY(status->shownHint().isEmpty()); // both were seen
    QCOMPARE(w.preferences.hintsSeen.size(), 2);
  }

  void reportsAreReadCarefully_data() {
    QTest::addColumn<QByteArray>("json");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("text") << QByteArray("Segmentation fault");
    QTest::newRow("list") << QByteArray("[1,2]");
    QTest::newRow("half") << QByteArray(R"({"ok":true,"models":{"ok":true,"text":"x"}})");
    QTest::newRow("numbers") << QByteArray(R"({"models":1,"tensors":2,"vulkan":3,"transport":4,"codecs":5})");
  }
  void reportsAreReadCarefully() {
    QFETCH(QByteArray, json);
    const auto report = parseMachineReport(json);
    QVERIFY(!report.has_value());
    QCOMPARE(report.error().code, ErrorCode::Corrupt);
  }

  void saysWhatWasFound() {
    const QByteArray json = R"({"ok":true,"codecs":{"ok":true,"text":"c"},"models":{"ok":true,"text":"m"},
      "tensors":{"ok":true,"text":"t","facts":{"cuda":true,"threads":4}},"transport":{"ok":false,"text":"w"},
      "vulkan":{"ok":true,"text":"v","facts":{"device":"NVIDIA RTX 4090"}}})";
    const auto report = parseMachineReport(json);
    QVERIFY(report.has_value());
    QCOMPARE(report->facts.size(), std::size_t{5});
    QCOMPARE(report->threads, 4);
    QVERIFY(!report->facts[3].ok);
    QVERIFY(describeMachine(*report).startsWith(QLatin1String("NVIDIA RTX 4090 found.")));
    MachineReport none;
    QVERIFY(describeMachine(none).startsWith(QLatin1String("No NVIDIA graphics card found.")));
  }

  void aMissingProgramIsTold() {
    MachineCheck check(QStringLiteral("/no/such/program"));
    QSignalSpy finished(&check, &MachineCheck::finished);
    check.request();
    check.request();
    QTRY_COMPARE(finished.count(), 1);
    QVERIFY(!check.result()->has_value());
    QVERIFY(!check.result()->error().message.empty());
  }

  void startPageShowsTheCheck() {
    Studio studio;
    MachineCheck check(QStringLiteral("/no/such/program"));
    StartPage page(studio.context, check);
    page.show();
    const auto says = [&page](const QString& text) {
      for (auto* label : page.findChildren<QLabel*>())
        if (label->text().contains(text))
          return true;
      return false;
    };
    QVERIFY(says(QStringLiteral("Checked on this computer")));
    QVERIFY(says(QStringLiteral("Checking this computer")));
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("could not be started")), 20000);
  }
};

QTEST_MAIN(CommandsTest)
#include "tst_commands.moc"
