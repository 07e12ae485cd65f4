// SPDX-License-Identifier: Apache-2.0
#include "ui/session/take_model.h"

#include <algorithm>
#include <cmath>

#include "engine/document/edit.h"

namespace kinora::ui {
namespace {

constexpr kinora::Size kThumbnailBox{96, 64};

} // namespace

bool isKept(const document::Document& document, TakeId take) {
  for (const document::LanePtr& lane : document.lanes)
    for (const document::ClipPtr& clip : lane->clips)
      if (clip->kind == document::ClipKind::Take && clip->take == take)
        return true;
  return false;
}

TakeModel::TakeModel(ProjectSession& session, EngineBridge& engine, QObject* parent)
    : QAbstractListModel(parent), session_(session), thumbnails_(engine, kThumbnailBox, this) {
  connect(&session_, &ProjectSession::documentChanged, this, &TakeModel::refresh);
  connect(&session_, &ProjectSession::replaced, this, [this] {
    thumbnails_.clear();
    askForThumbnails();
  });
  connect(&thumbnails_, &Thumbnails::arrived, this, [this] {
    if (!takes_.empty())
      Q_EMIT dataChanged(index(0), index(rowCount() - 1), {Qt::DecorationRole});
  });
  refresh();
}

void TakeModel::refresh() {
  std::vector<document::TakePtr> takes(session_.document()->takes.rbegin(), session_.document()->takes.rend());
  const bool sameRows = std::equal(takes.begin(), takes.end(), takes_.begin(), takes_.end(),
                                   [](const auto& a, const auto& b) { return a->id == b->id; });
  if (!sameRows)
    beginResetModel();
  takes_ = std::move(takes);
  shown_ = session_.document();
  if (!sameRows)
    endResetModel();
  else if (!takes_.empty())
    Q_EMIT dataChanged(index(0), index(rowCount() - 1));
  askForThumbnails();
}

void TakeModel::askForThumbnails() {
  for (const document::TakePtr& take : takes_)
    if (const document::MediaItem* picture = shown_->findMedia(take->picture))
      thumbnails_.want(*picture);
}

int TakeModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(takes_.size());
}

QVariant TakeModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount())
    return {};
  const document::Take& take = *takes_[static_cast<std::size_t>(index.row())];
  switch (role) {
  case Qt::DisplayRole:
  case Qt::EditRole:
    return QString::fromStdString(take.name);
  case Qt::DecorationRole:
    return thumbnails_.find(take.picture);
  case IdRole:
    return qulonglong{take.id.value};
  case StateRole:
    return isKept(*shown_, take.id) ? tr("kept") : tr("not kept");
  case LengthRole:
    return shortLength(take.length);
  case Qt::AccessibleTextRole:
    return tr("%1, %2, %3")
        .arg(QString::fromStdString(take.name), data(index, StateRole).toString(), data(index, LengthRole).toString());
  default:
    return {};
  }
}

bool TakeModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  const std::string name = value.toString().trimmed().toStdString();
  if (!index.isValid() || role != Qt::EditRole || name.empty())
    return false;
  const TakeId take = takes_[static_cast<std::size_t>(index.row())]->id;
  return session_.apply(tr("Rename take"),
                        [&](const document::DocumentPtr& doc) { return document::edit::renameTake(doc, take, name); });
}

Qt::ItemFlags TakeModel::flags(const QModelIndex& index) const {
  return index.isValid() ? Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsEditable : Qt::NoItemFlags;
}

TakeId TakeModel::takeAt(const QModelIndex& index) const {
  return index.isValid() && index.row() < rowCount() ? takes_[static_cast<std::size_t>(index.row())]->id : TakeId{};
}

QModelIndex TakeModel::indexOf(TakeId take) const {
  for (std::size_t row = 0; row < takes_.size(); ++row)
    if (takes_[row]->id == take)
      return index(static_cast<int>(row));
  return {};
}

QString shortLength(Duration length) {
  const auto tenths = static_cast<qint64>(std::llround(length.seconds() * 10));
  return QStringLiteral("%1:%2.%3").arg(tenths / 600).arg(tenths / 10 % 60, 2, 10, QLatin1Char('0')).arg(tenths % 10);
}

} // namespace kinora::ui
