"""build_times.py BUILD: what a build consists of, from its .ninja_log: seconds of compiling and linking for each folder."""

import collections
import pathlib
import sys

steps = {}
for line in (pathlib.Path(sys.argv[1]) / ".ninja_log").read_text().splitlines()[1:]:
    begin, end, _, output, _ = line.split("\t")
    steps[output] = (int(end) - int(begin)) / 1000  # the last time a step ran counts
folders = collections.Counter()
counts = collections.Counter()
for output, seconds in steps.items():
    parts = output.split("/")
    folder = "/".join(parts[: parts.index("CMakeFiles")] if "CMakeFiles" in parts else parts[:-1]) or "."
    room = pathlib.Path(output).stem.removeprefix("unity_").removesuffix("_cxx.cxx")
    if folder == "src/libtorch" and "Unity" in parts:
        folder = "src/" + room  # rooms of one library
    folders[folder] += seconds
    counts[folder] += 1
print(f"{'seconds':>8} {'steps':>6}  folder")
for folder, seconds in folders.most_common():
    print(f"{seconds:8.1f} {counts[folder]:6}  {folder}")
print(f"{sum(folders.values()):8.1f} {sum(counts.values()):6}  in all")
