// SPDX-License-Identifier: Apache-2.0
#include "ui/session/key_file.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace kinora::ui {
namespace {

constexpr QLatin1String kFormat("kinora-keys/1");
constexpr qsizetype kMostCommands = 2000;
constexpr qsizetype kMostKeys = 16; // of one command

tl::unexpected<Error> corrupt(const char* why) {
  return fail(ErrorCode::Corrupt,
              std::string("The keys could not be read: ") + why + " Choose a file that was saved under Keys.");
}

} // namespace

QByteArray writeKeys(const QMap<QString, QString>& keys) {
  QJsonObject commands;
  for (auto own = keys.begin(); own != keys.end(); ++own)
    commands.insert(own.key(), QJsonArray::fromStringList(own->split(QLatin1Char(' '), Qt::SkipEmptyParts)));
  return QJsonDocument(QJsonObject{{"format", kFormat}, {"keys", commands}}).toJson();
}

Result<QMap<QString, QString>> readKeys(const QByteArray& json) {
  const QJsonDocument file = QJsonDocument::fromJson(json);
  if (!file.isObject())
    return corrupt("the file is not JSON.");
  if (file["format"].toString() != kFormat)
    return corrupt("the file is of another kind or of a later version.");
  if (!file["keys"].isObject())
    return corrupt("it holds no keys.");
  const QJsonObject commands = file["keys"].toObject();
  if (commands.size() > kMostCommands)
    return corrupt("it names too many commands.");
  QMap<QString, QString> keys;
  for (auto command = commands.begin(); command != commands.end(); ++command) {
    if (!command->isArray() || command->toArray().size() > kMostKeys)
      return corrupt("a command has no list of keys.");
    QStringList texts;
    for (const QJsonValue& key : command->toArray()) {
      if (!key.isString() || key.toString().contains(QLatin1Char(' ')))
        return corrupt("a key is no text.");
      texts << key.toString();
    }
    keys.insert(command.key(), texts.join(QLatin1Char(' ')));
  }
  return keys;
}

} // namespace kinora::ui
