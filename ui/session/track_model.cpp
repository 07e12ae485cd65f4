// SPDX-License-Identifier: Apache-2.0
#include "ui/session/track_model.h"

#include <algorithm>

#include <QMimeData>

#include "engine/document/edit.h"
#include "ui/session/project_session.h"

namespace kinora::ui {
namespace {

namespace edit = document::edit;

constexpr quintptr kTop = 0;
constexpr quintptr kPath = 1;
constexpr quintptr kPin = 2;
constexpr int kTopRows = 3;
constexpr const char* kMime = "application/x-kinora-track";

bool sameIds(const std::vector<document::TrackPtr>& a, const std::vector<document::TrackPtr>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x->id == y->id; });
}

} // namespace

TrackModel::TrackModel(ProjectSession& session, QObject* parent) : QAbstractItemModel(parent), session_(session) {
  connect(&session_, &ProjectSession::documentChanged, this, &TrackModel::refresh);
  connect(&session_.selection(), &SelectionModel::changed, this, [this] {
    if (session_.selection().current().take != take_)
      refresh();
  });
  refresh();
}

void TrackModel::refresh() {
  const document::TakePtr take = session_.currentTake();
  std::vector<document::TrackPtr> paths;
  std::vector<document::TrackPtr> pins;
  if (take)
    for (const document::TrackPtr& track : take->tracks)
      (track->kind == document::TrackKind::Pin ? pins : paths).push_back(track);
  const bool same = hasTake_ == (take != nullptr) && sameIds(paths, paths_) && sameIds(pins, pins_);
  take_ = take ? take->id : TakeId{};
  if (!same)
    beginResetModel();
  hasTake_ = take != nullptr;
  paths_ = std::move(paths);
  pins_ = std::move(pins);
  if (!same) {
    endResetModel();
    return;
  }
  if (!hasTake_)
    return;
  Q_EMIT dataChanged(index(0, 0), index(kTopRows - 1, 0));
  for (const int top : {0, 1}) {
    const QModelIndex parent = index(top, 0);
    if (const int rows = rowCount(parent); rows > 0)
      Q_EMIT dataChanged(index(0, 0, parent), index(rows - 1, 0, parent));
  }
}

QModelIndex TrackModel::indexOf(TrackId track) const {
  for (std::size_t i = 0; i < paths_.size(); ++i)
    if (paths_[i]->id == track)
      return createIndex(static_cast<int>(i), 0, kPath);
  for (std::size_t i = 0; i < pins_.size(); ++i)
    if (pins_[i]->id == track)
      return createIndex(static_cast<int>(i), 0, kPin);
  return {};
}

QModelIndex TrackModel::cameraIndex() const {
  return index(2, 0);
}

QModelIndex TrackModel::index(int row, int column, const QModelIndex& parent) const {
  if (!hasIndex(row, column, parent))
    return {};
  if (!parent.isValid())
    return createIndex(row, column, kTop);
  return createIndex(row, column, parent.row() == 0 ? kPath : kPin);
}

QModelIndex TrackModel::parent(const QModelIndex& index) const {
  if (!index.isValid() || index.internalId() == kTop)
    return {};
  return createIndex(index.internalId() == kPath ? 0 : 1, 0, kTop);
}

int TrackModel::rowCount(const QModelIndex& parent) const {
  if (!parent.isValid())
    return hasTake_ ? kTopRows : 0;
  const auto* tracks = group(parent);
  return tracks == nullptr ? 0 : static_cast<int>(tracks->size());
}

int TrackModel::columnCount(const QModelIndex&) const {
  return 1;
}

const std::vector<document::TrackPtr>* TrackModel::group(const QModelIndex& index) const {
  if (!index.isValid() || index.internalId() != kTop || index.row() > 1)
    return nullptr;
  return index.row() == 0 ? &paths_ : &pins_;
}

document::TrackPtr TrackModel::track(const QModelIndex& index) const {
  if (!index.isValid() || index.internalId() == kTop)
    return nullptr;
  const auto& tracks = index.internalId() == kPath ? paths_ : pins_;
  const auto row = static_cast<std::size_t>(index.row());
  return row < tracks.size() ? tracks[row] : nullptr;
}

TrackId TrackModel::trackAt(const QModelIndex& index) const {
  const document::TrackPtr found = track(index);
  return found ? found->id : TrackId{};
}

std::vector<document::TrackPtr> TrackModel::affected(const QModelIndex& index) const {
  if (const document::TrackPtr one = track(index))
    return {one};
  const auto* tracks = group(index);
  return tracks == nullptr ? std::vector<document::TrackPtr>{} : *tracks;
}

QVariant TrackModel::data(const QModelIndex& index, int role) const {
  const document::TrackPtr one = track(index);
  const auto* tracks = group(index);
  const bool camera = !one && tracks == nullptr;
  const auto any = [&](bool document::Track::*member) {
    const auto list = affected(index);
    return std::any_of(list.begin(), list.end(), [member](const auto& t) { return (*t).*member; });
  };
  switch (role) {
  case Qt::DisplayRole:
  case Qt::EditRole:
    if (one)
      return QString::fromStdString(one->name);
    return camera ? tr("Camera") : index.row() == 0 ? tr("Motion") : tr("Pins");
  case RowRole:
    return static_cast<int>(one                ? TrackRow::Track
                            : camera           ? TrackRow::Camera
                            : index.row() == 0 ? TrackRow::Motion
                                               : TrackRow::Pins);
  case IdRole:
    return one ? QVariant::fromValue<quint64>(one->id.value) : QVariant();
  case ColourRole:
    return one ? QString::fromStdString(one->colour) : QString();
  case DetailRole:
    if (one)
      return one->kind == document::TrackKind::Pin ? tr("pin") : tr("path");
    if (camera) {
      const document::TakePtr take = session_.currentTake();
      const auto keys = take ? static_cast<int>(take->camera.size()) : 0;
      return keys == 0 ? tr("still") : tr("%n key(s)", nullptr, keys);
    }
    return index.row() == 1 && !tracks->empty() ? QString::number(tracks->size()) : QString();
  case EnabledRole:
    return camera || affected(index).empty() ? QVariant() : any(&document::Track::enabled);
  case LockedRole: {
    if (camera || affected(index).empty())
      return {};
    const auto list = affected(index);
    return std::all_of(list.begin(), list.end(), [](const auto& t) { return t->locked; });
  }
  case SoloRole:
    return camera || affected(index).empty() ? QVariant() : any(&document::Track::solo);
  case Qt::AccessibleTextRole: {
    if (!one)
      return data(index, Qt::DisplayRole);
    QStringList words{QString::fromStdString(one->name), data(index, DetailRole).toString()};
    if (!one->enabled)
      words << tr("hidden");
    if (one->locked)
      words << tr("locked");
    if (one->solo)
      words << tr("solo");
    return words.join(QStringLiteral(", "));
  }
  default:
    return {};
  }
}

bool TrackModel::setToggle(const QModelIndex& index, bool on, Role role) {
  const auto list = affected(index);
  if (list.empty())
    return false;
  QString text;
  if (role == EnabledRole)
    text = on ? tr("Show") : tr("Hide");
  else if (role == LockedRole)
    text = on ? tr("Lock") : tr("Unlock");
  else
    text = on ? tr("Solo") : tr("End solo");
  return session_.apply(text, [&](document::DocumentPtr document) -> Result<document::DocumentPtr> {
    for (const document::TrackPtr& track : list) {
      auto next = role == EnabledRole  ? edit::setTrackEnabled(document, take_, track->id, on)
                  : role == LockedRole ? edit::setTrackLocked(document, take_, track->id, on)
                                       : edit::setTrackSolo(document, take_, track->id, on);
      if (!next)
        return next;
      document = *next;
    }
    return document;
  });
}

bool TrackModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  if (role == EnabledRole || role == LockedRole || role == SoloRole)
    return setToggle(index, value.toBool(), static_cast<Role>(role));
  const document::TrackPtr one = track(index);
  if (!one)
    return false;
  if (role == ColourRole)
    return session_.apply(tr("Change colour"), [&](const document::DocumentPtr& document) {
      return edit::setTrackColour(document, take_, one->id, value.toString().toStdString());
    });
  const QString name = value.toString().trimmed();
  if (role != Qt::EditRole || name.isEmpty())
    return false;
  return session_.apply(tr("Rename"), [&](const document::DocumentPtr& document) {
    return edit::renameTrack(document, take_, one->id, name.toStdString());
  });
}

Qt::ItemFlags TrackModel::flags(const QModelIndex& index) const {
  if (!index.isValid())
    return Qt::NoItemFlags;
  const Qt::ItemFlags base = Qt::ItemIsEnabled | Qt::ItemIsSelectable;
  const document::TrackPtr one = track(index);
  if (!one)
    return index.row() == 0 ? base | Qt::ItemIsDropEnabled : base;
  return base | (one->locked ? Qt::ItemFlags() : Qt::ItemIsEditable | Qt::ItemIsDragEnabled);
}

QStringList TrackModel::mimeTypes() const {
  return {QLatin1String(kMime)};
}

QMimeData* TrackModel::mimeData(const QModelIndexList& indexes) const {
  const TrackId id = indexes.isEmpty() ? TrackId{} : trackAt(indexes.first());
  auto* data = new QMimeData;
  data->setData(QLatin1String(kMime), QByteArray::number(static_cast<quint64>(id.value)));
  return data;
}

bool TrackModel::dropMimeData(const QMimeData* data, Qt::DropAction action, int row, int, const QModelIndex& parent) {
  const TrackId id{data->data(QLatin1String(kMime)).toULongLong()};
  const QModelIndex from = indexOf(id);
  if (action != Qt::MoveAction || !from.isValid() || from.internalId() != kPath || parent.isValid() == false)
    return false;
  const document::TakePtr take = session_.currentTake();
  // The row counts paths only; the take's list holds the pins as well.
  int target = row < 0 ? static_cast<int>(paths_.size()) : row;
  if (target > from.row())
    --target; // it leaves its own place first
  target = std::clamp(target, 0, static_cast<int>(paths_.size()) - 1);
  const TrackId there = paths_[static_cast<std::size_t>(target)]->id;
  const auto place =
      std::find_if(take->tracks.begin(), take->tracks.end(), [there](const auto& t) { return t->id == there; });
  const auto at = static_cast<std::size_t>(place - take->tracks.begin());
  session_.apply(tr("Change depth"),
                 [&](const document::DocumentPtr& document) { return edit::reorderTrack(document, take_, id, at); });
  return false; // the model has changed already; the view has nothing to remove
}

} // namespace kinora::ui
