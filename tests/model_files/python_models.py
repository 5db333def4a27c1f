"""Python's side of LoadStateDictTest and InspectModelsTest.

python_models.py write FOLDER: files as people save them, of a small network and of one like a ResNet.
python_models.py verify FOLDER: evenkeel.pt is small.pt, bit for bit, and loads strictly.
"""

import sys
import warnings
from collections import OrderedDict, defaultdict

import torch
from torch import nn

warnings.simplefilter("ignore")
BN = "layer1.0.bn1."  # the layer of the ResNet that gets the defects


class Settings(OrderedDict):
    """As configuration libraries have them."""


def small():
    return nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3))


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        return torch.relu(x + self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(8, eps=1e-3, momentum=0.3)
        self.layer1 = nn.Sequential(Block(8), Block(8))
        self.norm = nn.LayerNorm(8)
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        return self.fc(self.norm(self.layer1(torch.relu(self.bn1(self.conv1(x)))).mean((2, 3))))


def train(network, optimizer, shape, steps):
    for _ in range(steps):
        loss = nn.functional.cross_entropy(network(torch.randn(shape)), torch.randint(0, 3, shape[:1]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network


def copy_of(state):
    return type(state)((name, tensor.clone()) for name, tensor in state.items())


def write_small(folder):
    network = small()
    optimizer = torch.optim.Adam(network.parameters())
    train(network, optimizer, (8, 1, 4, 4), 5)
    state = network.state_dict()
    torch.save(state, folder + "/small.pt")
    torch.save({"module." + name: tensor for name, tensor in state.items()}, folder + "/small_parallel.pt")
    torch.save({"_orig_mod.module." + name: tensor for name, tensor in state.items()}, folder + "/small_compiled.pt")
    torch.save(state, folder + "/legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(network, folder + "/whole.pt")
    torch.jit.script(network).save(folder + "/small_script.pt")
    torch.save(
        {
            "epoch": 3, "best": 0.5, "none": None, "flag": True, "big": 2**80, "set": {1, 2}, "bytes": b"abc",
            "config": {"sizes": [1, 2, (3,)], "device": torch.device("cpu"), "dtype": torch.float32},
            "optimizer": optimizer.state_dict(), "rng": torch.get_rng_state(),
            "complex": torch.zeros(2, dtype=torch.complex64), "sparse": torch.eye(3).to_sparse(),
            "quantized": torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
            **({"uint16": torch.zeros(2, dtype=torch.uint16)} if hasattr(torch, "uint16") else {}),
            "model": state,
        },
        folder + "/small_checkpoint.pt",
    )
    torch.save({"a": state, "b": copy_of(state)}, folder + "/two.pt")
    torch.save({name: tensor for name, tensor in state.items() if "tracked" not in name}, folder + "/no_counter.pt")
    torch.save(small().half().state_dict(), folder + "/half.pt")
    pictures = torch.randn(2, 1, 4, 4)
    torch.save({"input": pictures, "output": network.eval()(pictures).detach()}, folder + "/expected.pt")


def plant(state, folder, defect, name, change):
    changed = copy_of(state)
    change(changed)
    torch.save(changed, f"{folder}/{defect}.{name}.pt")


def set_channel(name, channel, value):
    def change(state):
        state[BN + name][channel] = value

    return change


def reset(counter):
    def change(state):
        state[BN + "running_mean"].zero_()
        state[BN + "running_var"].fill_(1)
        state[BN + "num_batches_tracked"].fill_(counter)

    return change


def young(state):
    """After three batches: what is left of the first variance is a part of every channel's."""
    left = 0.9**3
    state[BN + "num_batches_tracked"].fill_(3)
    state[BN + "running_var"].mul_(1 - left).add_(left)


def write_resnet(folder):
    network = ResNet()
    optimizer = torch.optim.SGD(network.parameters(), 0.05, momentum=0.9)
    train(network, optimizer, (8, 3, 10, 10), 60)
    state = network.state_dict()
    torch.save(state, folder + "/plain.pt")
    torch.save({"state_dict": state, "optimizer": optimizer.state_dict()}, folder + "/plain_checkpoint.pt")
    torch.save(network, folder + "/plain_module.pt")
    for protocol in (3, 4, 5):
        torch.save(state, f"{folder}/plain_protocol{protocol}.pt", pickle_protocol=protocol)
    torch.save({"nets": [{"g": defaultdict(dict, {"deep": Settings(state)})}]}, folder + "/plain_nested.pt")
    torch.jit.script(network).save(folder + "/plain_script.pt")
    torch.jit.trace(network.eval(), torch.randn(1, 3, 10, 10)).save(folder + "/plain_trace.pt")
    torch.jit.freeze(torch.jit.script(network.eval())).save(folder + "/no_norms.pt")
    for name in ("weight", "bias", "running_mean", "running_var"):
        plant(state, folder, "not-finite", name, set_channel(name, 2, float("nan")))
    plant(state, folder, "not-finite", "inf", set_channel("running_var", 2, float("inf")))
    plant(state, folder, "negative-variance", "2", set_channel("running_var", 2, -0.5))
    plant(state, folder, "weight-zero", "2", set_channel("weight", 2, 0.0))
    plant(state, folder, "weight-tiny", "2", set_channel("weight", 2, -1e-6))
    plant(state, folder, "constant-input", "2", set_channel("running_var", 2, 1e-12))
    plant(state, folder, "huge-mean", "2", set_channel("running_mean", 2, -1e5))
    plant(state, folder, "never-updated", "new", reset(0))
    plant(state, folder, "never-updated", "counted", reset(60))
    plant(state, folder, "young", "3", young)
    plant(state, folder, "unreadable", "sparse", lambda changed: changed.update({BN + "running_var": changed[BN + "running_var"].to_sparse()}))
    plant(state, folder, "unreadable", "complex", lambda changed: changed.update({BN + "weight": changed[BN + "weight"] * 1j}))
    plant(state, folder, "unreadable", "integers", lambda changed: changed.update({BN + "running_mean": changed[BN + "running_mean"].long()}))
    plant(state, folder, "unreadable", "missing", lambda changed: changed.pop(BN + "running_var"))
    plant(state, folder, "unreadable", "length", lambda changed: changed.update({BN + "running_var": torch.ones(7)}))


def verify(folder):
    expected, found = torch.load(folder + "/small.pt"), torch.load(folder + "/evenkeel.pt")
    assert list(expected) == list(found), (list(expected), list(found))
    for name, tensor in expected.items():
        assert tensor.dtype == found[name].dtype and torch.equal(tensor, found[name]), name
    small().load_state_dict(found)
    assert found._metadata["1"] == {"version": 2, "frozen": 5}, found._metadata


def main(command, folder):
    torch.manual_seed(1)
    torch.set_num_threads(1)  # threads that wait for one another are slow where cores are shared
    if command == "write":
        write_small(folder)
        write_resnet(folder)
    elif command == "verify":
        verify(folder)
    else:
        sys.exit(f"expected write or verify, found {command}")


main(*sys.argv[1:])
