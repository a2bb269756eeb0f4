"""Layers that the user declares, and plug-ins."""

from __future__ import annotations

from typing import Any

import pytest

from rfcalc.analyses.layer import Layer
from rfcalc.analyses.network import analyze
from rfcalc.errors import SpecError
from rfcalc.importers import load
from rfcalc.layers.words import make
from rfcalc.relations.channels import MIX, SAME, Mix
from rfcalc.relations.shape import Shape
from tests.importers.torch_models import FOLDER

FILE = FOLDER / "refused.py"


def layers(name: str, *declare: str, shape: str = "3x13x12") -> tuple[Layer, ...]:
    return analyze(load(f"{FILE}:{name}", {"input": shape}, declare=declare)).layers


def test_an_operator_by_its_name() -> None:
    """Its parameters count; its MACs are not known, and that is said."""
    for name in ("refused.blur", "refused::blur", "blur"):
        blur, conv = layers("Blur", f"{name}=pointwise")
        assert blur.field.size == (1, 1)
        assert blur.params == 5
        assert "MACs are not counted" in blur.uncounted
        assert conv.field.size == (3, 3)
        assert not conv.bounded


def test_an_operator_as_a_window() -> None:
    blur, conv = layers("Blur", "refused.blur=window 5 1 2")
    assert (blur.field.size, conv.field.size) == ((5, 5), (7, 7))
    assert layers("Blur", "refused.blur=whole")[1].field.whole_input


def test_a_class_of_modules() -> None:
    """A declared module is one layer with its own parameters, whatever it does inside."""
    names = [layer.name for layer in layers("Nested", "Inner=window 3 1 1")]
    assert names == ["stem", "body.0", "body.1"]
    stem, inner, last = layers("Nested", "Inner=window 3 1 1")
    assert (stem.field.size, inner.field.size, last.field.size) == ((3, 3), (7, 7), (11, 11))
    assert inner.params == 7


def test_the_declared_window_must_give_the_shape_that_the_operator_gives() -> None:
    with pytest.raises(SpecError, match="it gives 1x3x7x6 here, and 1x3x13x12 by the program"):
        layers("Blur", "refused.blur=window 3 2 1")


@pytest.mark.parametrize(
    "text", ["Inner", "=pointwise", "Inner=", "Inner=window", "Inner=window 0", "Inner=window 3 x", "A=b c d"]
)
def test_a_bad_declaration(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        layers("Nested", text)
    assert caught.value.problems[0].code == "E420"
    assert "window KERNEL STRIDE PADDING" in caught.value.problems[0].hint


def test_a_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry point of the group rfcalc.ops: a function of the input shapes and the module's attributes."""
    asked: list[tuple[Any, Any]] = []

    def plugin(shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Any:
        asked.append((shapes, attributes))
        return make("avgpool", kernel=5, stride=1, padding=2)

    class Entry:
        name = "refused.blur"

        def load(self) -> Any:
            return plugin

    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [Entry()] if group == "rfcalc.ops" else [])
    with pytest.raises(SpecError):
        layers("Blur")
    assert not asked, "nothing that is not named is loaded"
    blur, _ = layers("Blur", "refused.blur=plugin")
    assert blur.field.size == (5, 5)
    with pytest.raises(SpecError) as caught:
        layers("Blur", "refused.blurr=plugin")
    assert caught.value.problems[0].hint == 'did you mean "refused.blur"?'
    assert asked[0][0] == (Shape(3, (13, 12)),)


def test_a_plugin_that_gives_no_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        name = "refused.blur"

        def load(self) -> Any:
            return lambda shapes, attributes: 3

    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [Entry()])
    with pytest.raises(SpecError, match="gave a int, not a layer"):
        layers("Blur", "refused.blur=plugin")


def test_a_plugin_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        name = "refused.blur"

        def load(self) -> Any:
            return lambda shapes: None

    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [Entry()])
    with pytest.raises(SpecError, match="blur: TypeError"):
        layers("Blur", "refused.blur=plugin")
    monkeypatch.setattr(Entry, "load", lambda self: 1 / 0)
    with pytest.raises(SpecError, match="blur: ZeroDivisionError"):
        layers("Blur", "refused.blur=plugin")


@pytest.mark.parametrize(("rule", "mix"), [("pointwise", SAME), ("window 1 1 0", MIX), ("window 5 1 2", MIX)])
def test_a_window_reads_all_channels_and_a_pointwise_layer_its_own(rule: str, mix: Mix) -> None:
    graph = load(f"{FILE}:Blur", {"input": "3x13x12"}, declare=[f"refused.blur={rule}"])
    declared = next(node for node in graph.nodes if node.op.word == "declared")
    assert [read.channels for read in declared.op.reach(declared.shapes)] == [mix]
