"""earlier.py LIBRARY: what the drop-in does not take goes to the kernels that were registered before it, and is counted by reason."""

import sys

import torch

seen = []


def marked(input, weight, bias, running_mean, running_var, training, momentum, eps):
    seen.append(input.dtype)
    return torch.full_like(input, 7), torch.empty(0), torch.empty(0)


def expect(what, found, expected):
    assert found == expected, f"{what}: expected {expected!r}, found {found!r}"


before = torch.library.Library("aten", "IMPL")
before.impl("native_batch_norm", marked, "CPU")
torch.ops.load_library(sys.argv[1])
evenkeel = torch.ops.evenkeel


def norm(x, **changes):
    arguments = dict(weight=None, bias=None, running_mean=None, running_var=None, training=True, momentum=0.1, eps=1e-5)
    arguments.update(changes)
    return torch.native_batch_norm(x, *arguments.values())[0]


x = torch.randn(4, 3, 5, 5)
assert norm(x).abs().max() < 7, "a call that the drop-in takes"
expect("calls of the kernel before", seen, [])

calls = {
    "dtype of the input": lambda: norm(x.to(torch.int32)),
    "layout or kind of the input": lambda: norm(x[:, :, ::2]),
    "no values": lambda: norm(x[:0]),
    "one value per channel": lambda: norm(x[:1, :, :1, :1].contiguous()),
    "eps that is not above 0": lambda: norm(x, eps=0.0),
    "parameters or statistics": lambda: norm(x, weight=torch.ones(3, dtype=torch.float64)),
}
for number, (reason, call) in enumerate(calls.items(), 1):
    assert (call() == 7).all(), f"{reason}: expected the kernel before"
    expect(f"{reason}: calls of the kernel before", len(seen), number)
    reasons = evenkeel.torch_kernel_reasons()
    expect("reasons", dict(reasons), dict.fromkeys(list(calls)[:number], 1))
expect("calls", tuple(evenkeel.torch_kernel_calls()), (1, len(calls)))

evenkeel.restore_torch_kernels()
assert (norm(x) == 7).all(), "after restoring: expected the kernel before"
evenkeel.replace_torch_kernels()
assert norm(x).abs().max() < 7, "replaced again: expected Evenkeel's kernel"
