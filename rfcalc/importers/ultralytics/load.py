"""Ultralytics' YAML files (YOLOv3 to YOLO11): rows [from, repeats, module, args], scaled by a letter.

A file becomes a spec whose blocks are the modules, and that spec a graph: figures are those of the model as the package
builds it, heads as they run in training. Written from what the format's files mean and what the modules compute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath

from rfcalc.errors import Span, did_you_mean, fail
from rfcalc.graph import Graph
from rfcalc.importers.translated import Written, channels_of, printable, written
from rfcalc.importers.ultralytics.library import Library
from rfcalc.importers.ultralytics.rows import FORM, RowReader
from rfcalc.importers.ultralytics.top import KEYS, Options, options
from rfcalc.importers.ultralytics.translate import Translation
from rfcalc.language.files import all_scales, find, head_of, read_bytes, text_of
from rfcalc.language.limits import MAX_LAYERS
from rfcalc.language.marked import Marked, MarkedMapping, read
from rfcalc.language.overrides import parsed
from rfcalc.language.problems import Problems
from rfcalc.language.writer import scalar
from rfcalc.language.writer import text_of as value_text

SIZE = 640


def load(path: str, overrides: Mapping[str, str], max_layers: int) -> Graph:
    """The graph of a file; raises SpecError. Overrides are those of the file's keys (scale, nc, ...), input, and settings of
    layers by name."""
    spec, rest = _translated(path, overrides)
    return spec.load(rest, max_layers)


def to_spec(path: str, overrides: Mapping[str, str]) -> str:
    """The same network as a spec; raises SpecError for what is wrong in the file, or cannot be written."""
    spec, rest = _translated(path, overrides)
    graph = spec.load(rest, MAX_LAYERS)
    if rest.keys() - {"input"}:
        raise fail(
            "E617", f"{min(rest.keys() - {'input'})} is a setting of a layer of {graph.name}", None, "change it in the spec"
        )
    return spec.text


def _translated(path: str, overrides: Mapping[str, str]) -> tuple[Written, dict[str, str]]:
    """The spec, and the overrides that are not of the file's own keys."""
    source = path if head_of(path) else all_scales(path)
    source = str(find(source))
    problems = Problems()
    given = parsed({key: text for key, text in overrides.items() if key in KEYS or key == "input"}, problems)
    document, root = read(text_of(read_bytes(find(source), source), source), source)
    for problem in document.problems:
        problems.add(problem.code, problem.message, problem.span, problem.hint)
    if not isinstance(root, MarkedMapping):
        raise fail("E618", "a file of rows is a mapping with backbone and head", root.span, FORM)
    chosen = options(root, given, path, problems)
    shape = given.get("input")
    channels = channels_of(shape)
    rows = RowReader(dict(chosen.names), problems).rows(list(_parts(root, problems)))
    library = Library(chosen.act)
    translation = Translation(chosen, library, problems, channels or chosen.channels)
    translation.run(rows)
    if problems.found:
        problems.stop()
    rest = {key: text for key, text in overrides.items() if key not in KEYS}
    _known(rest, overrides)
    lines = _head(PurePath(path).stem, source, chosen, shape, library)
    places = {row.name: row.mark.span for row in rows if row}
    return written(source, lines, translation.steps, translation.outputs, places), rest


def _parts(root: MarkedMapping, problems: Problems) -> Iterator[Marked]:
    parts = [node for key in ("backbone", "head") if (node := root.get(key)) is not None]
    if not parts:
        problems.add("E618", "a file of rows needs backbone or head", root, FORM)
    yield from parts


def _known(rest: Mapping[str, str], overrides: Mapping[str, str]) -> None:
    """Raises SpecError for a key that is neither the file's nor a setting of a layer."""
    for key in rest:
        if "." not in key and key != "input":
            span = Span("command line", 1, 1, f"{key}={overrides[key]}"[:200], max(1, len(key)))
            hint = did_you_mean(key, (*KEYS, "input")) or f"there are {', '.join((*KEYS, 'input'))}"
            raise fail("E616", f'there is no "{key[:40]}" to set', span, hint)


def _head(name: str, source: str, chosen: Options, shape: Marked | None, library: Library) -> Iterator[str]:
    scale = f" at scale {chosen.scale}" if chosen.scale else ""
    yield f"# {printable(name)}: from the rows of {printable(PurePath(source).name)}{printable(scale)}"
    yield f"name: {scalar(name)}"
    yield f"input: {value_text(shape.plain()) if shape else f'{chosen.channels}x{SIZE}x{SIZE}'}"
    yield "defaults:"
    yield "  bn: {eps: 0.001}"
    yield f"  conv: {{norm: bn, act: {value_text(chosen.act)}, bias: false}}"
    yield from library.lines()
