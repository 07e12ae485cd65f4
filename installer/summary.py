#!/usr/bin/env python3
"""Adds up a CTest JUnit file by test functions, names what failed and why something was skipped.

Ends with "N passed, N failed, N skipped"; exit code 1 when anything failed or nothing ran.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

TOTALS = re.compile(r"^Totals: (\d+) passed, (\d+) failed, (\d+) skipped", re.MULTILINE)
SKIP = re.compile(r"^SKIP\s*: (.*)$", re.MULTILINE)
FAIL = re.compile(r"^(?:FAIL!|XPASS)\s*: (.*)$", re.MULTILINE)


def main(path: str) -> int:
    passed = failed = skipped = 0
    failures, skips = [], []
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name, status = case.get("name"), case.get("status")
        output = case.findtext("system-out") or ""
        totals = TOTALS.findall(output)
        for p, f, s in totals:
            passed, failed, skipped = passed + int(p), failed + int(f), skipped + int(s)
        skips += [f"{name}: {reason}" for reason in SKIP.findall(output)]
        failures += [f"{name}: {reason}" for reason in FAIL.findall(output)]
        broken = status == "fail"
        if broken and not any(int(f) for _, f, _ in totals):
            failed += 1  # crashed, timed out or is no Qt test
            failures.append(f"{name}: did not end well (see its output above)")
        elif not totals and status == "run":
            passed += 1
        elif not totals and not broken:
            skipped += 1
            skips.append(f"{name}: {status}")
    for line in skips:
        print(f"skipped  {line}")
    for line in failures:
        print(f"FAILED   {line}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
