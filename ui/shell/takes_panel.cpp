// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/takes_panel.h"

#include <QItemSelectionModel>
#include <QKeyEvent>
#include <QLabel>
#include <QListView>
#include <QMenu>
#include <QPainter>
#include <QStackedWidget>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include "engine/document/edit.h"
#include "ui/session/action_table.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/project_session.h"
#include "ui/session/take_model.h"
#include "ui/session/theme.h"

namespace kinora::ui {
namespace {

namespace edit = document::edit;

constexpr int kThumbWidth = 48;
constexpr int kThumbHeight = 32;
constexpr int kRowHeight = 44;

// Thumbnail, name over state, length at the right.
class TakeDelegate final : public QStyledItemDelegate {
 public:
  TakeDelegate(const ThemeSource& theme, QObject* parent) : QStyledItemDelegate(parent), theme_(theme) {}

  [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override {
    return {theme_.current().px(160), theme_.current().px(kRowHeight)};
  }
  void updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option, const QModelIndex&) const override {
    editor->setGeometry(textLeft(option.rect) - 4, option.rect.top() + 2, option.rect.right() - textLeft(option.rect),
                        option.rect.height() / 2 + 4);
  }
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const Theme& theme = theme_.current();
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    const QRect& row = option.rect;
    painter->save();
    painter->setRenderHint(QPainter::SmoothPixmapTransform);
    if (selected)
      painter->fillRect(row, theme.color("select.bg"));
    else if (option.state.testFlag(QStyle::State_MouseOver))
      painter->fillRect(row, theme.color("bg.hover"));
    const QRect box(row.left() + 8, row.center().y() - theme.px(kThumbHeight) / 2, theme.px(kThumbWidth),
                    theme.px(kThumbHeight));
    painter->fillRect(box, theme.color("bg.surround"));
    if (const QImage thumb = index.data(Qt::DecorationRole).value<QImage>(); !thumb.isNull()) {
      QRect placed(QPoint(), thumb.size().scaled(box.size(), Qt::KeepAspectRatio));
      placed.moveCenter(box.center());
      painter->drawImage(placed, thumb);
    }
    painter->setFont(theme.font(Theme::Text::Small));
    painter->setPen(theme.color(selected ? "select.on" : "text.muted"));
    const QString length = index.data(TakeModel::LengthRole).toString();
    const int wide = painter->fontMetrics().horizontalAdvance(length);
    painter->drawText(row.adjusted(0, 0, -10, 0), Qt::AlignRight | Qt::AlignVCenter, length);
    const QRect text(textLeft(row), row.top() + 4, row.right() - textLeft(row) - wide - 20, row.height() - 8);
    painter->drawText(text, Qt::AlignLeft | Qt::AlignBottom, index.data(TakeModel::StateRole).toString());
    painter->setFont(theme.font(Theme::Text::Body, QFont::Medium));
    painter->setPen(theme.color(selected ? "select.on" : "text.primary"));
    painter->drawText(text, Qt::AlignLeft | Qt::AlignTop,
                      painter->fontMetrics().elidedText(index.data().toString(), Qt::ElideRight, text.width()));
    if (option.state.testFlag(QStyle::State_HasFocus) && option.state.testFlag(QStyle::State_KeyboardFocusChange)) {
      painter->setPen(QPen(theme.color("focus.ring"), 2));
      painter->drawRect(row.adjusted(1, 1, -1, -1));
    }
    painter->restore();
  }

 private:
  [[nodiscard]] int textLeft(const QRect& row) const { return row.left() + 16 + theme_.current().px(kThumbWidth); }

  const ThemeSource& theme_;
};

} // namespace

TakesPanel::TakesPanel(const UiContext& context, QWidget* parent)
    : QWidget(parent), context_(context), model_(new TakeModel(context.session, context.engine, this)),
      view_(new QListView(this)), pages_(new QStackedWidget(this)) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(pages_);
  auto* empty = new QLabel(tr("No takes yet. Open a picture to make one."), this);
  empty->setWordWrap(true);
  empty->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  empty->setMargin(12);
  empty->setProperty("tone", "muted");
  pages_->addWidget(empty);

  view_->setAccessibleName(tr("Takes"));
  view_->setModel(model_);
  view_->setItemDelegate(new TakeDelegate(context.theme, view_));
  view_->setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed);
  view_->setUniformItemSizes(true);
  view_->setMouseTracking(true);
  view_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  view_->setContextMenuPolicy(Qt::CustomContextMenu);
  view_->installEventFilter(this);
  pages_->addWidget(view_);

  connect(view_, &QWidget::customContextMenuRequested, this, &TakesPanel::openMenu);
  connect(view_->selectionModel(), &QItemSelectionModel::currentChanged, this,
          [this](const QModelIndex& now) { showTake(model_->takeAt(now)); });
  connect(model_, &QAbstractItemModel::modelReset, this, &TakesPanel::showCurrent);
  connect(&context_.session.selection(), &SelectionModel::changed, this, &TakesPanel::showCurrent);
  connect(&context_.theme, &ThemeSource::changed, view_, [this] { view_->viewport()->update(); });
  connect(&context_.actions["edit.delete"], &QAction::triggered, this, [this] {
    if (view_->hasFocus())
      remove(model_->takeAt(view_->currentIndex()));
  });
  showCurrent();
}

bool TakesPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched == view_ && event->type() == QEvent::KeyPress) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    if (key == Qt::Key_Return || key == Qt::Key_Enter) {
      keep(model_->takeAt(view_->currentIndex()));
      return true;
    }
  }
  return QWidget::eventFilter(watched, event);
}

void TakesPanel::showCurrent() {
  pages_->setCurrentIndex(model_->rowCount() > 0 ? 1 : 0);
  const QModelIndex current = model_->indexOf(context_.session.selection().current().take);
  if (current != view_->currentIndex())
    view_->setCurrentIndex(current);
}

void TakesPanel::showTake(TakeId take) {
  if (!take.isValid() || take == context_.session.selection().current().take)
    return;
  context_.session.selection().setTake(take);
  if (const document::ClipPtr clip = context_.session.currentTakeClip())
    context_.engine.seek(clip->start);
}

void TakesPanel::keep(TakeId id) {
  const document::TakePtr take = context_.session.document()->findTake(id);
  if (!take || isKept(*context_.session.document(), id))
    return;
  context_.session.apply(tr("Keep take"), [&](const document::DocumentPtr& d) -> Result<document::DocumentPtr> {
    document::Clip clip;
    clip.name = take->name;
    clip.kind = document::ClipKind::Take;
    clip.take = id;
    clip.length = take->length;
    clip.start = Time{} + d->length(); // after everything, on the top picture lane
    for (const document::LanePtr& lane : d->lanes)
      if (lane->kind == document::LaneKind::Picture && !lane->locked) {
        auto placed = edit::addClip(d, lane->id, clip);
        return placed ? Result<document::DocumentPtr>(placed->document) : fail(placed);
      }
    return d;
  });
}

// With the clips that show it, in one step.
void TakesPanel::remove(TakeId id) {
  if (!id.isValid())
    return;
  context_.session.apply(tr("Delete take"), [&](const document::DocumentPtr& d) -> Result<document::DocumentPtr> {
    document::DocumentPtr next = d;
    for (const document::LanePtr& lane : d->lanes)
      for (const document::ClipPtr& clip : lane->clips)
        if (clip->kind == document::ClipKind::Take && clip->take == id) {
          auto without = edit::removeClip(next, clip->id);
          if (!without)
            return without;
          next = *without;
        }
    return edit::removeTake(next, id);
  });
}

void TakesPanel::clearUnkept() {
  context_.session.apply(tr("Clear unkept takes"), [](const document::DocumentPtr& d) -> Result<document::DocumentPtr> {
    document::DocumentPtr next = d;
    for (const document::TakePtr& take : d->takes)
      if (!isKept(*d, take->id)) {
        auto without = edit::removeTake(next, take->id);
        if (!without)
          return without;
        next = *without;
      }
    return next;
  });
}

void TakesPanel::openMenu(const QPoint& at) {
  const QModelIndex index = view_->indexAt(at);
  const TakeId take = model_->takeAt(index);
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  if (take.isValid()) {
    menu->addAction(tr("Rename"), this, [this, index = QPersistentModelIndex(index)] { view_->edit(index); });
    menu->addAction(tr("Keep on the timeline"), this, [this, take] { keep(take); })
        ->setEnabled(!isKept(*context_.session.document(), take));
    menu->addAction(tr("Delete"), this, [this, take] { remove(take); });
    menu->addSeparator();
  }
  menu->addAction(&context_.actions["paint.newTake"]);
  menu->addAction(tr("Clear unkept"), this, [this] { clearUnkept(); });
  menu->popup(view_->viewport()->mapToGlobal(at));
}

} // namespace kinora::ui
