// SPDX-License-Identifier: Apache-2.0
#include "ui/session/action_table.h"

#include <QCoreApplication>
#include <QKeySequence>
#include <QWidget>

#include "engine/base/check.h"

namespace kinora::ui {
namespace {

constexpr const char* kContext = "Actions";

bool inScope(ActionScope scope, Workspace workspace) {
  switch (scope) {
  case ActionScope::Global:
    return true;
  case ActionScope::Paint:
    return workspace == Workspace::Paint;
  case ActionScope::Edit:
    return workspace == Workspace::Edit;
  case ActionScope::Export:
    return workspace == Workspace::Export;
  }
  return false;
}

QString nativeKey(const QString& portable) {
  return QKeySequence::fromString(portable, QKeySequence::PortableText).toString(QKeySequence::NativeText);
}

} // namespace

// The space bar and the plain arrows are no shortcuts of Qt: what they do depends on focus and on how long they are
// held, so the window handles them itself (play.toggle, play.stepBack …). They stand here all the same for the texts.
const std::vector<ActionSpec>& ActionTable::specs() {
  using enum ActionScope;
#define T(text) QT_TRANSLATE_NOOP("Actions", text)
  static const std::vector<ActionSpec> table{
      {"file.open", T("Open…"), "File", "folder", "Ctrl+O", Global, false, "project picture video load"},
      {"file.openPicture", T("Open a picture…"), "File", "picture", "", Global, false, "photo image new"},
      {"file.openSample", T("Open the sample project"), "File", "film", "", Global, false, "rocket demo"},
      {"file.start", T("Start page"), "File", "", "", Global, false, "welcome samples"},
      {"file.save", T("Save"), "File|", "", "Ctrl+S", Global, false, ""},
      {"file.saveAs", T("Save as…"), "File", "", "Ctrl+Shift+S", Global, false, "copy"},
      {"file.import", T("Import media…"), "File|", "add", "Ctrl+I", Global, false, "video sound picture add"},
      {"file.importPaths", T("Import paths…"), "File", "path-draw", "", Global, false, "tracks json npy npz"},
      {"file.exportPaths", T("Save paths…"), "File", "", "", Global, false, "tracks json"},
      {"file.export", T("Export…"), "File|", "export", "Ctrl+E", Global, false, "render video mp4"},
      {"file.quit", T("Quit"), "File|", "", "Ctrl+Q", Global, false, "exit close"},

      {"edit.undo", T("Undo"), "Edit", "undo", "Ctrl+Z", Global, false, "back"},
      {"edit.redo", T("Redo"), "Edit", "redo", "Ctrl+Shift+Z Ctrl+Y", Global, false, "again"},
      {"edit.delete", T("Delete"), "Edit|", "trash", "Del", Global, false, "remove"},
      {"edit.selectAll", T("Select all"), "Edit", "", "Ctrl+A", Global, false, ""},
      {"edit.deselect", T("Deselect"), "Edit", "", "Ctrl+Shift+A", Global, false, "none"},
      {"edit.rename", T("Rename"), "Edit", "text", "F2", Global, false, "name"},
      {"edit.preferences", T("Preferences…"), "Edit|", "settings", "Ctrl+,", Global, false, "settings options"},

      {"view.paint", T("Paint"), "View", "path-draw", "Alt+1", Global, true, "workspace"},
      {"view.edit", T("Edit"), "View", "film", "Alt+4", Global, true, "workspace cut"},
      {"view.export", T("Export"), "View", "export", "Alt+5", Global, true, "workspace render"},
      {"view.fit", T("Fit the picture"), "View|", "", "F", Paint, false, "zoom"},
      {"view.actual", T("Actual size"), "View", "", "1", Paint, false, "zoom 100"},
      {"view.result", T("Show the result"), "View|", "", "", Paint, true, ""},
      {"view.picture", T("Show the picture"), "View", "picture", "", Paint, true, "original"},
      {"view.sideBySide", T("Show both side by side"), "View", "split-view", "", Paint, true, "compare"},
      {"view.flip", T("Flip picture and result"), "View", "compare", "Q", Paint, false, "compare hold"},
      {"view.grid", T("Grid"), "View", "grid", "", Paint, true, ""},
      {"view.safeAreas", T("Safe areas"), "View", "safe-area", "", Paint, true, ""},
      {"view.matte", T("Matte of the object"), "View", "mask-brush", "", Paint, true, "mask outline"},
      {"view.generator", T("Generator position"), "View", "ghost", "", Paint, true, "now delay"},
      {"view.stats", T("Statistics"), "View|", "gauge", "", Global, true, "numbers fps counters"},
      {"view.maximise", T("Maximise the panel"), "View", "maximise", "`", Global, true, "full"},
      {"view.resetLayout", T("Reset the layout"), "View", "refresh", "", Global, false, "panels docks"},
      {"view.light", T("Light theme"), "View|", "", "", Global, true, "dark colours"},
      {"view.highContrast", T("High contrast theme"), "View", "", "", Global, true, "colours accessibility"},
      {"view.textLarger", T("Larger text"), "View", "", "Ctrl++", Global, false, "font scale"},
      {"view.textSmaller", T("Smaller text"), "View", "", "Ctrl+-", Global, false, "font scale"},
      {"view.textNormal", T("Normal text size"), "View", "", "Ctrl+0", Global, false, "font scale"},
      {"view.nextRegion", T("Next region"), "View|", "", "F6", Global, false, "focus keyboard"},
      {"view.previousRegion", T("Previous region"), "View", "", "Shift+F6", Global, false, "focus keyboard"},

      {"paint.tool.select", T("Select"), "Clip", "select", "V", Paint, true, "tool move"},
      {"paint.tool.editPoints", T("Edit points"), "Clip", "node-edit", "A", Paint, true, "tool node"},
      {"paint.tool.drawPath", T("Draw path"), "Clip", "path-draw", "P", Paint, true, "tool paint track"},
      {"paint.tool.clickPath", T("Click path"), "Clip", "path-click", "Shift+P", Paint, true, "tool points line"},
      {"paint.tool.pin", T("Pin"), "Clip", "pin", "T", Paint, true, "tool hold"},
      {"paint.tool.camera", T("Camera"), "Clip", "camera-rig", "C", Paint, true, "tool zoom pan turn frame"},
      {"paint.tool.mask", T("Mask brush"), "Clip", "mask-brush", "B", Paint, true, "tool matte paint"},
      {"paint.tool.eraser", T("Eraser"), "Clip", "eraser", "E", Paint, true, "tool matte mask erase"},
      {"paint.tool.hand", T("Hand"), "Clip", "hand", "H", Paint, true, "tool pan"},
      {"paint.tool.zoom", T("Zoom"), "Clip", "zoom", "Z", Paint, true, "tool lens"},
      {"paint.brushSmaller", T("Smaller brush"), "Clip|", "", "[", Paint, false, "mask eraser size"},
      {"paint.brushLarger", T("Larger brush"), "Clip", "", "]", Paint, false, "mask eraser size"},
      {"paint.hideSpan", T("Hide a span"), "Clip|", "eye-off", "X", Paint, false, "behind occluded path"},
      {"paint.showSpan", T("Show a span"), "Clip", "eye", "Shift+X", Paint, false, "behind visible path"},
      {"paint.fitToClip", T("Fit to clip"), "Clip|", "", "", Paint, false, "duration length path"},
      {"paint.reverse", T("Reverse"), "Clip", "", "", Paint, false, "path backwards"},
      {"paint.smooth", T("Smooth"), "Clip", "", "", Paint, false, "path"},
      {"paint.constantSpeed", T("Constant speed"), "Clip", "", "", Paint, false, "path even"},
      {"paint.newTake", T("New take"), "Clip|", "take", "", Paint, false, "version"},

      {"edit.tool.select", T("Select clips"), "Clip|", "select", "V", Edit, true, "tool"},
      {"edit.tool.blade", T("Blade"), "Clip", "blade", "B", Edit, true, "tool cut"},
      {"clip.split", T("Split at the playhead"), "Clip", "blade", "Ctrl+B", Edit, false, "cut"},
      {"clip.trimStart", T("Trim start to playhead"), "Clip", "", "Q", Edit, false, ""},
      {"clip.trimEnd", T("Trim end to playhead"), "Clip", "", "W", Edit, false, ""},
      {"clip.openInPaint", T("Open in Paint"), "Clip", "path-draw", "", Edit, false, "take"},
      {"clip.addPictureLane", T("Add a picture lane"), "Clip|", "track-add", "", Edit, false, "track"},
      {"clip.addSoundLane", T("Add a sound lane"), "Clip", "track-add", "", Edit, false, "track"},
      {"clip.snap", T("Snapping"), "Clip|", "snap", "S", Global, true, "magnet"},
      {"clip.marker", T("Add a marker"), "Clip", "marker", "M", Global, false, ""},
      {"clip.timelineFit", T("Fit the timeline"), "Clip", "maximise", "\\", Global, false, "zoom"},
      {"clip.timelineZoomIn", T("Zoom the timeline in"), "Clip", "add", "=", Global, false, ""},
      {"clip.timelineZoomOut", T("Zoom the timeline out"), "Clip", "remove", "-", Global, false, ""},

      {"play.toggle", T("Play or pause"), "Play", "play", "Space", Global, false, "start stop"},
      {"play.back", T("Play backwards"), "Play", "", "J", Global, false, "shuttle"},
      {"play.stop", T("Stop"), "Play", "stop", "K", Global, false, "shuttle pause"},
      {"play.forward", T("Play forwards, faster"), "Play", "", "L", Global, false, "shuttle"},
      {"play.stepBack", T("Back one frame"), "Play|", "step-back", "Left Ctrl+Left", Global, false, ""},
      {"play.stepForward", T("Forward one frame"), "Play", "step-forward", "Right Ctrl+Right", Global, false, ""},
      {"play.stepBackTen", T("Back ten frames"), "Play", "", "Shift+Left", Global, false, ""},
      {"play.stepForwardTen", T("Forward ten frames"), "Play", "", "Shift+Right", Global, false, ""},
      {"play.start", T("To the start"), "Play|", "to-start", "Home", Global, false, ""},
      {"play.end", T("To the end"), "Play", "to-end", "End", Global, false, ""},
      {"play.previousEdit", T("To the previous edit"), "Play", "", "Up", Global, false, "cut"},
      {"play.nextEdit", T("To the next edit"), "Play", "", "Down", Global, false, "cut"},
      {"play.markIn", T("Mark in"), "Play|", "mark-in", "I", Global, false, "range"},
      {"play.markOut", T("Mark out"), "Play", "mark-out", "O", Global, false, "range"},
      {"play.goIn", T("Go to in"), "Play", "", "Shift+I", Global, false, ""},
      {"play.goOut", T("Go to out"), "Play", "", "Shift+O", Global, false, ""},
      {"play.clearMarks", T("Clear in and out"), "Play", "", "G", Global, false, ""},
      {"play.loop", T("Loop"), "Play|", "loop", "", Global, true, "repeat"},
      {"play.everyFrame", T("Show every frame"), "Play", "", "", Global, true, "keeps time rule"},
      {"play.resetCounters", T("Reset the counters"), "Play", "refresh", "", Global, false, "late"},

      {"help.palette", T("Find command"), "Help", "search", "Ctrl+K / Ctrl+Shift+P", Global, false, "palette search"},
      {"help.keys", T("Keys"), "Help", "keyboard", "", Global, false, "shortcuts sheet"},
      {"help.devices", T("This computer"), "Help", "gauge", "", Global, false, "devices check graphics card processor"},
      {"help.about", T("About Kinora"), "Help", "info", "", Global, false, "version licence"},
  };
#undef T
  return table;
}

bool ActionTable::isPlainKey(const QString& key) {
  static const QStringList plain{"Space", "Left", "Right", "Up", "Down", "Home", "Shift+Right", "End", "Shift+Left"};
  return plain.contains(key);
}

ActionTable::ActionTable(const ThemeSource& theme, QObject* parent) : QObject(parent), theme_(theme) {
  for (const ActionSpec& spec : specs()) {
    auto* action = new QAction(QCoreApplication::translate(kContext, spec.text), this);
    action->setObjectName(QLatin1String(spec.id));
    action->setCheckable(spec.checkable);
    index_[spec.id] = entries_.size();
    entries_.push_back({&spec, action, tableKeys(spec), true, {}});
    bind(entries_.back());
  }
  refreshIcons();
  connect(&theme_, &ThemeSource::changed, this, &ActionTable::refreshIcons);
  for (Entry& entry : entries_)
    refresh(entry);
}

QAction& ActionTable::action(std::string_view id) const {
  const auto found = index_.find(id);
  KINORA_CHECK(found != index_.end());
  return *entries_[found->second].action;
}

const ActionTable::Entry& ActionTable::entry(const QAction& action) const {
  const auto found = index_.find(action.objectName().toStdString());
  KINORA_CHECK(found != index_.end());
  return entries_[found->second];
}

const ActionSpec& ActionTable::spec(const QAction& action) const {
  return *entry(action).spec;
}

QStringList ActionTable::tableKeys(const ActionSpec& spec) {
  return QString::fromLatin1(spec.keys).split(QLatin1Char(' '), Qt::SkipEmptyParts);
}

QStringList ActionTable::keyList(const QAction& action) const {
  return entry(action).keys;
}

QString ActionTable::keys(const QAction& action) const {
  return nativeKey(entry(action).keys.value(0));
}

void ActionTable::bind(Entry& entry) {
  QList<QKeySequence> shortcuts;
  for (const QString& key : entry.keys)
    if (!isPlainKey(key))
      shortcuts << QKeySequence::fromString(key, QKeySequence::PortableText);
  entry.action->setShortcuts(shortcuts);
  const QString plain =
      QCoreApplication::translate(kContext, entry.spec->text).remove(QChar(0x2026)).remove(QLatin1Char('&'));
  entry.action->setToolTip(entry.keys.isEmpty() ? plain : tr("%1 (%2)").arg(plain, nativeKey(entry.keys.first())));
}

void ActionTable::setKeys(const QAction& action, const QStringList& keys) {
  Entry& changed = entries_[index_.find(action.objectName().toStdString())->second];
  QStringList usable;
  for (const QString& key : keys) {
    const QKeySequence sequence = QKeySequence::fromString(key, QKeySequence::PortableText);
    if (sequence.count() != 1 || sequence[0].key() == Qt::Key_unknown)
      continue;
    if (const QString text = sequence.toString(QKeySequence::PortableText); !usable.contains(text))
      usable << text;
  }
  if (usable == changed.keys)
    return;
  changed.keys = usable;
  bind(changed);
  Q_EMIT keysChanged();
}

std::vector<QAction*> ActionTable::rivals(const QAction& action, const QString& key) const {
  const Entry& own = entry(action);
  std::vector<QAction*> found;
  for (const Entry& other : entries_) {
    const bool together = own.spec->scope == other.spec->scope || own.spec->scope == ActionScope::Global ||
                          other.spec->scope == ActionScope::Global;
    if (&other != &own && together && other.keys.contains(key) && other.action->isVisible())
      found.push_back(other.action);
  }
  return found;
}

QAction* ActionTable::plainKeyAction(const QString& key) const {
  for (const Entry& entry : entries_)
    if (entry.keys.contains(key) && inScope(entry.spec->scope, workspace_))
      return entry.action;
  return nullptr;
}

QMap<QString, QString> ActionTable::ownKeys() const {
  QMap<QString, QString> own;
  for (const Entry& entry : entries_)
    if (entry.keys != tableKeys(*entry.spec))
      own.insert(QLatin1String(entry.spec->id), entry.keys.join(QLatin1Char(' ')));
  return own;
}

void ActionTable::setOwnKeys(const QMap<QString, QString>& keys) {
  for (const Entry& entry : entries_) {
    const auto own = keys.constFind(QLatin1String(entry.spec->id));
    setKeys(*entry.action,
            own == keys.constEnd() ? tableKeys(*entry.spec) : own->split(QLatin1Char(' '), Qt::SkipEmptyParts));
  }
}

void ActionTable::refresh(Entry& entry) {
  entry.action->setEnabled(entry.available && inScope(entry.spec->scope, workspace_));
}

void ActionTable::refreshIcons() {
  for (Entry& entry : entries_)
    if (*entry.spec->icon != '\0')
      entry.action->setIcon(theme_.current().icon(entry.spec->icon));
}

void ActionTable::setWorkspace(Workspace workspace) {
  workspace_ = workspace;
  for (Entry& entry : entries_)
    refresh(entry);
}

void ActionTable::setAvailable(std::string_view id, bool available, const QString& reason) {
  const auto found = index_.find(id);
  KINORA_CHECK(found != index_.end());
  Entry& entry = entries_[found->second];
  entry.available = available;
  entry.reason = available ? QString() : reason;
  refresh(entry);
}

QString ActionTable::reason(const QAction& action) const {
  const Entry& asked = entry(action);
  if (!asked.available)
    return asked.reason;
  if (inScope(asked.spec->scope, workspace_))
    return {};
  switch (asked.spec->scope) {
  case ActionScope::Paint:
    return tr("works in Paint");
  case ActionScope::Edit:
    return tr("works in Edit");
  default:
    return tr("works in Export");
  }
}

void ActionTable::addTo(QWidget& window) const {
  for (const Entry& entry : entries_)
    window.addAction(entry.action);
}

} // namespace kinora::ui
