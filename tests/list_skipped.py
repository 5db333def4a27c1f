"""list_skipped.py RESULTS: the tests that skipped, each with its reason, in one block.

RESULTS is what `ctest --output-junit` wrote. Exits with 1 where a test skipped and EVENKEEL_SKIPS is "fail".
"""

import os
import re
import sys
import xml.etree.ElementTree as xml


def reason(output):
    """What the test said: GoogleTest's line after the place of the GTEST_SKIP, or a line that begins with "skipped"."""
    lines = [line.strip() for line in output.splitlines()]
    for number, line in enumerate(lines[:-1]):
        if re.search(r"\.(cpp|h):\d+: Skipped$", line):
            return lines[number + 1]
    said = [line for line in lines if line.lower().startswith("skipped")]
    return re.sub(r"(?i)^skipped:? *", "", said[0]) if said else "no reason given"


skipped = []
for case in xml.parse(sys.argv[1]).getroot().iter("testcase"):
    if case.find("skipped") is not None:
        skipped.append((case.get("name"), reason(case.findtext("system-out") or "")))
if skipped:
    print(f"\n{len(skipped)} tests skipped:")
    for name, why in sorted(skipped):
        print(f"  {name}: {why}")
    if os.environ.get("EVENKEEL_SKIPS") == "fail":
        sys.exit("evenkeel: EVENKEEL_SKIPS=fail: expected no test to skip")
