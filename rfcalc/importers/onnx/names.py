"""Names of layers: from the nodes of an ONNX graph, in the forms that exporters write, to paths of modules."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from typing import Any

LAYERLESS = frozenset(
    """Constant Identity Shape Size Gather Unsqueeze Squeeze Reshape Flatten Transpose Cast Concat Slice Expand
    ConstantOfShape Range Split""".split()  # noqa: SIM905
)
PREFIXES = ("StatefulPartitionedCall/", "PartitionedCall/")
UNSAFE = re.compile(r"[^\w.\-]+")
COUNTED = re.compile(r"_\d+$")


def scopes(nodes: Sequence[Any], stored: Iterable[str]) -> list[str]:
    """For each node the path of the module that it is in, or its own name where it has no path."""
    weights = set(stored)
    return [path_of(node, weights) for node in nodes]


def path_of(node: Any, weights: set[str]) -> str:
    """The module that a node is in, else that of the weights, or its own name. A path may be shortened and numbered
    (conv1_3) where the weights' names are whole (layer2.0.conv1)."""
    path = module_of(node)
    owners = [owner for each in node.input if each in weights and (owner := owner_of(each))]
    if path is not None:
        short = COUNTED.sub("", path)
        return next((owner for owner in owners if owner.endswith(f".{short}")), path)
    return owners[0] if owners else clean(node.name)


def module_of(node: Any) -> str | None:
    """`/layer1/layer1.0/conv1/Conv` is in layer1.0.conv1; None where neither the name nor the metadata tell."""
    named = _from_metadata(node)
    name = node.name
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return _joined(name.strip("/").split("/")[:-1]) if named is None and "/" in name else named


def _from_metadata(node: Any) -> str | None:
    """The module's path as torch's newer exporter keeps it: a list of all modules around the node, then the node."""
    for entry in getattr(node, "metadata_props", ()):
        if entry.key == "pkg.torch.onnx.name_scopes":
            try:
                found = ast.literal_eval(entry.value)
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                return None
            if isinstance(found, list) and len(found) > 1 and all(isinstance(part, str) for part in found):
                return clean(found[-2])
    return None


def _joined(parts: Sequence[str]) -> str:
    """One path from parts each of which may repeat the part before: layer1, layer1.0, conv1."""
    pieces: list[str] = []
    for part in parts:
        if pieces and part.startswith(f"{pieces[-1]}."):
            pieces[-1] = part
        elif part:
            pieces.append(part)
    return clean(".".join(pieces))


def owner_of(weight: str) -> str:
    """The module that a stored tensor belongs to, if its name says it: conv1.weight is of conv1."""
    scope, dot, _ = weight.rpartition(".")
    return clean(scope) if dot and UNSAFE.search(scope) is None and not scope.isdigit() else ""


def clean(name: str) -> str:
    """The name with letters, digits, dots, dashes and underscores only."""
    return UNSAFE.sub("_", name).strip("._")[:200]


def containers(nodes: Sequence[Any], paths: Sequence[str]) -> frozenset[str]:
    """Paths that hold other ones, or in which several kinds of operators run."""
    names: set[str] = set()
    kinds: dict[str, set[str]] = {}
    for node, path in zip(nodes, paths, strict=True):
        parts = path.split(".")
        names.update(".".join(parts[:i]) for i in range(1, len(parts)))
        if node.op_type not in LAYERLESS:
            kinds.setdefault(path, set()).add(node.op_type)
    return frozenset(names | {path for path, words in kinds.items() if len(words) > 1 and path})
