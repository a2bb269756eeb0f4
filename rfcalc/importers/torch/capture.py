"""A module as a program: torch.export on fake tensors, which have shapes and no memory. Nothing is computed."""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import pickle
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from rfcalc.errors import SpecError, fail
from rfcalc.graph import MemoryOfRun
from rfcalc.importers.programs.asked import meant_by
from rfcalc.importers.programs.program import Held
from rfcalc.importers.torch.build import LARGEST, quiet
from rfcalc.importers.torch.cut import cut, dependent, shortened
from rfcalc.importers.torch.fakes import faked
from rfcalc.importers.torch.memory import memory_of
from rfcalc.importers.torch.places import place_of
from rfcalc.origin import Argument, Call, call_with
from rfcalc.record import record, replace
from rfcalc.relations.shape import Shape

OBJECTS = "it brings a pickled object, which could run code"
COMPILED = ("cond", "while_loop", "scan", "map_impl", "associative_scan")
PART = "name a part of it, such as pkg.models:detector.backbone"


@record
class Captured:
    """An exported program. `held`: the stored tensors; `named`: which of them each placeholder is; `inputs`: the others;
    `values`: stored numbers that are small and not learned (indices, masks), where they are known; `lists`: arguments that
    are lists of images, which have no batch axis; `memory`: what the module's run shows of it; `arguments`: how the module
    is called; `rest`: what of it the program leaves out, and why; empty for nothing."""

    program: Any
    held: Mapping[str, Held]
    named: Mapping[str, str]
    inputs: Sequence[str]
    values: Mapping[str, Any]
    lists: tuple[str, ...] = ()
    memory: MemoryOfRun | None = None
    arguments: tuple[Argument, ...] = ()
    rest: str = ""


def capture(module: Any, shapes: Mapping[str, Shape], text: str) -> Captured:
    """Exports a module for inputs of the given shapes, batch 1; raises SpecError."""
    import torch

    _check_lazy(module, text)
    held, canonical = _held(module)
    values = _known(dict(module.named_buffers()))
    with quiet(), contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()), faked(module) as mode:
        arguments = _arguments(module, _wanted(module, shapes, text))
        with mode:
            call = call_with(arguments, lambda shape: torch.empty(1, shape.channels, *shape.size))
        try:
            program, rest = _exported(module, call)
        except SpecError:
            raise
        except (Exception, SystemExit) as error:
            raise _refused(text, error, shapes) from None
        memory = None if _compiles(program) else memory_of(module, call, mode)
    found = _captured(program, held, canonical, values)
    return replace(found, lists=_lists(module), memory=memory, arguments=arguments, rest=rest)


def _exported(module: Any, call: Call) -> tuple[Any, str]:
    """The program; where values decide how it goes on, the part before, and what was not followed."""
    import torch

    try:
        return torch.export.export(module, call.positional, call.words, strict=False), ""
    except Exception as error:
        if not dependent(error):
            raise
        with cut(module) as found:
            try:
                program = torch.export.export(module, call.positional, call.words, strict=False)
            except Exception:
                raise error from None
        shortened(program.graph_module.graph)
        return program, found.rest


def _compiles(program: Any) -> bool:
    """True if a step takes functions (torch.cond, while_loop): outside of an export it would compile them, and leave torch's
    compiler in a state in which the next export of the same code fails."""
    graphs = [module.graph for module in program.graph_module.modules() if hasattr(module, "graph")]
    return any(getattr(node.target, "__name__", "") in COMPILED for graph in graphs for node in graph.nodes)


def read(path: str, trust: bool = False) -> Captured:
    """A saved program; raises SpecError, also for one in which torch would run what it holds, unless it is to be trusted."""
    import torch

    if not trust:
        _check_data(path)
    try:
        with quiet(), contextlib.nullcontext() if trust else _no_objects():
            program = torch.export.load(path)
    except FileNotFoundError:
        raise fail("E001", f"there is no file {path}") from None
    except Exception as error:
        reason = OBJECTS if isinstance(error, pickle.UnpicklingError) else _first_line(error)
        raise fail("E406", f"{path} is no saved program of torch.export: {reason}") from None
    return of_program(program)


def _check_data(path: str) -> None:
    """Raises SpecError for a file in which torch would run what it holds."""
    from rfcalc.importers.torch.archive import suspect

    try:
        found = suspect(path)
    except FileNotFoundError:
        raise fail("E001", f"there is no file {path}") from None
    except (OSError, ValueError, LookupError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise fail("E406", f"{path} is no saved program of torch.export: {_first_line(error)}") from None
    if found is not None:
        hint = "--trust loads a file that you have made yourself"
        raise fail("E409", f"{path} holds {found}: loading it could run code", None, hint)


def of_program(program: Any) -> Captured:
    """A program that torch.export has made."""
    stored = {**dict(program.named_parameters()), **dict(program.named_buffers())}
    learned = {name for name, _ in program.named_parameters()}
    held = {name: Held(tensor.numel(), name in learned) for name, tensor in stored.items()}
    found = _captured(program, held, {name: name for name in held}, _known(dict(program.named_buffers())))
    return replace(found, arguments=_saved_arguments(program, found.inputs))


def _saved_arguments(program: Any, inputs: Sequence[str]) -> tuple[Argument, ...]:
    """How a saved program is called; empty where it takes anything but tensors with a batch axis."""
    from torch.utils._pytree import tree_unflatten

    values = {node.name: node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder"}
    positional, words = tree_unflatten(list(inputs), program.call_spec.in_spec)
    found = []
    for word, name in (*(("", name) for name in positional), *words.items()):
        shape = list(getattr(values.get(name), "shape", ())) if isinstance(name, str) else []
        if len(shape) < 2 or not all(isinstance(n, int) for n in shape[1:]):
            return ()
        found.append(Argument(Shape(shape[1], tuple(shape[2:])), word))
    return tuple(found)


@contextlib.contextmanager
def _no_objects() -> Iterator[None]:
    """For a while torch.load takes tensors only, whatever it is told, and the reader of archives unpickles nothing."""
    try:
        from torch.export.pt2_archive import _package as archive
    except ImportError:  # an earlier torch, whose reader has only torch.load
        archive = SimpleNamespace()

    def refused(*_: Any) -> Any:
        raise ValueError(OBJECTS)

    name, plain = "TORCH_FORCE_WEIGHTS_ONLY_LOAD", getattr(archive, "pickle", None)
    before = os.environ.get(name)
    os.environ[name] = "1"
    archive.pickle = SimpleNamespace(loads=refused, load=refused)
    try:
        yield
    finally:
        archive.pickle = plain
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _check_lazy(module: Any, text: str) -> None:
    """Raises SpecError for a module whose parameters have no shapes yet."""
    import torch

    for path, part in module.named_modules():
        if isinstance(part, torch.nn.modules.lazy.LazyModuleMixin) and part.has_uninitialized_params():
            kind = f"{path} ({type(part).__name__})" if path else type(part).__name__
            raise fail("E403", f"{text}: the shape of {kind} is not known before it has run", hint="give its sizes in the code")


def _known(buffers: Mapping[str, Any]) -> dict[str, Any]:
    """The buffers whose numbers are there: neither fake, nor on the meta device, nor large."""
    import torch

    return {
        name: tensor
        for name, tensor in buffers.items()
        if type(tensor) is torch.Tensor and tensor.device.type == "cpu" and tensor.numel() <= LARGEST
    }


def _held(module: Any) -> tuple[dict[str, Held], dict[str, str]]:
    """The stored tensors by name, each once, and for every name of one the name that it is counted by."""
    held: dict[str, Held] = {}
    canonical: dict[str, str] = {}
    first: dict[int, str] = {}
    for learned, tensors in ((True, module.named_parameters), (False, module.named_buffers)):
        for name, tensor in tensors(remove_duplicate=False):
            canonical[name] = first.setdefault(id(tensor), name)
            if canonical[name] == name:
                held[name] = Held(tensor.numel(), learned)
    return held, canonical


def _captured(program: Any, held: Mapping[str, Held], canonical: Mapping[str, str], values: Mapping[str, Any]) -> Captured:
    signature = program.graph_signature
    named = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
    named = {placeholder: canonical.get(name, name) for placeholder, name in named.items()}
    changed = {name for _, name in signature.buffers_to_mutate.items()}
    kept = {name: value for name, value in values.items() if name not in changed}
    return Captured(program, held, named, list(signature.user_inputs), kept)


def _wanted(module: Any, shapes: Mapping[str, Shape], text: str) -> dict[str, Shape]:
    """The shape of each argument of the module's forward that must be given."""
    parameters = inspect.signature(module.forward).parameters.values()
    plain = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    needed = [p.name for p in plain if p.default is p.empty] or [p.name for p in plain[:1]] or [p.name for p in parameters][:1]
    known = {p.name for p in plain}
    if unknown := [name for name in shapes if name and name not in known]:
        raise fail("E402", f"{text} has no input {unknown[0]}", hint=f"it has {', '.join(sorted(known))}")
    default = shapes.get("") or _own_shape(module)
    shapes_of_inputs = {name: shapes.get(name) or default for name in dict.fromkeys([*needed, *(n for n in shapes if n)])}
    if None in shapes_of_inputs.values():
        raise fail("E402", f"{text} does not say its input's shape", hint="--input 3x224x224")
    return {name: shape for name, shape in shapes_of_inputs.items() if shape is not None}


def _own_shape(module: Any) -> Shape | None:
    """The input's shape, where the module itself says it (timm)."""
    settings = getattr(module, "pretrained_cfg", None) or getattr(module, "default_cfg", None)
    size = settings.get("input_size") if isinstance(settings, Mapping) else None
    return Shape(size[0], tuple(size[1:])) if size else None


def _arguments(module: Any, shapes: Mapping[str, Shape]) -> tuple[Argument, ...]:
    """How a module is called with inputs of these shapes; one that takes a list of images gets a list of one."""
    parameters, found = inspect.signature(module.forward).parameters, []
    for name, shape in shapes.items():
        kind = parameters[name].kind
        word = name if kind is inspect.Parameter.KEYWORD_ONLY else "x" if kind is inspect.Parameter.VAR_KEYWORD else ""
        found.append(Argument(shape, word, _is_list(parameters[name])))
    return tuple(found)


def _is_list(parameter: inspect.Parameter) -> bool:
    return str(parameter.annotation).lower().startswith(("list[", "typing.list["))


def _lists(module: Any) -> tuple[str, ...]:
    """The arguments that take a list of images."""
    return tuple(p.name for p in inspect.signature(module.forward).parameters.values() if _is_list(p))


def _refused(text: str, error: BaseException, shapes: Mapping[str, Shape]) -> SpecError:
    reason = _first_line(error)
    hint = meant_by(shapes, reason)
    if dependent(error):
        reason = "what it does depends on the values of its tensors"
        hint = PART
    return fail("E407", f"{text} cannot be followed by torch.export: {reason}", place_of(error), hint)


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in f"{type(error).__name__}: {error}".splitlines() if line.strip()]
    return lines[0][:300]
