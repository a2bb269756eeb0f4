"""What somebody meant who named no file: a model of a Python package, or weights without the network that they belong to."""

from __future__ import annotations

import re
from pathlib import Path

from rfcalc.errors import Problem, SpecError
from rfcalc.record import replace

WEIGHTS = (".pth", ".pt", ".ckpt", ".bin", ".safetensors", ".h5", ".pkl", ".torchscript")
THROUGH_ONNX = {  # files of networks that are read once they are ONNX files, and what makes those
    ".keras": 'in Keras: model.export("net.onnx", format="onnx")',
    ".tflite": "python -m tf2onnx.convert --tflite net.tflite --output net.onnx",
    ".pb": "python -m tf2onnx.convert --graphdef net.pb --output net.onnx, with --inputs and --outputs",
    ".mlmodel": "onnxmltools converts them to ONNX",
}
DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
PACKAGES = ("torchvision", "timm")  # whose models are found by their names


def refuse_weights(path: str) -> None:
    """Raises SpecError for a file of weights, which belong to a network in code, and for networks that ONNX has to carry."""
    if path.endswith(WEIGHTS):
        message = f"{path} holds weights; the network that they belong to stands in code"
        raise SpecError([Problem("E403", message, None, "name what makes it: file.py:Net or package.module:callable")])
    for suffix, way in THROUGH_ONNX.items():
        if path.endswith(suffix):
            raise SpecError([Problem("E403", f"{path}: {suffix} files are read as ONNX files only", None, way)])


def explained(name: str, error: SpecError) -> SpecError:
    """The error of a name that nothing has, with what it may stand for."""
    problem = error.problems[0]
    more = _hint(name) if problem.code in ("E001", "E404") and problem.span is None else ""
    if not more:
        return error
    near = problem.hint if problem.hint.startswith(("did you mean", "shipped are")) else ""
    near += " " if near.endswith("?") else "; " if near else ""
    return SpecError([replace(problem, hint=near + more)])


def _hint(name: str) -> str:
    """What a name that is neither a file nor a shipped network may stand for; empty where nothing is near."""
    package, _, model = name.partition(":") if ":" in name else ("", "", name)
    if DOTTED.fullmatch(name) and not name.endswith((".yaml", ".yml")):
        module, _, last = name.rpartition(".")
        return f"a Python callable stands behind a colon: {module}:{last}"
    if not model.isidentifier():
        return ""
    found = [f"{one}.models:{model}" for one in PACKAGES if package in ("", one) and _defines(one, model)]
    return f"in Python: {' or '.join(found)}" if found else ""


def _defines(package: str, model: str) -> bool:
    """Whether a module of the package's models has a function of this name; nothing is imported."""
    from importlib.util import find_spec

    spec = find_spec(package)
    folder = Path(spec.origin).parent / "models" if spec and spec.origin else None
    if folder is None or not folder.is_dir():
        return False
    text = f"\ndef {model}("
    return any(text in path.read_text("utf-8", "replace") for path in folder.rglob("*.py"))
