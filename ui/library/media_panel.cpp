// SPDX-License-Identifier: Apache-2.0
#include "ui/library/media_panel.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMimeData>
#include <QPainter>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QStyledItemDelegate>
#include <QToolButton>
#include <QVBoxLayout>

#include "engine/base/file.h"
#include "engine/document/edit.h"
#include "ui/library/media_model.h"
#include "ui/session/action_table.h"
#include "ui/session/background.h"
#include "ui/session/preferences.h"

namespace kinora::ui {
namespace {

constexpr int kThumbWidth = 88;
constexpr int kThumbHeight = 58;
constexpr double kPictureSeconds = 4;

// A thumbnail with the length on it and the name below; hatched when the file is missing.
class MediaDelegate : public QStyledItemDelegate {
 public:
  MediaDelegate(const ThemeSource& theme, QObject* parent) : QStyledItemDelegate(parent), theme_(theme) {}

  [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override {
    return {kThumbWidth + 8, kThumbHeight + theme_.current().px(20) + 6};
  }

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const Theme& theme = theme_.current();
    const QRect box(option.rect.left() + 4, option.rect.top() + 3, kThumbWidth, kThumbHeight);
    const bool missing = index.data(MediaModel::MissingRole).toBool();
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    painter->save();
    painter->fillRect(box, theme.color("bg.field"));
    const auto image = index.data(Qt::DecorationRole).value<QImage>();
    if (missing) {
      painter->fillRect(box, QBrush(theme.color("status.error"), Qt::BDiagPattern));
    } else if (!image.isNull()) {
      const QSizeF whole = image.size();
      const double scale = std::max(box.width() / whole.width(), box.height() / whole.height());
      const QSizeF part(box.width() / scale, box.height() / scale);
      painter->setRenderHint(QPainter::SmoothPixmapTransform);
      painter->drawImage(box, image,
                         QRectF((whole.width() - part.width()) / 2, (whole.height() - part.height()) / 2, part.width(),
                                part.height()));
    } else {
      const auto kind = static_cast<document::MediaKind>(index.data(MediaModel::KindRole).toInt());
      const char* icon = kind == document::MediaKind::Sound   ? "waveform"
                         : kind == document::MediaKind::Video ? "film"
                                                              : "picture";
      const int side = theme.px(24);
      painter->drawPixmap(box.center() - QPoint(side / 2, side / 2),
                          theme.pixmap(icon, theme.color("text.muted"), side, option.widget->devicePixelRatioF()));
    }
    const QString length = index.data(MediaModel::LengthRole).toString();
    painter->setFont(theme.font(Theme::Text::Micro, QFont::DemiBold));
    if (!length.isEmpty()) {
      const int width = painter->fontMetrics().horizontalAdvance(length) + 8;
      const int height = painter->fontMetrics().height() + 2;
      const QRect badge(box.right() - width - 2, box.bottom() - height - 2, width, height);
      QColor back = theme.color("overlay.bg");
      back.setAlphaF(0.88F);
      painter->fillRect(badge, back);
      painter->setPen(theme.color("overlay.text"));
      painter->drawText(badge, Qt::AlignCenter, length);
    }
    if (selected || option.state.testFlag(QStyle::State_HasFocus)) {
      painter->setPen(QPen(theme.color(selected ? "accent.base" : "focus.ring"), 2));
      painter->drawRect(box);
    }
    const QRect text(box.left(), box.bottom() + 3, box.width(), theme.px(20));
    painter->setFont(theme.font(Theme::Text::Small, selected ? QFont::DemiBold : QFont::Normal));
    painter->setPen(theme.color(missing ? "status.error" : selected ? "text.primary" : "text.secondary"));
    const QString name = index.data(Qt::DisplayRole).toString();
    painter->drawText(text, Qt::AlignLeft | Qt::AlignVCenter,
                      painter->fontMetrics().elidedText(name, Qt::ElideMiddle, text.width()));
    painter->restore();
  }

 private:
  const ThemeSource& theme_;
};

Result<std::pair<document::DocumentPtr, LaneId>> laneFor(const document::DocumentPtr& document, document::LaneKind kind,
                                                         const std::string& name) {
  for (const document::LanePtr& lane : document->lanes)
    if (lane->kind == kind && !lane->locked)
      return std::pair{document, lane->id};
  const std::size_t at = kind == document::LaneKind::Picture ? 0 : document->lanes.size();
  auto made = document::edit::addLane(document, kind, name, at);
  if (!made)
    return fail(made);
  return std::pair{made->document, made->id};
}

} // namespace

MediaPanel::MediaPanel(const UiContext& context, QWidget* parent)
    : QWidget(parent), context_(context), model_(new MediaModel(context.session, context.engine, this)),
      found_(new QSortFilterProxyModel(this)), search_(new QLineEdit(this)), missing_(new QFrame(this)),
      missingText_(new QLabel(missing_)), list_(new QListView(this)), empty_(new QWidget(this)) {
  setAcceptDrops(true);
  setAccessibleName(tr("Media"));
  found_->setSourceModel(model_);
  found_->setFilterCaseSensitivity(Qt::CaseInsensitive);

  search_->setPlaceholderText(tr("Search media"));
  search_->setAccessibleName(tr("Search media"));
  search_->setClearButtonEnabled(true);
  connect(search_, &QLineEdit::textChanged, found_, &QSortFilterProxyModel::setFilterFixedString);
  auto* add = new QToolButton(this);
  add->setDefaultAction(&context_.actions["file.import"]);
  add->setAccessibleName(tr("Import media"));

  missing_->setProperty("card", "warn");
  missingText_->setWordWrap(true);
  auto* locateButton = new QPushButton(tr("Locate…"), missing_);
  locateButton->setProperty("dense", true);
  connect(locateButton, &QPushButton::clicked, this, &MediaPanel::locate);
  auto* notice = new QVBoxLayout(missing_);
  notice->addWidget(missingText_);
  notice->addWidget(locateButton, 0, Qt::AlignLeft);

  list_->setModel(found_);
  list_->setItemDelegate(new MediaDelegate(context_.theme, list_));
  list_->setViewMode(QListView::IconMode);
  list_->setResizeMode(QListView::Adjust);
  list_->setMovement(QListView::Static);
  list_->setDragEnabled(true);
  list_->setAccessibleName(tr("Media of the project"));
  connect(list_, &QListView::activated, this,
          [this](const QModelIndex& index) { addToTimeline(MediaId{index.data(MediaModel::IdRole).toULongLong()}); });
  connect(&context_.theme, &ThemeSource::changed, list_, &QListView::doItemsLayout);

  auto* hint = new QLabel(tr("Drop pictures, videos and sounds here."), empty_);
  hint->setAlignment(Qt::AlignCenter);
  hint->setWordWrap(true);
  hint->setProperty("tone", "muted");
  auto* import = new QPushButton(tr("Import media…"), empty_);
  connect(import, &QPushButton::clicked, &context_.actions["file.import"], &QAction::trigger);
  auto* emptyColumn = new QVBoxLayout(empty_);
  emptyColumn->addStretch();
  emptyColumn->addWidget(hint);
  emptyColumn->addWidget(import, 0, Qt::AlignHCenter);
  emptyColumn->addStretch();

  auto* row = new QHBoxLayout;
  row->setSpacing(8);
  row->addWidget(search_, 1);
  row->addWidget(add);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(12, 8, 12, 8);
  column->setSpacing(8);
  column->addLayout(row);
  column->addWidget(missing_);
  column->addWidget(list_, 1);
  column->addWidget(empty_, 1);
  connect(model_, &QAbstractItemModel::modelReset, this, &MediaPanel::refresh);
  connect(model_, &MediaModel::missingChanged, this, &MediaPanel::refresh);
  refresh();
}

void MediaPanel::refresh() {
  const bool none = model_->rowCount() == 0;
  list_->setVisible(!none);
  empty_->setVisible(none);
  missing_->setVisible(model_->missingCount() > 0);
  missingText_->setText(tr("%n missing file(s)", nullptr, model_->missingCount()));
}

void MediaPanel::addToTimeline(MediaId media) {
  const document::MediaItem* found = context_.session.document()->findMedia(media);
  if (found == nullptr)
    return;
  const document::MediaItem item = *found;
  ClipId shown;
  const bool done =
      context_.session.apply(tr("Add %1 to the timeline").arg(QString::fromStdString(item.name)),
                             [&](const document::DocumentPtr& document) -> Result<document::DocumentPtr> {
                               const bool sound = item.kind == document::MediaKind::Sound;
                               auto lane =
                                   laneFor(document, sound ? document::LaneKind::Sound : document::LaneKind::Picture,
                                           (sound ? tr("Sound") : tr("Picture")).toStdString());
                               if (!lane)
                                 return fail(lane);
                               auto [next, laneId] = *lane;
                               document::Clip clip;
                               clip.name = item.name;
                               clip.media = media;
                               clip.length = item.length;
                               if (item.kind == document::MediaKind::Picture) {
                                 document::Take take;
                                 take.name = tr("Take %1").arg(next->takes.size() + 1).toStdString();
                                 take.picture = media;
                                 take.length = clip.length = Duration::fromSeconds(kPictureSeconds);
                                 auto made = document::edit::addTake(next, std::move(take));
                                 if (!made)
                                   return fail(made);
                                 next = made->document;
                                 clip.kind = document::ClipKind::Take;
                                 clip.media = {};
                                 clip.take = made->id;
                               }
                               const document::LanePtr row = next->findLane(laneId);
                               clip.start = row->clips.empty() ? Time{} : row->clips.back()->range().end();
                               auto made = document::edit::addClip(next, laneId, std::move(clip));
                               if (!made)
                                 return fail(made);
                               shown = made->id;
                               return made->document;
                             });
  if (done)
    context_.session.selection().selectClip(shown);
}

void MediaPanel::locate() {
  for (int row = 0; row < model_->rowCount(); ++row) {
    const QModelIndex index = model_->index(row);
    if (!index.data(MediaModel::MissingRole).toBool())
      continue;
    const QString path =
        QFileDialog::getOpenFileName(this, tr("Where is “%1”?").arg(index.data(Qt::DisplayRole).toString()),
                                     context_.preferences.lastFolder, tr("All files (*)"));
    if (!path.isEmpty())
      relocate(MediaId{index.data(MediaModel::IdRole).toULongLong()}, path);
    return;
  }
}

void MediaPanel::relocate(MediaId media, const QString& path) {
  struct Moved {
    MediaId id;
    std::filesystem::path path;
    ContentKey hash;
  };
  const std::filesystem::path file = toPath(path);
  std::vector<Moved> wanted{{media, file, {}}};
  for (const auto& item : context_.session.document()->media)
    if (item->id != media)
      wanted.push_back({item->id, item->path, {}});
  inBackground(
      context_.session.workers(), this,
      [wanted = std::move(wanted), folder = file.parent_path()]() -> Result<std::vector<Moved>> {
        std::vector<Moved> moved;
        for (std::size_t i = 0; i < wanted.size(); ++i) {
          Moved next = wanted[i];
          std::error_code ignored;
          if (i > 0) { // a sibling, only when it is missing and lies beside the one that was found
            if (std::filesystem::exists(next.path, ignored))
              continue;
            next.path = folder / next.path.filename();
            if (!std::filesystem::exists(next.path, ignored))
              continue;
          }
          const auto hash = hashFile(next.path);
          if (!hash)
            return fail(hash);
          next.hash = *hash;
          moved.push_back(std::move(next));
        }
        return moved;
      },
      [this](const Result<std::vector<Moved>>& moved) {
        if (!moved) {
          Q_EMIT relocateFailed(moved.error());
          return;
        }
        context_.session.apply(tr("Locate files"),
                               [&](const document::DocumentPtr& document) -> Result<document::DocumentPtr> {
                                 Result<document::DocumentPtr> next = document;
                                 for (const Moved& one : *moved) {
                                   next = document::edit::relocateMedia(*next, one.id, one.path, one.hash);
                                   if (!next)
                                     break;
                                 }
                                 return next;
                               });
      });
}

void MediaPanel::dragEnterEvent(QDragEnterEvent* event) {
  if (event->mimeData()->hasUrls())
    event->acceptProposedAction();
}

void MediaPanel::dropEvent(QDropEvent* event) {
  QStringList paths;
  for (const QUrl& url : event->mimeData()->urls())
    if (url.isLocalFile())
      paths << url.toLocalFile();
  if (paths.isEmpty())
    return;
  event->acceptProposedAction();
  Q_EMIT filesDropped(paths);
}

} // namespace kinora::ui
