// SPDX-License-Identifier: Apache-2.0
// The takes of the project, newest first, with the picture of each.
#pragma once

#include <vector>

#include <QAbstractListModel>

#include "ui/session/project_session.h"
#include "ui/session/thumbnails.h"

namespace kinora::ui {

// [gui]
class TakeModel : public QAbstractListModel {
  Q_OBJECT
 public:
  enum Role {
    IdRole = Qt::UserRole, // take id as qulonglong
    StateRole,             // "kept" when a clip shows it, else "not kept"
    LengthRole             // "0:04.0"
  };

  TakeModel(ProjectSession& session, EngineBridge& engine, QObject* parent = nullptr);

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role) override;
  [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
  [[nodiscard]] QModelIndex indexOf(TakeId take) const;
  // The take of a row, or an id that names nothing.
  [[nodiscard]] TakeId takeAt(const QModelIndex& index) const;

 private:
  void refresh();
  void askForThumbnails();

  ProjectSession& session_;
  std::vector<document::TakePtr> takes_;
  document::DocumentPtr shown_;
  Thumbnails thumbnails_;
};

// Whether a clip of the timeline shows the take.
[[nodiscard]] bool isKept(const document::Document& document, TakeId take);
// "0:04.0": minutes, seconds and tenths.
[[nodiscard]] QString shortLength(Duration length);

} // namespace kinora::ui
