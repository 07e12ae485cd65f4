// SPDX-License-Identifier: Apache-2.0
// kernelcheck: which kernels there are, whether they compute what they should, and how fast.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/check/check.h"

namespace {

using namespace kinora;
using namespace kinora::kernels;

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 64;

constexpr const char* kUsage = R"(usage: kernelcheck list|compare|perf [--op NAME] [--threads N] [--json]
  list     operations, and which back-ends are built and usable
  compare  every operation against a formula in double precision, and CUDA against the CPU where there is a device
  perf     time, GB/s and speed relative to a plain copy, smallest of many runs
)";

struct Arguments {
  std::string command;
  std::string operation; // empty: all
  int threads = 0;
  bool json = false;
};

bool parse(int count, char** words, Arguments& arguments) {
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--json")
      arguments.json = true;
    else if (word == "--op" && i + 1 < count)
      arguments.operation = words[++i];
    else if (word == "--threads" && i + 1 < count)
      arguments.threads = std::atoi(words[++i]);
    else if (arguments.command.empty() && !word.starts_with("-"))
      arguments.command = word;
    else
      return false;
  }
  return arguments.command == "list" || arguments.command == "compare" || arguments.command == "perf";
}

struct Device {
  bool built = false;
  bool usable = false;
  std::string words; // what to tell a person
};

Device findDevice() {
#if KINORA_HAVE_CUDA
  if (cuda::usableDevices() > 0)
    return {true, true, "usable: " + cuda::deviceName(0)};
  return {true, false, "built, but no CUDA device answers here"};
#else
  return {false, false, "not built (no CUDA compiler at build time)"};
#endif
}

// Numbers that JSON can hold; an endless error becomes a string.
std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, std::isfinite(value) ? "%.6g" : "\"%g\"", value);
  return text;
}

void list(const std::vector<const check::Operation*>& operations, const Device& device, bool json) {
  if (json) {
    std::printf("{\"cpu\":\"usable\",\"cuda\":\"%s\",\"operations\":[", device.words.c_str());
    for (std::size_t i = 0; i < operations.size(); ++i)
      std::printf("%s\"%s\"", i == 0 ? "" : ",", operations[i]->name);
    std::printf("]}\n");
    return;
  }
  std::printf("%-12s cpu   cuda\n", "operation");
  for (const check::Operation* operation : operations)
    std::printf("%-12s yes   %s\n", operation->name, device.built ? (device.usable ? "yes" : "built") : "no");
  std::printf("CUDA: %s\n", device.words.c_str());
}

void printFinding(const check::Finding& f, bool last) {
  std::printf("{\"operation\":\"%s\",\"case\":\"%s\",\"pair\":\"%s\",\"size\":\"%s\",\"error\":%s,\"tolerance\":%s,"
              "\"passed\":%s}%s\n",
              f.operation.c_str(), f.what.c_str(), f.pair.c_str(), f.shape.c_str(), number(f.error).c_str(),
              number(f.tolerance).c_str(), f.passed() ? "true" : "false", last ? "" : ",");
}

// A line for each case: the worst of its shapes.
void printTable(const std::vector<check::Finding>& findings) {
  for (std::size_t i = 0; i < findings.size();) {
    std::size_t worst = i;
    std::size_t end = i;
    for (; end < findings.size() && findings[end].operation == findings[i].operation; ++end) {
      if (findings[end].what != findings[i].what && findings[end].pair == findings[i].pair)
        break;
      if (findings[end].what == findings[i].what && !(findings[end].error <= findings[worst].error))
        worst = end;
    }
    const check::Finding& f = findings[worst];
    std::printf("%-4s %-11s %-62s %-13s largest error %-9.4g (at %s, allowed %.4g)\n", f.passed() ? "ok" : "FAIL",
                f.operation.c_str(), f.what.c_str(), f.pair.c_str(), f.error, f.shape.c_str(), f.tolerance);
    i = end;
  }
}

int compare(const std::vector<const check::Operation*>& operations, const Device& device, const WorkerPool& pool,
            bool json) {
  std::vector<check::Finding> findings;
  for (const check::Operation* operation : operations) {
    check::Comparison comparison(operation->name, pool, device.usable);
    operation->compare(comparison);
    findings.insert(findings.end(), comparison.findings().begin(), comparison.findings().end());
  }
  std::size_t failed = 0;
  for (const check::Finding& finding : findings)
    failed += finding.passed() ? 0 : 1;
  if (json) {
    std::printf("{\"cuda\":\"%s\",\"cudaChecked\":%s,\"cases\":%zu,\"failed\":%zu,\"findings\":[\n",
                device.words.c_str(), device.usable ? "true" : "false", findings.size(), failed);
    for (std::size_t i = 0; i < findings.size(); ++i)
      printFinding(findings[i], i + 1 == findings.size());
    std::printf("]}\n");
  } else {
    printTable(findings);
    std::printf("%zu cases, %zu failed\n", findings.size(), failed);
    std::printf(device.usable ? "CUDA: checked against the CPU (%s)\n" : "CUDA: NOT checked (%s)\n",
                device.words.c_str());
  }
  return failed == 0 ? 0 : kExitFailed;
}

void perf(const std::vector<const check::Operation*>& operations, const Device& device, const WorkerPool& pool,
          bool json) {
  std::vector<check::Timing> timings;
  for (const check::Operation* operation : operations) {
    check::Stopwatch stopwatch(operation->name, pool, device.usable);
    operation->perf(stopwatch);
    timings.insert(timings.end(), stopwatch.timings().begin(), stopwatch.timings().end());
  }
  if (json) {
    std::printf("{\"threads\":%d,\"cuda\":\"%s\",\"timings\":[\n", pool.threads(), device.words.c_str());
    for (std::size_t i = 0; i < timings.size(); ++i) {
      const check::Timing& t = timings[i];
      std::printf("{\"operation\":\"%s\",\"case\":\"%s\",\"backend\":\"%s\",\"ms\":%s,\"gbPerSecond\":%s,"
                  "\"ofCopy\":%s}%s\n",
                  t.operation.c_str(), t.what.c_str(), t.backend.c_str(), number(t.milliseconds).c_str(),
                  number(t.gigabytesPerSecond).c_str(), number(t.ofCopy).c_str(), i + 1 == timings.size() ? "" : ",");
    }
    std::printf("]}\n");
    return;
  }
  std::printf("%-11s %-48s %-5s %9s %8s %8s\n", "operation", "case", "on", "ms", "GB/s", "of copy");
  for (const check::Timing& t : timings)
    std::printf("%-11s %-48s %-5s %9.3f %8.2f %7.1f%%\n", t.operation.c_str(), t.what.c_str(), t.backend.c_str(),
                t.milliseconds, t.gigabytesPerSecond, t.ofCopy * 100);
  std::printf("%d threads; smallest of many runs; CUDA: %s\n", pool.threads(), device.words.c_str());
}

} // namespace

int main(int count, char** words) {
  Arguments arguments;
  if (!parse(count, words, arguments)) {
    std::fputs(kUsage, stderr);
    return kExitUsage;
  }
  std::vector<const check::Operation*> operations;
  for (const check::Operation* operation : check::operations())
    if (arguments.operation.empty() || arguments.operation == operation->name)
      operations.push_back(operation);
  if (operations.empty()) {
    std::fprintf(stderr, "kernelcheck: there is no operation \"%s\"; \"kernelcheck list\" shows them all.\n",
                 arguments.operation.c_str());
    return kExitUsage;
  }
  const Device device = findDevice();
  const WorkerPool pool(arguments.threads);
  if (arguments.command == "list")
    list(operations, device, arguments.json);
  else if (arguments.command == "compare")
    return compare(operations, device, pool, arguments.json);
  else
    perf(operations, device, pool, arguments.json);
  return 0;
}
