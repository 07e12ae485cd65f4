// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <set>

#include <QDir>
#include <QMimeData>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest/QTest>

#include "engine/document/edit.h"
#include "engine/document/project_file.h"
#include "engine/document/starter.h"
#include "ui/session/action_table.h"
#include "ui/session/key_file.h"
#include "ui/session/number_label.h"
#include "ui/session/plurals.h"
#include "ui/session/preferences.h"
#include "ui/session/project_session.h"
#include "ui/session/theme.h"
#include "ui/session/track_model.h"

using namespace kinora;
using namespace kinora::ui;
namespace edit = kinora::document::edit;

namespace {

document::DocumentPtr project() {
  document::MediaItem picture;
  picture.name = "photo.png";
  picture.path = "/somewhere/photo.png";
  picture.size = {320, 200};
  auto made = document::projectForPicture(picture, Duration::fromSeconds(4), FrameRate{24, 1});
  document::DocumentPtr document = made->document;
  for (const char* name : {"Pin", "Back", "Front"}) {
    document::Track track;
    track.name = name;
    track.points = {{Duration{}, {10, 10}, true}};
    if (*name == 'P')
      track.kind = document::TrackKind::Pin;
    else
      track.points.push_back({Duration::fromSeconds(1), {60, 10}, true});
    document = edit::addTrack(document, made->id, track)->document;
  }
  return document;
}

ProjectSession::Edit renamed(const char* name) {
  return [name](const document::DocumentPtr& d) { return edit::rename(d, name); };
}

} // namespace

class SessionTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void themeKeepsItsContrasts_data();
  void themeKeepsItsContrasts();
  void themeRefusesBadFiles();
  void styleSheetIsFilled();
  void everyCommandHasItsIcon();
  void keysAreUniqueInAWorkspace();
  void digitsStandStill();
  void pluralsAreWords();
  void keysCanBeChanged();
  void keyFilesAreReadCarefully_data();
  void keyFilesAreReadCarefully();
  void gestureIsOneStep();
  void refusedEditChangesNothing();
  void savesAndOpens();
  void restoresAfterACrash();
  void preferencesSurvive();
  void trackModelFollowsAndEdits();
};

void SessionTest::themeKeepsItsContrasts_data() {
  QTest::addColumn<int>("mode");
  QTest::newRow("dark") << static_cast<int>(ThemeMode::Dark);
  QTest::newRow("light") << static_cast<int>(ThemeMode::Light);
  QTest::newRow("high contrast") << static_cast<int>(ThemeMode::HighContrast);
}

void SessionTest::themeKeepsItsContrasts() {
  QFETCH(int, mode);
  const Theme theme = Theme::make(static_cast<ThemeMode>(mode));
  QVERIFY(theme.contrastPairs().size() > 30);
  for (const ContrastPair& pair : theme.contrastPairs()) {
    const QByteArray front = pair.front.toLatin1();
    const QByteArray back = pair.back.toLatin1();
    const double ratio = contrastRatio(theme.color(front.constData()), theme.color(back.constData()));
    // High contrast: 7 where the others keep 4.5.
    const bool text = pair.minimum >= 4.5 && !pair.front.startsWith(QLatin1String("danger"));
    const double minimum =
        theme.mode() == ThemeMode::HighContrast && text && pair.front != QLatin1String("select.on") ? 7 : pair.minimum;
    QVERIFY2(ratio >= minimum, qPrintable(QStringLiteral("%1 on %2: %3").arg(pair.front, pair.back).arg(ratio)));
  }
  QCOMPARE(contrastRatio(Qt::black, Qt::white), 21.);
}

void SessionTest::themeRefusesBadFiles() {
  for (const char* bad : {"", "[]", "{}", R"({"font": {"sizes": {"body": 13}}})", "{\"font\": 3"}) {
    const auto theme = Theme::parse(bad, ThemeMode::Dark, 1);
    QVERIFY2(!theme.has_value(), bad);
    QCOMPARE(theme.error().code, ErrorCode::Corrupt);
  }
}

void SessionTest::styleSheetIsFilled() {
  QTemporaryDir folder;
  const QString sheet = Theme::make(ThemeMode::Dark, 1.5).styleSheet(folder.path());
  QVERIFY(!sheet.contains(QLatin1Char('@')));
  QVERIFY(sheet.contains(QLatin1String("min-height: 39px")));
  QVERIFY(!QDir(folder.path()).entryList({QStringLiteral("*.svg")}).isEmpty());
}

void SessionTest::everyCommandHasItsIcon() {
  ThemeSource theme;
  ActionTable actions(theme);
  for (const ActionSpec& spec : ActionTable::specs())
    if (*spec.icon != '\0')
      QVERIFY2(!actions[spec.id].icon().pixmap(16, 16).isNull(), spec.id);
}

void SessionTest::keysAreUniqueInAWorkspace() {
  for (const ActionScope scope : {ActionScope::Paint, ActionScope::Edit, ActionScope::Export}) {
    std::set<QString> seen;
    for (const ActionSpec& spec : ActionTable::specs()) {
      if (spec.scope != scope && spec.scope != ActionScope::Global)
        continue;
      for (const QString& key : QString::fromLatin1(spec.keys).split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        QVERIFY2(!QKeySequence::fromString(key).isEmpty(), spec.id);
        QVERIFY2(seen.insert(key).second, qPrintable(key + QStringLiteral(" of ") + QLatin1String(spec.id)));
      }
    }
  }
}

void SessionTest::digitsStandStill() {
  QFont font(QStringLiteral("Inter"));
  font.setPixelSize(15);
  const QFontMetricsF metrics(font);
  const double zero = fixedDigitWidth(metrics, QStringLiteral("00:00:00:00"));
  for (const char* text : {"11:11:11:11", "12:34:56:07", "99:99:99:99"})
    QCOMPARE(fixedDigitWidth(metrics, QLatin1String(text)), zero);
  NumberLabel label;
  label.setFont(font);
  label.setText(QStringLiteral("00:00:00:00"));
  const QSize size = label.sizeHint();
  label.setText(QStringLiteral("11:11:11:11"));
  QCOMPARE(label.sizeHint(), size);
  // The colons stand at the same places whatever the digits are.
  label.resize(size);
  const auto ink = [&label](const QString& text) {
    label.setText(text);
    const QImage shot = label.grab().toImage();
    QImage colons(shot.size(), QImage::Format_RGB32);
    colons.fill(Qt::black);
    const QFontMetricsF m(label.font());
    const double first = fixedDigitWidth(m, QStringLiteral("00"));
    const QRect colon(qRound(first), 0, qRound(m.horizontalAdvance(QLatin1Char(':'))), shot.height());
    return shot.copy(colon);
  };
  QCOMPARE(ink(QStringLiteral("00:00:00:00")), ink(QStringLiteral("11:11:11:11")));
}

void SessionTest::pluralsAreWords() {
  EnglishPlurals plurals;
  QCoreApplication::installTranslator(&plurals);
  QCOMPARE(QCoreApplication::translate("X", "%n missing file(s)", nullptr, 1), QStringLiteral("1 missing file"));
  QCOMPARE(QCoreApplication::translate("X", "%n missing file(s)", nullptr, 3), QStringLiteral("3 missing files"));
  QCOMPARE(QCoreApplication::translate("X", "Copy(s)"), QStringLiteral("Copy(s)"));
  QCoreApplication::removeTranslator(&plurals);
}

void SessionTest::keysCanBeChanged() {
  ThemeSource theme;
  ActionTable actions(theme);
  QVERIFY(actions.ownKeys().isEmpty());
  QSignalSpy changed(&actions, &ActionTable::keysChanged);
  actions.setOwnKeys({{"file.save", "Ctrl+G Nonsense+3 Ctrl+G"}, {"no.such.command", "Ctrl+J"}, {"file.open", ""}});
  QCOMPARE(actions.keyList(actions["file.save"]), QStringList{"Ctrl+G"});
  QVERIFY(actions["file.open"].shortcuts().isEmpty());
  QVERIFY(actions["file.save"].toolTip().contains(actions.keys(actions["file.save"])));
  QCOMPARE(changed.count(), 2);
  const auto again = readKeys(writeKeys(actions.ownKeys()));
  QVERIFY(again.has_value());
  QCOMPARE(*again, actions.ownKeys());
  QCOMPARE(actions.rivals(actions["edit.undo"], "Ctrl+G"), std::vector<QAction*>{&actions["file.save"]});
  // The same letter in two workspaces is no conflict, in the same one it is.
  QVERIFY(actions.rivals(actions["paint.tool.select"], "B").size() == 1);
  QVERIFY(actions.rivals(actions["edit.tool.select"], "P").empty());
  actions.setOwnKeys({});
  QVERIFY(actions.ownKeys().isEmpty());
  QCOMPARE(actions["file.open"].shortcut(), QKeySequence("Ctrl+O"));
}

void SessionTest::keyFilesAreReadCarefully_data() {
  QTest::addColumn<QByteArray>("json");
  QTest::newRow("empty") << QByteArray();
  QTest::newRow("no JSON") << QByteArray("keys");
  QTest::newRow("list") << QByteArray("[]");
  QTest::newRow("no format") << QByteArray(R"({"keys":{}})");
  QTest::newRow("later") << QByteArray(R"({"format":"kinora-keys/2","keys":{}})");
  QTest::newRow("no keys") << QByteArray(R"({"format":"kinora-keys/1"})");
  QTest::newRow("keys a list") << QByteArray(R"({"format":"kinora-keys/1","keys":[]})");
  QTest::newRow("text") << QByteArray(R"({"format":"kinora-keys/1","keys":{"a":"Ctrl+A"}})");
  QTest::newRow("number") << QByteArray(R"({"format":"kinora-keys/1","keys":{"a":[7]}})");
  QTest::newRow("two in one") << QByteArray(R"({"format":"kinora-keys/1","keys":{"a":["A B"]}})");
  QTest::newRow("many") << QByteArray(R"({"format":"kinora-keys/1","keys":{"a":[)") +
                               QByteArray("\"A\",").repeated(40) + "\"A\"]}}";
}

void SessionTest::keyFilesAreReadCarefully() {
  QFETCH(QByteArray, json);
  const auto keys = readKeys(json);
  QVERIFY(!keys.has_value());
  QCOMPARE(keys.error().code, ErrorCode::Corrupt);
}

void SessionTest::gestureIsOneStep() {
  WorkerPool workers(1);
  ProjectSession session(workers, {});
  session.replace(project());
  const document::DocumentPtr before = session.document();
  session.beginGesture(QStringLiteral("Rename"));
  QVERIFY(session.update(renamed("A")));
  QVERIFY(session.update(renamed("AB")));
  QCOMPARE(session.undoStack().count(), 0);
  session.endGesture();
  QCOMPARE(session.undoStack().count(), 1);
  QCOMPARE(session.document()->name, std::string("AB"));
  session.undoStack().undo();
  QCOMPARE(session.document(), before);
  session.beginGesture(QStringLiteral("Rename"));
  QVERIFY(session.update(renamed("C")));
  session.cancelGesture();
  QCOMPARE(session.document(), before);
  QVERIFY(!session.isDirty());
}

void SessionTest::refusedEditChangesNothing() {
  WorkerPool workers(1);
  ProjectSession session(workers, {});
  session.replace(project());
  const document::DocumentPtr before = session.document();
  QSignalSpy refused(&session, &ProjectSession::editRefused);
  QVERIFY(!session.apply(QStringLiteral("Remove"),
                         [](const document::DocumentPtr& d) { return edit::removeTake(d, TakeId{999}); }));
  QCOMPARE(refused.count(), 1);
  QCOMPARE(session.document(), before);
  QCOMPARE(session.undoStack().count(), 0);
}

void SessionTest::savesAndOpens() {
  QTemporaryDir folder;
  const std::filesystem::path file = toPath(folder.filePath(QStringLiteral("Größe.kinora")));
  WorkerPool workers(1);
  ProjectSession session(workers, {});
  session.replace(project(), {}, true);
  QVERIFY(session.isDirty());
  QSignalSpy saved(&session, &ProjectSession::saved);
  session.save(file);
  QTRY_COMPARE(saved.count(), 1);
  QVERIFY(!session.isDirty());
  QCOMPARE(session.title(), QStringLiteral("Größe"));
  ProjectSession other(workers, {});
  QSignalSpy opened(&other, &ProjectSession::opened);
  other.open(file);
  QTRY_COMPARE(opened.count(), 1);
  QVERIFY(*other.document() == *session.document());
  QSignalSpy failed(&other, &ProjectSession::openFailed);
  other.open(toPath(folder.filePath(QStringLiteral("none.kinora"))));
  QTRY_COMPARE(failed.count(), 1);
  QVERIFY(*other.document() == *session.document());
}

void SessionTest::restoresAfterACrash() {
  QTemporaryDir folder;
  const std::filesystem::path recovery = toPath(folder.filePath(QStringLiteral("recovery")));
  const document::DocumentPtr edited = *edit::rename(project(), "Edited");
  const auto copies = [&recovery] { return document::listRecoverable(recovery)->size(); };
  {
    WorkerPool workers(2);
    ProjectSession session(workers, recovery);
    session.setAutosaveDelayMs(1);
    session.replace(edited, {}, true);
    const auto written = [&recovery] {
      std::error_code none;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(recovery, none))
        if (entry.is_regular_file() && entry.path().extension() == ".kinora")
          return true;
      return false;
    };
    QTRY_VERIFY(written());
  } // without discarding: as after a crash
  QCOMPARE(copies(), std::size_t{1});
  {
    WorkerPool workers(2);
    ProjectSession session(workers, recovery);
    QSignalSpy found(&session, &ProjectSession::recoverableFound);
    std::vector<RecoverableProject> projects;
    connect(&session, &ProjectSession::recoverableFound, this,
            [&projects](const std::vector<RecoverableProject>& list) { projects = list; });
    session.findRecoverable();
    QTRY_COMPARE(projects.size(), std::size_t{1});
    QCOMPARE(projects[0].name, QStringLiteral("Edited"));
    QSignalSpy opened(&session, &ProjectSession::opened);
    session.restore(projects[0]);
    QTRY_COMPARE(opened.count(), 1);
    QVERIFY(*session.document() == *edited);
    QVERIFY(session.isDirty());
    session.discardRecovery();
    session.forget(projects[0]);
  }
  QCOMPARE(copies(), std::size_t{0});
}

void SessionTest::preferencesSurvive() {
  QTemporaryDir folder;
  const QString path = folder.filePath(QStringLiteral("kinora.ini"));
  Preferences wanted;
  wanted.theme = ThemeMode::Light;
  wanted.textScale = 1.3;
  wanted.showStart = false;
  for (int i = 0; i < 14; ++i)
    wanted.addRecentFile(QString::number(i));
  QCOMPARE(wanted.recentFiles.size(), 10);
  QCOMPARE(wanted.recentFiles.first(), QStringLiteral("13"));
  wanted.keys = {{"file.save", "Ctrl+G Ctrl+,"}, {"file.open", ""}};
  wanted.hintsSeen = {"path", "edit"};
  wanted.layouts[QStringLiteral("paint_1440x900+0+0")] = QByteArray("\0state", 6);
  {
    QSettings settings(path, QSettings::IniFormat);
    wanted.write(settings);
  }
  QSettings settings(path, QSettings::IniFormat);
  QCOMPARE(Preferences::read(settings), wanted);
  settings.setValue(QStringLiteral("textScale"), 99);
  QCOMPARE(Preferences::read(settings).textScale, 2.);
}

void SessionTest::trackModelFollowsAndEdits() {
  WorkerPool workers(1);
  ProjectSession session(workers, {});
  TrackModel model(session);
  QCOMPARE(model.rowCount(), 0);
  session.replace(project());
  QCOMPARE(model.rowCount(), 3);
  const QModelIndex motion = model.index(0, 0);
  QCOMPARE(model.rowCount(motion), 2);
  const QModelIndex front = model.index(0, 0, motion);
  QCOMPARE(front.data().toString(), QStringLiteral("Front"));
  QVERIFY(model.setData(front, false, TrackModel::EnabledRole));
  QVERIFY(!front.data(TrackModel::EnabledRole).toBool());
  QVERIFY(model.setData(motion, true, TrackModel::LockedRole));
  QVERIFY(model.index(1, 0, motion).data(TrackModel::LockedRole).toBool());
  QVERIFY(!model.flags(front).testFlag(Qt::ItemIsEditable));
  session.undoStack().undo();
  QVERIFY(model.setData(front, QStringLiteral("Rocket"), Qt::EditRole));
  QCOMPARE(front.data().toString(), QStringLiteral("Rocket"));
  QVERIFY(!model.setData(front, QStringLiteral("  "), Qt::EditRole));
  // Drag the front path behind the other.
  const TrackId rocket = model.trackAt(front);
  QMimeData* dragged = model.mimeData({front});
  (void)model.dropMimeData(dragged, Qt::MoveAction, 2, 0, motion);
  delete dragged;
  QCOMPARE(model.indexOf(rocket).row(), 1);
  session.undoStack().undo();
  QCOMPARE(model.indexOf(rocket).row(), 0);
}

QTEST_MAIN(SessionTest)
#include "tst_session.moc"
