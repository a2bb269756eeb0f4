"""Makes the module that a target names, without its weights: what a constructor would fill lies on the meta device.

Importing a Python file runs its code. Weights are neither downloaded nor loaded: no figure depends on them.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rfcalc.errors import Span, SpecError, did_you_mean, fail
from rfcalc.importers.torch_target import Target

LIBRARIES: list[Any] = []
LARGEST = 1 << 16  # elements of a tensor that a constructor may really fill


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
    """The module that a target names, in eval mode; with `real`, with weights in memory. Raises SpecError."""
    import torch

    if target.what == "":
        raise fail("E403", f"{target.text} is a saved program; it has no module")
    with quiet():
        made = _attempts(target, arguments, real)
    if isinstance(made, torch.jit.ScriptModule):
        raise fail(
            "E403", f"{target.text} is a TorchScript module", hint="export it with torch.export, or give its Python class"
        )
    if not isinstance(made, torch.nn.Module):
        raise fail("E403", f"{target.text} gives a {type(made).__name__}, not an nn.Module")
    return made.eval()


def _attempts(target: Target, arguments: Mapping[str, Any], real: bool) -> Any:
    """Some constructors compute with their tensors' values, so that the meta device cannot serve them all."""
    import torch

    modes: list[Callable[[], Any]] = [empty, lambda: torch.device("meta"), contextlib.nullcontext]
    for mode in modes[2:] if real else modes:
        try:
            with unloaded(), mode():
                return _made(target, arguments)
        except SpecError:
            raise
        except (NotImplementedError, RuntimeError, AssertionError) as error:
            if mode is modes[-1]:
                raise _broken(target, error) from None
        except (Exception, SystemExit) as error:
            raise _broken(target, error) from None
    raise AssertionError


def _made(target: Target, arguments: Mapping[str, Any]) -> Any:
    from torch import nn

    found: Any = imported(target)
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
        return found
    return found(**arguments) if callable(found) else found


def imported(target: Target) -> Any:
    """The Python module of a target; importing it runs its code. Raises SpecError."""
    here = str(Path(target.where).resolve().parent) if target.is_file else os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        if not target.is_file:
            return _import(target.where)
        path = Path(target.where)
        if not path.is_file():
            raise fail("E001", f"there is no file {target.where}")
        name = f"rfcalc_import_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module
    except SpecError:
        raise
    except (Exception, SystemExit) as error:
        raise _broken(target, error) from None


def _import(name: str) -> Any:
    """Imports a module. torchvision without its compiled operators gets empty ones: nothing here runs them."""
    try:
        return importlib.import_module(name)
    except RuntimeError as error:
        if "operator torchvision::" not in str(error):
            raise
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    LIBRARIES.append(library)  # its operators live as long as it does
    for operator in ("nms", "qnms"):
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return importlib.import_module(name)


def _broken(target: Target, error: BaseException) -> SpecError:
    """An error of somebody's code as an error with its place."""
    text = f"{type(error).__name__}: {error}".splitlines()[0][:300].rstrip(": ")
    missing = isinstance(error, ModuleNotFoundError) and error.name and target.where.split(".")[0] == error.name.split(".")[0]
    if missing:
        return fail("E404", f"there is no Python module {error.name}", hint="it must be installed, or lie in this folder")  # type: ignore[attr-defined]
    return fail("E405", f"{target.text} could not be made: {text}", place_of(error))


def place_of(error: BaseException) -> Span | None:
    """The last line outside of torch and rfcalc that an error passed."""
    import torch

    ours = str(Path(__file__).resolve().parents[1])
    skipped = (ours, str(Path(torch.__file__).parent), "<frozen", str(Path(importlib.__file__).parent))
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(skipped)]
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return Span(error.filename, error.lineno, error.offset or 1, (error.text or "").rstrip())
    if not frames:
        return None
    return line_span(frames[-1].filename, frames[-1].lineno or 1)


def line_span(path: str, line: int) -> Span:
    """A whole line of a file."""
    import linecache

    text = linecache.getline(path, line).rstrip()
    code = text.strip()
    return Span(path, line, text.find(code) + 1, text, max(1, len(code)))


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
    """No weights are downloaded or copied into a module."""
    import torch
    from torch import nn

    original, load = torch.hub.load_state_dict_from_url, nn.Module.load_state_dict

    def nothing(*_: Any, **__: Any) -> dict[str, Any]:
        return {}

    def unchanged(*_: Any, **__: Any) -> Any:
        return torch.nn.modules.module._IncompatibleKeys([], [])

    def put(old: Any, new: Any) -> None:
        for module in list(sys.modules.values()):
            if getattr(module, "__dict__", {}).get("load_state_dict_from_url") is old:
                module.load_state_dict_from_url = new  # type: ignore[attr-defined]

    put(original, nothing)
    nn.Module.load_state_dict = unchanged
    try:
        yield
    finally:
        put(nothing, original)
        nn.Module.load_state_dict = load
