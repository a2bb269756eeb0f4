"""The network as an ONNX file, by torch's own exporter."""

from __future__ import annotations

import contextlib
import io
import warnings

import torch

from rfcalc.backends.torch.build import random_inputs, to_torch
from rfcalc.backends.torch.source import class_for
from rfcalc.backends.torch.variables import identifier
from rfcalc.errors import fail
from rfcalc.graph import Graph

OPSET = 17


def onnx_bytes(graph: Graph, seed: int = 0) -> bytes:
    """The file's content: random weights, batch size free. Uses the exporter that needs no package besides onnx.

    Raises SpecError where torch cannot express a layer in ONNX, or where the weights pass the format's 2 GB.
    """
    module = to_torch(graph, seed=seed).eval()
    names = [identifier(graph.nodes[i].name) for i in graph.inputs]
    outputs = [identifier(graph.nodes[i].name) for i in graph.outputs]
    buffer = io.BytesIO()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module,
                random_inputs(graph),
                buffer,
                input_names=names,
                output_names=outputs,
                dynamic_axes={name: {0: "batch"} for name in (*names, *outputs)},
                opset_version=OPSET,
                training=torch.onnx.TrainingMode.PRESERVE,  # in eval mode, with every layer: no norm is folded away
                dynamo=False,
            )
    except Exception as error:  # the exporter raises its own and torch's errors alike
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise fail("E707", f"{class_for(graph.name)} cannot be written as ONNX: {reason[:200]}") from None
    return buffer.getvalue()
