// SPDX-License-Identifier: Apache-2.0
// Painting the timeline at 16 lanes of 1,000 clips, and the echo of a stroke (pointer event to the end of the repaint
// that shows it) while the engine answers nothing for 2 s. Milliseconds; offscreen, so without the display's own wait.
// With QT_QPA_PLATFORM=xcb and a display the echo is also measured through the graphics device.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <QApplication>
#include <QElapsedTimer>
#include <QtTest/QTest>

#include <fmt/format.h>

#include "tests/ui/support/live_studio.h"
#include "tests/ui/support/studio.h"
#include "ui/canvas/canvas_view.h"
#include "ui/preview/vulkan_surface.h"
#include "ui/timeline/timeline_view.h"

using namespace kinora;
using namespace kinora::ui;

namespace {

constexpr int kLanes = 16;
constexpr int kClips = 1'000;
constexpr int kPaints = 60;
constexpr qint64 kStallMs = 2'000;

struct Row {
  std::string name;
  double least = 0;
  double median = 0;
  double p99 = 0;
};

Row rowOf(std::string name, std::vector<double> ms) {
  std::sort(ms.begin(), ms.end());
  const auto at = [&](double share) {
    return ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
  };
  return {std::move(name), ms.front(), at(0.5), at(0.99)};
}

document::DocumentPtr crowded(const document::DocumentPtr& from, TakeId take) {
  document::Document next = *from;
  next.lanes.clear();
  for (int lane = 0; lane < kLanes; ++lane) {
    auto made = std::make_shared<document::Lane>();
    made->id = LaneId{next.nextId++};
    made->name = "Lane";
    for (int i = 0; i < kClips; ++i) {
      auto clip = std::make_shared<document::Clip>();
      clip->id = ClipId{next.nextId++};
      clip->name = "Clip";
      clip->kind = document::ClipKind::Take;
      clip->take = take;
      clip->start = Time::fromSeconds(i);
      clip->length = Duration::fromSeconds(1) - Duration{1};
      made->clips.push_back(std::move(clip));
    }
    next.lanes.push_back(std::move(made));
  }
  return std::make_shared<const document::Document>(std::move(next));
}

std::vector<double> paints(QWidget& widget) {
  std::vector<double> ms;
  QImage target(widget.size(), QImage::Format_RGB32);
  for (int i = 0; i < kPaints; ++i) {
    QElapsedTimer since;
    since.start();
    widget.render(&target);
    ms.push_back(static_cast<double>(since.nsecsElapsed()) / 1e6);
  }
  return ms;
}

void timeline(std::vector<Row>& rows) {
  Studio studio;
  studio.session.replace(crowded(studio.session.document(), studio.take));
  TimelineView view(studio.context);
  view.setContent(TimelineContent::Lanes);
  view.resize(1440, 800);
  view.show();
  QCoreApplication::processEvents();
  rows.push_back(rowOf("timeline 16 x 1000, all in sight", paints(view)));
  view.zoom(25);
  rows.push_back(rowOf("timeline 16 x 1000, zoomed in", paints(view)));
}

// The same on a real engine whose model and whose own thread stand still from the first move to the last.
void echoOnEngine(std::vector<Row>& rows) {
  test::LiveStudio studio;
  CanvasView view(studio.context, nullptr, studio.transport);
  view.resize(1100, 536);
  view.show();
  while (studio.transport.latest().isNull())
    QCoreApplication::processEvents(QEventLoop::AllEvents, 1);
  studio.script->block();
  studio.transport.shut();
  const auto at = [&](double t) {
    return view.pictureMapping()
        .toView(Point{320 + 200 * static_cast<float>(std::cos(t)), 180 + 120 * static_cast<float>(std::sin(t))})
        .toPoint();
  };
  QTest::mousePress(&view, Qt::LeftButton, {}, at(0));
  studio.engine.publish(studio.session.document());
  while (!studio.transport.holds())
    QCoreApplication::processEvents(QEventLoop::AllEvents, 1);
  std::vector<double> ms;
  QElapsedTimer stalled;
  stalled.start();
  bool shown = false;
  QObject::connect(&view, &CanvasView::drawn, &view, [&shown] { shown = true; });
  for (int i = 1; !stalled.hasExpired(kStallMs); ++i) {
    shown = false;
    QTest::mouseMove(&view, at(i * 0.03));
    while (!shown && !stalled.hasExpired(kStallMs))
      QCoreApplication::processEvents(QEventLoop::AllEvents, 1);
    ms.push_back(view.lastEchoMs());
  }
  QTest::mouseRelease(&view, Qt::LeftButton, {}, at(0));
  rows.push_back(rowOf("stroke echo, engine stalled 2 s", std::move(ms)));
}

void echo(std::vector<Row>& rows, gpu::Device* device) {
  Studio studio;
  CanvasView view(studio.context, device, *studio.transport);
  if (device && !view.usesGraphicsDevice())
    return;
  view.resize(1100, 536);
  view.show();
  if (view.surface() && !QTest::qWaitForWindowExposed(view.surface()))
    return;
  const auto slot = studio.transport->beginWrite({1280, 720});
  if (slot && !studio.transport->endWrite({}, 0))
    std::fputs("no frame under the stroke\n", stderr);
  for (int i = 0; i < 16; ++i)
    studio.addPath({{Duration{}, {20.F + static_cast<float>(i) * 30, 40}, true},
                    {Duration::fromSeconds(2), {60.F + static_cast<float>(i) * 30, 300}, true}});
  QCoreApplication::processEvents();
  const auto at = [&](double t) {
    return view.pictureMapping()
        .toView(Point{320 + 200 * static_cast<float>(std::cos(t)), 180 + 120 * static_cast<float>(std::sin(t))})
        .toPoint();
  };
  std::vector<double> ms;
  QTest::mousePress(&view, Qt::LeftButton, {}, at(0));
  QElapsedTimer stalled;
  stalled.start();
  bool shown = false;
  QObject::connect(&view, &CanvasView::drawn, &view, [&shown] { shown = true; });
  for (int i = 1; !stalled.hasExpired(kStallMs); ++i) {
    shown = false;
    QTest::mouseMove(&view, at(i * 0.03));
    while (!shown && !stalled.hasExpired(kStallMs))
      QCoreApplication::processEvents(QEventLoop::AllEvents, 1);
    ms.push_back(view.lastEchoMs());
  }
  QTest::mouseRelease(&view, Qt::LeftButton, {}, at(0));
  rows.push_back(rowOf(device ? "stroke echo, graphics device" : "stroke echo, software", std::move(ms)));
}

} // namespace

int main(int argc, char** argv) {
  if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
    qputenv("QT_QPA_PLATFORM", "offscreen");
  const QApplication app(argc, argv);
  std::vector<Row> rows;
  timeline(rows);
  echo(rows, nullptr);
  echoOnEngine(rows);
  gpu::DeviceOptions options;
  options.surfaces = true;
  if (const auto device = gpu::Device::create(options))
    echo(rows, device->get());
  const bool json = argc > 1 && std::string_view(argv[1]) == "--json";
  if (json) {
    std::string text = "{\"unit\":\"ms\",\"rows\":[";
    for (std::size_t i = 0; i < rows.size(); ++i)
      text += fmt::format("{}{{\"name\":\"{}\",\"min\":{:.3f},\"median\":{:.3f},\"p99\":{:.3f}}}", i == 0 ? "" : ",",
                          rows[i].name, rows[i].least, rows[i].median, rows[i].p99);
    std::puts((text + "]}").c_str());
    return 0;
  }
  std::puts(fmt::format("{:<36}{:>9}{:>9}{:>9}", "milliseconds", "min", "median", "p99").c_str());
  for (const Row& row : rows)
    std::puts(fmt::format("{:<36}{:>9.2f}{:>9.2f}{:>9.2f}", row.name, row.least, row.median, row.p99).c_str());
  return 0;
}
