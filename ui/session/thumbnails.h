// SPDX-License-Identifier: Apache-2.0
// Hides how small pictures of media are asked for and kept: once each, as they arrive.
#pragma once

#include <cstdint>

#include <QHash>
#include <QImage>
#include <QObject>

#include "engine/document/document.h"
#include "ui/session/engine_bridge.h"

namespace kinora::ui {

// [gui] Pictures that fit into one box, by media id. The engine must outlive it.
class Thumbnails : public QObject {
  Q_OBJECT
 public:
  Thumbnails(EngineBridge& engine, kinora::Size box, QObject* parent);

  // Asks for the picture of an item unless it is there or on its way.
  void want(const document::MediaItem& item);
  // Null until it arrived.
  [[nodiscard]] QImage find(MediaId id) const { return images_.value(id.value); }
  void forget(MediaId id) { images_.remove(id.value); }
  void clear();

 Q_SIGNALS:
  void arrived();

 private:
  EngineBridge& engine_;
  kinora::Size box_;
  QHash<quint64, QImage> images_; // null: on its way
  QHash<std::uint64_t, quint64> asked_;
};

} // namespace kinora::ui
