"""list_skipped.py FOLDER: the tests that skipped, each with its reason, in one block.

FOLDER holds the results as XML: those of GoogleTest's programs, and CTest's (--output-junit) for the other tests.
Exits with 1 where a test skipped and EVENKEEL_SKIPS is "fail".
"""

import os
import pathlib
import re
import sys
import xml.etree.ElementTree as xml


def reason(said):
    """The line that begins with "skipped", or the last, which is what GTEST_SKIP was given."""
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["no reason given"]
    lines = [line for line in lines if line.lower().startswith("skipped")] or lines
    return re.sub(r"(?i)^skipped:? *", "", lines[-1])


skipped = []
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.xml")):
    for case in xml.parse(file).getroot().iter("testcase"):
        mark = case.find("skipped")
        if mark is not None and file.name == "ctest.xml":
            skipped.append((case.get("name"), reason(case.findtext("system-out") or "")))
        elif mark is not None:
            skipped.append((f"{case.get('classname')}.{case.get('name')}", reason(mark.get("message"))))
if skipped:
    print(f"\n{len(skipped)} tests skipped:")
    for name, why in skipped:
        print(f"  {name}: {why}")
    if os.environ.get("EVENKEEL_SKIPS") == "fail":
        sys.exit("evenkeel: EVENKEEL_SKIPS=fail: expected no test to skip")
