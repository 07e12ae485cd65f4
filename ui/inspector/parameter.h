// SPDX-License-Identifier: Apache-2.0
// One property of what is selected: how to read it, how to change it, how to edit it. Forms are made from tables of
// these.
#pragma once

#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include <QString>

#include "engine/base/result.h"
#include "engine/document/document.h"
#include "ui/inspector/number_row.h"
#include "ui/session/selection.h"

namespace kinora::ui {

enum class ParameterKind { Number, Text, Choice, TrackColour, Time };

struct ParameterChoice {
  QString id;
  QString text;
};

// Number: double. Text, Choice (the id) and TrackColour (the id): QString. Time: Time.
using ParameterValue = std::variant<double, QString, Time>;

// What a parameter is read from.
struct ParameterSource {
  const document::DocumentPtr& document;
  const Selection& selection;
  Time playhead; // on the current take's time line
};

struct Parameter {
  const char* id = ""; // stable: "track.strength"
  QString label;
  ParameterKind kind = ParameterKind::Number;
  NumberRange range;                    // Number
  std::vector<ParameterChoice> choices; // Choice
  // Nothing: does not apply to what is selected, the row is hidden.
  std::function<std::optional<ParameterValue>(const ParameterSource&)> read;
  // Changes everything selected that it applies to.
  std::function<Result<document::DocumentPtr>(const document::DocumentPtr&, const ParameterSource&,
                                              const ParameterValue&)>
      write;
  QString undoText; // of the step: "Change strength"
};

using ParameterTable = std::vector<Parameter>;

} // namespace kinora::ui
