"""Imports torch models: package.module:callable, file.py:callable, or a saved .pt2 program.

The module is made without weights and exported on fake tensors; the program that comes out is followed step by step. Importing
a Python file runs its code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from rfcalc.errors import fail
from rfcalc.graph import Graph
from rfcalc.importers.programs.asked import asked_shapes
from rfcalc.importers.torch.target import Target, request_of, wanted
from rfcalc.language.limits import MAX_LAYERS
from rfcalc.progress import say
from rfcalc.version import to_install


def load(
    text: str,
    overrides: Mapping[str, str] | None = None,
    max_layers: int = MAX_LAYERS,
    *,
    unknown: str = "error",
    declare: Sequence[str] = (),
    arguments: Mapping[str, str] | None = None,
    trust: bool | None = None,
) -> Graph:
    """The graph of a torch model. `overrides` hold `input`, and arguments of the callable as `arguments` do; `unknown` is
    "error" or "bound"; `declare` holds rules such as "mypkg.MyOp=pointwise". With `trust` a saved program may hold what runs;
    without (False) nothing runs, and a callable is an error. Raises SpecError."""
    target = wanted(text)
    if target.what and trust is False:
        raise fail("E409", f"{text} would run the code of {target.where}", None, "--trust lets your own code run")
    _need_torch()
    say("loading torch")
    import torch  # noqa: F401

    from rfcalc.importers.programs.declared import Declarations
    from rfcalc.importers.torch.capture import capture, read
    from rfcalc.importers.torch.follow import follow
    from rfcalc.importers.torch.leaves import as_leaves

    rules = Declarations.of(declare)
    request = request_of(overrides or {}, arguments or {})
    if not target.what:
        if overrides or arguments:
            raise fail("E401", f"{text} is a saved program: its input and its arguments are fixed")
        say(f"reading {text}")
        captured, make = read(text, bool(trust)), partial(_saved, text, bool(trust))
    else:
        from rfcalc.importers.torch.build import build

        say(f"making {text}")
        module = build(target, request.arguments)
        say(f"tracing {text}")
        with as_leaves(rules, module):
            captured = capture(module, request.shapes, text)
        make = partial(build, target, request.arguments, real=True)
    say(f"following {text}")
    return follow(captured, _name(target), text, max_layers, unknown == "bound", rules, make)


def load_module(
    module: Any, size: str = "", max_layers: int = MAX_LAYERS, *, unknown: str = "error", declare: Sequence[str] = ()
) -> Graph:
    """The graph of a live nn.Module in evaluation mode, which stays as it is: its weights, buffers, modes and torch's random
    numbers. `size` is its input's, as `--input` has it; empty where the module says it. Raises SpecError."""
    import torch

    from rfcalc.importers.programs.declared import Declarations
    from rfcalc.importers.torch.build import copied
    from rfcalc.importers.torch.capture import capture
    from rfcalc.importers.torch.follow import follow
    from rfcalc.importers.torch.leaves import as_leaves

    name, rules = type(module).__name__, Declarations.of(declare)
    modes, numbers = [(part, part.training) for part in module.modules()], torch.get_rng_state()
    module.eval()
    try:
        with as_leaves(rules, module):
            captured = capture(module, asked_shapes(size) if size else {}, name)
    finally:
        torch.set_rng_state(numbers)
        for part, training in modes:
            part.training = training
    return follow(captured, name, name, max_layers, unknown == "bound", rules, partial(copied, module))


def _saved(path: str, trust: bool) -> Any:
    """The module of a saved program."""
    from rfcalc.importers.torch.capture import read

    return read(path, trust).program.module()


def load_program(program: Any, max_layers: int = MAX_LAYERS, *, unknown: str = "error", declare: Sequence[str] = ()) -> Graph:
    """The graph of a program of torch.export. Raises SpecError."""
    from rfcalc.importers.programs.declared import Declarations
    from rfcalc.importers.torch.capture import of_program
    from rfcalc.importers.torch.follow import follow

    name = type(program).__name__
    rules = Declarations.of(declare)
    return follow(of_program(program), name, name, max_layers, unknown == "bound", rules, partial(program.module))


def module_of(text: str, overrides: Mapping[str, str] | None = None) -> Any:
    """The real nn.Module of a target, with weights in memory, to be run; raises SpecError."""
    target = wanted(text)
    _need_torch()
    if not target.what:
        return _saved(text, False)
    from rfcalc.importers.torch.build import build

    return build(target, request_of(overrides or {}).arguments, real=True)


def _name(target: Target) -> str:
    return target.what or target.where.rsplit("/", 1)[-1].removesuffix(".pt2")


def _need_torch() -> None:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise fail("E400", "torch models need torch", hint=to_install("torch", "torch"))
