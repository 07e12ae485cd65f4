// SPDX-License-Identifier: Apache-2.0
// Bad files, full disks, huge projects and odd pictures, as a person meets them in the window.
#include <algorithm>
#include <csignal>

#include <QBuffer>
#include <QDropEvent>
#include <QLabel>
#include <QMimeData>
#include <QPushButton>
#include <QScreen>
#include <QScrollArea>
#include <QScrollBar>
#include <QStandardPaths>
#include <QTimer>
#include <QtTest/QTest>

#ifdef Q_OS_UNIX
#include <sys/resource.h>
#endif

#include "app/kinora/runtime_engine.h"
#include "engine/document/edit.h"
#include "engine/document/project_file.h"
#include "engine/document/starter.h"
#include "engine/vision/draft_motion_session.h"
#include "tests/support/files.h"
#include "tests/ui/shell/studio.h"
#include "ui/library/media_panel.h"
#include "ui/shell/main_window.h"
#include "ui/shell/notice_area.h"
#include "ui/shell/start_page.h"
#include "ui/timeline/timeline_view.h"

using namespace kinora;
using namespace kinora::ui;
using kinora::test::TempFolder;
namespace edit = kinora::document::edit;

namespace {

// An 8 x 6 JPEG of cyan ink, and a GIF of two frames, made for this test; base64.
constexpr const char* kInks =
    "/9j/7gAOQWRvYmUAZAAAAAAC/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJTUjI+WmFa"
    "UGBKUVJP/9sAQwEODg4TERMmFRUmTzUtNU9PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09P/8AAFAgA"
    "BgAIBAEiAAIRAQMRAQQiAP/EABYAAQEBAAAAAAAAAAAAAAAAAAAGB//EABQQAQAAAAAAAAAAAAAAAAAAAAD/xAAVAQEBAAAAAAAAAAAAAAAA"
    "AAAFB//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAOBAEAAhEDEQQAAD8AnwAyktOAf//Z";
constexpr const char* kWink =
    "R0lGODlhCAAGAPAAAP8AAAAAACH5BAAAAAAAIf8LTkVUU0NBUEUyLjADAQAAACwAAAAACAAGAAACBoSPqct9BQAh+QQAAAAAACwAAAAACAAG"
    "AIAAAP8AAAACBoSPqct9BQA7";

document::MediaItem photo(const std::filesystem::path& path) {
  document::MediaItem picture;
  picture.name = path.filename().string();
  picture.path = path;
  picture.size = {640, 426};
  return picture;
}

document::DocumentPtr project() {
  return document::projectForPicture(photo("/somewhere/photo.png"), Duration::fromSeconds(4), FrameRate{24, 1})
      ->document;
}

// A window whose engine takes notes.
struct Window : Studio {
  MainWindow window{context, nullptr, *transport};
  Window() {
    window.resize(1440, 900);
    window.show();
  }
  [[nodiscard]] QString told() {
    QStringList texts;
    for (const auto* label : window.notices().findChildren<QLabel*>())
      texts << label->text();
    return texts.join(QLatin1Char('\n'));
  }
  [[nodiscard]] QPushButton* offer(const QString& text) {
    for (auto* button : window.notices().findChildren<QPushButton*>())
      if (button->text() == text)
        return button;
    return nullptr;
  }
};

// Counts turns of the event loop: a window that waits for slow work makes none meanwhile.
class Heartbeat {
 public:
  Heartbeat() {
    QObject::connect(&timer_, &QTimer::timeout, [this] { ++beats_; });
    timer_.start(0);
  }
  [[nodiscard]] int beats() const { return beats_; }

 private:
  QTimer timer_;
  int beats_ = 0;
};

void drop(QWidget& onto, const QStringList& paths) {
  QMimeData data;
  QList<QUrl> urls;
  for (const QString& path : paths)
    urls << QUrl::fromLocalFile(path);
  data.setUrls(urls);
  QDragEnterEvent enter({40, 40}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QCoreApplication::sendEvent(&onto, &enter);
  QVERIFY(enter.isAccepted());
  QDropEvent dropped({40, 40}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QCoreApplication::sendEvent(&onto, &dropped);
}

} // namespace

class HostileTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

  void brokenProjectsAreNamed_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("reason");
    const QByteArray good = QByteArray::fromStdString(document::formatProject(*project(), "/somewhere"));
    QTest::newRow("empty") << QByteArray() << QString();
    QTest::newRow("text") << QByteArray("Dear diary") << QString();
    QTest::newRow("zeroes") << QByteArray(4096, '\0') << QString();
    QTest::newRow("cut off") << good.left(good.size() / 2) << QString();
    QTest::newRow("another kind") << QByteArray(R"({"schema":"other/1"})") << QString();
    QTest::newRow("newer") << QByteArray(good).replace("kinora.project/1", "kinora.project/99")
                           << QStringLiteral("newer");
    QTest::newRow("deep") << QByteArray(100000, '[') << QString();
    QTest::newRow("negative rate") << QByteArray(good).replace("[24, 1]", "[-24, 0]") << QString();
  }
  void brokenProjectsAreNamed() {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, reason);
    TempFolder folder;
    const auto path = folder.write("my film.kinora", {bytes.constData(), static_cast<std::size_t>(bytes.size())});
    Window w;
    w.session.replace(project());
    const document::DocumentPtr before = w.session.document();
    w.preferences.addRecentFile(toQString(path));
    w.window.openFiles({toQString(path)});
    QTRY_COMPARE(w.window.notices().count(), 1);
    QVERIFY2(w.told().contains(QLatin1String("my film.kinora")), qPrintable(w.told()));
    QVERIFY2(w.told().contains(reason), qPrintable(w.told()));
    QVERIFY(w.told().size() > 40); // a reason too
    QCOMPARE(w.session.document(), before);
    QVERIFY(w.offer(QStringLiteral("Open another…")) != nullptr);
    w.offer(QStringLiteral("Take it off the list"))->click();
    QVERIFY(w.preferences.recentFiles.isEmpty());
  }

  void aMissingProjectIsNamed() {
    Window w;
    w.window.openFiles({QStringLiteral("/no/such/place/film.kinora")});
    QTRY_COMPARE(w.window.notices().count(), 1);
    QVERIFY(w.told().contains(QLatin1String("film.kinora")));
  }

  void missingMediaIsToldInTheBin() {
    TempFolder folder;
    const auto path = folder.file("film.kinora");
    QVERIFY(document::writeProject(*project(), path).has_value());
    Window w;
    w.window.openFiles({toQString(path)});
    QTRY_VERIFY(!w.session.document()->media.empty());
    w.window.setWorkspace(Workspace::Edit);
    const auto told = [&w] {
      for (const auto* label : w.window.findChild<MediaPanel*>()->findChildren<QLabel*>())
        if (label->isVisible() && label->text().contains(QLatin1String("missing")))
          return true;
      return false;
    };
    QTRY_VERIFY(told());
    QVERIFY(!w.session.isDirty());
  }

  void aFailedSaveKeepsTheWork_data() {
    QTest::addColumn<bool>("full");
    QTest::newRow("no folder to write to") << false;
#ifdef Q_OS_UNIX
    QTest::newRow("no room") << true;
#endif
  }
  void aFailedSaveKeepsTheWork() {
    QFETCH(bool, full);
    TempFolder folder;
    const auto file = full ? folder.file("film.kinora") : std::filesystem::path("/proc/film.kinora");
    Window w;
    w.session.replace(project(), file, true);
    const document::DocumentPtr before = w.session.document();
#ifdef Q_OS_UNIX
    rlimit limit{};
    QCOMPARE(getrlimit(RLIMIT_FSIZE, &limit), 0);
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{64, limit.rlim_max};
    if (full)
      QCOMPARE(setrlimit(RLIMIT_FSIZE, &small), 0);
#endif
    w.actions["file.save"].trigger();
    QTRY_VERIFY(!w.session.isSaving());
#ifdef Q_OS_UNIX
    QCOMPARE(setrlimit(RLIMIT_FSIZE, &limit), 0);
#endif
    QCOMPARE(w.window.notices().count(), 1);
    QVERIFY2(w.told().contains(QLatin1String("film.kinora")), qPrintable(w.told()));
    QVERIFY(w.session.isDirty());
    QCOMPARE(w.session.document(), before);
    QVERIFY(!std::filesystem::exists(file));
    QVERIFY(w.offer(QStringLiteral("Save as…")) != nullptr);
    if (full) {
      w.offer(QStringLiteral("Try again"))->click();
      QTRY_VERIFY(!w.session.isDirty());
      QVERIFY(std::filesystem::exists(file));
    }
  }

  void saysTwiceSavedOnce() {
    TempFolder folder;
    const auto file = folder.file("film.kinora");
    Window w;
    w.session.replace(project(), file, true);
    w.session.save(file);
    QVERIFY(w.session.apply(QStringLiteral("Rename"), [](const auto& d) { return edit::rename(d, "Newest"); }));
    w.session.save(file);
    QTRY_VERIFY(!w.session.isSaving());
    QVERIFY(!w.session.isDirty());
    QCOMPARE((*document::readProject(file))->name, std::string("Newest"));
  }

  void noNoticeIsCut_data() {
    QTest::addColumn<QSize>("size");
    QTest::addColumn<double>("scale");
    QTest::newRow("roomy") << QSize(1440, 900) << 1.;
    QTest::newRow("smallest window") << QSize(1280, 720) << 1.;
    QTest::newRow("large text") << QSize(1440, 900) << 2.;
  }
  void noNoticeIsCut() {
    QFETCH(QSize, size);
    QFETCH(double, scale);
    Window w;
    w.theme.set(ThemeMode::Dark, scale);
    w.session.replace(project());
    w.window.resize(size);
    for (int i = 0; i < 6; ++i)
      w.window.notices().show({NoticeKind::Error,
                               QStringLiteral("“%1 of %2.kinora” was not saved").arg(i).arg(QString(40, u'w')),
                               QStringLiteral("Saving the project failed. ") + QString(300, u'x') +
                                   QStringLiteral(" and some words on what there is to do about it.").repeated(3),
                               {{QStringLiteral("Try again"), [] {}}, {QStringLiteral("Save as…"), [] {}}},
                               QStringLiteral("io")});
    const auto cards = [&w] {
      const auto frames = w.window.notices().findChildren<QFrame*>();
      return std::count_if(frames.begin(), frames.end(),
                           [](const QFrame* frame) { return frame->property("card").isValid(); });
    };
    QTRY_COMPARE(cards(), 4); // the older ones are gone
    const auto* scroll = w.window.notices().findChild<QScrollArea*>();
    const auto whole = [&w, scroll] {
      for (const auto* label : w.window.notices().findChildren<QLabel*>())
        if (label->isVisible() && label->height() < label->heightForWidth(label->width()))
          return false;
      return scroll->widget()->width() == scroll->viewport()->width();
    };
    QTRY_VERIFY(whole());
    // They leave the most of the room to the picture; what does not fit scrolls, the newest in sight.
    QTRY_VERIFY(w.window.notices().height() > w.window.centralWidget()->height() / 4);
    QVERIFY(w.window.notices().height() < w.window.centralWidget()->height() / 2);
    const auto* bar = scroll->verticalScrollBar();
    QTRY_VERIFY(bar->maximum() > 0 && bar->value() == bar->maximum());
    QVERIFY(whole());
    QCOMPARE(w.window.size(), size);
  }

  void theFirstWindowFitsTheScreen() {
    Studio studio;
    MainWindow window(studio.context, nullptr, *studio.transport);
    const QSize room = window.screen()->availableSize();
    QVERIFY(window.width() <= std::max(room.width(), window.minimumWidth()));
    QVERIFY(window.height() <= std::max(room.height(), window.minimumHeight()));
  }

  void layoutsOfOthersDoNoHarm_data() {
    QTest::addColumn<QByteArray>("state");
    QTest::newRow("text") << QByteArray("not a layout");
    QTest::newRow("zeroes") << QByteArray(5000, '\0');
    QByteArray cut;
    {
      Window w;
      cut = w.window.saveState(1);
    }
    QTest::newRow("cut off") << cut.left(cut.size() / 2);
    QTest::newRow("of another version") << QByteArray(cut).replace(7, 1, "\x7f");
    cut.replace("t\0r\0a\0c\0k\0s", "x\0x\0x\0x\0x\0x");
    QTest::newRow("with unknown panels") << cut;
  }
  void layoutsOfOthersDoNoHarm() {
    QFETCH(QByteArray, state);
    QString key;
    {
      Window w;
      w.window.setWorkspace(Workspace::Edit);
      QVERIFY(!w.preferences.layouts.isEmpty());
      key = w.preferences.layouts.firstKey();
    }
    Studio studio;
    studio.preferences.layouts.insert(key, state);
    studio.preferences.windowGeometry = state;
    studio.preferences.workspace = QString::fromLatin1(state.left(20));
    MainWindow window(studio.context, nullptr, *studio.transport);
    window.resize(1440, 900);
    window.show();
    QVERIFY(window.centralWidget()->isVisible());
    QVERIFY(window.centralWidget()->width() > 400 && window.centralWidget()->height() > 200);
    QVERIFY(window.findChild<TimelineView*>()->isVisible());
  }

  void tenThousandClipsComeInTheBackground() {
    TempFolder folder;
    auto made = std::make_shared<document::Document>(*project());
    auto lane = std::make_shared<document::Lane>(*made->lanes.front());
    document::MediaItem video = photo("/somewhere/video.mp4");
    video.kind = document::MediaKind::Video;
    video.length = Duration::fromSeconds(60);
    const auto added = edit::addMedia(made, video);
    QVERIFY(added.has_value());
    made = std::make_shared<document::Document>(*added->document);
    lane->clips.clear();
    for (int i = 0; i < 10'000; ++i) {
      auto clip = std::make_shared<document::Clip>();
      clip->id = ClipId{static_cast<std::uint64_t>(1000 + i)};
      clip->name = "Clip " + std::to_string(i);
      clip->media = added->id;
      clip->start = Time::fromSeconds(i);
      clip->length = Duration::fromSeconds(1);
      lane->clips.push_back(std::move(clip));
    }
    made->nextId = 20'000;
    made->lanes.front() = lane;
    const auto path = folder.file("long.kinora");
    QVERIFY(document::writeProject(*made, path).has_value());

    Window w;
    w.window.setWorkspace(Workspace::Edit);
    const Heartbeat heart;
    w.window.openFiles({toQString(path)});
    QTRY_VERIFY_WITH_TIMEOUT(w.session.document()->lanes.size() == made->lanes.size() &&
                                 w.session.document()->lanes.front()->clips.size() == 10'000,
                             60'000);
    QVERIFY2(heart.beats() > 20, qPrintable(QString::number(heart.beats())));
    w.actions["clip.timelineFit"].trigger();
    w.window.grab();
    auto* view = w.window.findChild<TimelineView*>();
    QVERIFY(!view->clipRect(ClipId{10'999}).isEmpty());
    QVERIFY(w.session.apply(QStringLiteral("Delete"), [](const auto& d) { return edit::removeClip(d, ClipId{1500}); }));
    QCOMPARE(w.session.document()->lanes.front()->clips.size(), std::size_t{9'999});
  }

  void twoHundredLanesScroll() {
    document::DocumentPtr document = project();
    for (int i = 0; i < 200; ++i)
      document = edit::addLane(document, document::LaneKind::Picture, "Lane " + std::to_string(i), 0)->document;
    Window w;
    w.session.replace(document);
    w.window.setWorkspace(Workspace::Edit);
    auto* view = w.window.findChild<TimelineView*>();
    QCOMPARE(view->timelineLayout().rows().size(), document->lanes.size());
    view->grab();
    const document::ClipPtr clip = document->lanes.back()->clips.front();
    QVERIFY(view->clipRect(clip->id).top() > view->height()); // below, out of sight
    for (int i = 0; i < 400; ++i) {
      QWheelEvent wheel({300, 100}, view->mapToGlobal(QPointF(300, 100)), {}, {0, -120}, Qt::NoButton, Qt::NoModifier,
                        Qt::NoScrollPhase, false);
      QCoreApplication::sendEvent(view, &wheel);
    }
    QVERIFY(view->rect().intersects(view->clipRect(clip->id).toRect()));
  }

  void foldersAreLookedThrough() {
    TempFolder folder;
    folder.write("b.png", "x");
    folder.write("a.jpg", "x");
    folder.write("notes.txt", "x");
    Window w;
    w.session.replace(project());
    drop(w.window, {toQString(folder.path())});
    QTRY_COMPARE(w.port.described.size(), std::size_t{2});
    QCOMPARE(w.port.described[0].filename().string(), std::string("a.jpg"));
    TempFolder empty;
    drop(w.window, {toQString(empty.path())});
    QTRY_COMPARE(w.window.notices().count(), 1);
    QVERIFY(w.told().contains(QLatin1String("Nothing to open")));
  }

  void aCrashIsOfferedBack() {
    TempFolder recovery;
    document::DocumentPtr edited = edit::rename(project(), "Half done").value();
    {
      WorkerPool workers(2);
      ProjectSession session(workers, recovery.path());
      session.setAutosaveDelayMs(1);
      session.replace(edited, {}, true);
      QTRY_VERIFY(!std::filesystem::is_empty(recovery.path()));
      QTest::qWait(50);
    } // without a word, as after a crash
    Studio studio(recovery.path());
    MainWindow window(studio.context, nullptr, *studio.transport);
    window.show();
    window.openFiles({});
    const auto button = [&window](const QString& text) -> QPushButton* {
      for (auto* candidate : window.findChild<StartPage*>()->findChildren<QPushButton*>())
        if (candidate->text() == text && candidate->isVisible())
          return candidate;
      return nullptr;
    };
    QTRY_VERIFY(button(QStringLiteral("Restore")) != nullptr);
    QVERIFY(button(QStringLiteral("Discard the copy")) != nullptr);
    button(QStringLiteral("Restore"))->click();
    QTRY_COMPARE(studio.session.document()->name, std::string("Half done"));
    QVERIFY(*studio.session.document() == *edited);
    QVERIFY(studio.session.isDirty() && window.isWindowModified());
    QTRY_VERIFY(!window.findChild<StartPage*>()->isVisible());
    studio.session.discardRecovery();
  }

  void workIsNotReplacedUnasked() {
    TempFolder folder;
    const auto path = folder.file("film.kinora");
    QVERIFY(document::writeProject(*project(), path).has_value());
    Window w;
    w.session.replace(project());
    w.session.open(path); // nothing to lose when it was asked for
    QVERIFY(w.session.apply(QStringLiteral("Rename"), [](const auto& d) { return edit::rename(d, "Mine"); }));
    QTRY_COMPARE(w.window.notices().count(), 1);
    QCOMPARE(w.session.document()->name, std::string("Mine"));
  }

  void oddPicturesOpenOrAreNamed_data();
  void oddPicturesOpenOrAreNamed();
};

void HostileTest::oddPicturesOpenOrAreNamed_data() {
  QTest::addColumn<QString>("name");
  QTest::addColumn<QByteArray>("bytes");
  QTest::addColumn<bool>("opens");
  const auto png = [](const QImage& image) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    image.save(&buffer, "PNG");
    return bytes;
  };
  const auto plain = [](int width, int height, QImage::Format format) {
    QImage image(width, height, format);
    image.fill(QColor(200, 40, 30, 180));
    return image;
  };
  QTest::newRow("a line") << "line.png" << png(plain(100, 1, QImage::Format_RGB32)) << true;
  QTest::newRow("a column") << "column.png" << png(plain(1, 100, QImage::Format_RGB32)) << true;
  QTest::newRow("one pixel") << "pixel.png" << png(plain(1, 1, QImage::Format_RGB32)) << true;
  QTest::newRow("16 bit") << "deep.png" << png(plain(40, 30, QImage::Format_RGBA64)) << true;
  QTest::newRow("16 bit grey") << "grey.png" << png(plain(40, 30, QImage::Format_Grayscale16)) << true;
  QTest::newRow("transparent") << "clear.png" << png(plain(40, 30, QImage::Format_ARGB32)) << true;
  QTest::newRow("one bit") << "ink.png" << png(plain(40, 30, QImage::Format_Mono)) << true;
  QTest::newRow("four inks") << "inks.jpg" << QByteArray::fromBase64(kInks) << true;
  QTest::newRow("animated") << "wink.gif" << QByteArray::fromBase64(kWink) << true;
  QTest::newRow("empty") << "empty.png" << QByteArray() << false;
  QTest::newRow("no picture") << "text.png" << QByteArray("This is text.") << false;
  QTest::newRow("cut off") << "half.png" << png(plain(400, 300, QImage::Format_RGB32)).left(60) << false;
}

void HostileTest::oddPicturesOpenOrAreNamed() {
  QFETCH(QString, name);
  QFETCH(QByteArray, bytes);
  QFETCH(bool, opens);
  TempFolder folder;
  const auto path = folder.write(name.toStdString(), {bytes.constData(), static_cast<std::size_t>(bytes.size())});
  WorkerPool workers(2);
  const auto transport = gpu::makeHostTransport();
  auto engine = runtime::Engine::create(
      {}, workers, transport.get(), [&workers](const std::string&) { return vision::makeDraftMotionSession(workers); });
  QVERIFY(engine.has_value());
  RuntimeEngine port(std::move(*engine));
  EngineBridge bridge(port);
  ThemeSource theme;
  ProjectSession session(workers, {});
  ActionTable actions(theme);
  PaintSettings paint;
  Preferences preferences;
  MainWindow window({session, bridge, theme, actions, paint, preferences}, nullptr, *transport);
  window.show();
  drop(window, {toQString(path)});
  if (!opens) {
    QTRY_COMPARE_WITH_TIMEOUT(window.notices().count(), 1, 20'000);
    bool named = false;
    for (const auto* label : window.notices().findChildren<QLabel*>())
      named = named || label->text().contains(name);
    QVERIFY(named);
    QVERIFY(session.document()->media.empty());
    return;
  }
  QTRY_VERIFY_WITH_TIMEOUT(!session.document()->media.empty() || window.notices().count() > 0, 20'000);
  QVERIFY2(window.notices().count() == 0 || !window.notices().findChildren<QLabel*>().isEmpty(),
           "a notice without words");
  QVERIFY(!session.document()->media.empty());
  // It is shown, or the window says why not.
  QTRY_VERIFY_WITH_TIMEOUT(!transport->latest().isNull() || window.notices().count() > 0, 30'000);
  if (name == QLatin1String("wink.gif")) { // moves of its own: a clip, not a picture to paint on
    QCOMPARE(session.document()->media.front()->kind, document::MediaKind::Video);
    QCOMPARE(session.document()->lanes.front()->clips.size(), std::size_t{1});
    return;
  }
  // And a path can be drawn on it.
  QVERIFY(session.currentTake() != nullptr);
  document::Track track;
  track.name = "Path";
  track.duration = Duration::fromSeconds(1);
  track.points = {{Duration{}, {0, 0}, true}, {Duration::fromSeconds(1), {0.5F, 0.5F}, true}};
  QVERIFY(session.apply(QStringLiteral("Draw"), [&](const auto& d) -> Result<document::DocumentPtr> {
    const auto made = edit::addTrack(d, session.currentTake()->id, track);
    return made ? Result<document::DocumentPtr>(made->document) : fail(made);
  }));
  window.grab();
}

QTEST_MAIN(HostileTest)
#include "tst_hostile.moc"
