// SPDX-License-Identifier: Apache-2.0
// Draws a row of the Tracks panel: swatch or icon, name, kind, eye, lock, solo; and takes clicks on them.
#pragma once

#include <QStyledItemDelegate>

namespace kinora::ui {

class ThemeSource;

// [gui]
class TrackDelegate : public QStyledItemDelegate {
  Q_OBJECT
 public:
  explicit TrackDelegate(const ThemeSource& theme, QObject* parent);

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  void updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                            const QModelIndex& index) const override;
  bool editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option,
                   const QModelIndex& index) override;
  bool helpEvent(QHelpEvent* event, QAbstractItemView* view, const QStyleOptionViewItem& option,
                 const QModelIndex& index) override;

 private:
  // What of a row a point hits: 0 the name, 1 the swatch, else the toggle's role.
  [[nodiscard]] int hit(const QRect& row, QPoint at) const;
  [[nodiscard]] QRect toggle(const QRect& row, int fromRight) const;
  [[nodiscard]] QRect swatch(const QRect& row) const;

  const ThemeSource& theme_;
};

} // namespace kinora::ui
