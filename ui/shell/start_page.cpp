// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/start_page.h"

#include <QCheckBox>
#include <QFileInfo>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/session/action_table.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/preferences.h"
#include "ui/session/theme.h"
#include "ui/shell/machine_check.h"
#include "ui/shell/samples.h"

namespace kinora::ui {
namespace {

constexpr int kWidth = 500;
constexpr QSize kThumbnail{96, 62};
constexpr int kMostRecent = 4;
// The picture moves first; then there is time to look at the computer.
constexpr int kCheckDelayMs = 4000;
constexpr int kMovingMs = 1000;

} // namespace

StartPage::StartPage(const UiContext& context, MachineCheck& check, QWidget* parent)
    : QWidget(parent), context_(context), check_(check) {
  setProperty("surface", "panel");
  setAttribute(Qt::WA_StyledBackground);
  setAccessibleName(tr("Start page"));
  setFixedWidth(context.theme.current().px(kWidth));
  auto* outer = new QVBoxLayout(this);
  outer->setContentsMargins(40, 40, 40, 24);
  connect(&context_.engine, &EngineBridge::thumbnailReady, this,
          [this](std::uint64_t tag, const QImage& image, const QString&) {
            const auto button = waiting_.find(tag);
            if (button == waiting_.end())
              return;
            if (!image.isNull())
              button->second->setIcon(QPixmap::fromImage(image));
            waiting_.erase(button);
          });
  connect(&check_, &MachineCheck::finished, this, &StartPage::sayCheck);
  timer_.setInterval(kMovingMs);
  connect(&timer_, &QTimer::timeout, this, &StartPage::sayMoving);
}

// What is seen on the right, in words and measured.
void StartPage::sayMoving() {
  if (moving_ == nullptr)
    return;
  const double fps = context_.engine.stats().displayFps;
  const bool moves = context_.engine.isPlaying() && fps > 0;
  moving_->setVisible(moves);
  if (!moves)
    return;
  QStringList words{tr("Moving now · %1 frames per second on this computer").arg(qRound(fps))};
  if (context_.session.isDirty())
    words << tr("Like it? Your drag is saved as %1.").arg(takeName());
  else
    words << tr("Drag something in the picture: it follows your hand.");
  moving_->setText(words.join(QLatin1Char('\n')));
}

QString StartPage::takeName() const {
  const document::TakePtr take = context_.session.currentTake();
  return take ? QString::fromStdString(take->name) : tr("Take 1");
}

void StartPage::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  build();
  check_.request(kCheckDelayMs);
  timer_.start();
}

void StartPage::hideEvent(QHideEvent* event) {
  QWidget::hideEvent(event);
  timer_.stop();
}

void StartPage::offerRecovery(const std::vector<RecoverableProject>& projects) {
  recoverable_ = projects;
  if (isVisible())
    build();
}

QLabel* StartPage::addLabel(QVBoxLayout& column, const QString& text, const char* property, const char* value) {
  auto* label = new QLabel(text);
  label->setProperty(property, value);
  label->setWordWrap(true);
  column.addWidget(label);
  return label;
}

QPushButton* StartPage::addLink(QVBoxLayout& column, const char* icon, const QString& text) {
  const Theme& theme = context_.theme.current();
  auto* link = new QPushButton(theme.icon(icon, theme.color("text.secondary")), text);
  link->setProperty("role", "link");
  link->setCursor(Qt::PointingHandCursor);
  column.addWidget(link, 0, Qt::AlignLeft);
  return link;
}

void StartPage::build() {
  waiting_.clear();
  moving_ = nullptr;
  checked_ = nullptr;
  auto* outer = static_cast<QVBoxLayout*>(layout());
  while (QLayoutItem* item = outer->takeAt(0)) {
    if (item->widget() != nullptr) {
      item->widget()->hide();
      item->widget()->deleteLater();
    }
    delete item;
  }
  auto* page = new QWidget(this);
  auto* column = new QVBoxLayout(page);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(8);
  outer->addWidget(page);
  column->addStretch(2);
  if (!recoverable_.empty()) {
    addRecovery(*column);
  } else {
    addLabel(*column, tr("Make a picture move"), "textSize", "hero");
    addLabel(*column, tr("Pick a picture, drag something in it, and watch. Everything you draw can be changed later."),
             "tone", "secondary");
    column->addSpacing(8);
    const Theme& theme = context_.theme.current();
    auto* open = new QPushButton(theme.icon("picture", theme.color("accent.on")), tr("Open a picture…"));
    open->setProperty("role", "primary");
    open->setProperty("large", true);
    connect(open, &QPushButton::clicked, &context_.actions["file.openPicture"], &QAction::trigger);
    column->addWidget(open, 0, Qt::AlignLeft);
    addLabel(*column, tr("or drop a picture, video or project anywhere in this window"), "tone", "muted");
    column->addSpacing(12);
    addSamples(*column);
    addContinue(*column);
    addCheck(*column);
  }
  column->addStretch(3);
  moving_ = addLabel(*column, {}, "tone", "secondary");
  moving_->setVisible(false);
  auto* foot = new QHBoxLayout;
  auto* again = new QCheckBox(tr("Show this at start"));
  again->setChecked(context_.preferences.showStart);
  connect(again, &QCheckBox::toggled, this, [this](bool on) { context_.preferences.showStart = on; });
  foot->addStretch(1);
  if (recoverable_.empty() && samplePictures().size() > 1) {
    auto* next = new QPushButton(tr("Next sample"));
    connect(next, &QPushButton::clicked, this, [this] {
      const std::vector<Sample> samples = samplePictures();
      sample_ = (sample_ + 1) % samples.size();
      Q_EMIT sampleAsked(samples[sample_].path);
    });
    foot->addWidget(next);
  }
  auto* keep = new QPushButton(tr("Keep and open in Paint"));
  keep->setVisible(context_.session.currentTake() != nullptr);
  connect(keep, &QPushButton::clicked, this, &StartPage::left);
  connect(&context_.session, &ProjectSession::replaced, keep,
          [this, keep] { keep->setVisible(context_.session.currentTake() != nullptr); });
  foot->addWidget(keep);
  column->addLayout(foot);
  column->addSpacing(8);
  column->addWidget(again, 0, Qt::AlignLeft);
}

void StartPage::addSamples(QVBoxLayout& column) {
  const std::vector<Sample> samples = samplePictures();
  if (samples.empty())
    return;
  addLabel(column, tr("Samples"), "weight", "semibold");
  auto* row = new QHBoxLayout;
  row->setSpacing(8);
  const double scale = context_.theme.current().scale();
  for (const Sample& sample : samples) {
    auto* cell = new QVBoxLayout;
    auto* button = new QPushButton;
    button->setAccessibleName(sample.name);
    button->setToolTip(sample.name);
    button->setIconSize(kThumbnail * scale);
    button->setFixedSize((kThumbnail + QSize(8, 8)) * scale);
    button->setStyleSheet(QStringLiteral("padding: 0"));
    connect(button, &QPushButton::clicked, this, [this, path = sample.path] { Q_EMIT pictureAsked(path); });
    const Size box{kThumbnail.width() * 2, kThumbnail.height() * 2};
    waiting_[context_.engine.requestThumbnail(toPath(sample.path), Time{}, box)] = button;
    cell->addWidget(button);
    addLabel(*cell, sample.name, "tone", "secondary");
    row->addLayout(cell);
  }
  row->addStretch(1);
  column.addLayout(row);
  column.addSpacing(12);
}

void StartPage::addContinue(QVBoxLayout& column) {
  addLabel(column, tr("Continue"), "weight", "semibold");
  connect(addLink(column, "folder", tr("Open a project…")), &QPushButton::clicked, &context_.actions["file.open"],
          &QAction::trigger);
  if (!sampleProject().isEmpty())
    connect(addLink(column, "film", tr("Open the sample project")), &QPushButton::clicked,
            &context_.actions["file.openSample"], &QAction::trigger);
  for (const QString& path : context_.preferences.recentFiles.mid(0, kMostRecent)) {
    QPushButton* link = addLink(column, "take", QFileInfo(path).fileName());
    link->setToolTip(path);
    connect(link, &QPushButton::clicked, this, [this, path] { Q_EMIT fileAsked(path); });
  }
}

void StartPage::addCheck(QVBoxLayout& column) {
  const Theme& theme = context_.theme.current();
  column.addSpacing(12);
  auto* card = new QFrame;
  card->setProperty("card", "plain");
  auto* inside = new QVBoxLayout(card);
  inside->setContentsMargins(16, 8, 12, 12);
  inside->setSpacing(4);
  auto* head = new QHBoxLayout;
  auto* icon = new QLabel;
  icon->setPixmap(theme.pixmap("gauge", theme.color("text.secondary"), theme.px(18), devicePixelRatioF()));
  head->addWidget(icon);
  auto* title = new QLabel(tr("Checked on this computer"));
  title->setProperty("weight", "semibold");
  head->addWidget(title, 1);
  auto* details = new QPushButton(tr("Details"));
  details->setProperty("role", "quiet");
  details->setProperty("dense", true);
  connect(details, &QPushButton::clicked, &context_.actions["help.devices"], &QAction::trigger);
  head->addWidget(details);
  inside->addLayout(head);
  checked_ = addLabel(*inside, {}, "tone", "secondary");
  checked_->setProperty("textSize", "small");
  sayCheck();
  column.addWidget(card);
}

void StartPage::sayCheck() {
  if (checked_ == nullptr)
    return;
  const auto& result = check_.result();
  checked_->setText(!result    ? tr("Checking this computer")
                    : !*result ? QString::fromStdString(result->error().message)
                               : describeMachine(**result));
}

void StartPage::addRecovery(QVBoxLayout& column) {
  addLabel(column, tr("Welcome back"), "textSize", "hero");
  addLabel(
      column,
      tr("Kinora closed unexpectedly. %n project(s) can be restored.", nullptr, static_cast<int>(recoverable_.size())),
      "tone", "secondary");
  for (const RecoverableProject& project : recoverable_) {
    auto* card = new QFrame;
    card->setProperty("card", "plain");
    auto* inside = new QVBoxLayout(card);
    addLabel(*inside, project.name, "weight", "semibold");
    addLabel(*inside, tr("Copy of %1").arg(QLocale().toString(project.savedAt, QLocale::ShortFormat)), "tone", "muted");
    auto* buttons = new QHBoxLayout;
    const auto add = [&](const QString& text, auto run) {
      auto* button = new QPushButton(text);
      connect(button, &QPushButton::clicked, this, run);
      buttons->addWidget(button);
      return button;
    };
    add(tr("Restore"), [this, project] { Q_EMIT restoreAsked(project); })->setProperty("role", "primary");
    if (!project.copies.original.empty())
      add(tr("Open the saved one"), [this, project] { Q_EMIT fileAsked(toQString(project.copies.original)); });
    add(tr("Discard the copy"), [this, project] {
      context_.session.forget(project);
      std::erase_if(recoverable_,
                    [&](const RecoverableProject& p) { return p.copies.folder == project.copies.folder; });
      build();
    });
    buttons->addStretch(1);
    inside->addLayout(buttons);
    column.addWidget(card);
  }
}

} // namespace kinora::ui
