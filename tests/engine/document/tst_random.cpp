// SPDX-License-Identifier: Apache-2.0
// Properties that hold after any edits whatever.
#include <QTest>

#include <array>

#include "engine/document/diff.h"
#include "engine/document/project_file.h"
#include "engine/document/validate.h"
#include "tests/engine/document/random_edit.h"
#include "tests/engine/document/samples.h"

using namespace kinora;
using namespace kinora::document;

namespace {

// Parts that are equal in both documents are the same object.
template <class T>
bool shared(const std::vector<std::shared_ptr<const T>>& before, const std::vector<std::shared_ptr<const T>>& after) {
  for (const auto& a : before)
    for (const auto& b : after)
      if (a->id == b->id && a != b && *a == *b)
        return false;
  return true;
}

bool sharesWhatItCan(const Document& before, const Document& after) {
  if (!shared(before.media, after.media) || !shared(before.takes, after.takes) || !shared(before.lanes, after.lanes))
    return false;
  for (const auto& a : before.takes)
    if (const TakePtr b = after.findTake(a->id); b && !shared(a->tracks, b->tracks))
      return false;
  for (const auto& a : before.lanes)
    if (const LanePtr b = after.findLane(a->id); b && !shared(a->clips, b->clips))
      return false;
  return true;
}

class RandomTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void editsKeepTheRules_data() {
    QTest::addColumn<quint64>("seed");
    for (quint64 seed = 1; seed <= 12; ++seed)
      QTest::addRow("seed %llu", seed) << seed;
  }

  void editsKeepTheRules() {
    QFETCH(quint64, seed);
    constexpr int kEdits = 600;
    test::RandomEdits edits(seed);
    std::vector<DocumentPtr> history{seed % 2 == 0
                                         ? test::sampleDocument().document
                                         : test::need(parseProject(test::projectFromTheFuture(), "/projects"))};
    std::vector<std::string> texts{formatProject(*history[0], "/projects")};
    int refused = 0;
    for (int i = 0; i < kEdits; ++i) {
      const DocumentPtr before = history.back();
      const auto after = edits.next(before);
      if (!after) {
        ++refused;
        QVERIFY(after.error().code == ErrorCode::InvalidArgument || after.error().code == ErrorCode::NotFound);
        QVERIFY(!after.error().message.empty());
        continue;
      }
      const auto valid = validate(**after);
      QVERIFY2(valid.has_value(), valid ? "" : valid.error().text().c_str());
      QVERIFY2(sharesWhatItCan(*before, **after), qPrintable(QString::number(edits.lastFunction())));
      QCOMPARE(diff(before, *after).isEmpty(), before == *after);
      QCOMPARE(before == *after, *before == **after);
      if (before != *after) {
        history.push_back(*after);
        texts.push_back(formatProject(**after, "/projects"));
        const auto again = parseProject(texts.back(), "/projects");
        QVERIFY2(again.has_value(), again ? "" : again.error().text().c_str());
        QVERIFY(**again == **after);
      }
    }
    QVERIFY(history.size() > 200);
    QVERIFY(refused > 10);
    // Undo is going back to a kept pointer: nothing that came later has touched what it holds.
    for (std::size_t i = history.size(); i-- > 0;)
      QCOMPARE(formatProject(*history[i], "/projects"), texts[i]);
  }

  void everyFunctionSucceedsSomewhere() {
    std::array<int, test::RandomEdits::kFunctions> made{};
    test::RandomEdits edits(77);
    DocumentPtr doc = test::sampleDocument().document;
    for (int i = 0; i < 6'000; ++i) {
      const auto after = edits.next(doc);
      if (after && *after != doc) {
        ++made[static_cast<std::size_t>(edits.lastFunction())];
        doc = *after;
      }
      if (i % 300 == 299)
        doc = test::sampleDocument().document;
    }
    for (std::size_t i = 0; i < made.size(); ++i)
      QVERIFY2(made[i] > 0, qPrintable(QString::number(i)));
  }
};

} // namespace

QTEST_APPLESS_MAIN(RandomTest)
#include "tst_random.moc"
