"""`rfcalc export` as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.importers import load
from tests.running import rfcalc


@pytest.mark.parametrize("form", ["torch", "dot", "mermaid", "yaml"])
def test_text_to_the_screen_and_to_a_file(tiny: str, tmp_path: Path, form: str) -> None:
    run = rfcalc("export", tiny, "--to", form)
    path = tmp_path / f"net.{form}"
    assert rfcalc("export", tiny, "--to", form, "-o", str(path)).code == run.code == 0
    assert path.read_text() == run.out
    assert "stem" in run.out


def test_the_yaml_is_a_spec_of_the_same_network(tiny: str, tmp_path: Path) -> None:
    path = tmp_path / "full.yaml"
    rfcalc("export", tiny, "--to", "yaml", "-o", str(path))
    one, two = load(tiny), load(str(path))
    assert [(n.op, n.shape) for n in one.layers] == [(n.op, n.shape) for n in two.layers]


def test_show_is_the_short_name_of_one_form(tiny: str, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    assert rfcalc("show", tiny).out == rfcalc("export", tiny, "--to", "yaml").out
    assert rfcalc("show", tiny, "-o", str(path)).code == 0
    assert path.read_text() == rfcalc("export", tiny, "--to", "yaml").out
    assert "export --to yaml" in " ".join(rfcalc("show", "--help").out.split())


def test_bad_input(tiny: str, tmp_path: Path) -> None:
    run = rfcalc("export", tiny, "--to", "pdf")
    assert (run.code, run.out) == (2, "")
    assert rfcalc("export", tiny).code == 2
    assert rfcalc("export", tiny, "--to", "dot", "-o", str(tmp_path / "no" / "x")).code == 2
