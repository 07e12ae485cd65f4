// SPDX-License-Identifier: Apache-2.0
// The objects that every panel works with, made once in the composition root and passed down.
#pragma once

namespace kinora::ui {

class ActionTable;
class EngineBridge;
class PaintSettings;
class ProjectSession;
class ThemeSource;
struct Preferences;

// References stay valid as long as any window lives.
struct UiContext {
  ProjectSession& session;
  EngineBridge& engine;
  ThemeSource& theme;
  ActionTable& actions;
  PaintSettings& paint;
  Preferences& preferences;
};

} // namespace kinora::ui
