// SPDX-License-Identifier: Apache-2.0
// The settings as the palette finds them: each by name, with what it is at the moment and one way to change it.
#pragma once

#include <functional>
#include <vector>

#include <QString>

#include "ui/session/ui_context.h"

namespace kinora::ui {

struct Setting {
  QString name;
  QString synonyms; // further words to find it by
  QString value;
  std::function<void()> change;
};

// [gui] As they are at this moment.
[[nodiscard]] std::vector<Setting> listSettings(const UiContext& context);

// A sentence that answers a question, and the command that does it.
struct HelpTopic {
  QString question;
  QString answer;
  const char* command = nullptr; // id in the action table
};
[[nodiscard]] std::vector<HelpTopic> helpTopics();

} // namespace kinora::ui
