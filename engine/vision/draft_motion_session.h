// SPDX-License-Identifier: Apache-2.0
// The weight-free motion engine: cuts painted objects out of the picture, moves them in closed form and fills what they
// uncover. Always there; instant preview for every model and the answer on machines without one.
#pragma once

#include <memory>

#include "engine/base/worker_pool.h"
#include "engine/session/motion_session.h"
#include "engine/vision/matte/matte_prior.h"

namespace kinora::vision {

// A session with id "draft": random access, one frame a step, stateless from frame to frame, so loops close bit for bit
// and frame order does not matter. Equal requests give equal pixels for every thread count of the pool.
//
// What moves: tracks of one group move one object (its matte is made from the tracks' starts). One handle shifts it,
// two or more turn and scale it (moving least squares, Schaefer et al. 2006); a Hold track of the group, or a lone pin
// on the object, holds its place, and the object bends rigidly round it. Lone pins elsewhere and the starts of other
// groups say "not this object". With wholeObject false a soft disc of radius grip round each start moves instead of an
// object. Tracks live in the picture; the camera moves picture and objects together. A hidden handle does not pull; an
// object whose handles are all hidden is drawn under all the others. A frame in which nothing moved by a quarter of a
// pixel is the picture itself. More than kMaxObjects groups move the picture as one elastic sheet.
//
// Quality: frames are Quick until improve() has filled the uncovered parts with texture of the surroundings, then Final.
// Request fields that do not matter here: prompt, seed.
inline constexpr int kMaxObjects = 24;

// [inference] pool must outlive the session. prior: what guesses objects from clicks; empty = classicalMattePrior().
[[nodiscard]] std::unique_ptr<session::MotionSession> makeDraftMotionSession(const WorkerPool& pool,
                                                                             MattePrior prior = {});

} // namespace kinora::vision
