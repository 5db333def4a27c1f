"""samples.py LIBRARY: PyTorch's own samples for its batch norms, replaced against restored: values, strides, errors,
gradients of both orders, forward mode, batched gradients, vmap."""

import importlib.util
import sys
import types
import unittest
import warnings

import torch

# torch.testing imports expecttest for a class that the samples have no need of; not every machine has it.
if importlib.util.find_spec("expecttest") is None:
    sys.modules["expecttest"] = types.ModuleType("expecttest")
    sys.modules["expecttest"].TestCase = unittest.TestCase
    sys.modules["expecttest"].ACCEPT = False

try:
    warnings.filterwarnings("ignore")
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.common_modules import module_db
except ImportError as error:
    print(f"skipped: torch.testing has no samples here: {error}")
    sys.exit(77)
from torch.utils._pytree import tree_flatten, tree_map

torch.ops.load_library(sys.argv[1])
evenkeel = torch.ops.evenkeel
counts = {}


def copied(value):
    """With copies of every tensor: most batch norms change some of their arguments."""
    return tree_map(lambda t: t.detach().clone().requires_grad_(t.requires_grad) if isinstance(t, torch.Tensor) else t,
                    value)


def tensors(value):
    return [t for t in tree_flatten(value)[0] if isinstance(t, torch.Tensor)]


def outcome(function, arguments):
    """Results, gradients and what became of the arguments; or the error."""
    arguments = copied(arguments)
    torch.manual_seed(0)
    try:
        results = tensors(function(*arguments[0], **arguments[1]))
        leaves = [t for t in tensors(arguments) if t.requires_grad]
        differentiable = [t for t in results if t.requires_grad]
        gradients = []
        if leaves and differentiable:
            cotangents = [torch.randn_like(t) for t in differentiable]
            gradients = torch.autograd.grad(differentiable, leaves, cotangents, allow_unused=True)
        return [*results, *gradients, *tensors(arguments)], None
    except Exception as error:  # whatever PyTorch throws
        return [], f"{type(error).__name__}: {error}"


def compare(what, function, arguments):
    evenkeel.restore_torch_kernels()
    expected, expected_error = outcome(function, arguments)
    evenkeel.replace_torch_kernels()
    found, found_error = outcome(function, arguments)
    assert found_error == expected_error, f"{what}: expected {expected_error}, found {found_error}"
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours is None) == (theirs is None), what
        if ours is None:
            continue
        assert ours.stride() == theirs.stride(), f"{what}: expected strides {theirs.stride()}, found {ours.stride()}"
        torch.testing.assert_close(ours, theirs, equal_nan=True, msg=lambda text: f"{what}: {text}")
    counts["compared"] = counts.get("compared", 0) + 1


def check_derivatives(what, op, sample):
    arguments = (sample.input, *sample.args)
    wanted = [i for i, a in enumerate(arguments) if isinstance(a, torch.Tensor) and a.requires_grad]

    def function(*leaves):
        rest = list(copied(arguments))
        for i, leaf in zip(wanted, leaves):
            rest[i] = leaf
        results = tensors(op(*rest, **copied(sample.kwargs)))
        return tuple(t for t in results if t.requires_grad) or results[0]

    leaves = [arguments[i].detach().clone().requires_grad_() for i in wanted]
    if not leaves or any(t.numel() == 0 for t in leaves):
        return
    forward = op.supports_forward_ad
    torch.autograd.gradcheck(function, leaves, fast_mode=True, check_forward_ad=forward,
                             check_batched_grad=op.check_batched_grad)
    counts["gradcheck"] = counts.get("gradcheck", 0) + 1
    if op.supports_gradgrad:
        torch.autograd.gradgradcheck(function, leaves, fast_mode=True)
        counts["gradgradcheck"] = counts.get("gradgradcheck", 0) + 1


NAMES = {"nn.functional.batch_norm", "native_batch_norm", "_native_batch_norm_legit", "_batch_norm_with_update",
         "nn.functional.instance_norm"}
for op in (op for op in op_db if op.name in NAMES):
    what = f"{op.name} {op.variant_test_name}".strip()
    for dtype in torch.float32, torch.float64, torch.bfloat16:
        if dtype not in op.supported_dtypes("cpu"):
            continue
        for sample in op.sample_inputs("cpu", dtype, requires_grad=dtype in op.supported_backward_dtypes("cpu")):
            compare(f"{what} {dtype}", op, ((sample.input, *sample.args), sample.kwargs))
    if op.error_inputs_func is not None:
        for error in op.error_inputs("cpu"):
            sample = error.sample_input
            compare(f"{what} error", op, ((sample.input, *sample.args), sample.kwargs))
    for sample in op.sample_inputs("cpu", torch.float64, requires_grad=True):
        check_derivatives(what, op, sample)
    print(f"{what}: {counts}")

MODULES = {torch.nn.BatchNorm1d, torch.nn.BatchNorm2d, torch.nn.BatchNorm3d}
for info in (info for info in module_db if info.module_cls in MODULES):
    for dtype in torch.float32, torch.float64:
        for training in True, False:
            torch.manual_seed(1)
            inputs = info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training)
            for example in inputs:
                def function(*arguments, **named):
                    torch.manual_seed(2)
                    module = info.module_cls(*example.constructor_input.args, **example.constructor_input.kwargs)
                    module.to(dtype).train(training)
                    output = module(*arguments, **named)
                    parameters = list(module.parameters())
                    gradients = []
                    if parameters:
                        cotangent = torch.randn_like(output)
                        gradients = torch.autograd.grad(output, parameters, cotangent, retain_graph=True)
                    return [output, *gradients, *module.buffers()]

                compare(f"{info.module_cls.__name__} {dtype}", function,
                        (example.forward_input.args, example.forward_input.kwargs))
    print(f"{info.module_cls.__name__}: {counts}")

if hasattr(torch, "func"):
    evenkeel.replace_torch_kernels()
    torch.manual_seed(3)
    x, weight, bias = torch.randn(5, 4, 3, 6), torch.rand(5, 3), torch.randn(5, 3)
    statistics = torch.randn(5, 3), torch.rand(5, 3) + 0.5
    for training in True, False:
        def norm(x, weight, bias, mean, variance):
            return torch.nn.functional.batch_norm(x, mean, variance, weight, bias, training)
        batched = torch.func.vmap(norm)(x, weight, bias, *(t.clone() for t in statistics))
        single = torch.stack([norm(*a) for a in zip(x, weight, bias, *(t.clone() for t in statistics))])
        torch.testing.assert_close(batched, single)
        gradient = torch.func.grad(lambda *a: norm(*a).pow(3).sum(), argnums=(0, 1))
        batched = torch.func.vmap(gradient)(x, weight, bias, *(t.clone() for t in statistics))
        single = [gradient(*a) for a in zip(x, weight, bias, *(t.clone() for t in statistics))]
        torch.testing.assert_close(batched, tuple(torch.stack(g) for g in zip(*single)))
    print("vmap, and vmap of grad: right")

taken, passed_on = evenkeel.torch_kernel_calls()
print(f"{taken} batch norms by Evenkeel, {passed_on} by PyTorch")
assert taken > 100
