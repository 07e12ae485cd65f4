// SPDX-License-Identifier: Apache-2.0
#include "ui/canvas/canvas_accessible.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <QAccessible>
#include <QAccessibleWidget>
#include <QCoreApplication>

#include "ui/canvas/canvas_view.h"
#include "ui/canvas/track_geometry.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/project_session.h"

namespace kinora::ui {
namespace {

constexpr double kReachPx = 9;

QString shortSeconds(Time at) {
  return QString::number(at.seconds(), 'f', 1);
}

// What an item of the canvas is; a point has both numbers, the camera none.
struct Item {
  TrackId track;
  std::optional<std::size_t> point;
  friend auto operator<=>(const Item& a, const Item& b) {
    return std::pair(a.track.value, a.point) <=> std::pair(b.track.value, b.point);
  }
  friend bool operator==(const Item&, const Item&) = default;
};

class CanvasInterface;

class ItemInterface final : public QAccessibleInterface, public QAccessibleActionInterface {
 public:
  ItemInterface(CanvasView& view, CanvasInterface& canvas, Item item) : view_(view), canvas_(canvas), item_(item) {}

  [[nodiscard]] bool isValid() const override {
    return isCamera() ? take() != nullptr : track() && (!item_.point || *item_.point < track()->points.size());
  }
  [[nodiscard]] QObject* object() const override { return nullptr; }
  [[nodiscard]] QWindow* window() const override { return view_.window()->windowHandle(); }
  [[nodiscard]] QAccessibleInterface* parent() const override;
  [[nodiscard]] QAccessibleInterface* child(int index) const override;
  [[nodiscard]] int childCount() const override {
    return !item_.point && track() && selection().focusedTrack() == item_.track
               ? static_cast<int>(track()->points.size())
               : 0;
  }
  [[nodiscard]] int indexOfChild(const QAccessibleInterface* child) const override {
    const auto* item = dynamic_cast<const ItemInterface*>(child);
    return item != nullptr && item->item_.track == item_.track && item->item_.point
               ? static_cast<int>(*item->item_.point)
               : -1;
  }
  [[nodiscard]] QAccessibleInterface* childAt(int x, int y) const override {
    for (int i = 0; i < childCount(); ++i)
      if (QAccessibleInterface* point = child(i); point != nullptr && point->rect().contains(x, y))
        return point;
    return nullptr;
  }
  [[nodiscard]] QAccessible::Role role() const override { return QAccessible::ListItem; }
  [[nodiscard]] QString text(QAccessible::Text kind) const override {
    if (!isValid())
      return {};
    if (kind == QAccessible::Name) {
      if (isCamera())
        return spokenCamera(*take());
      return item_.point ? QCoreApplication::translate("Canvas", "Point %1").arg(*item_.point + 1)
                         : spokenTrack(*track());
    }
    return kind == QAccessible::Value && item_.point ? spokenPoint(*track(), *item_.point) : QString();
  }
  void setText(QAccessible::Text, const QString&) override {}
  [[nodiscard]] QRect rect() const override {
    if (!isValid())
      return {};
    const CanvasMapping& mapping = view_.pictureMapping();
    QRectF bounds;
    if (isCamera()) {
      const Size size = view_.shownPictureSize();
      bounds = mapping.toView(QRectF(0, 0, size.width, size.height)).boundingRect();
    } else if (item_.point) {
      bounds = QRectF(mapping.toView(track()->points[*item_.point].position), QSizeF()).adjusted(-8, -8, 8, 8);
    } else {
      bounds = mapping.toView(trackBounds(*track())).boundingRect().adjusted(-8, -8, 8, 8);
    }
    const QRect local = bounds.intersected(QRectF(view_.rect()).adjusted(-1e5, -1e5, 1e5, 1e5)).toAlignedRect();
    return {view_.mapToGlobal(local.topLeft()), local.size()};
  }
  [[nodiscard]] QAccessible::State state() const override {
    QAccessible::State state;
    state.focusable = state.selectable = true;
    if (!isValid()) {
      state.invalid = true;
      return state;
    }
    const Selection& now = selection();
    if (isCamera())
      state.selected = now.camera;
    else if (item_.point)
      state.selected = now.focusedTrack() == item_.track &&
                       std::find(now.points.begin(), now.points.end(), *item_.point) != now.points.end();
    else
      state.selected = now.has(item_.track);
    state.focused = state.selected && view_.hasFocus() && isFocusItem();
    if (const document::TrackPtr t = track()) {
      state.invisible = !t->enabled;
      state.readOnly = t->locked;
    }
    return state;
  }
  void* interface_cast(QAccessible::InterfaceType type) override {
    return type == QAccessible::ActionInterface ? static_cast<QAccessibleActionInterface*>(this) : nullptr;
  }
  [[nodiscard]] QStringList actionNames() const override { return {setFocusAction(), pressAction()}; }
  void doAction(const QString& name) override {
    if (!isValid() || !actionNames().contains(name))
      return;
    SelectionModel& model = view_.uiContext().session.selection();
    if (isCamera())
      model.selectCamera();
    else if (item_.point)
      model.selectPoints(item_.track, {*item_.point});
    else
      model.selectTrack(item_.track);
    view_.setFocus(Qt::OtherFocusReason);
  }
  [[nodiscard]] QStringList keyBindingsForAction(const QString&) const override { return {}; }

  [[nodiscard]] const Item& item() const { return item_; }

 private:
  [[nodiscard]] bool isCamera() const { return !item_.track.isValid(); }
  [[nodiscard]] document::TakePtr take() const { return view_.uiContext().session.currentTake(); }
  [[nodiscard]] const Selection& selection() const { return view_.uiContext().session.selection().current(); }
  [[nodiscard]] bool isFocusItem() const {
    const Selection& now = selection();
    if (isCamera())
      return now.camera;
    return now.focusedTrack() == item_.track &&
           (item_.point ? !now.points.empty() && now.points.back() == *item_.point : now.points.empty());
  }
  [[nodiscard]] document::TrackPtr track() const {
    if (const document::TakePtr shown = take())
      for (const document::TrackPtr& candidate : shown->tracks)
        if (candidate->id == item_.track)
          return candidate;
    return nullptr;
  }

  CanvasView& view_;
  CanvasInterface& canvas_;
  Item item_;
};

class CanvasInterface final : public QAccessibleWidget {
 public:
  explicit CanvasInterface(CanvasView& view) : QAccessibleWidget(&view, QAccessible::Canvas), view_(view) {}
  ~CanvasInterface() override {
    for (const auto& [item, id] : items_)
      QAccessible::deleteAccessibleInterface(id);
  }

  [[nodiscard]] int childCount() const override {
    const document::TakePtr shown = take();
    return shown ? static_cast<int>(shown->tracks.size()) + (shown->camera.empty() ? 0 : 1) : 0;
  }
  [[nodiscard]] QAccessibleInterface* child(int index) const override {
    const document::TakePtr shown = take();
    if (!shown || index < 0 || index >= childCount())
      return nullptr;
    const auto at = static_cast<std::size_t>(index);
    return item({at < shown->tracks.size() ? shown->tracks[at]->id : TrackId{}, std::nullopt});
  }
  [[nodiscard]] int indexOfChild(const QAccessibleInterface* child) const override {
    const auto* known = dynamic_cast<const ItemInterface*>(child);
    const document::TakePtr shown = take();
    if (known == nullptr || !shown || known->item().point)
      return -1;
    for (std::size_t i = 0; i < shown->tracks.size(); ++i)
      if (shown->tracks[i]->id == known->item().track)
        return static_cast<int>(i);
    return !known->item().track.isValid() && !shown->camera.empty() ? static_cast<int>(shown->tracks.size()) : -1;
  }
  [[nodiscard]] QAccessibleInterface* childAt(int x, int y) const override {
    const document::TakePtr shown = take();
    if (!shown)
      return nullptr;
    const QPointF local = view_.mapFromGlobal(QPointF(x, y));
    const auto hit = hitTracks(*shown, view_.pictureMapping(), local, kReachPx, {});
    return hit ? item({hit->track, std::nullopt}) : nullptr;
  }
  [[nodiscard]] QAccessibleInterface* focusChild() const override {
    if (!view_.hasFocus())
      return nullptr;
    const Selection& now = view_.uiContext().session.selection().current();
    if (now.camera)
      return item({});
    if (!now.focusedTrack().isValid())
      return nullptr;
    return item({now.focusedTrack(), now.points.empty() ? std::nullopt : std::optional(now.points.back())});
  }
  [[nodiscard]] QString text(QAccessible::Text kind) const override {
    return kind == QAccessible::Name ? view_.spokenName() : QAccessibleWidget::text(kind);
  }

  // Made when first asked for; lives as long as the canvas or until its track is gone and somebody asks for others.
  [[nodiscard]] QAccessibleInterface* item(const Item& wanted) const {
    auto found = items_.find(wanted);
    if (found == items_.end()) {
      auto* made = new ItemInterface(view_, const_cast<CanvasInterface&>(*this), wanted); // the registry owns it
      found = items_.emplace(wanted, QAccessible::registerAccessibleInterface(made)).first;
    }
    return QAccessible::accessibleInterface(found->second);
  }

 private:
  [[nodiscard]] document::TakePtr take() const { return view_.uiContext().session.currentTake(); }

  CanvasView& view_;
  mutable std::map<Item, QAccessible::Id> items_;
};

QAccessibleInterface* ItemInterface::parent() const {
  return item_.point ? canvas_.item({item_.track, std::nullopt}) : &canvas_;
}

QAccessibleInterface* ItemInterface::child(int index) const {
  return index >= 0 && index < childCount() ? canvas_.item({item_.track, static_cast<std::size_t>(index)}) : nullptr;
}

QAccessibleInterface* makeInterface(const QString&, QObject* object) {
  auto* view = qobject_cast<CanvasView*>(object);
  return view != nullptr ? new CanvasInterface(*view) : nullptr;
}

} // namespace

QString spokenTrack(const document::Track& track) {
  const QString name = QString::fromStdString(track.name);
  if (track.kind == document::TrackKind::Pin)
    return QCoreApplication::translate("Canvas", "%1, pin").arg(name);
  QString text = QCoreApplication::translate("Canvas", "%1, path, %n point(s), %2 to %3 seconds", nullptr,
                                             static_cast<int>(track.points.size()))
                     .arg(name, shortSeconds(track.start), shortSeconds(track.start + track.duration));
  for (const TimeRange& span : hiddenSpans(track))
    text = QCoreApplication::translate("Canvas", "%1, hidden %2 to %3")
               .arg(text, shortSeconds(span.start), shortSeconds(span.end()));
  return text;
}

QString spokenPoint(const document::Track& track, std::size_t point) {
  const document::TrackPoint& at = track.points[point];
  return QCoreApplication::translate("Canvas", "x %1, y %2, %3 s")
      .arg(QString::number(std::lround(at.position.x)), QString::number(std::lround(at.position.y)),
           shortSeconds(shownTime(track, at.at)));
}

QString spokenCamera(const document::Take& take) {
  return QCoreApplication::translate("Canvas", "Camera, %n key(s)", nullptr, static_cast<int>(take.camera.size()));
}

void installCanvasAccessibility() {
  QAccessible::installFactory(makeInterface); // the toolkit keeps each factory once
}

void announceCanvasFocus(CanvasView& view) {
  if (!QAccessible::isActive())
    return;
  QAccessibleInterface* canvas = QAccessible::queryAccessibleInterface(&view);
  QAccessibleInterface* focus = canvas != nullptr ? canvas->focusChild() : nullptr;
  QAccessibleEvent event(focus != nullptr ? focus : canvas, QAccessible::Focus);
  QAccessible::updateAccessibility(&event);
}

} // namespace kinora::ui
