"""network.py LIBRARY: a residual network in plain PyTorch trains as before with the drop-in, eager and compiled."""

import sys
import time

import torch
from torch import nn

torch.ops.load_library(sys.argv[1])
evenkeel = torch.ops.evenkeel


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
        self.skip = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return torch.relu(self.path(x) + self.skip(x))


def network():
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        Block(16, 32, 2), Block(32, 32, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(32, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 10))


def train(dtype, layout, compiled=lambda model: model, steps=8):
    """The losses of some steps, one evaluation at the end, and the median time of a step in milliseconds."""
    torch.manual_seed(0)
    model = network().to(dtype=dtype, memory_format=layout)
    step_model = compiled(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    pictures = torch.randn(16, 3, 32, 32, dtype=dtype).to(memory_format=layout)
    labels = torch.randint(10, (16,))
    losses, times = [], []
    for _ in range(steps):
        start = time.perf_counter()
        loss = nn.functional.cross_entropy(step_model(pictures), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        times.append(time.perf_counter() - start)
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        losses.append(nn.functional.cross_entropy(model(pictures), labels).item())
    return torch.tensor(losses, dtype=torch.float64), sorted(times)[steps // 2] * 1e3


# Rounding is a relative change of one epsilon; a few steps of training make it some thousand times larger.
for dtype, tolerance in (torch.float64, 1e-11), (torch.float32, 1e-3):
    for layout in torch.contiguous_format, torch.channels_last:
        evenkeel.restore_torch_kernels()
        before, before_time = train(dtype, layout)
        evenkeel.replace_torch_kernels()
        taken = evenkeel.torch_kernel_calls()[0]
        after, after_time = train(dtype, layout)
        taken = evenkeel.torch_kernel_calls()[0] - taken
        # 8 layers: forward and backward of 8 steps, and an evaluation.
        assert taken == 8 * (2 * 8 + 1), f"expected 136 batch norms by Evenkeel, found {taken}"
        difference = ((after - before).abs() / before.abs()).max().item()
        assert difference <= tolerance, f"{dtype} {layout}: expected losses equal to {tolerance}, found {difference}"
        print(f"{dtype} {layout}: losses equal to {difference:.1e}; a step took {before_time:.1f} ms with PyTorch's "
              f"kernels, {after_time:.1f} ms with Evenkeel's")

if hasattr(torch, "compile"):
    expected, _ = train(torch.float64, torch.contiguous_format)
    for backend in "eager", "aot_eager":
        taken = evenkeel.torch_kernel_calls()[0]
        found, _ = train(torch.float64, torch.contiguous_format, lambda model: torch.compile(model, backend=backend))
        taken = evenkeel.torch_kernel_calls()[0] - taken
        assert taken == 136, f"torch.compile, {backend}: expected 136 batch norms by Evenkeel, found {taken}"
        difference = ((found - expected).abs() / expected.abs()).max().item()
        assert difference <= 1e-11, f"torch.compile, {backend}: expected losses equal to 1e-11, found {difference}"
        print(f"torch.compile, {backend}: losses equal to {difference:.1e}")
