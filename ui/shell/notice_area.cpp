// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/notice_area.h"

#include <algorithm>

#include <QAccessible>
#include <QClipboard>
#include <QFrame>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/session/project_session.h"
#include "ui/session/theme.h"

namespace kinora::ui {
namespace {

constexpr int kMostCards = 4;
constexpr int kLongWord = 40; // characters
// Of the height of what the notices lie above: the picture stays in sight.
constexpr double kMostHeight = 0.3;

struct Look {
  const char* card;
  const char* icon;
  const char* tint;
};

Look lookOf(NoticeKind kind) {
  switch (kind) {
  case NoticeKind::Info:
    return {"info", "info", "accent.text"};
  case NoticeKind::Warning:
    return {"warn", "warning", "status.warn"};
  case NoticeKind::Error:
    break;
  }
  return {"error", "error", "status.error"};
}

// A word that is wider than any card, as paths are, may be broken.
QString breakable(QString text) {
  int run = 0;
  for (int i = 0; i < text.size(); ++i) {
    run = text[i].isSpace() ? 0 : run + 1;
    if (run == kLongWord) {
      text.insert(++i, QChar(0x200B));
      run = 0;
    }
  }
  return text;
}

// As high as its cards need, up to a share of the room; scrolls beyond. A plain layout would cut lines instead.
class Cards : public QScrollArea {
 public:
  explicit Cards(QWidget* area) : QScrollArea(area) {
    auto* inner = new QWidget;
    column_ = new QVBoxLayout(inner);
    column_->setContentsMargins(0, 0, 0, 0);
    column_->setSpacing(8);
    setWidget(inner);
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setAutoFillBackground(false);
    inner->setAutoFillBackground(false);
    // The newest card is the last.
    connect(verticalScrollBar(), &QScrollBar::rangeChanged, this,
            [this](int, int most) { verticalScrollBar()->setValue(most); });
  }
  [[nodiscard]] QVBoxLayout* column() const { return column_; }

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override {
    const bool handled = QScrollArea::eventFilter(watched, event);
    if ((watched == widget() && event->type() == QEvent::LayoutRequest) ||
        (watched == room() && event->type() == QEvent::Resize))
      fit();
    return handled;
  }
  void showEvent(QShowEvent* event) override {
    QScrollArea::showEvent(event);
    if (room() != nullptr)
      room()->installEventFilter(this);
    fit();
  }
  void resizeEvent(QResizeEvent* event) override {
    QScrollArea::resizeEvent(event);
    fit();
  }

 private:
  [[nodiscard]] QWidget* room() const { return parentWidget()->parentWidget(); }
  void fit() {
    const int needed = column_->hasHeightForWidth() ? column_->totalHeightForWidth(viewport()->width())
                                                    : column_->totalSizeHint().height();
    setFixedHeight(room() == nullptr ? needed : std::min(needed, static_cast<int>(room()->height() * kMostHeight)));
  }

  QVBoxLayout* column_;
};

} // namespace

NoticeArea::NoticeArea(const ThemeSource& theme, QWidget* parent) : QWidget(parent), theme_(theme) {
  setObjectName(QStringLiteral("notices"));
  setProperty("surface", "panel");
  setAttribute(Qt::WA_StyledBackground);
  auto* around = new QVBoxLayout(this);
  around->setContentsMargins(12, 8, 12, 8);
  auto* cards = new Cards(this);
  column_ = cards->column();
  around->addWidget(cards);
  hide();
}

int NoticeArea::count() const {
  return column_->count();
}

void NoticeArea::clear() {
  while (QLayoutItem* item = column_->takeAt(0)) {
    item->widget()->deleteLater();
    delete item;
  }
  hide();
}

void NoticeArea::showError(const QString& title, const Error& error) {
  QString details = QStringLiteral("%1: %2").arg(QString::fromUtf8(errorCodeName(error.code).data()), errorText(error));
  show({NoticeKind::Error, title, QString::fromStdString(error.message), {}, details});
}

void NoticeArea::show(const Notice& notice) {
  const QString key = notice.title + QChar(0) + notice.text;
  for (int i = 0; i < column_->count(); ++i)
    if (column_->itemAt(i)->widget()->property("notice").toString() == key)
      return;
  while (column_->count() >= kMostCards) {
    QLayoutItem* oldest = column_->takeAt(0);
    oldest->widget()->deleteLater();
    delete oldest;
  }
  const Look look = lookOf(notice.kind);
  const Theme& theme = theme_.current();
  auto* card = new QFrame(this);
  card->setProperty("card", look.card);
  card->setProperty("notice", key);
  card->setAccessibleName(notice.title);
  card->setAccessibleDescription(notice.text);
  auto* column = new QVBoxLayout(card);
  column->setContentsMargins(12, 8, 8, 8);
  column->setSpacing(4);

  auto* head = new QHBoxLayout;
  auto* icon = new QLabel(card);
  icon->setPixmap(theme.pixmap(look.icon, theme.color(look.tint), theme.px(18), devicePixelRatioF()));
  head->addWidget(icon);
  auto* title = new QLabel(breakable(notice.title), card);
  title->setProperty("weight", "semibold");
  title->setWordWrap(true);
  head->addWidget(title, 1);
  auto* dismiss = new QToolButton(card);
  dismiss->setIcon(theme.icon("close"));
  dismiss->setToolTip(tr("Dismiss"));
  dismiss->setAccessibleName(tr("Dismiss"));
  head->addWidget(dismiss);
  column->addLayout(head);

  const auto close = [this, card] {
    column_->removeWidget(card);
    card->deleteLater();
    setVisible(column_->count() > 0);
  };
  connect(dismiss, &QToolButton::clicked, this, close);

  if (!notice.text.isEmpty()) {
    auto* text = new QLabel(breakable(notice.text), card);
    text->setWordWrap(true);
    text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    column->addWidget(text);
  }
  if (!notice.buttons.empty() || !notice.details.isEmpty()) {
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    for (const NoticeButton& button : notice.buttons) {
      auto* press = new QPushButton(button.text, card);
      connect(press, &QPushButton::clicked, this, [close, pressed = button.pressed] {
        close();
        pressed();
      });
      row->addWidget(press);
    }
    if (!notice.details.isEmpty()) {
      auto* copy = new QPushButton(theme.icon("copy"), tr("Copy details"), card);
      connect(copy, &QPushButton::clicked, this,
              [details = notice.details] { QGuiApplication::clipboard()->setText(details); });
      row->addWidget(copy);
    }
    row->addStretch(1);
    column->addLayout(row);
  }
  column_->addWidget(card);
  QWidget::show();
  QAccessibleEvent alert(card, QAccessible::Alert);
  QAccessible::updateAccessibility(&alert);
}

} // namespace kinora::ui
