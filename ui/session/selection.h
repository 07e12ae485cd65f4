// SPDX-License-Identifier: Apache-2.0
// What is selected, shared by canvas, lists, timeline and inspector: a click in one shows in all.
#pragma once

#include <cstddef>
#include <vector>

#include <QObject>

#include "engine/document/document.h"

namespace kinora::ui {

struct Selection {
  TakeId take;                     // the take that is painted on
  std::vector<TrackId> tracks;     // of that take; the last one is the focused one
  std::vector<std::size_t> points; // of the focused track, ascending
  bool camera = false;             // the camera row
  std::vector<ClipId> clips;       // the last one is the focused one

  [[nodiscard]] TrackId focusedTrack() const { return tracks.empty() ? TrackId{} : tracks.back(); }
  [[nodiscard]] ClipId focusedClip() const { return clips.empty() ? ClipId{} : clips.back(); }
  [[nodiscard]] bool has(TrackId track) const;
  [[nodiscard]] bool has(ClipId clip) const;
  friend bool operator==(const Selection&, const Selection&) = default;
};

// [gui]
class SelectionModel : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;

  [[nodiscard]] const Selection& current() const { return current_; }
  void set(Selection selection);

  // The commonest changes. Selecting a track clears points and camera.
  void setTake(TakeId take);
  void selectTrack(TrackId track);
  void toggleTrack(TrackId track);
  void selectPoints(TrackId track, std::vector<std::size_t> points);
  void selectCamera();
  void clearTracks();
  void selectClip(ClipId clip);
  void toggleClip(ClipId clip);
  void clearClips();

  // Drops what the document no longer has; picks the first take when none is chosen.
  void prune(const document::Document& document);

 Q_SIGNALS:
  void changed(const kinora::ui::Selection& selection);

 private:
  Selection current_;
};

} // namespace kinora::ui
