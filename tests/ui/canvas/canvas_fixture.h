// SPDX-License-Identifier: Apache-2.0
// A canvas over an open project, with places given in pixels of the picture.
#pragma once

#include <initializer_list>

#include <QCoreApplication>
#include <QtTest/QTest>

#include "tests/ui/support/studio.h"
#include "ui/canvas/canvas_view.h"

namespace kinora::ui {

struct Canvas : Studio {
  CanvasView view{context, nullptr, *transport};

  Canvas() {
    view.resize(900, 560);
    view.show();
    view.setFocus();
    QCoreApplication::processEvents();
  }
  [[nodiscard]] QPoint at(float x, float y) const { return view.pictureMapping().toView(Point{x, y}).toPoint(); }
  void stroke(std::initializer_list<Point> places, Qt::KeyboardModifiers modifiers = {}) {
    bool first = true;
    QPoint last;
    for (const Point& place : places) {
      last = at(place.x, place.y);
      if (first)
        QTest::mousePress(&view, Qt::LeftButton, modifiers, last);
      else
        QTest::mouseMove(&view, last, 20);
      first = false;
    }
    QTest::mouseRelease(&view, Qt::LeftButton, modifiers, last, 20);
  }
  [[nodiscard]] const document::Track& track(std::size_t index = 0) const { return *currentTake()->tracks.at(index); }
};

} // namespace kinora::ui
