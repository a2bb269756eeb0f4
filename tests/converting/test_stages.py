"""Networks whose names are only numbers."""

from __future__ import annotations

from rfcalc.converting import convert
from rfcalc.converting.lines import lines
from rfcalc.converting.stages import numbered, staged
from rfcalc.graph import Graph
from rfcalc.language.load import load_spec
from tests.converting.test_round_trip import check


def chain(*layers: str) -> Graph:
    return load_spec("input: 8x16x16\nlayers:\n" + "".join(f"  - {{{layer}}}\n" for layer in layers), "chain.yaml")


def unit(number: int, width: int, source: str) -> list[str]:
    """A sum over two convolutions, numbered as in a file that counts its layers."""
    return [
        f"name: conv{number}, conv: {{out: {width // 2}, k: 1}}",
        f"name: conv{number + 1}, conv: {{out: {width}, k: 3}}",
        f"name: short{number + 2}, add: {{}}, from: [conv{number + 1}, {source}]",
    ]


def residuals(first: int) -> Graph:
    """Three sums of 16 channels, two of 32 and one of 8, behind a layer of `first` channels on the whole image."""
    stem = [f"name: conv0, conv: {{out: {first}, k: 3}}", "name: conv1, conv: {out: 16, k: 3, s: 2}"]
    one = [*unit(2, 16, "conv1"), *unit(5, 16, "short4"), *unit(8, 16, "short7")]
    two = ["name: conv11, conv: {out: 32, k: 3, s: 2}", *unit(12, 32, "conv11"), *unit(15, 32, "short14")]
    return chain(*stem, *one, *two, "name: conv18, conv: {out: 8, k: 3, s: 2}", *unit(19, 8, "conv18"), "gap: {}")


def test_what_repeats_becomes_stages_of_one_block() -> None:
    text = check(residuals(64))
    assert text.splitlines()[3:] == [
        "blocks:",
        "  stage:",
        "    params: {w: null}",
        "    layers:",
        "      - residual:",
        "          main:",
        "            - {name: conv1, conv: {out: w, k: 1}}",
        "            - {name: conv2, conv: {out: w*2, k: 3}}",
        "layers:",
        "  - {name: conv0, conv: {out: 64, k: 3}}",
        "  - {name: conv1, conv: {out: 16, k: 3, s: 2}}",
        "  - {name: stage1, repeat: 3, stage: {w: 8}}",
        "  - {name: conv11, conv: {out: 32, k: 3, s: 2}}",
        "  - {name: stage2, repeat: 2, stage: {w: 16}}",
        "  - {name: conv18, conv: {out: 8, k: 3, s: 2}}",
        "  - {name: stage3, repeat: 1, stage: {w: 4}}",
        "  - gap",
    ]


def test_no_stages_where_modules_would_hold_more_memory() -> None:
    """A module's caller holds its input while it runs; the figures of the peak stay those of the original."""
    assert "blocks:" not in check(residuals(8))


def test_names_that_say_something_stay() -> None:
    graph = chain(*(layer.replace("short", "sum_of_") for layer in unit(1, 8, "input") + unit(4, 8, "sum_of_3")))
    assert numbered(lines(graph, [node.name for node in graph.nodes])) is False or len(graph.layers) < 7
    named = chain(*(f"name: conv{a}_{b}, conv: {{out: 8, k: 3}}" for a in (1, 2, 3) for b in (1, 2, 3)))
    assert not numbered(lines(named, [node.name for node in named.nodes]))
    assert {node.name for node in named.nodes} == {node.name for node in load_spec(convert(named), "again.yaml").nodes}


def test_numbers_that_do_not_go_up_are_names() -> None:
    graph = chain(*(f"name: conv{n}, conv: {{out: 8, k: 3}}" for n in (1, 2, 3, 9, 5, 6, 7, 8)))
    assert not numbered(lines(graph, [node.name for node in graph.nodes]))


def test_a_unit_that_reads_farther_back_is_none() -> None:
    """Each sum reads the first layer, so that the pieces are no blocks of one input."""
    layers = ["name: conv0, conv: {out: 8, k: 3}"]
    for n in (1, 4, 7, 10):
        layers += unit(n, 8, "conv0")
    graph = chain(*layers)
    items = lines(graph, [node.name for node in graph.nodes])
    assert [item.name for item in staged(items)] == [item.name for item in items]
    check(graph)
