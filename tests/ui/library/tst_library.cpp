// SPDX-License-Identifier: Apache-2.0
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QtTest/QTest>

#include "tests/support/files.h"
#include "tests/ui/support/studio.h"
#include "ui/library/media_model.h"
#include "ui/library/media_panel.h"

using namespace kinora;
using namespace kinora::ui;

namespace {

MediaId addItem(Studio& studio, const std::filesystem::path& path, document::MediaKind kind) {
  document::MediaItem item;
  item.name = path.filename().string();
  item.path = path;
  item.kind = kind;
  item.size = {64, 48};
  if (kind != document::MediaKind::Picture)
    item.length = Duration::fromSeconds(2);
  MediaId id;
  studio.session.apply(QStringLiteral("Add"),
                       [&](const document::DocumentPtr& document) -> Result<document::DocumentPtr> {
                         auto made = document::edit::addMedia(document, item);
                         if (!made)
                           return fail(made);
                         id = made->id;
                         return made->document;
                       });
  return id;
}

} // namespace

class LibraryTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void searchFindsByName() {
    Studio studio;
    addItem(studio, "/nowhere/Cat.png", document::MediaKind::Picture);
    MediaPanel panel(studio.context);
    auto* list = panel.findChild<QListView*>();
    QCOMPARE(list->model()->rowCount(), 2);
    panel.findChild<QLineEdit*>()->setText(QStringLiteral("cat"));
    QCOMPARE(list->model()->rowCount(), 1);
    QCOMPARE(list->model()->index(0, 0).data().toString(), QStringLiteral("Cat.png"));
  }

  void aThumbnailIsAskedOnceAndShown() {
    Studio studio;
    const test::TempFolder folder;
    addItem(studio, folder.write("a.png", "x"), document::MediaKind::Picture);
    MediaModel model(studio.session, studio.engine);
    QTRY_COMPARE(studio.port.thumbnails.size(), 1U);
    QCOMPARE(model.missingCount(), 1); // the picture of the project
    studio.session.apply(QStringLiteral("Rename"), [](const document::DocumentPtr& document) {
      return document::edit::rename(document, "Other");
    });
    QCOMPARE(studio.port.thumbnails.size(), 1U);
    auto pixels = MutableImage::allocate(PixelFormat::Rgba8, {8, 6});
    QVERIFY(pixels);
    studio.port.tell(runtime::ThumbnailReady{studio.port.thumbnails.front().tag, std::move(*pixels).freeze()});
    QTRY_COMPARE(model.index(1).data(Qt::DecorationRole).value<QImage>().size(), QSize(8, 6));
  }

  void addingToTheTimelineIsOneStep_data() {
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("lanes");
    QTest::addColumn<int>("takes");
    QTest::newRow("picture") << int(document::MediaKind::Picture) << 1 << 2;
    QTest::newRow("video") << int(document::MediaKind::Video) << 1 << 1;
    QTest::newRow("sound") << int(document::MediaKind::Sound) << 2 << 1;
  }
  void addingToTheTimelineIsOneStep() {
    QFETCH(int, kind);
    QFETCH(int, lanes);
    QFETCH(int, takes);
    Studio studio;
    const MediaId item = addItem(studio, "/nowhere/thing", static_cast<document::MediaKind>(kind));
    const document::DocumentPtr before = studio.session.document();
    const int steps = studio.session.undoStack().count();
    MediaPanel panel(studio.context);
    panel.addToTimeline(item);
    const document::DocumentPtr after = studio.session.document();
    QCOMPARE(after->lanes.size(), std::size_t(lanes));
    QCOMPARE(after->takes.size(), std::size_t(takes));
    QCOMPARE(after->media.size(), before->media.size());
    QCOMPARE(studio.session.undoStack().count(), steps + 1);
    const document::ClipPtr clip = after->findClip(studio.session.selection().current().focusedClip());
    QVERIFY(clip);
    QCOMPARE(clip->name, std::string("thing"));
    studio.session.undoStack().undo();
    QVERIFY(*studio.session.document() == *before);
  }

  void aFoundFileFindsItsSiblings() {
    Studio studio;
    const test::TempFolder folder;
    const auto one = folder.write("one.png", "1");
    const auto two = folder.write("two.png", "2");
    const MediaId first = addItem(studio, "/gone/one.png", document::MediaKind::Picture);
    const MediaId second = addItem(studio, "/gone/two.png", document::MediaKind::Picture);
    const MediaId third = addItem(studio, "/gone/three.png", document::MediaKind::Picture);
    MediaPanel panel(studio.context);
    const int steps = studio.session.undoStack().count();
    panel.relocate(first, toQString(one));
    QTRY_COMPARE(studio.session.undoStack().count(), steps + 1);
    const document::Document& document = *studio.session.document();
    QCOMPARE(document.findMedia(first)->path, one);
    QCOMPARE(document.findMedia(second)->path, two);
    QVERIFY(!document.findMedia(second)->hash.isNull());
    QCOMPARE(document.findMedia(third)->path, std::filesystem::path("/gone/three.png"));
  }

  void aFileThatIsNotThereIsRefused() {
    Studio studio;
    const MediaId item = addItem(studio, "/gone/one.png", document::MediaKind::Picture);
    MediaPanel panel(studio.context);
    bool failed = false;
    connect(&panel, &MediaPanel::relocateFailed, &panel, [&failed] { failed = true; });
    const document::DocumentPtr before = studio.session.document();
    panel.relocate(item, QStringLiteral("/gone/still/one.png"));
    QTRY_VERIFY(failed);
    QCOMPARE(studio.session.document(), before);
  }
};

QTEST_MAIN(LibraryTest)
#include "tst_library.moc"
