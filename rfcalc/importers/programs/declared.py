"""What a user says about layers that nobody knows: `--declare mypkg.MyOp=pointwise`, or `=plugin`.

A name is that of an nn.Module's class, of a torch operator (mypkg::op is mypkg.op) or of an ONNX operator (domain.Op). A
plug-in is an entry point of the group `rfcalc.ops`: a function of the input shapes and the attributes that gives a layer's
record. It is code that some package has brought, so that only the plug-ins that are named are loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rfcalc.errors import RuleError, did_you_mean, fail
from rfcalc.importers.programs.axes import as_map
from rfcalc.importers.programs.program import Const, Program, Tensor
from rfcalc.layers.contract import Op
from rfcalc.layers.words import make
from rfcalc.record import field, record
from rfcalc.relations.shape import Shape

GROUP = "rfcalc.ops"
FORMS = "pointwise, whole, window KERNEL STRIDE PADDING, or plugin"


@record
class Declaration:
    """One declaration: the layer's record for given input shapes, attributes and numbers of parameters."""

    name: str
    kind: str
    numbers: tuple[int, ...] = ()
    plugin: Any = None

    def op(self, shapes: Sequence[Shape], attributes: Mapping[str, Any], params: int = 0, buffers: int = 0) -> Op:
        """The layer."""
        if self.plugin is not None:
            try:
                found = self.plugin(tuple(shapes), dict(attributes))
            except Exception as error:
                raise fail("E421", f"the plug-in {self.name}: {type(error).__name__}: {error}") from None
            if not isinstance(found, Op):
                raise fail("E421", f"the plug-in {self.name} gave a {type(found).__name__}, not a layer")
            return found
        counts = {"name": self.name, "params": params, "buffers": buffers}
        if self.kind == "whole":
            return make("unknown", out=shapes[0].channels, size=shapes[0].size or None, **counts)
        kernel, stride, padding = self.numbers or (1, 1, 0)
        channels = "own" if self.kind == "pointwise" else "all"
        return make("declared", kernel=kernel, stride=stride, padding=padding, channels=channels, **counts)


@record
class Declarations:
    """All declarations; the first that fits holds."""

    rules: Mapping[str, Declaration] = field(default_factory=dict)

    @staticmethod
    def of(texts: Sequence[str]) -> Declarations:
        """Reads declarations; raises SpecError."""
        rules: dict[str, Declaration] = {}
        for text in texts:
            name, sign, rule = text.partition("=")
            words = rule.replace(",", " ").split()
            if not sign or not name.strip() or not words:
                raise fail("E420", f"--declare takes NAME=RULE, not {text[:80]!r}", hint=f"a rule is {FORMS}")
            rules[name.strip().replace("::", ".")] = _rule(name.strip(), words)
        return Declarations(rules)

    def find(self, *names: str) -> Declaration | None:
        """The rule for something known by several names; a declared name may leave out leading packages."""
        for key, rule in self.rules.items():
            if any(name == key or name.endswith("." + key) for name in names):
                return rule
        return None


def applied(
    rule: Declaration, attributes: Mapping[str, Any], program: Program, tensors: Sequence[Tensor], consts: Sequence[Const]
) -> Tensor:
    """The layer of a rule."""
    if not tensors:
        raise RuleError(f"{rule.name} reads no tensor that depends on the input")
    alone = rule.kind == "pointwise" and len(tensors) == 1  # its axes may lie in any order
    if not alone:
        tensors = [as_map(program, tensor, max(0, len(tensor.layout) - 2)).tensor for tensor in tensors]
    claim = program.claim(consts)
    op = rule.op([program.shape(tensor) for tensor in tensors], attributes, claim.params, claim.buffers)
    return program.emit(op, tensors, tensors[0].layout if alone else None, claim)


def _rule(name: str, words: Sequence[str]) -> Declaration:
    kind, *rest = words
    if words == ["plugin"]:
        return _plugin(name.replace("::", "."))
    if kind in ("pointwise", "whole") and not rest:
        return Declaration(name, kind)
    if kind == "window" and 1 <= len(rest) <= 3 and all(word.isdigit() for word in rest):
        kernel, stride, padding = (*map(int, rest), *(1, 0)[len(rest) - 1 :])
        if kernel and stride and max(kernel, stride, padding) < 10**6:
            return Declaration(name, kind, (kernel, stride, padding))
    raise fail("E420", f"{' '.join(words)[:80]!r} is no rule for {name}", hint=f"a rule is {FORMS}")


def _plugin(name: str) -> Declaration:
    """The plug-in of this very name; raises SpecError where none is installed, or its code fails."""
    from importlib.metadata import entry_points

    entries = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in entries:
        known = did_you_mean(name, entries) or f"no package brings one in its entry points {GROUP}"
        raise fail("E420", f"there is no plug-in {name}", hint=known)
    try:
        return Declaration(name, "plugin", plugin=entries[name].load())
    except Exception as error:
        raise fail("E421", f"the plug-in {name}: {type(error).__name__}: {error}") from None
