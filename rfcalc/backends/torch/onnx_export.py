"""The network as an ONNX file, by torch's exporter of exported programs; kept only if it computes what torch computes."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from rfcalc.backends.torch.build import random_inputs, to_torch
from rfcalc.backends.torch.source import class_for
from rfcalc.backends.torch.variables import identifier
from rfcalc.errors import SpecError, fail
from rfcalc.graph import Graph

BATCHES = (1, 3)
NEAR = 1e-3  # of the largest number of an output, in float32
TOO_LARGE = 2 * 10**9


def onnx_bytes(graph: Graph, module: nn.Module | None = None) -> bytes:
    """The file's content: the module's weights, or random ones; batch size free; checked by onnx and, where it is installed, by
    onnxruntime at two batch sizes.

    Raises SpecError where torch cannot express a layer in ONNX, where the file would not compute what the network computes, or
    where the weights pass the format's 2 GB.
    """
    module = (module or to_torch(graph, seed=0)).eval()
    if sum(t.nbytes for t in module.state_dict().values()) > TOO_LARGE:
        raise _impossible(graph, "its weights pass the 2 GB that one file may hold")
    try:
        content = _exported(graph, module)
    except Exception as error:  # the exporter raises its own and torch's errors alike
        raise _impossible(graph, _reason(error)) from None
    _check(graph, module, content)
    return content


def checked_by() -> str:
    """Who has checked the file, in words."""
    batches = " and ".join(map(str, BATCHES))
    if find_spec("onnxruntime"):
        return f"checked by onnx, and by onnxruntime against torch at batches of {batches}"
    return "checked by onnx; onnxruntime, which would compare its outputs with torch's, is not installed"


def _exported(graph: Graph, module: nn.Module) -> bytes:
    """Attention is written as products and softmax: a fused kernel lies in memory in another order than what it becomes."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    inputs = random_inputs(graph, 2)  # a batch of 1 would be taken for a constant
    with _quiet(), sdpa_kernel([SDPBackend.MATH]):
        program = torch.onnx.export(
            module,
            inputs,
            input_names=[identifier(graph.nodes[i].name) for i in graph.inputs],
            output_names=[identifier(graph.nodes[i].name) for i in graph.outputs],
            dynamic_shapes=tuple({0: torch.export.Dim("batch")} for _ in inputs),
            optimize=False,  # with every layer: no norm is folded away
            dynamo=True,
            custom_translation_table={torch.ops.aten.conv3d.default: _conv3d},
            verbose=False,
        )
        content: bytes = program.model_proto.SerializeToString()
    return content


def _conv3d(
    x: object,
    weight: object,
    bias: object = None,
    stride: Sequence[int] = (1,),
    padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,),
    groups: int = 1,
) -> object:
    """A convolution on three axes: the exporter's own rule gives one without a bias a bias that is no vector."""
    from onnxscript import opset18

    strides, pads, dilations = (list(each) * (3 // len(each)) for each in (stride, padding, dilation))
    given = (x, weight) if bias is None else (x, weight, bias)
    return opset18.Conv(*given, strides=strides, pads=pads * 2, dilations=dilations, group=groups)


def _check(graph: Graph, module: nn.Module, content: bytes) -> None:
    """Raises SpecError for a file that is not valid, or does not compute what the module computes."""
    import onnx

    try:
        onnx.checker.check_model(content, full_check=True)
    except Exception as error:  # of the checker, or of its inference of shapes
        raise _impossible(graph, f"the file would not be valid: {_reason(error)}") from None
    if not find_spec("onnxruntime"):
        return
    for batch in BATCHES:
        inputs = random_inputs(graph, batch, seed=batch)
        with torch.no_grad():
            expected = module(*inputs)
        expected = expected if isinstance(expected, tuple) else (expected,)
        try:
            found = _run(content, inputs)
        except Exception as error:  # of another library, which has errors of its own
            raise _impossible(graph, f"onnxruntime cannot run it at a batch of {batch}: {_reason(error)}") from None
        for index, (a, b) in enumerate(zip(expected, found, strict=True)):
            if not _near(a, b):
                where = f'"{graph.nodes[graph.outputs[index]].name}" at a batch of {batch}'
                raise _impossible(graph, f"the file would compute other numbers than torch for {where}")


def _run(content: bytes, inputs: Sequence[Tensor]) -> list[Tensor]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    given = {put.name: tensor.numpy() for put, tensor in zip(session.get_inputs(), inputs, strict=True)}
    return [torch.from_numpy(array) for array in session.run(None, given)]


def _near(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors are equal within rounding."""
    if a.shape != b.shape:
        return False
    largest = float(a.abs().nan_to_num(0, 0, 0).max()) if a.numel() else 0.0
    return bool(torch.allclose(a, b, rtol=NEAR, atol=NEAR * largest + 1e-6, equal_nan=True))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter prints, warns and logs."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _impossible(graph: Graph, reason: str) -> SpecError:
    return fail("E707", f"{class_for(graph.name)} cannot be written as ONNX: {reason}")


def _reason(error: BaseException) -> str:
    """The first line of what was wrong at first."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
