"""Makes the module that a target names, without its weights: what a constructor would fill lies on the meta device.

Importing a Python file runs its code. Weights are neither downloaded nor loaded: no figure depends on them.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from rfcalc.errors import SpecError, did_you_mean, fail
from rfcalc.importers.torch.importing import forget, imported
from rfcalc.importers.torch.places import broken
from rfcalc.importers.torch.target import Target

LARGEST = 1 << 16  # elements of a tensor that a constructor may really fill
LOADER = "load_state_dict_from_url"


def empty() -> Any:
    """A mode that puts on the meta device what is not filled, and what is large; small tensors get their values."""
    import torch
    from torch.overrides import TorchFunctionMode
    from torch.utils._device import _device_constructors

    class Empty(TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = dict(kwargs or {})
            real = func not in _device_constructors() or func in (torch.tensor, torch.as_tensor)
            if real or kwargs.get("device") is not None:
                return func(*args, **kwargs)
            found = func(*args, **{**kwargs, "device": "meta"})
            unfilled = "empty" in getattr(func, "__name__", "")
            return found if unfilled or found.numel() > LARGEST else func(*args, **kwargs)

    return Empty()


def build(target: Target, arguments: Mapping[str, Any], real: bool = False) -> Any:
    """The module that a target names, in eval mode; with `real` one of its own, with weights in memory. Raises SpecError."""
    import torch

    if target.what == "":
        raise fail("E403", f"{target.text} is a saved program; it has no module")
    with quiet():
        made = _attempts(target, arguments, real)
        if real and _is_hollow(made):  # made on the meta device when its file was imported
            forget(target)
            made = _attempts(target, arguments, real)
    if isinstance(made, torch.jit.ScriptModule):
        raise fail(
            "E403", f"{target.text} is a TorchScript module", hint="export it with torch.export, or give its Python class"
        )
    if not isinstance(made, torch.nn.Module):
        raise fail("E403", f"{target.text} gives a {type(made).__name__}, not an nn.Module")
    return made.eval()


def _is_hollow(made: Any) -> bool:
    tensors = (*made.parameters(), *made.buffers()) if hasattr(made, "buffers") else ()
    return any(tensor.device.type == "meta" for tensor in tensors)


def copied(module: Any) -> Any:
    """A copy of somebody's module in evaluation mode; raises SpecError for one that cannot be copied."""
    try:
        return deepcopy(module).eval()
    except Exception as error:
        text = f"{type(module).__name__} cannot be copied: {type(error).__name__}: {error}".splitlines()[0]
        raise fail("E405", text, hint="it must stay as it is, so that a copy is run; a callable can make a new one") from None


def _attempts(target: Target, arguments: Mapping[str, Any], real: bool) -> Any:
    """Some constructors compute with their tensors' values, so that the meta device cannot serve them all."""
    import torch

    modes: list[Callable[[], Any]] = [empty, lambda: torch.device("meta"), contextlib.nullcontext]
    for mode in modes[2:] if real else modes:
        try:
            with unloaded(), mode():
                return _made(target, arguments, real)
        except SpecError:
            raise
        except (NotImplementedError, RuntimeError, AssertionError) as error:
            if mode is modes[-1]:
                raise broken(target, error) from None
        except (Exception, SystemExit) as error:
            raise broken(target, error) from None
    raise AssertionError


def _made(target: Target, arguments: Mapping[str, Any], real: bool) -> Any:
    found: Any = imported(target)
    with unloaded():  # by what has just been imported, too
        return _called(target, found, arguments, real)


def _called(target: Target, found: Any, arguments: Mapping[str, Any], real: bool) -> Any:
    from torch import nn

    walked = target.where
    for name in target.what.split("."):
        if not hasattr(found, name) and callable(found) and not isinstance(found, nn.Module):
            found, arguments = found(**arguments), {}
        if not hasattr(found, name):
            known = [n for n in dir(found) if not n.startswith("_")]
            raise fail("E404", f"{walked} has no {name}", hint=did_you_mean(name, known))
        found, walked = getattr(found, name), f"{walked}.{name}"
    if isinstance(found, nn.Module):
        if arguments:
            raise fail("E401", f"{target.text} is a module, not a function: it takes no arguments")
        return copied(found) if real else found
    if not callable(found):
        return found
    _check_arguments(target, found, arguments)
    return found(**arguments)


def _check_arguments(target: Target, found: Any, arguments: Mapping[str, Any]) -> None:
    """Raises SpecError for a callable that needs arguments which are not given, or does not know one that is."""
    try:
        parameters = list(inspect.signature(found).parameters.values())
    except (TypeError, ValueError):
        return
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    known = [p.name for p in named]
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        for name in arguments:
            if name not in known:
                more = did_you_mean(name, known) or (f"it takes {', '.join(known)}" if known else "it takes none")
                raise fail("E401", f"{target.text} has no argument {name}", hint=more)
    missing = [p.name for p in named if p.default is p.empty and p.name not in arguments]
    if missing:
        raise fail("E401", f"{target.text} needs {', '.join(missing)}", hint=" ".join(f"--arg {name}=..." for name in missing))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Somebody's code prints to standard error, and its warnings and logs are not shown."""
    import logging
    import warnings

    level = logging.root.manager.disable
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr):
            warnings.simplefilter("ignore")
            logging.disable(logging.CRITICAL)
            yield
    finally:
        logging.disable(level)


@contextlib.contextmanager
def unloaded() -> Iterator[None]:
    """No weights are downloaded or copied into a module, by torch's own function or by a library's of the same name."""
    import torch
    from torch import nn

    def nothing(*_: Any, **__: Any) -> Nothing:
        return Nothing()

    def unchanged(*_: Any, **__: Any) -> Any:
        return torch.nn.modules.module._IncompatibleKeys([], [])

    own, load = torch.hub.load_state_dict_from_url, nn.Module.load_state_dict
    before = {id(module): (module, loader) for module, loader in _loaders() if callable(loader)}
    for module, _ in before.values():
        setattr(module, LOADER, nothing)
    nn.Module.load_state_dict = unchanged
    try:
        yield
    finally:
        nn.Module.load_state_dict = load
        for module, loader in _loaders():
            if loader is nothing:  # torch's own, in what was imported meanwhile
                setattr(module, LOADER, before.get(id(module), (module, own))[1])


def _loaders() -> list[tuple[Any, Any]]:
    """The modules of Python that have a function which loads weights from the net, and that function."""
    modules = [module for module in list(sys.modules.values()) if LOADER in getattr(module, "__dict__", {})]
    return [(module, module.__dict__[LOADER]) for module in modules]


class Nothing(dict[str, Any]):
    """A file of weights that holds none, whatever it is asked for."""

    def __missing__(self, _: str) -> Nothing:
        return Nothing()
