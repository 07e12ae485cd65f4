// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/settings.h"

#include <cmath>

#include <QCoreApplication>

#include "ui/session/action_table.h"
#include "ui/session/preferences.h"
#include "ui/session/theme.h"

namespace kinora::ui {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("Settings", text);
}

} // namespace

std::vector<Setting> listSettings(const UiContext& context) {
  const auto onOff = [](bool on) { return on ? tr("on") : tr("off"); };
  std::vector<Setting> list;
  const auto addTheme = [&](const QString& name, ThemeMode mode) {
    list.push_back({name, QStringLiteral("theme colours"), onOff(context.preferences.theme == mode), [context, mode] {
                      context.preferences.theme = mode;
                      context.theme.set(mode, context.preferences.textScale);
                    }});
  };
  addTheme(tr("Dark theme"), ThemeMode::Dark);
  addTheme(tr("Light theme"), ThemeMode::Light);
  addTheme(tr("High contrast theme"), ThemeMode::HighContrast);
  list.push_back({tr("Text size"), QStringLiteral("font scale"),
                  tr("%1 %").arg(std::lround(context.preferences.textScale * 100)),
                  [context] { context.actions["edit.preferences"].trigger(); }});
  list.push_back({tr("Reduce motion"), QStringLiteral("animation"), onOff(context.preferences.reduceMotion), [context] {
                    context.preferences.reduceMotion = !context.preferences.reduceMotion;
                    context.theme.setReduceMotion(context.preferences.reduceMotion);
                  }});
  list.push_back({tr("Show the start page"), QStringLiteral("welcome"), onOff(context.preferences.showStart),
                  [context] { context.preferences.showStart = !context.preferences.showStart; }});
  const auto addSwitch = [&](const char* id, const QString& name) {
    list.push_back(
        {name, QString(), onOff(context.actions[id].isChecked()), [context, id] { context.actions[id].trigger(); }});
  };
  addSwitch("play.everyFrame", tr("Show every frame, however long it takes"));
  addSwitch("clip.snap", tr("Snapping"));
  const auto addRoom = [&](const char* id, const QString& name, const QString& synonyms) {
    list.push_back({name, synonyms, tr("Preferences"), [context, id] { context.actions[id].trigger(); }});
  };
  addRoom("help.keys", tr("Keys"), QStringLiteral("shortcuts"));
  addRoom("help.devices", tr("This computer"), QStringLiteral("devices graphics processor"));
  return list;
}

std::vector<HelpTopic> helpTopics() {
  return {
      {tr("Make something move"), tr("Draw on the picture with Draw path"), "paint.tool.drawPath"},
      {tr("Keep something in place"), tr("Click it with Pin"), "paint.tool.pin"},
      {tr("Change a path"), tr("Drag its points with Edit points"), "paint.tool.editPoints"},
      {tr("Move a path"), tr("Drag it with Select"), "paint.tool.select"},
      {tr("Correct the outline of an object"), tr("Paint with Mask brush"), "paint.tool.mask"},
      {tr("Take a wrong step back"), tr("Undo; every gesture is one step"), "edit.undo"},
      {tr("Compare with the picture"), tr("Show both side by side"), "view.sideBySide"},
      {tr("Try another version"), tr("New take keeps the old one"), "paint.newTake"},
      {tr("Cut a clip"), tr("Split at the playhead"), "clip.split"},
      {tr("Add a picture, video or sound"), tr("Import media, or drop it on the window"), "file.import"},
      {tr("Make a video file"), tr("Export"), "file.export"},
      {tr("Work without a mouse"), tr("Next region goes from panel to panel"), "view.nextRegion"},
      {tr("Change a key"), tr("Keys"), "help.keys"},
      {tr("Get a closed panel back"), tr("Reset the layout"), "view.resetLayout"},
      {tr("See what this computer can do"), tr("This computer"), "help.devices"},
  };
}

} // namespace kinora::ui
