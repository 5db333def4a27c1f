"""processes.py LIBRARY: the drop-in in the processes of Python's multiprocessing and of a DataLoader, before and after this one
has computed with many threads.

PyTorch's own operators wait for ever in a child of fork() whose parent used OpenMP's threads, so what is done here beside batch
norms is done by numpy.
"""

import hashlib
import multiprocessing
import os
import sys

os.environ["OMP_NUM_THREADS"] = "3"  # not set_num_threads(): after it, LibTorch crashes at the exit of a child of fork()

import numpy
import torch

torch.ops.load_library(sys.argv[1])
aten = torch.ops.aten
TIMEOUT = 120


def digest(seed=3):
    """Of a forward and a backward that are large enough for every thread."""
    random = numpy.random.default_rng(seed)
    x, g = (torch.from_numpy(random.standard_normal((32, 16, 28, 28), dtype=numpy.float32)) for _ in range(2))
    ones, mean, var = (torch.from_numpy(numpy.ones(16, numpy.float32)) for _ in range(3))
    y, save_mean, save_invstd = torch.native_batch_norm(x, ones, ones, mean, var, True, 0.1, 1e-5)
    gradients = aten.native_batch_norm_backward(g, x, ones, mean, var, save_mean, save_invstd, True, 1e-5, [True] * 3)
    return [hashlib.sha256(t.numpy().tobytes()).hexdigest()[:8] for t in (y, mean, var, *gradients)]


def work(library, queue):
    torch.ops.load_library(library)
    before = torch.ops.evenkeel.torch_kernel_calls()[0]
    found = digest()
    queue.put((found, torch.ops.evenkeel.torch_kernel_calls()[0] - before))


class Digests(torch.utils.data.Dataset):
    """Every item is made by batch norms."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return digest(index)


def run(method):
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    children = [context.Process(target=work, args=(sys.argv[1], queue)) for _ in range(2)]
    for child in children:
        child.start()
    found = [queue.get(timeout=TIMEOUT) for _ in children]
    for child in children:
        child.join(TIMEOUT)
        assert child.exitcode == 0, f"{method}: expected exit code 0, found {child.exitcode}"
    assert found[0] == found[1], f"{method}: expected the same bits, found {found}"
    assert found[0][1] == 2, f"{method}: expected 2 calls by Evenkeel, found {found[0][1]}"
    return found[0][0]


def load(method):
    return list(torch.utils.data.DataLoader(Digests(), batch_size=None, num_workers=2, multiprocessing_context=method,
                                            timeout=TIMEOUT))


def fork(expected):
    """os.fork alone, with a child that ends by exit() and not by os._exit()."""
    child = os.fork()
    if child == 0:
        sys.exit(0 if digest() == expected else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0, f"os.fork: expected status 0, found {status}"


def main():
    expected = run("spawn")
    items = load("spawn")
    for used in False, True:
        if used:
            assert digest() == expected, "this process: expected the same bits"
        for method in "fork", "forkserver", "spawn":
            assert run(method) == expected, f"{method}, {used}: expected the same bits"
            assert load(method) == items, f"DataLoader, {method}, {used}: expected the same bits"
        fork(expected)
        print(f"{'after' if used else 'before'} this process computed: fork, forkserver, spawn, DataLoader: the same bits")


if __name__ == "__main__":
    main()
