// SPDX-License-Identifier: Apache-2.0
#include "ui/library/media_model.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include <QMimeData>

#include "ui/session/background.h"
#include "ui/session/take_model.h"

namespace kinora::ui {
namespace {

constexpr kinora::Size kThumbnailBox{192, 128};

} // namespace

MediaModel::MediaModel(ProjectSession& session, EngineBridge& engine, QObject* parent)
    : QAbstractListModel(parent), session_(session), thumbnails_(engine, kThumbnailBox, this) {
  connect(&session_, &ProjectSession::documentChanged, this, &MediaModel::refresh);
  connect(&session_, &ProjectSession::replaced, this, [this] {
    thumbnails_.clear();
    items_.clear();
    refresh();
  });
  connect(&thumbnails_, &Thumbnails::arrived, this, [this] {
    if (!items_.empty())
      Q_EMIT dataChanged(index(0), index(rowCount() - 1), {Qt::DecorationRole});
  });
  refresh();
}

void MediaModel::refresh() {
  if (session_.document()->media == items_ && !items_.empty())
    return;
  beginResetModel();
  const auto before = std::exchange(items_, session_.document()->media);
  for (const auto& item : items_)
    for (const auto& old : before) // a relocated file gets a new picture
      if (old->id == item->id && old->path != item->path)
        thumbnails_.forget(item->id);
  endResetModel();
  look();
}

// Disks may be slow or far away, so they are asked on another thread.
void MediaModel::look() {
  inBackground(
      session_.workers(), this,
      [items = items_] {
        QSet<quint64> missing;
        for (const auto& item : items)
          if (std::error_code unknown; !std::filesystem::exists(item->path, unknown))
            missing.insert(item->id.value);
        return missing;
      },
      [this, round = ++round_](const QSet<quint64>& missing) {
        if (round != round_)
          return; // of an older list
        const bool changed = missing != std::exchange(missing_, missing);
        for (const auto& item : items_)
          if (!missing.contains(item->id.value) && item->kind != document::MediaKind::Sound)
            thumbnails_.want(*item);
        if (!changed)
          return;
        if (!items_.empty())
          Q_EMIT dataChanged(index(0), index(rowCount() - 1), {MissingRole});
        Q_EMIT missingChanged(missingCount());
      });
}

int MediaModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(items_.size());
}

QVariant MediaModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount())
    return {};
  const document::MediaItem& item = *items_[static_cast<std::size_t>(index.row())];
  switch (role) {
  case Qt::DisplayRole:
    return QString::fromStdString(item.name);
  case Qt::DecorationRole:
    return thumbnails_.find(item.id);
  case Qt::ToolTipRole:
  case PathRole:
    return toQString(item.path);
  case IdRole:
    return qulonglong{item.id.value};
  case KindRole:
    return static_cast<int>(item.kind);
  case LengthRole:
    return item.kind == document::MediaKind::Picture ? QString() : shortLength(item.length);
  case MissingRole:
    return missing_.contains(item.id.value);
  case Qt::AccessibleTextRole:
    return missing_.contains(item.id.value) ? tr("%1, missing").arg(QString::fromStdString(item.name))
                                            : QString::fromStdString(item.name);
  default:
    return {};
  }
}

Qt::ItemFlags MediaModel::flags(const QModelIndex& index) const {
  return index.isValid() ? Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsDragEnabled : Qt::NoItemFlags;
}

QStringList MediaModel::mimeTypes() const {
  return {QLatin1String(kMediaMime)};
}

QMimeData* MediaModel::mimeData(const QModelIndexList& indexes) const {
  if (indexes.isEmpty())
    return nullptr;
  auto* mime = new QMimeData;
  mime->setData(QLatin1String(kMediaMime), QByteArray::number(indexes.first().data(IdRole).toULongLong()));
  return mime;
}

} // namespace kinora::ui
