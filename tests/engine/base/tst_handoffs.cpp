// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <QtTest/QTest>

#include "engine/base/channel.h"
#include "engine/base/doorbell.h"
#include "engine/base/log.h"
#include "engine/base/mailbox.h"
#include "engine/base/thread_role.h"
#include "engine/base/worker_pool.h"

using namespace kinora;
using namespace std::chrono_literals;

namespace {

// Notes on which thread it is destroyed.
struct Tracked {
  explicit Tracked(int v, std::atomic<int>* strangers)
      : value(v), copy(v), owner(std::this_thread::get_id()), strangers_(strangers) {}
  ~Tracked() {
    if (std::this_thread::get_id() != owner)
      ++*strangers_;
  }
  int value;
  int copy; // a torn value would differ
  std::thread::id owner;
  std::atomic<int>* strangers_;
};

} // namespace

class TestHandoffs : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void mailboxDeliversTheNewestAndNeverFreesOnTheReader() {
    constexpr int kValues = 50'000;
    std::atomic<int> destroyedElsewhere = 0;
    int torn = 0;
    int backwards = 0;
    int last = 0;
    auto mailbox = std::make_unique<Mailbox<std::shared_ptr<const Tracked>>>();
    {
      std::atomic<bool> done = false;
      std::jthread writer([&] {
        for (int i = 1; i <= kValues; ++i)
          mailbox->put(std::make_shared<const Tracked>(i, &destroyedElsewhere));
        done = true;
        done.notify_all();
        // The last values are let go on the writer's thread too.
        done.wait(true);
        mailbox.reset();
      });
      for (bool finished = false; !finished;) {
        finished = done.load();
        while (mailbox->take()) {
          const auto& value = mailbox->latest();
          torn += value->value != value->copy;
          backwards += value->value <= last;
          last = value->value;
        }
      }
      done = false;
      done.notify_all();
    }
    QCOMPARE(last, kValues);
    QCOMPARE(torn, 0);
    QCOMPARE(backwards, 0);
    QCOMPARE(destroyedElsewhere.load(), 0);
  }

  void mailboxSaysWhenItDropped() {
    Mailbox<int> mailbox;
    QVERIFY(!mailbox.take());
    QVERIFY(!mailbox.put(1));
    QVERIFY(mailbox.put(2));
    QVERIFY(mailbox.take());
    QCOMPARE(mailbox.latest(), 2);
    QVERIFY(!mailbox.take());
    QCOMPARE(mailbox.latest(), 2);
    QVERIFY(!mailbox.put(3));
  }

  void channelKeepsOrderAcrossThreadsAndWaitsWhenFull() {
    Channel<int> channel(3);
    std::vector<int> seen;
    std::jthread writer([&] {
      for (int i = 0; i < 10'000; ++i)
        channel.push(i);
      channel.close();
    });
    while (auto value = channel.pop())
      seen.push_back(*value);
    std::vector<int> expected(10'000);
    std::iota(expected.begin(), expected.end(), 0);
    QCOMPARE(seen, expected);
    QVERIFY(!channel.push(1));
  }

  void channelStopsWaitingWhenAsked() {
    Channel<int> channel(1);
    std::stop_source source;
    std::atomic<bool> gotValue = true;
    {
      std::jthread reader([&] { gotValue = channel.pop(source.get_token()).has_value(); });
      source.request_stop();
    }
    QVERIFY(!gotValue);
    QVERIFY(channel.push(1));
    QVERIFY(!channel.push(2, source.get_token()));
    QVERIFY(!channel.popUntil(Channel<int>::Clock::now() - 1ms, source.get_token()).has_value() || channel.size() == 0);
  }

  void fullChannelsRefuseOrDropTheOldest() {
    Channel<std::string> channel(2);
    QVERIFY(channel.tryPush("a"));
    QVERIFY(channel.tryPush("b"));
    std::string kept = "c";
    QVERIFY(!channel.tryPush(std::move(kept)));
    QCOMPARE(kept, std::string("c"));
    QVERIFY(channel.pushDroppingOldest("d"));
    QCOMPARE(*channel.tryPop(), std::string("b"));
    QCOMPARE(*channel.tryPop(), std::string("d"));
    QVERIFY(!channel.tryPop().has_value());
    QVERIFY(!channel.pushDroppingOldest("e"));
    channel.clear();
    QCOMPARE(channel.size(), std::size_t{0});
    QVERIFY(!channel.popUntil(Channel<std::string>::Clock::now()).has_value());
  }

  void doorbellIsNotLostWhenRungFirst() {
    Doorbell bell;
    std::stop_source never;
    bell.ring();
    bell.ring();
    QVERIFY(bell.wait(never.get_token()));
    QVERIFY(!bell.waitUntil(std::chrono::steady_clock::now(), never.get_token()));
    std::jthread ringer([&] { bell.ring(); });
    QVERIFY(bell.wait(never.get_token()));
  }

  void workerPoolCoversEveryItemOnce_data() {
    QTest::addColumn<int>("threads");
    QTest::addColumn<qint64>("count");
    QTest::addColumn<qint64>("grain");
    QTest::newRow("one thread") << 1 << qint64{1000} << qint64{7};
    QTest::newRow("four threads") << 4 << qint64{1000} << qint64{1};
    QTest::newRow("large grain") << 4 << qint64{10} << qint64{100};
    QTest::newRow("nothing") << 4 << qint64{0} << qint64{1};
  }
  void workerPoolCoversEveryItemOnce() {
    QFETCH(int, threads);
    QFETCH(qint64, count);
    QFETCH(qint64, grain);
    const WorkerPool pool(threads);
    std::vector<std::atomic<int>> touched(static_cast<std::size_t>(count));
    for (int round = 0; round < 50; ++round)
      pool.parallelFor(count, grain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i)
          ++touched[static_cast<std::size_t>(i)];
      });
    for (const auto& t : touched)
      QCOMPARE(t.load(), 50);
  }

  void workerPoolServesSeveralCallersAndFinishesItsJobs() {
    std::atomic<int> jobs = 0;
    std::atomic<std::int64_t> sum = 0;
    {
      WorkerPool pool(3);
      std::vector<std::jthread> callers;
      for (int c = 0; c < 4; ++c)
        callers.emplace_back([&] {
          for (int round = 0; round < 100; ++round)
            pool.parallelFor(100, 5, [&](std::int64_t b, std::int64_t e) { sum += e - b; });
        });
      for (int i = 0; i < 20; ++i)
        pool.post([&] { ++jobs; });
    }
    QCOMPARE(jobs.load(), 20);
    QCOMPARE(sum.load(), std::int64_t{4 * 100 * 100});
  }

  void threadRolesHaveNamesAndEnd() {
    QCOMPARE(currentThreadRole(), ThreadRole::None);
    ThreadRole inside = ThreadRole::None;
    std::jthread([&] {
      const ScopedThreadRole role(ThreadRole::Inference);
      assertThreadRole(ThreadRole::Inference, __FILE__, __LINE__);
      inside = currentThreadRole();
    }).join();
    QCOMPARE(inside, ThreadRole::Inference);
    QCOMPARE(threadRoleName(inside), std::string_view("inference"));
    assertThreadRole(ThreadRole::Engine, __FILE__, __LINE__); // threads without a role pass
  }

  void logReachesAddedSinksUntilTheyAreRemoved() {
    std::vector<std::string> lines;
    auto remove = log::addSink([&](log::Level, std::string_view category, std::string_view text) {
      lines.push_back(std::string(category) + ":" + std::string(text));
    });
    log::warning("test", "{} of {}", 1, 2);
    remove();
    log::warning("test", "not heard");
    QCOMPARE(lines, std::vector<std::string>{"test:1 of 2"});
  }
};

QTEST_APPLESS_MAIN(TestHandoffs)
#include "tst_handoffs.moc"
