"""Imports somebody's Python module or file, which runs its code. What lies in this folder goes first, as with `python -m`.

A file is imported once, however often it is named. Two targets in different folders may have helpers of the same name: the
modules of one folder step aside while another one's are in use.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from hashlib import blake2b
from importlib.machinery import all_suffixes
from pathlib import Path
from types import ModuleType
from typing import Any

from rfcalc.errors import SpecError, did_you_mean, fail
from rfcalc.importers.torch.places import broken
from rfcalc.importers.torch.target import Target

LIBRARIES: list[Any] = []
ASIDE: dict[str, dict[str, ModuleType]] = {}  # the modules of the folders that are not in use
IN_USE: list[tuple[str, set[str]]] = []  # the folder of the last target, and the modules that were there before it


def imported(target: Target) -> Any:
    """The Python module of a target; importing it runs its code. Raises SpecError."""
    if target.is_file:
        _use(str(Path(target.where).resolve().parent))
    elif _is_here(target.where):
        _use(os.getcwd())
    try:
        return _file(target) if target.is_file else _module(target.where)
    except SpecError:
        raise
    except (Exception, SystemExit) as error:
        raise _unimportable(target, error) from None


def _is_here(module: str) -> bool:
    """True for a module of the working folder. For one that is installed nothing is looked for in that folder, whose files may
    have the names of what it imports."""
    top = module.partition(".")[0]
    return os.path.isdir(top) or any(os.path.isfile(top + suffix) for suffix in all_suffixes())


def forget(target: Target) -> None:
    """Makes the next import of a target run its code again."""
    sys.modules.pop(_file_name(Path(target.where).resolve()) if target.is_file else target.where, None)


def _use(folder: str) -> None:
    """Puts a folder at the front of Python's path; what an earlier target has imported from its own steps aside."""
    if IN_USE and IN_USE[0][0] == folder:
        return
    if IN_USE:
        old, before = IN_USE.pop()
        sys.path.remove(old)
        fresh = [(name, module) for name, module in list(sys.modules.items()) if name not in before]
        ASIDE[old] = {name: module for name, module in fresh if _lies_in(module, old)}
        for name in ASIDE[old]:
            del sys.modules[name]
    IN_USE.append((folder, set(sys.modules)))
    sys.modules.update(ASIDE.pop(folder, {}))
    sys.path.insert(0, folder)
    importlib.invalidate_caches()


def _lies_in(module: ModuleType, folder: str) -> bool:
    """True for somebody's own module in a folder; not for what is installed, nor for rfcalc."""
    path = getattr(module, "__file__", None) or ""
    installed = (sys.prefix, sys.base_prefix, str(Path(__file__).resolve().parents[2]))
    return path.startswith(folder + os.sep) and not path.startswith(installed) and "-packages" not in path


def _file(target: Target) -> Any:
    path = Path(target.where).resolve()
    if not path.is_file():
        raise fail("E001", f"there is no file {target.where}")
    name = _file_name(path)
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _file_name(path: Path) -> str:
    return f"{path.stem}_{blake2b(f'{path} {path.stat().st_mtime_ns}'.encode(), digest_size=6).hexdigest()}"


def _module(name: str) -> Any:
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


def _unimportable(target: Target, error: BaseException) -> SpecError:
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if not missing or target.is_file or not f"{target.where}.".startswith(f"{missing}."):
        return broken(target, error)
    near = did_you_mean(missing, [path.stem for path in Path.cwd().iterdir() if path.suffix == ".py" or path.is_dir()])
    return fail("E404", f"there is no Python module {missing}", hint=near or "it must be installed, or lie in this folder")
