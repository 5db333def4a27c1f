"""Python's side of StateDictFileTest: python_state_dict.py write|compare|metadata|write_nested FILE..."""

import sys
from collections import OrderedDict

import torch
from torch import nn


def example():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3))
    network(torch.randn(8, 1, 4, 4))
    state = network.state_dict()
    base = torch.arange(20, dtype=torch.float64)
    state["view"] = base[3:15].view(3, 4).t()
    state["same storage"] = base
    state["parameter"] = nn.Parameter(torch.ones(2))
    for dtype in (torch.float16, torch.bfloat16, torch.int8, torch.bool):
        state[str(dtype)] = torch.arange(5).to(dtype)
    return state


def main(command, *paths):
    if command == "write":
        torch.save(example(), paths[0])
    elif command == "write_nested":
        torch.save({"epoch": 3, "model": example()}, paths[0])
    elif command == "compare":
        expected, found = (torch.load(path) for path in paths)
        assert list(expected) == list(found), (list(expected), list(found))
        for name, tensor in expected.items():
            assert tensor.dtype == found[name].dtype and torch.equal(tensor, found[name]), name
    elif command == "metadata":
        state = torch.load(paths[0])
        assert type(state) is OrderedDict
        assert state._metadata == OrderedDict([("", {"version": 1}), ("layer", {"version": 2, "frozen": 5})]), state._metadata
        assert state["layer.num_batches_tracked"].item() == 1 << 40
    else:
        sys.exit(f"expected write, write_nested, compare or metadata, found {command}")


main(*sys.argv[1:])
