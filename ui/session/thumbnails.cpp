// SPDX-License-Identifier: Apache-2.0
#include "ui/session/thumbnails.h"

namespace kinora::ui {

Thumbnails::Thumbnails(EngineBridge& engine, kinora::Size box, QObject* parent)
    : QObject(parent), engine_(engine), box_(box) {
  connect(&engine_, &EngineBridge::thumbnailReady, this, [this](std::uint64_t tag, const QImage& image) {
    const auto asked = asked_.constFind(tag);
    if (asked == asked_.constEnd())
      return;
    images_[*asked] = image.copy();
    asked_.erase(asked);
    Q_EMIT arrived();
  });
}

void Thumbnails::want(const document::MediaItem& item) {
  const quint64 id = item.id.value;
  if (images_.contains(id))
    return;
  images_.insert(id, QImage());
  asked_.insert(engine_.requestThumbnail(item.path, Time{}, box_), id);
}

void Thumbnails::clear() {
  images_.clear();
  asked_.clear();
}

} // namespace kinora::ui
