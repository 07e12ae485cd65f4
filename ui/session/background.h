// SPDX-License-Identifier: Apache-2.0
// Runs work on the pool and brings its result back to an object's thread, unless that object is gone by then.
#pragma once

#include <any>
#include <functional>
#include <memory>
#include <utility>

#include <QObject>

#include "engine/base/worker_pool.h"

namespace kinora::ui {

class BackgroundReply : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;

 Q_SIGNALS:
  void done(std::shared_ptr<std::any> result);
};

// [gui] work runs on a pool thread and owns everything it touches; done(result) runs on context's thread.
template <class Work, class Done>
void inBackground(WorkerPool& workers, QObject* context, Work work, Done done) {
  using Value = std::invoke_result_t<Work&>;
  auto* reply = new BackgroundReply;
  QObject::connect(
      reply, &BackgroundReply::done, context,
      [done = std::move(done)](const std::shared_ptr<std::any>& result) mutable {
        done(std::move(*std::any_cast<std::shared_ptr<Value>&>(*result)));
      },
      Qt::QueuedConnection);
  workers.post([reply, work = std::move(work)]() mutable {
    auto value = std::make_shared<Value>(work());
    Q_EMIT reply->done(std::make_shared<std::any>(std::move(value)));
    reply->deleteLater();
  });
}

} // namespace kinora::ui
