// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/export_page.h"

#include <algorithm>
#include <utility>

#include <QClipboard>
#include <QComboBox>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QFontDatabase>
#include <QFormLayout>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QStandardPaths>
#include <QToolButton>

#include "ui/session/engine_bridge.h"
#include "ui/session/preferences.h"
#include "ui/session/project_session.h"
#include "ui/session/theme.h"
#include "ui/shell/export_job_p.h"
#include "ui/shell/notice_area.h"

namespace kinora::ui {
namespace {

QString quoted(QString word) {
  static const QString plain = QStringLiteral("-_./:=+,");
  const bool safe = !word.isEmpty() && std::all_of(word.begin(), word.end(), [](QChar c) {
    return (c.isLetterOrNumber() && c.unicode() < 128) || plain.contains(c);
  });
  return safe ? word : QLatin1Char('\'') + word.replace(QLatin1String("'"), QLatin1String("'\\''")) + QLatin1Char('\'');
}

QWidget* column(QWidget* parent, const QString& title, QVBoxLayout*& layout) {
  auto* made = new QWidget(parent);
  made->setProperty("surface", "panel");
  made->setAttribute(Qt::WA_StyledBackground);
  layout = new QVBoxLayout(made);
  layout->setContentsMargins(12, 8, 12, 12);
  layout->setSpacing(8);
  auto* label = new QLabel(title, made);
  label->setProperty("weight", "semibold");
  layout->addWidget(label);
  return made;
}

// Sizes to choose from beside the project's own.
struct OfferedSize {
  Size size;
  const char* name;
};
constexpr OfferedSize kSizes[] = {{{3840, 2160}, QT_TRANSLATE_NOOP("kinora::ui::ExportPage", "Ultra HD")},
                                  {{1920, 1080}, QT_TRANSLATE_NOOP("kinora::ui::ExportPage", "Full HD")},
                                  {{1280, 720}, QT_TRANSLATE_NOOP("kinora::ui::ExportPage", "HD")},
                                  {{1080, 1920}, QT_TRANSLATE_NOOP("kinora::ui::ExportPage", "Upright")},
                                  {{1080, 1080}, QT_TRANSLATE_NOOP("kinora::ui::ExportPage", "Square")},
                                  {{512, 512}, QT_TRANSLATE_NOOP("kinora::ui::ExportPage", "Small square")}};
constexpr FrameRate kRates[] = {{24'000, 1001}, {24, 1}, {25, 1}, {30'000, 1001}, {30, 1}, {50, 1}, {60, 1}};

// As --fps takes it.
QString rateText(FrameRate rate) {
  if (rate.den == 1)
    return QString::number(rate.num);
  return rate.den == 1001 && rate.num % 1000 == 0 ? QString::number(rate.hertz(), 'f', rate.num == 24'000 ? 3 : 2)
                                                  : QStringLiteral("%1/%2").arg(rate.num).arg(rate.den);
}

} // namespace

QString exportCommand(const QString& project, const runtime::ExportRequest& request, FrameRate rate) {
  QStringList words{QStringLiteral("kinora-cli"), QStringLiteral("export"), quoted(project)};
  if (!request.preset.empty())
    words << QStringLiteral("--preset") << QString::fromStdString(request.preset);
  if (request.range) {
    // Frames, the last one included.
    const std::int64_t first = rate.frameAt(request.range->start);
    const std::int64_t last = std::max(first, rate.frameAt(request.range->end() - Duration{1}));
    words << QStringLiteral("--range") << QStringLiteral("%1-%2").arg(first).arg(last);
  }
  if (request.size) {
    words << QStringLiteral("--size") << QStringLiteral("%1x%2").arg(request.size->width).arg(request.size->height);
    if (request.framing == runtime::Framing::Fill)
      words << QStringLiteral("--framing") << QStringLiteral("fill");
  }
  if (request.rate)
    words << QStringLiteral("--fps") << rateText(*request.rate);
  words << QStringLiteral("-o") << quoted(toQString(request.file));
  return words.join(QLatin1Char(' '));
}

ExportPage::ExportPage(const UiContext& context, std::vector<runtime::ExportPreset> presets, NoticeArea& notices,
                       QWidget* parent)
    : QWidget(parent), context_(context), presets_(std::move(presets)), notices_(notices) {
  setAttribute(Qt::WA_StyledBackground);
  setProperty("surface", "window");
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(4);
  row->addWidget(buildPresets());
  row->addWidget(buildJobs(), 1);
  row->addWidget(buildCommand());
  connect(&context_.session, &ProjectSession::documentChanged, this, &ExportPage::refresh);
  connect(&context_.session, &ProjectSession::dirtyChanged, this, &ExportPage::refresh);
  connect(&context_.session, &ProjectSession::titleChanged, this, &ExportPage::suggestName);
  connect(&context_.engine, &EngineBridge::exportProgress, this, [this](const runtime::ExportProgress& progress) {
    if (const auto job = jobs_.find(progress.job); job != jobs_.end())
      job->second->show(progress);
  });
  connect(&context_.engine, &EngineBridge::exportFinished, this, [this](const runtime::ExportFinished& finished) {
    if (const auto job = jobs_.find(finished.job); job != jobs_.end())
      job->second->show(finished);
    if (!finished.file && finished.file.error().code != ErrorCode::Cancelled)
      notices_.showError(tr("The export stopped"), finished.file.error());
  });
  suggestName();
}

QWidget* ExportPage::buildPresets() {
  QVBoxLayout* layout = nullptr;
  QWidget* side = column(this, tr("Presets"), layout);
  side->setMinimumWidth(context_.theme.current().px(264)); // wider where the words are longer
  list_ = new QListWidget(side);
  list_->setAccessibleName(tr("Presets"));
  for (const runtime::ExportPreset& preset : presets_) {
    auto* item = new QListWidgetItem(QString::fromStdString(preset.name), list_);
    item->setData(Qt::UserRole, QString::fromStdString(preset.id));
    item->setToolTip(QString::fromStdString(preset.usable ? preset.name : preset.whyNot));
    if (!preset.usable)
      item->setFlags(Qt::NoItemFlags);
    else if (preset.id == context_.preferences.exportPreset.toStdString() || list_->currentItem() == nullptr)
      list_->setCurrentItem(item);
  }
  list_->setMinimumWidth(list_->sizeHintForColumn(0) + 2 * list_->frameWidth() + context_.theme.current().px(8));
  layout->addWidget(list_, 1);

  auto* title = new QLabel(tr("This export"), side);
  title->setProperty("weight", "semibold");
  layout->addWidget(title);
  auto* form = new QFormLayout;
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  range_ = new QComboBox(side);
  form->addRow(tr("Range"), range_);
  addFrameRows(*form, side);
  name_ = new QLineEdit(side);
  form->addRow(tr("Name"), name_);
  auto* place = new QHBoxLayout;
  folder_ = new QLineEdit(side);
  folder_->setAccessibleName(tr("Folder"));
  place->addWidget(folder_);
  auto* choose = new QToolButton(side);
  choose->setIcon(context_.theme.current().icon("folder"));
  choose->setToolTip(tr("Choose another folder"));
  choose->setAccessibleName(choose->toolTip());
  place->addWidget(choose);
  form->addRow(tr("Folder"), place);
  layout->addLayout(form);
  const QString saved = context_.preferences.lastFolder;
  folder_->setText(QDir::toNativeSeparators(
      saved.isEmpty() ? QStandardPaths::writableLocation(QStandardPaths::MoviesLocation) : saved));
  start_ = new QPushButton(context_.theme.current().icon("export", context_.theme.current().color("accent.on")),
                           tr("Export"), side);
  start_->setProperty("role", "primary");
  start_->setProperty("large", true);
  layout->addWidget(start_);

  connect(choose, &QToolButton::clicked, this, &ExportPage::choosePlace);
  connect(start_, &QPushButton::clicked, this, &ExportPage::start);
  connect(list_, &QListWidget::currentRowChanged, this, [this] {
    if (const runtime::ExportPreset* chosen = preset())
      context_.preferences.exportPreset = QString::fromStdString(chosen->id);
    suggestName();
  });
  connect(name_, &QLineEdit::textEdited, this, [this] { named_ = true; });
  for (QLineEdit* field : {name_, folder_})
    connect(field, &QLineEdit::textChanged, this, &ExportPage::refresh);
  connect(range_, &QComboBox::activated, this, &ExportPage::refresh);
  return side;
}

void ExportPage::addFrameRows(QFormLayout& form, QWidget* side) {
  size_ = new QComboBox(side);
  size_->addItem(QString());
  for (const OfferedSize& offered : kSizes)
    size_->addItem(tr("%1 (%2×%3)").arg(tr(offered.name)).arg(offered.size.width).arg(offered.size.height));
  form.addRow(tr("Size"), size_);
  framing_ = new QComboBox(side);
  framing_->addItem(tr("Fit, with bars"));
  framing_->addItem(tr("Fill, cut at the edges"));
  framing_->setToolTip(tr("When the size has another shape than the project"));
  form.addRow(tr("Shape"), framing_);
  rate_ = new QComboBox(side);
  rate_->addItem(QString());
  for (const FrameRate rate : kRates)
    rate_->addItem(tr("%1 fps").arg(rateText(rate)));
  form.addRow(tr("Rate"), rate_);
  for (QComboBox* box : {size_, framing_, rate_}) {
    box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    connect(box, &QComboBox::activated, this, &ExportPage::refresh);
  }
}

QWidget* ExportPage::buildJobs() {
  QVBoxLayout* layout = nullptr;
  QWidget* middle = column(this, tr("Exports"), layout);
  empty_ = new QLabel(tr("Nothing is waiting. Choose a preset and press Export."), middle);
  empty_->setProperty("tone", "muted");
  layout->addWidget(empty_);
  auto* scroll = new QScrollArea(middle);
  scroll->setWidgetResizable(true);
  auto* inside = new QWidget(scroll);
  inside->setProperty("surface", "panel");
  jobColumn_ = new QVBoxLayout(inside);
  jobColumn_->setContentsMargins(0, 0, 0, 0);
  jobColumn_->addStretch(1);
  scroll->setWidget(inside);
  layout->addWidget(scroll, 1);
  return middle;
}

QWidget* ExportPage::buildCommand() {
  QVBoxLayout* layout = nullptr;
  QWidget* side = column(this, tr("Same export by command"), layout);
  side->setFixedWidth(context_.theme.current().px(316));
  command_ = new QPlainTextEdit(side);
  command_->setReadOnly(true);
  command_->setAccessibleName(tr("Same export by command"));
  command_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  command_->setMaximumHeight(context_.theme.current().px(120));
  layout->addWidget(command_);
  unsaved_ = new QLabel(tr("The command works on the saved file. Save the project first."), side);
  unsaved_->setProperty("tone", "warn");
  unsaved_->setWordWrap(true);
  layout->addWidget(unsaved_);
  auto* copy = new QPushButton(context_.theme.current().icon("copy"), tr("Copy"), side);
  connect(copy, &QPushButton::clicked, this,
          [this] { QGuiApplication::clipboard()->setText(command_->toPlainText()); });
  layout->addWidget(copy, 0, Qt::AlignLeft);
  layout->addStretch(1);
  return side;
}

const runtime::ExportPreset* ExportPage::preset() const {
  const int row = list_->currentRow();
  return row < 0 ? nullptr : &presets_[static_cast<std::size_t>(row)];
}

void ExportPage::choosePlace() {
  const QString folder = QFileDialog::getExistingDirectory(this, tr("Choose a folder"), folder_->text());
  if (!folder.isEmpty())
    folder_->setText(QDir::toNativeSeparators(folder));
}

void ExportPage::suggestName() {
  const QString ending = preset() != nullptr ? QString::fromStdString(preset()->extension) : QString();
  const QString stem = named_ ? QFileInfo(name_->text()).completeBaseName() : context_.session.title();
  name_->setText(stem + ending);
  refresh();
}

runtime::ExportRequest ExportPage::request() const {
  runtime::ExportRequest made;
  made.file = toPath(QDir(folder_->text()).filePath(name_->text()));
  if (const runtime::ExportPreset* chosen = preset())
    made.preset = chosen->id;
  const document::Document& document = *context_.session.document();
  if (range_->currentIndex() == 0)
    made.range = TimeRange{Time{}, document.length()};
  else
    made.range = TimeRange{document.markIn, document.markOut - document.markIn};
  if (size_->currentIndex() > 0)
    made.size = kSizes[size_->currentIndex() - 1].size;
  if (framing_->isEnabled() && framing_->currentIndex() == 1)
    made.framing = runtime::Framing::Fill;
  if (rate_->currentIndex() > 0)
    made.rate = kRates[rate_->currentIndex() - 1];
  return made;
}

void ExportPage::refresh() {
  const document::Document& document = *context_.session.document();
  const bool marked = document.markOut > document.markIn;
  const int wanted = range_->count() == 2 ? range_->currentIndex() : 0;
  const bool hadMarks = range_->count() == 2;
  if (hadMarks != marked || range_->count() == 0) {
    range_->clear();
    range_->addItem(tr("Everything"));
    if (marked)
      range_->addItem(tr("In to out"));
    range_->setCurrentIndex(marked ? std::max(wanted, hadMarks ? 0 : 1) : 0);
  }
  const Size own = document.frame.size;
  size_->setItemText(0, tr("Project (%1×%2)").arg(own.width).arg(own.height));
  rate_->setItemText(0, tr("Project (%1 fps)").arg(rateText(document.frame.rate)));
  const Size chosen = size_->currentIndex() > 0 ? kSizes[size_->currentIndex() - 1].size : own;
  framing_->setEnabled(static_cast<std::int64_t>(chosen.width) * own.height !=
                       static_cast<std::int64_t>(chosen.height) * own.width);
  start_->setEnabled(preset() != nullptr && document.length() > Duration::zero() && !name_->text().trimmed().isEmpty());
  const bool saved = !context_.session.file().empty();
  unsaved_->setVisible(!saved || context_.session.isDirty());
  const QString project = saved ? toQString(context_.session.file()) : context_.session.title() + ".kinora";
  command_->setPlainText(exportCommand(project, request(), document.frame.rate));
}

void ExportPage::start() {
  if (!start_->isEnabled())
    return;
  const runtime::ExportRequest wanted = request();
  const QString path = toQString(wanted.file);
  if (QFileInfo(path).isFile() &&
      QMessageBox::question(this, tr("Kinora"), tr("Replace the file “%1”?").arg(QFileInfo(path).fileName()),
                            QMessageBox::Yes | QMessageBox::Cancel) != QMessageBox::Yes)
    return;
  QDir().mkpath(QFileInfo(path).absolutePath());
  const JobId id = context_.engine.startExport(context_.session.document(), wanted);
  auto* job = new ExportJob(context_, id, QFileInfo(path).fileName(), QString::fromStdString(preset()->name), this);
  jobs_[id] = job;
  jobColumn_->insertWidget(0, job);
  empty_->hide();
  connect(job, &ExportJob::dismissed, this, [this, id, job] {
    jobs_.erase(id);
    job->deleteLater();
    empty_->setVisible(jobs_.empty());
  });
}

} // namespace kinora::ui
