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
#include "ui/shell/settings.h"

namespace kinora::ui {
namespace {

constexpr int kRecentBonus = 1000;
constexpr int kExactWord = 12;
constexpr int kWordStart = 8;
constexpr int kNeighbour = 4;

QString plain(QString text) {
  return text.section(QLatin1Char('\t'), 0, 0).remove(QLatin1Char('&'));
}

bool startsWord(const QString& text, qsizetype at) {
  return at == 0 || !text[at - 1].isLetterOrNumber();
}

std::optional<int> inOrder(const QString& letters, const QString& text, bool preferStarts) {
  int score = 0;
  qsizetype last = -1;
  for (const QChar letter : letters) {
    if (letter.isSpace())
      continue;
    const qsizetype from = last + 1;
    qsizetype at = -1;
    // The next letter if it fits, else the start of a later word, else anywhere later.
    for (qsizetype i = from; preferStarts && i < text.size() && at < 0; ++i)
      if (text[i].toLower() == letter.toLower() && (startsWord(text, i) || i == from))
        at = i;
    if (at < 0)
      at = text.indexOf(letter, from, Qt::CaseInsensitive);
    if (at < 0)
      return std::nullopt;
    score += startsWord(text, at) ? kWordStart : at == last + 1 ? kNeighbour : 1;
    last = at;
  }
  return score;
}

} // namespace

std::optional<int> fuzzyScore(const QString& letters, const QString& text) {
  if (!letters.isEmpty())
    if (const auto at = text.indexOf(letters, 0, Qt::CaseInsensitive); at >= 0)
      return kExactWord + (startsWord(text, at) ? kWordStart : 1) + kNeighbour * static_cast<int>(letters.size() - 1);
  // Starts of words first; where that leaves letters over, any place will do.
  const auto score = inOrder(letters, text, true);
  return score ? score : inOrder(letters, text, false);
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
    findThings(text.mid(1));
  else if (text.startsWith(QLatin1Char('#')))
    findSettings(text.mid(1));
  else if (text.startsWith(QLatin1Char('?')))
    findHelp(text.mid(1));
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
    found.push_back(
        {*score,
         {name, action.isEnabled() ? menu : why, context_.actions.keys(action), action.icon(), action.isEnabled(),
          [this, &action, id = spec.id] {
            context_.preferences.addRecentCommand(QLatin1String(id));
            action.trigger();
          },
          QLatin1String(spec.id)}});
  }
  std::stable_sort(found.begin(), found.end(), [](const Ranked& a, const Ranked& b) {
    return std::pair(a.entry.enabled, a.score) > std::pair(b.entry.enabled, b.score);
  });
  for (Ranked& ranked : found)
    entries_.push_back(std::move(ranked.entry));
}

void CommandListModel::findThings(const QString& text) {
  const auto add = [&](const std::string& utf8, const QString& where, const char* icon, std::function<void()> run) {
    const QString name = QString::fromStdString(utf8);
    if (fuzzyScore(text, name))
      entries_.push_back({name, where, {}, context_.theme.current().icon(icon), true, std::move(run), {}});
  };
  SelectionModel& selection = context_.session.selection();
  for (const document::TakePtr& take : context_.session.document()->takes) {
    for (const document::TrackPtr& track : take->tracks)
      add(track->name, QString::fromStdString(take->name),
          track->kind == document::TrackKind::Pin ? "pin" : "path-draw", [&selection, take = take->id, id = track->id] {
            selection.setTake(take);
            selection.selectTrack(id);
          });
    add(take->name, CommandPalette::tr("take"), "take", [&selection, take = take->id] { selection.setTake(take); });
  }
  for (const document::LanePtr& lane : context_.session.document()->lanes)
    for (const document::ClipPtr& clip : lane->clips)
      add(clip->name, CommandPalette::tr("clip on %1").arg(QString::fromStdString(lane->name)), "film",
          [this, &selection, id = clip->id, start = clip->start] {
            selection.selectClip(id);
            context_.engine.seek(start);
          });
}

void CommandListModel::findSettings(const QString& text) {
  for (Setting& setting : listSettings(context_))
    if (fuzzyScore(text, setting.name + QLatin1Char(' ') + setting.synonyms))
      entries_.push_back({setting.name,
                          setting.value,
                          {},
                          context_.theme.current().icon("settings"),
                          true,
                          std::move(setting.change),
                          {}});
}

void CommandListModel::findHelp(const QString& text) {
  for (const HelpTopic& topic : helpTopics()) {
    QAction& action = context_.actions[topic.command];
    if (!action.isVisible() || !fuzzyScore(text, topic.question + QLatin1Char(' ') + topic.answer))
      continue;
    const QString why = context_.actions.reason(action);
    entries_.push_back({topic.question, action.isEnabled() ? topic.answer : topic.answer + QStringLiteral(" · ") + why,
                        context_.actions.keys(action), context_.theme.current().icon("help"), action.isEnabled(),
                        [&action] { action.trigger(); }, QLatin1String(topic.command)});
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
                      [this, to = *time] { context_.engine.seek(to); },
                      {}});
}

} // namespace kinora::ui
