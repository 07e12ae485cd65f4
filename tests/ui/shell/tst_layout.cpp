// SPDX-License-Identifier: Apache-2.0
// Whether the window keeps its words whole: longer languages, larger text, small windows, right to left.
#include <QAbstractButton>
#include <QAbstractItemView>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDialog>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QStandardPaths>
#include <QStyle>
#include <QStyleOptionButton>
#include <QToolButton>
#include <QTranslator>
#include <QtTest/QTest>

#include "engine/document/edit.h"
#include "engine/document/starter.h"
#include "tests/ui/shell/studio.h"
#include "ui/canvas/canvas_view.h"
#include "ui/inspector/timecode_edit.h"
#include "ui/shell/dock_panel.h"
#include "ui/shell/main_window.h"
#include "ui/shell/start_page.h"
#include "ui/shell/time_display.h"
#include "ui/shell/transport_bar.h"
#include "ui/timeline/timeline_view.h"

using namespace kinora;
using namespace kinora::ui;

namespace {

// Every string 40 per cent longer, as in a language with long words.
class LongWords : public QTranslator {
 public:
  [[nodiscard]] bool isEmpty() const override { return false; }
  QString translate(const char*, const char* source, const char*, int n) const override {
    QString text = QString::fromUtf8(source);
    if (n >= 0)
      text.replace(QLatin1String("%n"), QString::number(n));
    const QString tail = QStringLiteral(" éxpansion of words in a long language").left(text.size() * 2 / 5);
    const auto tab = text.indexOf(QLatin1Char('\t'));
    return tab < 0 ? text + tail : text.left(tab) + tail + text.mid(tab);
  }
};

document::DocumentPtr project() {
  document::MediaItem picture;
  picture.name = "photo.png";
  picture.path = "/somewhere/photo.png";
  picture.size = {640, 426};
  auto made = document::projectForPicture(picture, Duration::fromSeconds(4), FrameRate{24, 1});
  document::Track track;
  track.name = "Rocket";
  track.points = {{Duration{}, {300, 300}, true}, {Duration::fromSeconds(2), {360, 120}, true}};
  return document::edit::addTrack(made->document, made->id, track)->document;
}

QString where(const QWidget* widget) {
  QStringList names;
  for (; widget != nullptr; widget = widget->parentWidget())
    names.prepend(widget->objectName().isEmpty() ? QLatin1String(widget->metaObject()->className())
                                                 : widget->objectName());
  return names.join(QLatin1Char('/'));
}

// Labels and buttons whose text needs more room than they have and that do not tell it otherwise.
QStringList cutTexts(const QWidget& window) {
  QStringList cut;
  for (const auto* label : window.findChildren<QLabel*>()) {
    if (!label->isVisible() || label->text().isEmpty() || label->visibleRegion().isEmpty())
      continue;
    const QSize room = label->size();
    const QSize need = label->wordWrap() ? QSize(0, label->heightForWidth(room.width())) : label->sizeHint();
    if (need.width() > room.width() + 1 || need.height() > room.height() + 1)
      cut << QStringLiteral("%1 “%2” needs %3x%4 has %5x%6")
                 .arg(where(label), label->text())
                 .arg(need.width())
                 .arg(need.height())
                 .arg(room.width())
                 .arg(room.height());
  }
  for (const auto* button : window.findChildren<QAbstractButton*>()) {
    if (!button->isVisible() || button->text().isEmpty() || button->visibleRegion().isEmpty())
      continue;
    const auto* tool = qobject_cast<const QToolButton*>(button);
    if (tool != nullptr && tool->toolButtonStyle() == Qt::ToolButtonIconOnly)
      continue;
    if (button->sizeHint().width() > button->width() + 1 || button->sizeHint().height() > button->height() + 1)
      cut << QStringLiteral("%1 “%2” needs %3 has %4")
                 .arg(where(button), button->text())
                 .arg(button->sizeHint().width())
                 .arg(button->width());
  }
  for (const auto* box : window.findChildren<QComboBox*>())
    if (box->isVisible() && !box->visibleRegion().isEmpty() && box->minimumSizeHint().width() > box->width() + 1)
      cut << QStringLiteral("%1 “%2”").arg(where(box), box->currentText());
  return cut;
}

void settle() {
  for (int i = 0; i < 5; ++i)
    QCoreApplication::processEvents();
}

} // namespace

class LayoutTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { QStandardPaths::setTestModeEnabled(true); }
  void cleanup() { QGuiApplication::setLayoutDirection(Qt::LeftToRight); }

  void keepsItsWords_data() {
    QTest::addColumn<QSize>("size");
    QTest::addColumn<double>("scale");
    QTest::addColumn<bool>("longWords");
    QTest::newRow("design size") << QSize(1440, 900) << 1. << false;
    QTest::newRow("smallest") << QSize(1280, 720) << 1. << false;
    QTest::newRow("large screen") << QSize(1920, 1080) << 1. << false;
    QTest::newRow("long words") << QSize(1440, 900) << 1. << true;
    QTest::newRow("long words, large screen") << QSize(1920, 1080) << 1. << true;
    QTest::newRow("larger text") << QSize(1920, 1080) << 1.3 << false;
  }
  void keepsItsWords() {
    QFETCH(QSize, size);
    QFETCH(double, scale);
    QFETCH(bool, longWords);
    LongWords translator;
    if (longWords)
      QCoreApplication::installTranslator(&translator);
    QStringList cut;
    {
      Studio studio;
      studio.preferences.textScale = scale;
      studio.theme.set(ThemeMode::Dark, scale);
      MainWindow window(studio.context, nullptr, *studio.transport);
      studio.session.replace(project());
      window.resize(size);
      window.show();
      for (const Workspace workspace : {Workspace::Paint, Workspace::Edit, Workspace::Export}) {
        window.setWorkspace(workspace);
        settle();
        cut << cutTexts(window);
      }
      window.setWorkspace(Workspace::Paint);
      studio.actions["file.start"].trigger();
      settle();
      cut << cutTexts(window);
      studio.actions["edit.preferences"].trigger();
      if (auto* rooms = window.findChild<QDialog*>(QStringLiteral("preferences"))->findChild<QListWidget*>())
        for (int room = 0; room < rooms->count(); ++room) {
          rooms->setCurrentRow(room);
          settle();
          cut << cutTexts(*window.findChild<QDialog*>(QStringLiteral("preferences")));
        }
    }
    QCoreApplication::removeTranslator(&translator);
    cut.removeDuplicates();
    QVERIFY2(cut.isEmpty(), qPrintable(QStringLiteral("\n") + cut.join(QLatin1Char('\n'))));
  }

  void aClickOnTheTimeTypesOne() {
    Studio studio;
    MainWindow window(studio.context, nullptr, *studio.transport);
    studio.session.replace(project());
    window.show();
    window.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&window));
    auto* time = window.findChild<TimeDisplay*>();
    QVERIFY(time != nullptr && !time->isTyping());
    QTest::mouseClick(time, Qt::LeftButton);
    QVERIFY(time->isTyping());
    auto* field = time->findChild<TimecodeEdit*>();
    QTest::keyClicks(field, QStringLiteral("36"));
    QTest::keyClick(field, Qt::Key_Return);
    QCOMPARE(studio.engine.playhead(), Time::fromSeconds(1.5));
    QVERIFY(!time->isTyping());
    QTest::keyClick(time, Qt::Key_F2);
    QVERIFY(time->isTyping());
  }

  void mirrorsPanelsButNotTime() {
    QGuiApplication::setLayoutDirection(Qt::RightToLeft);
    Studio studio;
    MainWindow window(studio.context, nullptr, *studio.transport);
    studio.session.replace(project());
    window.resize(1440, 900);
    window.show();
    settle();
    auto* tracks = window.findChild<DockPanel*>(QStringLiteral("tracks"));
    auto* canvas = window.findChild<CanvasView*>();
    auto* timeline = window.findChild<TimelineView*>();
    auto* transport = window.findChild<TransportBar*>();
    QVERIFY(tracks->isVisible() && canvas && timeline && transport);
    QCOMPARE(tracks->layoutDirection(), Qt::RightToLeft);
    QCOMPARE(canvas->layoutDirection(), Qt::LeftToRight);
    QCOMPARE(timeline->layoutDirection(), Qt::LeftToRight);
    QCOMPARE(transport->layoutDirection(), Qt::LeftToRight);
    const auto& layout = timeline->timelineLayout();
    QVERIFY(layout.x(Time::fromSeconds(2)) > layout.x(Time::fromSeconds(1)));
  }
};

QTEST_MAIN(LayoutTest)
#include "tst_layout.moc"
