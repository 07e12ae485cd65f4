// SPDX-License-Identifier: Apache-2.0
// The Edit and Clip menus and the switches of the View menu that concern painting.
#pragma once

#include <functional>

#include <QObject>

#include "engine/base/result.h"
#include "engine/document/document.h"
#include "ui/session/paint_settings.h"
#include "ui/session/ui_context.h"

class QWidget;

namespace kinora::ui {

// [gui] Commands that change the document from the selection and the playhead. What a canvas or time line does with its
// own focus (delete, select all) is theirs.
class EditCommands : public QObject {
  Q_OBJECT
 public:
  EditCommands(const UiContext& context, QObject* parent);

  // Deletes the selected tracks of the current take.
  void deleteTracks();

 Q_SIGNALS:
  // "Open in Paint": the take is selected already.
  void paintAsked();

 private:
  void connectEdit();
  void connectPaint();
  void connectView();
  void connectClip();
  void refreshAvailable();
  void showOptions(const PaintOptions& options);
  void forTracks(const QString& text,
                 const std::function<Result<document::DocumentPtr>(const document::DocumentPtr&, TakeId,
                                                                   const document::Track&)>& change);
  void newTake();
  void split();
  void trim(bool start);
  void addLane(document::LaneKind kind);
  [[nodiscard]] document::ClipPtr clipAtPlayhead() const;

  UiContext context_;
};

} // namespace kinora::ui
