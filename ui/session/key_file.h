// SPDX-License-Identifier: Apache-2.0
// Keys that a person chose, as a file to take to another computer.
#pragma once

#include <QByteArray>
#include <QMap>
#include <QString>

#include "engine/base/result.h"

namespace kinora::ui {

// [any] The map of ActionTable::ownKeys() as JSON text.
[[nodiscard]] QByteArray writeKeys(const QMap<QString, QString>& keys);
// [any] Errors: corrupt (no JSON, no list of keys, more than a keyboard holds).
[[nodiscard]] Result<QMap<QString, QString>> readKeys(const QByteArray& json);

} // namespace kinora::ui
