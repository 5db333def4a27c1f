"""memory.py LIBRARY: arguments with which PyTorch's kernels use memory that is not there are exceptions of one line."""

import os
import resource
import signal
import sys

import torch

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
torch.ops.load_library(sys.argv[1])
aten = torch.ops.aten
C = 64  # so many that what lies beyond is not there by chance
ones, short, none = torch.ones(C), torch.ones(3), torch.ones(0)


def stats():
    return torch.zeros(C), torch.ones(C)


def forwards(x):
    """Every operator that normalises, with statistics `mean` and `var` and parameters `w` and `b`."""
    found = {"native_batch_norm": lambda w, b, mean, var, train: aten.native_batch_norm(x, w, b, mean, var, train, 0.1, 1e-5)}
    if hasattr(aten, "_native_batch_norm_legit"):
        found["legit"] = lambda w, b, mean, var, train: aten._native_batch_norm_legit(x, w, b, mean, var, train, 0.1, 1e-5)
        out = [torch.empty_like(x), torch.empty(C), torch.empty(C)]
        found["out"] = lambda w, b, mean, var, train: aten.native_batch_norm.out(
            x, w, b, mean, var, train, 0.1, 1e-5, out=out[0], save_mean=out[1], save_invstd=out[2])
    return found


wrong = {}
whole = torch.randn(4, C, 3, 3)
# The last three of each are passed on for their layout or dtype before anybody looks at the rest.
for kind, x in {"contiguous": whole, "channels last": whole.contiguous(memory_format=torch.channels_last),
                "strided": torch.randn(4, C, 3, 6)[..., ::2], "no examples": whole[:0], "int": whole.int()}.items():
    for name, forward in forwards(x).items():
        for bad_name, bad in {"short": short, "empty": none, "2d": torch.ones(2, 2)}.items():
            for train in True, False:
                mode = f"{name}, {kind}, {'training' if train else 'evaluation'}, {bad_name}"
                wrong[f"{mode} weight"] = lambda f=forward, bad=bad, t=train: f(bad, ones, *stats(), t)
                wrong[f"{mode} bias"] = lambda f=forward, bad=bad, t=train: f(ones, bad, *stats(), t)
                wrong[f"{mode} mean"] = lambda f=forward, bad=bad, t=train: f(ones, ones, bad.clone(), stats()[1], t)
                wrong[f"{mode} variance"] = lambda f=forward, bad=bad, t=train: f(ones, ones, stats()[0], bad.clone(), t)
        if name != "legit":
            wrong[f"{name}, {kind}, no statistics"] = lambda f=forward: f(ones, ones, None, None, False)
            wrong[f"{name}, {kind}, one statistic"] = lambda f=forward: f(ones, ones, stats()[0], None, False)

    def backward(train, mask=(True, True, True), x=x, **changes):
        given = dict(grad=x, w=ones, mean=ones, var=ones, save_mean=ones, save_invstd=ones)
        given.update(changes)
        return aten.native_batch_norm_backward(given["grad"], x, given["w"], given["mean"], given["var"],
                                               given["save_mean"], given["save_invstd"], train, 1e-5, list(mask))

    for train in True, False:
        mode = f"backward, {kind}, {'training' if train else 'evaluation'}"
        for bad_name, bad in {"short": short, "empty": none, "no": None}.items():
            for which in (["save_mean", "save_invstd"] if train else ["mean", "var"]) + ["w"]:
                if which == "w" and bad is None:
                    continue
                wrong[f"{mode}, {bad_name} {which}"] = lambda b=backward, t=train, w=which, bad=bad: b(t, **{w: bad})
        if x.numel():
            wrong[f"{mode}, short gradient"] = lambda b=backward, t=train, x=x: b(t, grad=x[:1])
    if kind != "int":
        for bad_name, bad in {"short": short, "empty": none}.items():
            wrong[f"statistics alone, {kind}, {bad_name}"] = lambda x=x, bad=bad: torch.batch_norm_update_stats(
                x, bad.clone(), bad.clone(), 0.1)
wrong["one dimension"] = lambda: aten.native_batch_norm(torch.randn(C), ones, ones, *stats(), True, 0.1, 1e-5)
wrong["one dimension, statistics alone"] = lambda: torch.batch_norm_update_stats(torch.randn(C), *stats(), 0.1)


def outcome(call):
    """In a child: "throws" for an exception of one line, else what happened."""
    child = os.fork()
    if child == 0:
        torch.set_num_threads(1)
        try:
            call()
        except (RuntimeError, IndexError) as error:
            first = str(error).splitlines()
            os._exit(0 if len(first) == 1 or first[0] else 4)
        except Exception:
            os._exit(3)
        os._exit(2)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return {0: "throws", 2: "returns", 3: "another exception", 4: "no text"}[os.WEXITSTATUS(status)]


bad = {name: found for name, found in ((name, outcome(call)) for name, call in wrong.items()) if found != "throws"}
assert not bad, f"expected {len(wrong)} exceptions, found {len(bad)} other outcomes: {bad}"
print(f"{len(wrong)} wrong calls, {len(wrong)} exceptions")

# What PyTorch computes with fewer arguments it still does.
x = torch.randn(4, C, 3, 3)
aten.native_batch_norm(x, None, None, None, None, True, 0.1, 1e-5)
aten.native_batch_norm(x[..., ::2], None, None, None, None, True, 0.1, 1e-5)
aten.native_batch_norm_backward(x, x[..., :], ones, None, None, ones, ones, True, 1e-5, [True, True, True])
aten.native_batch_norm_backward(x, x, ones, ones, ones, none, none, False, 1e-5, [True, True, True])
assert torch.nn.BatchNorm2d(5)(torch.rand(1, 5, 0, 2)).numel() == 0
