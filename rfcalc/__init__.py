"""rfcalc: exact receptive fields, MACs, parameters and memory of convolutional networks, from a specification.

import rfcalc

analysis = rfcalc.analyze("resnet50", input=(3, 640, 640), depth=101)
print(analysis.macs, analysis["layer4.2.conv3"].field.size)
analysis = rfcalc.analyze(my_module, (3, 224, 224))  # a live nn.Module, which stays as it is
rfcalc.assert_budget(my_module, (3, 224, 224), macs="<= 1 G", receptive_field=">= 200")  # in a test

The functions are those that the commands call; docs/api.md shows each of them. They are imported when they are first used.
"""

from __future__ import annotations

from rfcalc.version import __version__

TYPE_CHECKING = False  # type checkers take it as true; typing itself costs more than all else here
if TYPE_CHECKING:
    from rfcalc.api.analysis import Analysis, analyze
    from rfcalc.api.building import configs, lesson, to_torch, to_yaml
    from rfcalc.api.checking import assert_budget, check
    from rfcalc.api.comparing import compare, diff
    from rfcalc.api.designing import design, resize
    from rfcalc.api.measuring import erf, profile, time, verify
    from rfcalc.api.sources import load, loads
    from rfcalc.api.sweeping import sweep
    from rfcalc.api.transforming import transform
    from rfcalc.errors import SpecError

__all__ = [
    "Analysis",
    "SpecError",
    "__version__",
    "analyze",
    "assert_budget",
    "check",
    "compare",
    "configs",
    "design",
    "diff",
    "erf",
    "lesson",
    "load",
    "loads",
    "profile",
    "resize",
    "sweep",
    "time",
    "to_torch",
    "to_yaml",
    "transform",
    "verify",
]

# The module of each name.
LAZY = {
    "Analysis": "rfcalc.api.analysis",
    "SpecError": "rfcalc.errors",
    "analyze": "rfcalc.api.analysis",
    "assert_budget": "rfcalc.api.checking",
    "check": "rfcalc.api.checking",
    "compare": "rfcalc.api.comparing",
    "configs": "rfcalc.api.building",
    "design": "rfcalc.api.designing",
    "diff": "rfcalc.api.comparing",
    "erf": "rfcalc.api.measuring",
    "lesson": "rfcalc.api.building",
    "load": "rfcalc.api.sources",
    "loads": "rfcalc.api.sources",
    "profile": "rfcalc.api.measuring",
    "resize": "rfcalc.api.designing",
    "sweep": "rfcalc.api.sweeping",
    "time": "rfcalc.api.measuring",
    "to_torch": "rfcalc.api.building",
    "to_yaml": "rfcalc.api.building",
    "transform": "rfcalc.api.transforming",
    "verify": "rfcalc.api.measuring",
}
# What other tools call it.
INSTEAD = {
    "summary": "print(rfcalc.analyze(model, (3, 224, 224)))",
    "flops": "rfcalc.analyze(model, (3, 224, 224)).flops",
    "macs": "rfcalc.analyze(model, (3, 224, 224)).macs",
    "receptive_field": "rfcalc.analyze(model, (3, 224, 224)).last_spatial.field.size",
    "export": 'rfcalc.to_torch, rfcalc.to_yaml, or the command "rfcalc export"',
    "sizes": 'the command "rfcalc sizes"',
}


if not TYPE_CHECKING:  # type checkers know what there is

    def __getattr__(name: str) -> object:
        """A public name, when it is first used; raises AttributeError with the nearest one."""
        if name in LAZY:
            from importlib import import_module

            value = globals()[name] = getattr(import_module(LAZY[name]), name)
            return value
        hint = f"it is {INSTEAD[name]}" if name in INSTEAD else ""
        if not hint and not name.startswith("_"):
            from rfcalc.errors import did_you_mean

            hint = did_you_mean(name, LAZY)
        raise AttributeError(f"rfcalc has no {name!r}" + (f"; {hint}" if hint else ""))


def __dir__() -> list[str]:
    return sorted({*globals(), *LAZY})
