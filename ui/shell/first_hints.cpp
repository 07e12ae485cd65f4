// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/first_hints.h"

#include "ui/session/action_table.h"
#include "ui/session/preferences.h"
#include "ui/session/project_session.h"
#include "ui/shell/status_strip.h"

namespace kinora::ui {
namespace {

std::size_t pathsOf(const document::Document& document) {
  std::size_t count = 0;
  for (const document::TakePtr& take : document.takes)
    for (const document::TrackPtr& track : take->tracks)
      count += track->kind == document::TrackKind::Path ? 1U : 0U;
  return count;
}

} // namespace

FirstHints::FirstHints(const UiContext& context, StatusStrip& status, QObject* parent)
    : QObject(parent), context_(context), status_(status), paths_(pathsOf(*context.session.document())) {
  ProjectSession& session = context_.session;
  connect(&session.undoStack(), &QUndoStack::indexChanged, this, &FirstHints::look);
  connect(&session, &ProjectSession::replaced, this, [this] {
    paths_ = pathsOf(*context_.session.document());
    status_.hint({});
  });
  connect(&session, &ProjectSession::saved, this, [this] {
    show(QStringLiteral("saved"), tr("%1 opens the cut.").arg(context_.actions.keys(context_.actions["view.edit"])));
  });
}

// After a step: a new path, or a change of an old one.
void FirstHints::look() {
  const std::size_t before = paths_;
  paths_ = pathsOf(*context_.session.document());
  if (context_.session.undoStack().index() == 0)
    return; // as opened
  if (paths_ > before)
    show(QStringLiteral("path"), tr("Pull a point of the path with Edit points (%1) to change where and when it goes.")
                                     .arg(context_.actions.keys(context_.actions["paint.tool.editPoints"])));
  else if (before > 0 && paths_ == before)
    show(QStringLiteral("edit"), tr("Press %1 and drag along the path to hide a part.")
                                     .arg(context_.actions.keys(context_.actions["paint.hideSpan"])));
}

void FirstHints::show(const QString& id, const QString& sentence) {
  QStringList& seen = context_.preferences.hintsSeen;
  if (seen.contains(id))
    return;
  seen << id;
  status_.hint(sentence);
}

} // namespace kinora::ui
