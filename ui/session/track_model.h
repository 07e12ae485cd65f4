// SPDX-License-Identifier: Apache-2.0
// The current take's paths, pins and camera as a tree for lists; edits go to the project as undo steps.
#pragma once

#include <vector>

#include <QAbstractItemModel>

#include "engine/document/document.h"
#include "ui/session/selection.h"

namespace kinora::ui {

class ProjectSession;

enum class TrackRow { Motion, Pins, Camera, Track };

// [gui] Top rows: Motion (its paths, front to back), Pins, Camera; below the first two, tracks.
class TrackModel : public QAbstractItemModel {
  Q_OBJECT
 public:
  enum Role {
    RowRole = Qt::UserRole, // TrackRow as int
    IdRole,                 // of a track, quint64
    ColourRole,             // id in the track palette
    DetailRole,             // "path", "3", "zoom"
    EnabledRole,            // bool; a group: any of its tracks. Writable
    LockedRole,             // bool; a group: all of its tracks. Writable
    SoloRole,               // bool; a group: any of its tracks. Writable
  };

  explicit TrackModel(ProjectSession& session, QObject* parent = nullptr);

  [[nodiscard]] QModelIndex indexOf(TrackId track) const;
  [[nodiscard]] QModelIndex cameraIndex() const;
  // The track of a row, or an id that names nothing.
  [[nodiscard]] TrackId trackAt(const QModelIndex& index) const;

  [[nodiscard]] QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  [[nodiscard]] QModelIndex parent(const QModelIndex& index) const override;
  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role) override;
  [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
  [[nodiscard]] Qt::DropActions supportedDropActions() const override { return Qt::MoveAction; }
  [[nodiscard]] QStringList mimeTypes() const override;
  [[nodiscard]] QMimeData* mimeData(const QModelIndexList& indexes) const override;
  bool dropMimeData(const QMimeData* data, Qt::DropAction action, int row, int column,
                    const QModelIndex& parent) override;

 private:
  void refresh();
  [[nodiscard]] const std::vector<document::TrackPtr>* group(const QModelIndex& index) const;
  [[nodiscard]] document::TrackPtr track(const QModelIndex& index) const;
  [[nodiscard]] std::vector<document::TrackPtr> affected(const QModelIndex& index) const;
  bool setToggle(const QModelIndex& index, bool on, Role role);

  ProjectSession& session_;
  TakeId take_;
  std::vector<document::TrackPtr> paths_;
  std::vector<document::TrackPtr> pins_;
  bool hasTake_ = false;
};

} // namespace kinora::ui
