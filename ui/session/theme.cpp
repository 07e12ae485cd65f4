// SPDX-License-Identifier: Apache-2.0
#include "ui/session/theme.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <QDir>
#include <QFile>
#include <QHash>
#include <QIconEngine>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPainter>
#include <QPixmapCache>
#include <QRegularExpression>
#include <QSvgRenderer>

#include "engine/base/check.h"

// Outside every namespace, as the macro demands: resources of a static library are registered on first use.
static void registerThemeResources() {
  Q_INIT_RESOURCE(kinora_ui);
}

namespace kinora::ui {

struct Theme::Data {
  ThemeMode mode = ThemeMode::Dark;
  double scale = 1;
  QHash<QString, QColor> colors;
  QHash<QString, int> textSizes;
  QStringList families;
  std::vector<TrackColour> tracks;
  std::vector<ContrastPair> pairs;
};

namespace {

QByteArray resource(const QString& name) {
  registerThemeResources();
  QFile file(QStringLiteral(":/kinora/") + name);
  const bool readable = file.open(QIODevice::ReadOnly);
  KINORA_CHECK(readable);
  return file.readAll();
}

QByteArray tintedSvg(const QString& name, const QColor& tint) {
  return resource(QStringLiteral("icons/%1.svg").arg(name)).replace("currentColor", tint.name().toLatin1());
}

QPixmap renderIcon(const QString& name, const QColor& tint, QSize size, double ratio) {
  const QString key =
      QStringLiteral("kinora-icon:%1:%2:%3x%4").arg(name, tint.name()).arg(size.width()).arg(size.height());
  QPixmap pixmap;
  if (!QPixmapCache::find(key, &pixmap)) {
    QSvgRenderer renderer(tintedSvg(name, tint));
    QImage image(size, QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    const int side = std::min(size.width(), size.height());
    renderer.render(&painter, QRectF((size.width() - side) / 2., (size.height() - side) / 2., side, side));
    painter.end();
    pixmap = QPixmap::fromImage(std::move(image));
    QPixmapCache::insert(key, pixmap);
  }
  pixmap.setDevicePixelRatio(ratio);
  return pixmap;
}

// Draws the vector at the size that is asked for, in the colour of the state.
class TintedIcon : public QIconEngine {
 public:
  struct Tints {
    QColor rest, checked, selected, disabled;
  };
  TintedIcon(QString name, const Tints& tints) : name_(std::move(name)), tints_(tints) {}

  QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
    return renderIcon(name_, tint(mode, state), size, 1);
  }
  void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override {
    const double ratio = painter->device() ? painter->device()->devicePixelRatioF() : 1;
    painter->drawPixmap(rect, renderIcon(name_, tint(mode, state), rect.size() * ratio, ratio));
  }
  [[nodiscard]] QIconEngine* clone() const override { return new TintedIcon(name_, tints_); }

 private:
  [[nodiscard]] QColor tint(QIcon::Mode mode, QIcon::State state) const {
    if (mode == QIcon::Disabled)
      return tints_.disabled;
    if (mode == QIcon::Selected)
      return tints_.selected;
    return state == QIcon::On ? tints_.checked : tints_.rest;
  }

  QString name_;
  Tints tints_;
};

QString themeName(ThemeMode mode) {
  switch (mode) {
  case ThemeMode::Light:
    return QStringLiteral("light");
  case ThemeMode::HighContrast:
    return QStringLiteral("contrast");
  case ThemeMode::Dark:
    break;
  }
  return QStringLiteral("dark");
}

tl::unexpected<Error> corrupt(const QString& what) {
  return fail(ErrorCode::Corrupt, "The theme could not be read: " + what.toStdString() + ".", "theme.json");
}

} // namespace

Theme Theme::make(ThemeMode mode, double scale) {
  Result<Theme> theme = parse(resource(QStringLiteral("themes/theme.json")), mode, scale);
  KINORA_CHECK(theme.has_value());
  return *theme;
}

Result<Theme> Theme::parse(const QByteArray& json, ThemeMode mode, double scale) {
  QJsonParseError problem;
  const QJsonDocument parsed = QJsonDocument::fromJson(json, &problem);
  if (!parsed.isObject())
    return corrupt(problem.errorString());
  const QJsonObject root = parsed.object();
  auto data = std::make_shared<Data>();
  data->mode = mode;
  data->scale = std::clamp(std::isfinite(scale) ? scale : 1., 0.8, 2.);

  const QJsonObject font = root["font"].toObject();
  for (const QJsonValue& family : font["family"].toArray())
    data->families << family.toString();
  const QJsonObject sizes = font["sizes"].toObject();
  for (auto size = sizes.begin(); size != sizes.end(); ++size)
    data->textSizes.insert(size.key(), size->toInt());
  for (const char* name : {"micro", "small", "body", "title", "heading", "hero"})
    if (data->textSizes.value(QLatin1String(name)) <= 0)
      return corrupt(QStringLiteral("font.sizes.%1 is missing").arg(QLatin1String(name)));

  const QJsonObject colors = root["themes"].toObject()[themeName(mode)].toObject()["color"].toObject();
  if (colors.isEmpty())
    return corrupt(QStringLiteral("it has no colours for this mode"));
  for (auto color = colors.begin(); color != colors.end(); ++color) {
    const QColor value(color->toString());
    if (!value.isValid())
      return corrupt(QStringLiteral("%1 is not a colour").arg(color.key()));
    data->colors.insert(color.key(), value);
  }
  for (const QJsonValue& entry : root["trackPalette"].toArray()) {
    const QJsonObject track = entry.toObject();
    data->tracks.push_back(
        {track["id"].toString(), QColor(track["color"].toString()), QColor(track["ink"].toString())});
  }
  if (data->tracks.empty())
    return corrupt(QStringLiteral("trackPalette is empty"));
  for (const QJsonValue& entry : root["contrast"].toArray()) {
    const QJsonArray pair = entry.toArray();
    ContrastPair wanted{pair.at(0).toString(), pair.at(1).toString(), pair.at(2).toDouble()};
    for (const QString& token : {wanted.front, wanted.back})
      if (!data->colors.contains(token))
        return corrupt(QStringLiteral("the contrast pair names %1, which is no colour").arg(token));
    data->pairs.push_back(std::move(wanted));
  }
  return Theme(std::move(data));
}

ThemeMode Theme::mode() const {
  return d_->mode;
}
double Theme::scale() const {
  return d_->scale;
}

QColor Theme::color(const char* token) const {
  const auto found = d_->colors.constFind(QLatin1String(token));
  KINORA_CHECK(found != d_->colors.constEnd());
  return *found;
}

const std::vector<TrackColour>& Theme::trackPalette() const {
  return d_->tracks;
}

const TrackColour& Theme::track(const QString& id) const {
  for (const TrackColour& track : d_->tracks)
    if (track.id == id)
      return track;
  return d_->tracks.front();
}

QColor Theme::trackOnPanel(const QString& id) const {
  const TrackColour& found = track(id);
  return d_->mode == ThemeMode::Light ? found.ink : found.colour;
}

const std::vector<ContrastPair>& Theme::contrastPairs() const {
  return d_->pairs;
}

int Theme::px(double n) const {
  return static_cast<int>(std::lround(n * d_->scale));
}

QFont Theme::font(Text size, QFont::Weight weight) const {
  static constexpr std::array<const char*, 6> kNames{"micro", "small", "body", "title", "heading", "hero"};
  QFont font;
  font.setFamilies(d_->families);
  font.setPixelSize(px(d_->textSizes.value(QLatin1String(kNames[static_cast<std::size_t>(size)]))));
  font.setWeight(weight);
  return font;
}

QIcon Theme::icon(const char* name) const {
  return QIcon(new TintedIcon(QLatin1String(name), {color("text.secondary"), color("accent.text"), color("select.on"),
                                                    color("text.disabled")}));
}

QIcon Theme::icon(const char* name, const QColor& tint) const {
  return QIcon(new TintedIcon(QLatin1String(name), {tint, tint, color("select.on"), color("text.disabled")}));
}

QPixmap Theme::pixmap(const char* name, const QColor& tint, int side, double devicePixelRatio) const {
  const int pixels = static_cast<int>(std::lround(side * devicePixelRatio));
  return renderIcon(QLatin1String(name), tint, {pixels, pixels}, devicePixelRatio);
}

QPalette Theme::palette() const {
  QPalette palette;
  const auto set = [&](QPalette::ColorRole role, const char* token) { palette.setColor(role, color(token)); };
  set(QPalette::Window, "bg.window");
  set(QPalette::WindowText, "text.primary");
  set(QPalette::Base, "bg.field");
  set(QPalette::AlternateBase, "bg.panel");
  set(QPalette::Text, "text.primary");
  set(QPalette::PlaceholderText, "text.muted");
  set(QPalette::Button, "bg.raised");
  set(QPalette::ButtonText, "text.primary");
  set(QPalette::BrightText, "text.primary");
  set(QPalette::ToolTipBase, "bg.tooltip");
  palette.setColor(QPalette::ToolTipText, Qt::white);
  set(QPalette::Highlight, "select.bg");
  set(QPalette::HighlightedText, "select.on");
  set(QPalette::Link, "accent.text");
  set(QPalette::Light, "bg.hover");
  set(QPalette::Mid, "line.control");
  set(QPalette::Dark, "bg.window");
  for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
    palette.setColor(QPalette::Disabled, role, color("text.disabled"));
  return palette;
}

QString Theme::styleSheet(const QString& cacheFolder) const {
  const QString source = QString::fromUtf8(resource(QStringLiteral("themes/kinora.qss.in")));
  QDir().mkpath(cacheFolder);
  static const QRegularExpression mark(QStringLiteral("@([a-z]+):([^@]+)@|@([a-zA-Z.]+)@"));
  QString sheet;
  qsizetype end = 0;
  for (auto matches = mark.globalMatch(source); matches.hasNext();) {
    const QRegularExpressionMatch match = matches.next();
    sheet += QStringView(source).mid(end, match.capturedStart() - end);
    end = match.capturedEnd();
    const QString kind = match.captured(1);
    if (kind == QLatin1String("px")) {
      sheet += QStringLiteral("%1px").arg(px(match.captured(2).toDouble()));
    } else if (kind == QLatin1String("icon")) {
      const QStringList parts = match.captured(2).split(QLatin1Char(':'));
      const QColor tint = color(parts.value(1).toLatin1().constData());
      const QString path = QStringLiteral("%1/%2-%3.svg").arg(cacheFolder, parts.value(0), tint.name().mid(1));
      if (!QFile::exists(path)) {
        QFile file(path);
        if (file.open(QIODevice::WriteOnly))
          file.write(tintedSvg(parts.value(0), tint));
      }
      sheet += path;
    } else {
      sheet += color(match.captured(3).toLatin1().constData()).name();
    }
  }
  sheet += QStringView(source).mid(end);
  if (d_->scale == 1)
    return sheet;
  // Row and control heights grow with the text.
  static const QRegularExpression height(QStringLiteral("(min-height|max-height): (\\d+)px"));
  QString scaled;
  end = 0;
  for (auto matches = height.globalMatch(sheet); matches.hasNext();) {
    const QRegularExpressionMatch match = matches.next();
    const int value = match.captured(2).toInt();
    scaled += QStringView(sheet).mid(end, match.capturedStart() - end);
    scaled += QStringLiteral("%1: %2px").arg(match.captured(1)).arg(value > 1 ? px(value) : value);
    end = match.capturedEnd();
  }
  return scaled + sheet.mid(end);
}

double contrastRatio(const QColor& a, const QColor& b) {
  // Relative luminance of WCAG 2.2.
  const auto luminance = [](const QColor& color) {
    const auto linear = [](double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
  };
  const double first = luminance(a);
  const double second = luminance(b);
  return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

ThemeSource::ThemeSource(QObject* parent) : QObject(parent), theme_(Theme::make(ThemeMode::Dark)) {}

void ThemeSource::set(ThemeMode mode, double scale) {
  theme_ = Theme::make(mode, scale);
  Q_EMIT changed();
}

} // namespace kinora::ui
