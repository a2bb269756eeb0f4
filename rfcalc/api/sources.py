"""A network in any form that people have it in, as a graph."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from rfcalc.api.words import in_python, one_of, size_text, texts, yaml_text
from rfcalc.errors import SpecError, did_you_mean, fail

if TYPE_CHECKING:
    from torch import nn
    from torch.export import ExportedProgram

    from rfcalc.analyses.network import Analysis
    from rfcalc.api.words import Size
    from rfcalc.graph import Graph

    Source: TypeAlias = str | os.PathLike[str] | Mapping[str, object] | nn.Module | ExportedProgram | Graph | Analysis

KINDS = "a file's or network's name, the text of a spec, a dict, an nn.Module or a graph"
NOTHING: Mapping[str, object] = {}
SYNONYMS = ("input_size", "input_shape", "inputs", "image_size")  # of other tools
NAMED = ("input", "layers", "units", "dtype", "why", "erf", "convention", "overrides", "unknown", "declare")


def load(
    source: Source,
    input: Size | None = None,
    *,
    overrides: Mapping[str, object] = NOTHING,
    unknown: str = "error",
    declare: Sequence[str] = (),
    **params: object,
) -> Graph:
    """The graph of a network.

    `source`: what the commands take (a spec file, a shipped network's name, an ONNX file, package.module:callable, ...); the
    text of a spec (of several lines); a spec as a dict; a live nn.Module, which is followed in evaluation mode and stays as it
    is; or a program of torch.export.

    `input`: the size at which the network is looked at, channels first: (3, 224, 224), "3x224x224", a tensor, or a number for
    every axis of a network that says its channels; of several inputs a dict by their names. A size at which it would have
    other parameters is an error.

    `params` override those of a spec, and are the arguments of a callable. `overrides` do the same for what is no name in
    Python, {"layer4.*.conv2.dilation": 2}, and {"input": "1x64x64"} makes another network. `unknown`: "bound" takes a layer of
    a program that nobody knows as reading its whole input; `declare` says what such layers are, ["mypkg.MyOp=pointwise"].

    Raises SpecError with every problem that was found, and TypeError for what is no network.
    """
    if wrong := next((name for name in params if name in SYNONYMS), None):
        raise TypeError(f"{wrong} is called input here: input=(3, 224, 224)")
    given = {name: yaml_text(value) for name, value in {**overrides, **params}.items()}
    one_of(unknown, {"error": 0, "bound": 1}, "unknown")
    with in_python():
        return _graph(source, input, unknown, texts(declare, "declare"), given)


def loads(text: str, input: Size | None = None, *, overrides: Mapping[str, object] = NOTHING, **params: object) -> Graph:
    """The graph of the text of a spec; the other arguments are those of `load`. Raises SpecError."""
    if not isinstance(text, str):
        raise TypeError(f"loads takes the text of a spec, not {_kind(text)}; load takes {KINDS}")
    with in_python():
        return _of_text(text, input, {name: yaml_text(value) for name, value in {**overrides, **params}.items()})


def several(sources: Source | Sequence[Source]) -> list[Source]:
    """The networks of one argument: a folder or a pattern stands for its files, a list for each of its members. Raises
    SpecError for a folder without any."""
    if isinstance(sources, str | os.PathLike):
        from rfcalc.language.folders import named

        text = os.fspath(sources)
        return [text] if is_text(text) else [*named(text).files]
    if isinstance(sources, list | tuple | set | frozenset):
        return [each for source in sources for each in several(source)]
    return [sources]


def _graph(source: Source, input: Size | None, unknown: str, declare: Sequence[str], params: Mapping[str, str]) -> Graph:
    from rfcalc.analyses.network import Analysis
    from rfcalc.graph import Graph

    if isinstance(source, Analysis | Graph):
        if params or input is not None:
            raise TypeError("a graph is made already: input and params are for load, which makes it")
        return source.graph if isinstance(source, Analysis) else source
    if isinstance(source, os.PathLike):
        return _of_path(os.fspath(source), input, unknown, declare, params)
    if isinstance(source, Mapping):
        return _of_text(yaml_text(source), input, params)
    if not isinstance(source, str):
        return _live(source, input, unknown, declare, params)
    return _of_text(source, input, params) if is_text(source) else _of_path(source, input, unknown, declare, params)


def is_text(source: str) -> bool:
    """Whether a text is a spec itself, rather than the name of one."""
    return "\n" in source or source.lstrip().startswith("{")


def _of_text(text: str, input: Size | None, params: Mapping[str, str]) -> Graph:
    from rfcalc.importers.sized import at_size
    from rfcalc.language.load import load_spec

    def read(given: Mapping[str, str]) -> Graph:
        return load_spec(text, "<spec>", given)

    size = _size(input, partial(read, params))
    return read(params) if size is None else at_size(read, params, size, "<spec>")


def _of_path(path: str, input: Size | None, unknown: str, declare: Sequence[str], params: Mapping[str, str]) -> Graph:
    from rfcalc.importers import is_program
    from rfcalc.importers import load as load_path

    if is_program(path):
        size = None if input is None else size_text(input)
        return load_path(path, params, size=size, unknown=unknown, declare=declare)
    try:
        return load_path(path, params, size=_size(input, partial(load_path, path, params)))
    except SpecError as error:
        if error.problems[0].code != "E001" or ": " not in path:
            raise
        raise fail("E001", error.problems[0].message, None, "rfcalc.loads takes the text of a spec") from None


def _size(input: Size | None, own: Callable[[], Graph]) -> str | None:
    """The size of the input as `--input` has it; a number is that of each axis of the network's own."""
    if not isinstance(input, int) or isinstance(input, bool):
        return None if input is None else size_text(input)
    graph = own()
    shapes = {graph.nodes[i].name: graph.nodes[i].shape for i in graph.inputs}
    sizes = {name: "x".join(map(str, (shape.channels, *[input] * shape.rank))) for name, shape in shapes.items()}
    return size_text(sizes) if len(sizes) > 1 else next(iter(sizes.values()))


def _live(source: object, input: Size | None, unknown: str, declare: Sequence[str], params: Mapping[str, str]) -> Graph:
    """The graph of a live module, or of an exported program; raises TypeError for anything else."""
    torch = sys.modules.get("torch")
    module = torch is not None and isinstance(source, torch.nn.Module)
    if not module and not (torch is not None and isinstance(source, torch.export.ExportedProgram)):
        raise TypeError(f"rfcalc takes {KINDS}, not {_kind(source)}{_instead(source)}")
    if params:
        hint = next((hint for name in params if (hint := did_you_mean(name, NAMED))), "")
        what = f"{', '.join(params)}: a module that is made already takes no arguments"
        raise TypeError(f"{what}; {hint}" if hint else what)
    from rfcalc.importers.torch.load import load_module, load_program

    if module:
        return load_module(source, "" if input is None else size_text(input), unknown=unknown, declare=declare)
    if input is not None:
        raise TypeError("an exported program's input is fixed")
    return load_program(source, unknown=unknown, declare=declare)


def _kind(source: object) -> str:
    return f"the class {source.__name__}" if isinstance(source, type) else type(source).__name__


def _instead(source: object) -> str:
    """What was probably meant by something that is no network."""
    if callable(source):
        return f"; call it: {getattr(source, '__name__', 'model')}()"
    if isinstance(source, list | tuple | set):
        return "; compare takes several"
    if isinstance(source, bytes):
        return "; decode it, or give the file's name"
    if type(source).__name__ == "ModelProto":
        return "; save it, and give the name of the .onnx file"
    return ""
