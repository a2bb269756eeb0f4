"""Every operator of ONNX is followed, or its reason is named; docs/onnx.md says which is which."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import fill

import numpy as np
import pytest
from onnx.defs import get_all_schemas

from rfcalc.errors import SpecError
from rfcalc.importers.onnx.call import handles
from rfcalc.importers.onnx.unfollowed import CONSTANTS, CONTROL, REASONS
from tests.golden import Golden
from tests.importers.onnx_oracle import imported, model, node

DOCUMENT = Path(__file__).parents[2] / "docs" / "onnx.md"
HEAD = """# Operators of ONNX

What rfcalc does with each operator of an ONNX file. Whatever depends on stored numbers and sizes alone is a constant, by any
operator. What is not followed is an error that names the node, or with `--unknown bound` a layer that reads the whole of its
input and is marked as a bound wherever it is shown; `--declare ai.onnx.NAME=pointwise` says what it is.
"""


def followed() -> list[str]:
    handles.find("Relu")
    return sorted(handles.known)


def page() -> Iterator[str]:
    yield HEAD
    yield "## Followed\n"
    yield fill(", ".join(f"`{name}`" for name in followed()), 128, break_on_hyphens=False) + "\n"
    yield "Also " + ", ".join(f"`{name}` ({why})" for name, why in CONTROL.items()) + ".\n"
    yield "## Constants, whatever they are made of\n"
    yield ", ".join(f"`{name}`" for name in sorted(CONSTANTS)) + "\n"
    yield "## Not followed\n"
    yield "| operators | why |\n| --- | --- |"
    reasons = sorted(set(REASONS.values()), key=lambda why: (-list(REASONS.values()).count(why), why))
    for why in reasons:
        yield f"| {', '.join(f'`{name}`' for name in sorted(REASONS) if REASONS[name] == why)} | {why} |"


def test_every_operator_is_accounted_for() -> None:
    names = {schema.name for schema in get_all_schemas() if schema.domain in ("", "ai.onnx")}
    assert names - set(followed()) - CONSTANTS - CONTROL.keys() - REASONS.keys() == set()
    assert REASONS.keys() & set(followed()) == set()


def test_the_document(golden: Golden) -> None:
    golden.check(DOCUMENT, "\n".join(page()) + "\n")


@pytest.mark.parametrize(("op", "opset", "more"), [("CumSum", 17, " a"), ("Det", 17, "")])
def test_the_reason_is_said_and_the_bound_is_a_layer(op: str, opset: int, more: str, tmp_path: Path) -> None:
    made = model([node(op, f"x{more}")], ["n", 4, 5, 5], {"a": np.array(2)} if more else {}, opset=opset)
    with pytest.raises(SpecError) as caught:
        imported(made, tmp_path)
    assert REASONS[op] in caught.value.problems[0].message
    graph = imported(made, tmp_path, unknown="bound")
    assert graph.nodes[graph.outputs[0]].op.word == "unknown"
