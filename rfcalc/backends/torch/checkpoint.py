"""Trained weights from a file: safetensors, or torch's own format read as tensors only, so that no file can run code."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn

from rfcalc.backends.optional import require
from rfcalc.errors import Problem, SpecError, fail

MOST_LINES = 8
WRAPPERS = ("state_dict", "model_state_dict", "model", "module", "net", "weights")
PREFIXES = ("module.", "_orig_mod.", "model.")
COUNTER = "num_batches_tracked"


def read_checkpoint(path: str) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name; raises SpecError for a file that cannot be read or holds anything else."""
    if not Path(path).is_file():
        raise fail("E705", f"{path}: {'is a folder' if Path(path).is_dir() else 'there is no such file'}")
    content = _safetensors(path) if path.endswith(".safetensors") else _pickled(path)
    for name in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
            break
    if not isinstance(content, Mapping) or not content or not all(isinstance(t, Tensor) for t in content.values()):
        raise fail("E705", f"{path}: holds no table of tensors (a state_dict)")
    tensors = {str(name): tensor for name, tensor in content.items()}
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    return tensors


def _safetensors(path: str) -> Any:
    require("safetensors", "torch")
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise fail("E705", f"{path}: is no safetensors file: {_short(error)}") from None


def _pickled(path: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        reason = next((line.strip() for line in str(error).splitlines() if "GLOBAL" in line), "")
        with open(path, "rb") as file:
            pickled = file.read(2)[:1] == b"\x80"
        if reason or pickled:
            raise fail(
                "E705", f"{path}: refused, because it holds more than tensors: {reason or 'it is a pickle of something else'}"
            ) from None
        raise fail("E705", f"{path}: is no checkpoint") from None
    except Exception as error:  # a damaged file may raise nearly anything
        raise fail("E705", f"{path}: is no checkpoint: {_short(error)}") from None


def _short(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]


def load_weights(module: nn.Module, tensors: Mapping[str, Tensor]) -> str:
    """Loads a checkpoint into a network and says how its tensors were matched: by name, or, if the names differ and the
    shapes agree one by one, in their order. Raises SpecError with the tensors that do not fit."""
    wanted = module.state_dict()
    problems = _mismatches(wanted, tensors)
    if not problems:
        module.load_state_dict(dict(tensors), strict=False)
        return "by name"
    mine, theirs = ([name for name in table if not name.endswith(COUNTER)] for table in (wanted, tensors))
    if [wanted[name].shape for name in mine] == [tensors[name].shape for name in theirs]:
        module.load_state_dict({a: tensors[b] for a, b in zip(mine, theirs, strict=True)}, strict=False)
        return "by order: the names differ, the shapes agree one by one"
    raise SpecError([Problem("E706", text) for text in problems])


def _mismatches(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> list[str]:
    """What does not fit, in words; the first few of each sort."""
    both = [name for name in wanted if name in given and wanted[name].shape != given[name].shape]
    missing = [name for name in wanted if name not in given and not name.endswith(COUNTER)]
    extra = [name for name in given if name not in wanted]
    return [
        *_listed(
            [f"{n}: the network has {_size(wanted[n])}, the checkpoint {_size(given[n])}" for n in both], "have other shapes"
        ),
        *_listed([f"{n} ({_size(wanted[n])}) is missing in the checkpoint" for n in missing], "are missing in the checkpoint"),
        *_listed([f"{n} ({_size(given[n])}) is not in the network" for n in extra], "are not in the network"),
    ]


def _listed(lines: list[str], what: str) -> list[str]:
    more = len(lines) - MOST_LINES
    return lines if more <= 0 else [*lines[:MOST_LINES], f"{more} more tensors {what}"]


def _size(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "one number"
