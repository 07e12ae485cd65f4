// SPDX-License-Identifier: Apache-2.0
#include <QListView>
#include <QtTest/QTest>

#include "tests/support/pictures.h"
#include "tests/ui/support/studio.h"
#include "ui/session/take_model.h"
#include "ui/shell/takes_panel.h"

using namespace kinora;
using namespace kinora::ui;
namespace edit = kinora::document::edit;

namespace {

struct Takes : Studio {
  TakesPanel panel{context};
  TakeId second;

  Takes() {
    session.apply(QStringLiteral("New take"), [&](const document::DocumentPtr& d) -> Result<document::DocumentPtr> {
      document::Take next;
      next.name = "Take 2";
      next.picture = currentTake()->picture;
      next.length = Duration::fromSeconds(2.5);
      auto made = edit::addTake(d, next);
      if (!made)
        return fail(made);
      second = made->id;
      return made->document;
    });
    panel.resize(292, 200);
    panel.show();
    QCoreApplication::processEvents();
  }
  [[nodiscard]] QPoint rowOf(TakeId id) { return panel.view().visualRect(panel.model().indexOf(id)).center(); }
};

} // namespace

class TestTakes : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void theNewestIsOnTop() {
    Takes t;
    QCOMPARE(t.panel.model().rowCount(), 2);
    const QModelIndex top = t.panel.model().index(0);
    QCOMPARE(t.panel.model().takeAt(top), t.second);
    QCOMPARE(top.data().toString(), QStringLiteral("Take 2"));
    QCOMPARE(top.data(TakeModel::StateRole).toString(), QStringLiteral("not kept"));
    QCOMPARE(top.data(TakeModel::LengthRole).toString(), QStringLiteral("0:02.5"));
    QCOMPARE(t.panel.model().index(1).data(TakeModel::StateRole).toString(), QStringLiteral("kept"));
    QCOMPARE(t.port.thumbnails.size(), std::size_t{1}); // one picture, asked for once
    t.port.tell(runtime::ThumbnailReady{t.port.thumbnails.front().tag, test::plainPicture({96, 54}, 200, 30, 30)});
    QCoreApplication::processEvents();
    QCOMPARE(top.data(Qt::DecorationRole).value<QImage>().pixel(5, 5), qRgb(200, 30, 30));
  }

  void aClickShowsATake() {
    Takes t;
    QCOMPARE(t.session.selection().current().take, t.take);
    QTest::mouseClick(t.panel.view().viewport(), Qt::LeftButton, {}, t.rowOf(t.second));
    QCOMPARE(t.session.selection().current().take, t.second);
    t.session.selection().setTake(t.take);
    QCOMPARE(t.panel.view().currentIndex(), t.panel.model().indexOf(t.take));
    QCOMPARE(t.session.undoStack().count(), 1);
  }

  void enterKeepsOnceAndDeleteTakesTheClipsAlong() {
    Takes t;
    QTest::mouseClick(t.panel.view().viewport(), Qt::LeftButton, {}, t.rowOf(t.second));
    QTest::keyClick(&t.panel.view(), Qt::Key_Return);
    QVERIFY(isKept(*t.session.document(), t.second));
    QCOMPARE(t.session.currentTakeClip()->start, Time::fromSeconds(4));
    QTest::keyClick(&t.panel.view(), Qt::Key_Return);
    QCOMPARE(t.session.undoStack().count(), 2);
    t.panel.view().setFocus();
    QVERIFY(t.panel.view().hasFocus());
    t.actions["edit.delete"].trigger();
    QCOMPARE(t.panel.model().rowCount(), 1);
    QVERIFY(!isKept(*t.session.document(), t.second));
    QCOMPARE(t.session.undoStack().count(), 3);
    t.session.undoStack().undo();
    QCOMPARE(t.panel.model().rowCount(), 2);
    QVERIFY(isKept(*t.session.document(), t.second));
  }

  void renamingIsOneStep() {
    Takes t;
    const QModelIndex top = t.panel.model().index(0);
    QVERIFY(t.panel.model().setData(top, QStringLiteral(" Launch "), Qt::EditRole));
    QCOMPARE(t.session.document()->findTake(t.second)->name, std::string("Launch"));
    QVERIFY(!t.panel.model().setData(top, QStringLiteral("  "), Qt::EditRole));
    QCOMPARE(t.session.undoStack().count(), 2);
  }
};

QTEST_MAIN(TestTakes)
#include "tst_takes.moc"
