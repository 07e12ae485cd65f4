// SPDX-License-Identifier: Apache-2.0
// The media of the project as a list with thumbnails; knows, a moment later, which files are missing.
#pragma once

#include <memory>
#include <vector>

#include <QAbstractListModel>
#include <QSet>

#include "ui/session/project_session.h"
#include "ui/session/thumbnails.h"

namespace kinora::ui {

// [gui] Items can be dragged: the mime type kMediaMime carries the media id as decimal text.
class MediaModel : public QAbstractListModel {
  Q_OBJECT
 public:
  static constexpr const char* kMediaMime = "application/x-kinora-media";

  enum Role {
    IdRole = Qt::UserRole, // media id as qulonglong
    KindRole,              // document::MediaKind as int
    LengthRole,            // "0:04.0", empty for pictures
    MissingRole,           // bool
    PathRole
  };

  MediaModel(ProjectSession& session, EngineBridge& engine, QObject* parent = nullptr);

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
  [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
  [[nodiscard]] QStringList mimeTypes() const override;
  [[nodiscard]] QMimeData* mimeData(const QModelIndexList& indexes) const override;
  [[nodiscard]] int missingCount() const { return static_cast<int>(missing_.size()); }

 Q_SIGNALS:
  void missingChanged(int count);

 private:
  void refresh();
  void look();

  ProjectSession& session_;
  std::vector<std::shared_ptr<const document::MediaItem>> items_;
  Thumbnails thumbnails_;
  QSet<quint64> missing_;
  int round_ = 0; // of looking for files
};

} // namespace kinora::ui
