// SPDX-License-Identifier: Apache-2.0
// The canvas on the real engine: strokes are drawn while the model, and even the engine thread, stand still.
#include <QUndoStack>
#include <QtTest>

#include "tests/ui/support/live_studio.h"
#include "ui/canvas/canvas_view.h"

using namespace kinora;
using namespace kinora::ui;
using kinora::test::LiveStudio;

class TestLiveCanvas : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void strokesEchoWhileNothingElseMoves() {
    LiveStudio studio;
    CanvasView view(studio.context, nullptr, studio.transport);
    view.resize(900, 560);
    view.show();
    QTRY_VERIFY(studio.transport.latest().serial > 0);
    studio.script->block();
    studio.transport.shut();
    studio.engine.publish(studio.session.document());
    QTRY_VERIFY(studio.transport.holds()); // the engine thread stands still from here on
    const auto at = [&](float x, float y) { return view.pictureMapping().toView(Point{x, y}).toPoint(); };
    int drawn = 0;
    connect(&view, &CanvasView::drawn, &view, [&drawn] { ++drawn; });
    const std::uint64_t shown = studio.transport.stats().produced;
    QTest::mousePress(&view, Qt::LeftButton, {}, at(100, 100));
    for (int i = 1; i <= 40; ++i) {
      const int before = drawn;
      QTest::mouseMove(&view, at(100 + static_cast<float>(i) * 8, 100 + static_cast<float>(i) * 4));
      QTRY_VERIFY2(drawn > before, qPrintable(QString::number(i)));
    }
    QTest::mouseRelease(&view, Qt::LeftButton, {}, at(420, 260));
    QTRY_COMPARE(studio.session.currentTake()->tracks.size(), std::size_t{1}); // the stroke is a path
    // Scrubbing, undo and redo, still without any thread that answers.
    for (int frame = 0; frame < 90; ++frame)
      studio.port.send({runtime::Seek{FrameRate{24, 1}.timeOf(frame)}});
    studio.session.undoStack().undo();
    QCOMPARE(studio.session.currentTake()->tracks.size(), std::size_t{0});
    studio.session.undoStack().redo();
    QCOMPARE(studio.transport.stats().produced, shown);
    // The engine comes back and shows what is asked for.
    studio.transport.open();
    const auto shows89 = [&] {
      studio.port.send({runtime::Seek{FrameRate{24, 1}.timeOf(89)}});
      return studio.transport.latest().frameNumber == 89;
    };
    QTRY_VERIFY(shows89());
    studio.script->release();
    QTRY_VERIFY(studio.script->waiting() == 0);
  }
};

QTEST_MAIN(TestLiveCanvas)
#include "tst_live_canvas.moc"
