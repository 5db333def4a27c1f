"""loading.py LIBRARY: the drop-in in processes of its own, by torch.ops.load_library and by LD_PRELOAD."""

import os
import subprocess
import sys
import tempfile

library = sys.argv[1]
# LD_PRELOAD takes no path with a blank in it.
folder = tempfile.TemporaryDirectory(dir="/tmp")
preloaded = os.path.join(folder.name, os.path.basename(library))
os.symlink(library, preloaded)

PROGRAM = """
import sys, torch
if len(sys.argv) > 1: torch.ops.load_library(sys.argv[1])
norm = torch.nn.BatchNorm2d(3)
norm(torch.randn(4, 3, 5, 5)).sum().backward()
maps = {line.split()[-1] for line in open("/proc/self/maps")}
print(sum("/libgomp" in m or "/libomp" in m or "/libiomp" in m for m in maps))
print(sum("/libtorch_cpu" in m for m in maps))
try: print(*torch.ops.evenkeel.torch_kernel_calls())
except (AttributeError, RuntimeError): print("no drop-in")
"""


def run(command, preload=False):
    environment = dict(os.environ, LD_PRELOAD=preloaded) if preload else None
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def expect(what, found, expected):
    assert found == expected, f"{what}: expected {expected!r}, found {found!r}"


python = [sys.executable, "-c", PROGRAM]
plain = run(python)
expect("exit code without the drop-in", plain.returncode, 0)
runtimes, torches, calls = plain.stdout.split("\n")[:3]
expect("calls without the drop-in", calls, "no drop-in")

for how, result in {"load_library": run([*python, library]), "LD_PRELOAD": run(python, preload=True)}.items():
    expect(f"{how}: exit code", result.returncode, 0)
    expect(f"{how}: standard error", result.stderr, plain.stderr)
    expect(f"{how}: OpenMP runtimes, LibTorchs, calls", result.stdout.split("\n")[:3], [runtimes, torches, "2 0"])

# A program without PyTorch does what it always did.
result = run(["sh", "-c", "echo out; echo err >&2; exit 3"], preload=True)
expect("a shell", (result.returncode, result.stdout, result.stderr), (3, "out\n", "err\n"))
result = run([sys.executable, "-c", "print(6 * 7)"], preload=True)
expect("a Python without torch", (result.returncode, result.stdout, result.stderr), (0, "42\n", ""))
