"""An ONNX file as it is read: parsed without its external data, refused where it is broken, local functions inlined."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Any

from rfcalc.errors import SpecError, fail
from rfcalc.importers.onnx.skim import Left, skimmed
from rfcalc.importers.programs.declared import Declarations
from rfcalc.record import record

MOST_BYTES = 2 << 30  # what a protobuf message can hold
MOST_SIZE = 10**9  # of an axis of a stored tensor
DOMAINS = ("", "ai.onnx")
UNSTORED = (0, 8, 14, 15)  # element types whose values are of no use here: undefined, text, complex
BYTES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 14: 8, 15: 16, 16: 2}
BYTES |= dict.fromkeys((17, 18, 19, 20), 1)


@record
class Model:
    """A parsed file: its graph, the version of each operator domain, its stored tensors by name, what was left in the file."""

    proto: Any
    opsets: dict[str, int]
    stored: dict[str, Any]
    left: Left

    @property
    def graph(self) -> Any:
        """The main graph."""
        return self.proto.graph

    @property
    def opset(self) -> int:
        """The version of ONNX's own operators."""
        return self.opsets.get("", 1)

    def values_of(self, tensor: Any, most: int) -> Any:
        """The numbers of a stored tensor as an array; None if there are more than `most`, or they lie in another file."""
        from onnx import numpy_helper

        if hasattr(tensor, "indices") or tensor.data_location == 1 or prod(tensor.dims) > most or type_of(tensor) in UNSTORED:
            return None
        try:
            return numpy_helper.to_array(self.left.whole(tensor))
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


def read(path: str, max_layers: int, rules: Declarations) -> Model:
    """The model of a file, at most 2 GB and `max_layers` nodes; raises SpecError."""
    data, left = _bytes(path)
    model = parsed(data, path)
    if not model.graph.node and not model.graph.output:
        raise fail("E602", f"{path}: no ONNX model (it has no graph)")
    opsets = _opsets(model, path)
    _count(model, path, max_layers)
    if model.functions:
        model = _inlined(model, path, rules)
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    stored |= {tensor.values.name: tensor for tensor in model.graph.sparse_initializer}
    values = [value.name for value in (*model.graph.input, *model.graph.output)]
    if not all(isinstance(name, str) for name in (*stored, *values)):
        raise fail("E602", f"{path}: damaged (a name is no text)")
    for name, tensor in stored.items():
        _check_stored(path, name, tensor, left)
    return Model(model, opsets, stored, left)


def _bytes(path: str) -> tuple[bytes, Left]:
    try:
        size = Path(path).stat().st_size
        if size > MOST_BYTES:
            raise fail(
                "E603",
                f"{path}: {size / 2**30:.1f} GB; a model file holds 2 GB at most",
                hint="save the weights as external data, which are not read",
            )
        return skimmed(path)
    except FileNotFoundError:
        raise fail("E001", f"there is no file {path}") from None
    except OSError as error:
        raise fail("E001", f"cannot read {path}: {error.strerror or error}") from None


def parsed(data: bytes, path: str) -> Any:
    """The ModelProto of some bytes; raises SpecError."""
    import onnx

    try:
        return onnx.load_model_from_string(data)
    except Exception as error:  # each protobuf implementation raises its own
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise fail("E602", f"{path}: no ONNX model, or a damaged one ({reason[:120]})") from None


def _opsets(model: Any, path: str) -> dict[str, int]:
    import onnx

    versions = {"" if entry.domain in DOMAINS else entry.domain: entry.version for entry in model.opset_import}
    if not versions and model.ir_version < 3:
        versions = {"": 1}
    known = onnx.defs.onnx_opset_version()
    version = versions.get("", 1)
    if not versions:
        raise fail("E604", f"{path}: does not say which version of the operators it uses (opset_import)")
    if not 1 <= version <= known:
        hint = "pip install -U onnx" if version > known else ""
        raise fail("E604", f"{path}: opset {version} is unknown; onnx {onnx.__version__} knows 1 to {known}", hint=hint)
    return versions


def subgraphs(node: Any) -> Iterator[Any]:
    """The graphs that a node holds as attributes."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def needed(graph: Any) -> list[Any]:
    """The nodes that an output depends on, in their order."""
    wanted = {value.name for value in graph.output}
    nodes = []
    for node in reversed(graph.node):
        if any(name in wanted for name in node.output if name):
            nodes.append(node)
            wanted.update(outer_names(node))
    nodes.reverse()
    return nodes


def outer_names(node: Any) -> list[str]:
    """What a node reads, and what its subgraphs read of the graph around them."""
    names = list(node.input)
    for graph in subgraphs(node):
        own = {name for inner in graph.node for name in inner.output}
        names += [n for inner in graph.node for n in outer_names(inner) if n not in own]
        names += [value.name for value in graph.output if value.name not in own]
    return names


def _count(model: Any, path: str, most: int) -> None:
    """Counts the nodes with every call of a function written out, before anything is."""
    functions = {(function.domain, function.name): function for function in model.functions}
    sizes: dict[tuple[str, str], int] = {}
    open_calls: set[tuple[str, str]] = set()

    def size(nodes: Sequence[Any]) -> int:
        total = 0
        for node in nodes:
            key = (node.domain, node.op_type)
            if not all(isinstance(name, str) for name in (*key, node.name, *node.input, *node.output)):
                raise fail("E602", f"{path}: damaged (a name is no text)")
            total += of_function(key) if key in functions else node.op_type != "Constant"
            total += sum(size(graph.node) for graph in subgraphs(node))
            if total > most:
                raise fail("E115", f"{path}: more than {most:,} nodes", hint="--max-layers")
        return total

    def of_function(key: tuple[str, str]) -> int:
        if key in open_calls:
            raise fail("E605", f"{path}: the function {key[1]} calls itself")
        if key not in sizes:
            open_calls.add(key)
            sizes[key] = 1 + size(functions[key].node)
            open_calls.discard(key)
        return sizes[key]

    try:
        size(model.graph.node)
    except RecursionError:
        raise fail("E605", f"{path}: functions that call each other too deeply") from None


def _inlined(model: Any, path: str, rules: Declarations) -> Any:
    """The model with its own functions written out, but for those that the user has declared."""
    from onnx import inliner

    kept = [(f.domain, f.name) for f in model.functions if rules.find(f"{f.domain}.{f.name}") is not None]
    try:
        return inliner.inline_selected_functions(model, kept, exclude=True)
    except SpecError:
        raise
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise fail("E605", f"{path}: its functions cannot be written out ({reason[:120]})") from None


def shape_of(tensor: Any) -> tuple[int, ...]:
    """The shape of a stored tensor."""
    return tuple(tensor.dims)


def type_of(tensor: Any) -> int:
    """The element type of a stored tensor, dense or sparse."""
    return int(tensor.values.data_type if hasattr(tensor, "indices") else tensor.data_type)


def _check_stored(path: str, name: str, tensor: Any, left: Left) -> None:
    """Refuses a stored tensor whose data do not fit its shape."""
    shape, kind = shape_of(tensor), type_of(tensor)
    if not all(0 <= n <= MOST_SIZE for n in shape) or kind == 0:
        raise fail("E606", f"{path}: the stored tensor {name!r} has no valid shape and type")
    if hasattr(tensor, "indices") or tensor.data_location == 1 or kind not in BYTES:
        return
    if tensor.HasField("raw_data") and (have := left.size(tensor)) != prod(shape) * BYTES[kind]:
        raise fail("E606", f"{path}: the stored tensor {name!r} of shape {list(shape)} has {have:,} bytes of data")


@record(eq=False)
class Lazy:
    """The numbers of a constant, read when somebody asks for them."""

    get: Callable[[], Any]

    def __call__(self) -> Any:
        """The array, or None where it is not known."""
        return self.get()
