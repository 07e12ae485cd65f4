// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ui/inspector/timecode_edit.h"
#include "ui/session/action_table.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/preferences.h"
#include "ui/session/project_session.h"
#include "ui/session/theme.h"
#include "ui/shell/command_list_p.h"
#include "ui/shell/command_palette.h"

namespace kinora::ui {
namespace {

constexpr int kRecentBonus = 1000;
constexpr int kExactWord = 12;
constexpr int kWordStart = 8;
constexpr int kNeighbour = 4;

QString plain(QString text) {
  return text.section(QLatin1Char('\t'), 0, 0).remove(QLatin1Char('&'));
}

} // namespace

std::optional<int> fuzzyScore(const QString& letters, const QString& text) {
  int score = 0;
  qsizetype last = -1;
  for (const QChar letter : letters) {
    if (letter.isSpace())
      continue;
    const qsizetype from = last + 1;
    qsizetype at = -1;
    // The next letter if it fits, else the start of a later word, else anywhere later.
    for (qsizetype i = from; i < text.size() && at < 0; ++i) {
      const bool start = i == 0 || !text[i - 1].isLetterOrNumber();
      if (text[i].toLower() == letter.toLower() && (start || i == from))
        at = i;
    }
    if (at < 0)
      at = text.indexOf(letter, from, Qt::CaseInsensitive);
    if (at < 0)
      return std::nullopt;
    score += at == 0 || !text[at - 1].isLetterOrNumber() ? kWordStart : at == last + 1 ? kNeighbour : 1;
    last = at;
  }
  if (!letters.isEmpty() && text.contains(letters, Qt::CaseInsensitive))
    score += kExactWord;
  return score;
}

CommandListModel::CommandListModel(const UiContext& context, QObject* parent)
    : QAbstractListModel(parent), context_(context) {}

int CommandListModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(entries_.size());
}

QVariant CommandListModel::data(const QModelIndex& index, int role) const {
  const PaletteEntry& shown = entry(index.row());
  switch (role) {
  case Qt::DisplayRole:
    return shown.name;
  case Qt::DecorationRole:
    return shown.icon;
  case PathRole:
    return shown.path;
  case KeysRole:
    return shown.keys;
  case RunnableRole:
    return shown.enabled;
  case Qt::AccessibleTextRole:
    return QStringList{shown.name, shown.path, shown.keys}.join(QStringLiteral(", "));
  default:
    return {};
  }
}

void CommandListModel::find(const QString& text) {
  beginResetModel();
  entries_.clear();
  if (text.startsWith(QLatin1Char(':')))
    findTime(text.mid(1));
  else if (text.startsWith(QLatin1Char('@')))
    findTracks(text.mid(1));
  else
    findCommands(text.startsWith(QLatin1Char('>')) ? text.mid(1) : text);
  endResetModel();
}

void CommandListModel::findCommands(const QString& text) {
  struct Ranked {
    int score = 0;
    PaletteEntry entry;
  };
  std::vector<Ranked> found;
  for (const ActionSpec& spec : ActionTable::specs()) {
    QAction& action = context_.actions[spec.id];
    if (!action.isVisible() || qstrcmp(spec.id, "help.palette") == 0)
      continue;
    const QString name = plain(action.text());
    const QString menu = QString::fromLatin1(spec.menu).remove(QLatin1Char('|'));
    auto score = fuzzyScore(text, name);
    if (score)
      *score += kExactWord;
    else
      score = fuzzyScore(text, name + QLatin1Char(' ') + QLatin1String(spec.synonyms) + QLatin1Char(' ') + menu);
    if (!score)
      continue;
    const auto recent = context_.preferences.recentCommands.indexOf(QLatin1String(spec.id));
    if (recent >= 0 && text.isEmpty())
      *score += kRecentBonus - static_cast<int>(recent);
    const QString why = context_.actions.reason(action);
    found.push_back({*score,
                     {name, action.isEnabled() ? menu : why, context_.actions.keys(action), action.icon(),
                      action.isEnabled(), [this, &action, id = spec.id] {
                        context_.preferences.addRecentCommand(QLatin1String(id));
                        action.trigger();
                      }}});
  }
  std::stable_sort(found.begin(), found.end(), [](const Ranked& a, const Ranked& b) {
    return std::pair(a.entry.enabled, a.score) > std::pair(b.entry.enabled, b.score);
  });
  for (Ranked& ranked : found)
    entries_.push_back(std::move(ranked.entry));
}

void CommandListModel::findTracks(const QString& text) {
  for (const document::TakePtr& take : context_.session.document()->takes)
    for (const document::TrackPtr& track : take->tracks) {
      const QString name = QString::fromStdString(track->name);
      if (!fuzzyScore(text, name))
        continue;
      entries_.push_back({name,
                          QString::fromStdString(take->name),
                          {},
                          context_.theme.current().icon(track->kind == document::TrackKind::Pin ? "pin" : "path-draw"),
                          true,
                          [this, take = take->id, id = track->id] {
                            context_.session.selection().setTake(take);
                            context_.session.selection().selectTrack(id);
                          }});
    }
}

void CommandListModel::findTime(const QString& text) {
  const FrameRate rate = context_.engine.rate();
  const auto time = parseTimecode(text, context_.engine.playhead(), rate);
  if (!time)
    return;
  entries_.push_back({CommandPalette::tr("Go to %1").arg(QString::fromStdString(timecode(*time, rate))),
                      {},
                      {},
                      context_.theme.current().icon("play"),
                      true,
                      [this, to = *time] { context_.engine.seek(to); }});
}

} // namespace kinora::ui
