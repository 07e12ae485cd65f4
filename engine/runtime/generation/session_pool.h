// SPDX-License-Identifier: Apache-2.0
// Open sessions, one a take and size, and which node each is prepared for.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/runtime/plan/model_table.h"
#include "engine/runtime/plan/node.h"
#include "engine/runtime/playback/picture_cache.h"
#include "engine/session/motion_session.h"

namespace kinora::runtime {

// [inference] All functions.
class SessionPool {
 public:
  SessionPool(session::MotionSessionFactory make, PictureCache& pictures, ModelTable& models)
      : make_(std::move(make)), pictures_(pictures), models_(models) {}

  // Finds out a model's revision (0 when it cannot be opened) and tells the table.
  void learn(const std::string& model);
  // The take's session, prepared for this node. Errors: of the factory, of the picture, of prepare.
  [[nodiscard]] Result<session::MotionSession*> prepared(const GenerationNode& node, const std::stop_token& stop);
  // The session for this node's take and size, whatever it is prepared for; null when there is none.
  [[nodiscard]] session::MotionSession* find(const GenerationNode& node) const;
  // The session's request no longer says what it makes (a live drag changed it): prepare anew.
  void invalidate(TakeId take);

 private:
  struct Slot {
    TakeId take;
    std::string model;
    Size size;      // an export may want the same take in another size
    ContentKey key; // null: not prepared
    std::unique_ptr<session::MotionSession> session;

    [[nodiscard]] bool serves(const GenerationNode& node) const {
      return take == node.take && model == node.model && size == node.outputSize;
    }
  };

  session::MotionSessionFactory make_;
  PictureCache& pictures_;
  ModelTable& models_;
  std::vector<Slot> slots_; // newest used last
};

} // namespace kinora::runtime
