"""Changes to a given design: where its numbers stand, and what they do to the field."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from rfcalc.analyses.network import analyze
from rfcalc.designing.edits import Search, Task
from rfcalc.designing.knobs import knobs
from rfcalc.designing.patch import diff, patched, without
from rfcalc.errors import RuleError, SpecError
from rfcalc.language.files import shipped_files
from rfcalc.language.load import load_spec
from rfcalc.language.marked import read
from rfcalc.language.top import SAID
from rfcalc.reports.resize import changes_report, recommended

PLAIN = """\
# a comment that stays
input: 1x64x64
params: {width: 8,   deep: 2}   # two spaces
layers:
  - {name: stem, conv: {out: 8, k: 3, s: 2}}
  - conv: {out: "width", k: 3}   # unnamed
  - name: body
    conv:
      out: 8
      k: 3
    repeat: deep
  - conv: 8x
""".replace("  - conv: 8x\n", "")


def figures(text: str) -> tuple[int, int, int]:
    found = analyze(load_spec(text, "net.yaml"))
    return (found.outputs[0].field.size or (0,))[0], found.macs, found.params


def search(text: str, target: int, **more: object) -> Search:
    return Search(Task(text, "net.yaml", target, **more))  # type: ignore[arg-type]


def test_every_number_is_changed_at_its_place() -> None:
    """Each knob, set to 7, changes exactly its own place: the rest of the text is what it was."""
    count = 0
    for path in shipped_files().values():
        text = path.read_text(encoding="utf-8")
        for knob in knobs(read(text, str(path))[1]):
            new = patched(text, [(knob.place, 7)])
            line = text.splitlines()[knob.place.line]
            assert line[knob.place.column :].startswith(knob.place.old)
            written = knob.place.template.replace("@", "7")
            assert len(new) == len(text) + len(written) - len(knob.place.old)
            assert knob.value == int(knob.place.old) if knob.place.template == "@" else True
            count += 1
    assert count > 400


def test_inserted_settings_are_read_again() -> None:
    text = PLAIN
    found = {(knob.where, knob.what): knob for knob in knobs(read(text, "net.yaml")[1])}
    assert found["stem", "stride"].value == 2
    assert ("stem", "dilation") not in found  # a strided convolution is not dilated
    dilated = patched(text, [(found["body", "dilation"].place, 3)])
    assert "      k: 3\n      d: 3\n    repeat: deep" in dilated
    repeated = patched(text, [(found["conv in line 6", "repeat"].place, 2)])
    assert '  - repeat: 2\n    conv: {out: "width", k: 3}   # unnamed' in repeated
    assert figures(dilated)[0] == figures(text)[0] + 2 * 2 * 2 * 2
    assert load_spec(repeated, "net.yaml").by_name.keys() > {"conv.0", "conv.1"}


def test_block_style_and_flow_style_and_bare_values() -> None:
    text = "input: 1x32x32\ndefaults: {conv: {k: 3}}\nlayers:\n  - conv: 4\n  - {name: b, conv: 4}\n  - [conv: 4]\n"
    text = text.replace("  - [conv: 4]\n", "  - residual: {main: [conv: {out: 4}, conv: 4]}\n")
    found = knobs(read(text, "net.yaml")[1])
    for knob in found:
        load_spec(patched(text, [(knob.place, 3)]), "net.yaml")  # each of them still is a spec
    assert {knob.what for knob in found} == {"kernel", "repeat", "dilation"}


@pytest.mark.parametrize(
    ("name", "target"), [("resnet50", 300), ("resnet50", 600), ("vgg16", 300), ("mobilenet_v2", 700), ("unet", 300)]
)
def test_each_change_is_what_a_fresh_analysis_says(name: str, target: int) -> None:
    text = shipped_files()[name].read_text(encoding="utf-8")
    task = Task(text, f"{name}.yaml", target)
    made = Search(task)
    changes = made.run()
    assert changes
    for change in changes[:4]:
        graph = load_spec(change.text, "net.yaml")
        found = analyze(graph)
        layer = next(layer for layer in found.layers if layer.name == change.figures.layer)
        assert min(layer.field.size or ()) == change.figures.field
        assert (found.macs, found.params) == (change.figures.macs, change.figures.params)
        assert abs(change.figures.field - target) <= task.slack
        assert all(one.field.coverage in (None, 1.0) for one in found.layers)
    ranks = [made.rank(change) for change in changes]
    assert ranks == sorted(ranks)
    assert task.covered(changes[recommended(task, changes)].figures.field)


def test_the_comments_stay_and_the_diff_is_small() -> None:
    text = shipped_files()["resnet50"].read_text(encoding="utf-8")
    for change in search(text, 600).run():
        lines = [line for line in diff(without(text, SAID), change.text, "a", "b", 0).splitlines()[2:] if line[:1] in "+-"]
        assert len(lines) == 2 * len({knob.line for knob, _ in change.values})


SAYING = """\
input: 1x64x64
# a comment of what follows
published:
  params: {value: 10, source: a paper}

  # of the paper

# the layers
layers: [{conv: {out: 1, k: 3}}]
lesson:
  text: hello
"""


def test_what_is_said_of_the_design_as_it_was_goes() -> None:
    short = without(SAYING, SAID)
    assert short == "input: 1x64x64\n# a comment of what follows\n\n# the layers\nlayers: [{conv: {out: 1, k: 3}}]\n"
    assert without("{input: 1x8x8, published: {params: 1}, layers: [relu]}", SAID).count("published") == 1
    assert "published" in shipped_files()["resnet50"].read_text(encoding="utf-8")
    for change in search(shipped_files()["resnet50"].read_text(encoding="utf-8"), 600).run():
        assert "published" not in change.text


def test_the_diff_is_one_that_patch_takes(tmp_path: Path) -> None:
    text = shipped_files()["vgg16"].read_text(encoding="utf-8")
    change = search(text, 300).run()[0]
    (tmp_path / "net.yaml").write_text(text)
    (tmp_path / "net.diff").write_text(diff(text, change.text, "net.yaml", "net.yaml") + "\n")
    done = subprocess.run(["git", "apply", "net.diff"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "net.yaml").read_text() == change.text


def test_exact_reach_along_one_number() -> None:
    """Field 3 + 2*4 + n*4 on a stride of 2: the search finds the repeat that a hand finds."""
    text = (
        "input: 1x64x64\nlayers:\n  - {name: a, conv: {out: 4, k: 3, s: 2}}\n  - {name: b, conv: {out: 4, k: 3}, repeat: 2}\n"
    )
    assert figures(text)[0] == 11
    by = {tuple((knob.what, value) for knob, value in c.values): c for c in search(text, 51, tolerance=0.0).run()}
    assert by[(("repeat", 12),)].figures.field == 51


def test_holes_are_opened_only_if_they_may() -> None:
    text = "input: 1x64x64\nlayers:\n  - {name: a, conv: {out: 4, k: 3, s: 2}}\n  - {name: b, conv: {out: 4, k: 3}}\n"
    closed, opened = search(text, 23).run(), search(text, 23, holes=True).run()
    alone = [[(knob.what, value) for knob, value in change.values] for change in opened]
    assert [("dilation", 5)] in alone
    assert [("dilation", 5)] not in [[(knob.what, value) for knob, value in change.values] for change in closed]


def test_strides_keep_the_last_place() -> None:
    text = shipped_files()["resnet50"].read_text(encoding="utf-8")
    made = search(text, 600)
    moved = [change.figures.stride != made.base.stride for change in made.run() if len(change.values) == 1]
    assert moved == sorted(moved)


def test_mistakes() -> None:
    with pytest.raises(SpecError, match="no layer matches"):
        search(PLAIN, 30, glob="nothing*")
    with pytest.raises(RuleError, match="less than the whole input"):
        search("input: 1x8x8\nlayers: [gap]\n", 30)
    with pytest.raises(SpecError):
        search("input: 1x8x8\nlayers: [convv: 3]\n", 30)
    with pytest.raises(RuleError, match="layers are in resnet50"):
        search("extends: resnet50.yaml\nparams: {depth: 101}\n", 600).run()


def test_report_of_changes() -> None:
    task = Task(shipped_files()["resnet50"].read_text(encoding="utf-8"), "resnet50.yaml", 600)
    made = Search(task)
    changes = made.run()
    report = changes_report("resnet50.yaml", task, made.base, changes)
    assert "sees 427 pixels, and 600 are wanted" in report.title
    data = report.data
    assert data["current"]["receptive_field"] == 427
    assert [change["number"] for change in data["changes"]] == list(range(1, len(changes) + 1))
    assert data["changes"][0]["diff"].startswith("--- ")
    assert any("dilation 1 -> 2" in str(row) for row in report.tables[0].rows)
