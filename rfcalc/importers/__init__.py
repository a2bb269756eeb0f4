"""From what people have to a graph. Each importer is a module that is imported when a file is of its kind."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any

from rfcalc.errors import SpecError, fail
from rfcalc.graph import Graph
from rfcalc.importers.meant import explained, refuse_weights
from rfcalc.importers.sized import at_size, with_size
from rfcalc.language.files import STDIN, all_scales, find, head_of, read_bytes, shipped_files, text_of
from rfcalc.language.limits import MAX_LAYERS
from rfcalc.language.load import load_spec
from rfcalc.record import record

ROWS = re.compile(
    rb"^(?:backbone|head)[ \t]*:|^[ \t]*-[ \t]*\[(?:-?\d+|\[[-\d, ]*\]),[ \t]*\d+,[ \t]*[\w.]+,[ \t]*\[", re.MULTILINE
)
SECTIONS = re.compile(rb"^[ \t]*\[(?:net|network|convolutional)\][ \t]*\r?$", re.MULTILINE)


@record
class Importer:
    """One kind of input. `module` has `load(path, overrides, max_layers) -> Graph`, which raises SpecError; where programs are
    read, whose layers may be unknown (`programs`), it also takes `unknown` and `declare`, and where they are made by a callable
    (`callables`) also its `arguments`.

    `detect` is asked with what the user typed and the first bytes of that file (empty where it is no file); it imports
    nothing, since it runs at each start.
    """

    name: str
    module: str
    detect: Callable[[str, bytes], bool]
    programs: bool = False
    callables: bool = False


def _is_torch(path: str, head: bytes) -> bool:
    """package.module:callable, file.py:callable, or a saved program."""
    return path.endswith((".pt2", ".py")) or (
        ":" in path and not head and path.rpartition(":")[2].replace(".", "_").isidentifier() and not os.path.lexists(path)
    )


def _is_onnx(path: str, head: bytes) -> bool:
    """An .onnx file, or one that begins as a model does: its version, then another field of the message."""
    return path.endswith(".onnx") or (len(head) > 2 and head[0] == 0x08 and 0 < head[1] < 32 and head[2] in ONNX_FIELDS)


ONNX_FIELDS = frozenset(field << 3 | 2 for field in (2, 3, 4, 6, 7, 8, 14, 25)) | {5 << 3}


def _is_rows(path: str, head: bytes) -> bool:
    """A YAML file of Ultralytics: backbone or head, of rows; or the name of one for a single scale (yolov8n.yaml)."""
    if not path.endswith((".yaml", ".yml")):
        return False
    return ROWS.search(head or head_of(all_scales(path))) is not None


def _is_darknet(path: str, head: bytes) -> bool:
    """A .cfg file, or one that begins with darknet's sections."""
    return bool(head) and (path.endswith(".cfg") or SECTIONS.search(head) is not None)


def _always(path: str, head: bytes) -> bool:
    """Specs are what is left, so that their reader explains a file that nobody knows."""
    return True


# In the order in which they are asked; the spec language is last.
IMPORTERS: tuple[Importer, ...] = (
    Importer("torch", "rfcalc.importers.torch.load", _is_torch, programs=True, callables=True),
    Importer("onnx", "rfcalc.importers.onnx.load", _is_onnx, programs=True),
    Importer("ultralytics", "rfcalc.importers.ultralytics.load", _is_rows),
    Importer("darknet", "rfcalc.importers.darknet.load", _is_darknet),
    Importer("spec", "rfcalc.language.load", _always),
)


def load(
    path: str,
    overrides: Mapping[str, str] | None = None,
    max_layers: int = MAX_LAYERS,
    *,
    unknown: str = "error",
    declare: Sequence[str] = (),
    arguments: Mapping[str, str] | None = None,
    size: str | None = None,
    trust: bool | None = None,
) -> Graph:
    """The graph of a file, of a shipped network (`resnet50`), of a torch model, or of `-`, a spec on standard input.

    `overrides` are those of `-s key=value`; a graph of more than `max_layers` layers is refused before it is made. A layer of a
    program that nobody knows is an error, unless `unknown` is "bound" (it counts as reading its whole input) or `declare` says
    what it is ("mypkg.MyOp=pointwise"). `arguments` go to the callable that makes a torch model. `size`, such as "3x640x640",
    is the input at which the network is looked at: no parameter may change (`at_size`). `trust`: of a torch model anything may
    run (True), what a callable is named for (None), or nothing (False). Raises SpecError.
    """
    importer = _importer(path)
    if importer.name == "spec":  # nobody knows it by its content
        refuse_weights(path)
    more: dict[str, Any] = {"unknown": unknown, "declare": declare} if importer.programs else {}
    more |= {"arguments": arguments or {}, "trust": trust} if importer.callables else {}
    if path == "-" and size is not None:
        read = _read_once(max_layers)
    else:
        read = partial(import_module(importer.module).load, path, max_layers=max_layers, **more)
    try:
        if size is None or importer.programs:
            return read(overrides=with_size(overrides or {}, size))
        return at_size(lambda given: read(overrides=given), overrides or {}, size, path)
    except SpecError as error:
        raise explained(path, error) from None


def _read_once(max_layers: int) -> Callable[..., Graph]:
    """Loads the spec on standard input, which can be read once only, as often as it is called."""
    text = text_of(read_bytes(None, STDIN), STDIN)
    return partial(load_spec, text, STDIN, max_layers=max_layers)


def spec_text(path: str, why: str = "resize changes the text of one") -> tuple[str, str]:
    """The text of a spec, and the name of its source; raises SpecError, also for what is no spec: `why` it must be one."""
    if path != "-" and not is_spec(path):
        hint = f"rfcalc convert {path} -o net.yaml"
        raise fail("E501", f"{path} is no spec, and {why}", None, hint)
    found = None if path == "-" else find(path)
    source = STDIN if found is None else str(found)
    return text_of(read_bytes(found, source), source), source


def own_spec(path: str, overrides: Mapping[str, str]) -> str | None:
    """The spec that an importer makes of a file by itself (`to_spec`); None where it makes none. Raises SpecError."""
    make = getattr(import_module(_importer(path).module), "to_spec", None)
    return None if make is None else make(path, overrides)


def is_program(path: str) -> bool:
    """True for what is no spec: a program, whose layers may be unknown."""
    return _importer(path).programs


def is_spec(path: str) -> bool:
    """True for what is written in the spec language."""
    return _importer(path).name == "spec"


def _importer(path: str) -> Importer:
    head = head_of(path)
    return next(importer for importer in IMPORTERS if importer.detect(path, head))


def shipped() -> list[tuple[str, str]]:
    """Name and one-line description (the first comment line) of each shipped network."""
    networks = []
    for name, path in shipped_files().items():
        with path.open(encoding="utf-8") as file:
            line = file.readline()
        networks.append((name, line.lstrip("#").strip() if line.startswith("#") else ""))
    return networks
