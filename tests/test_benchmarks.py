"""The benchmarks run: what they write has the promised form, and nothing is written where nothing could be measured."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
import torch

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"


def module_of(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is here")
def test_without_a_gpu_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert module_of("gpu").main(["--output", str(tmp_path / "gpu.json")]) == 0
    assert "no CUDA device here" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_the_same_on_the_cpu(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "results" / "cpu.json"
    names = ["lessons/dilated", "lessons/separable"]
    options = ["--device", "cpu", "--networks", ",".join(names), "--checked", names[0]]
    code = module_of("gpu").main([*options, "--batch", "1,2", "--seconds", "0.02", "--output", str(path)])
    data = json.loads(path.read_text())
    assert code == (0 if data["agreement"][0]["agrees"] else 1)
    assert data["agreement"][0].keys() >= {"ours", "bare", "torch_benchmark", "harness"}
    assert [(run["network"], run["batch"], run["dtype"]) for run in data["runs"]] == [
        (name, batch, dtype) for name in names_in(data) for batch in (1, 2) for dtype in ("fp32", "bf16")
    ]
    assert all(run["status"] == "ok" and run["latency_ms"]["median"] > 0 for run in data["runs"])
    assert data["environment"]["torch"] == torch.__version__
    assert capsys.readouterr().out.count("| 2 | bf16 |") == 2


def names_in(data: dict) -> list[str]:
    return list(dict.fromkeys(run["network"] for run in data["runs"]))


def test_a_failed_row_of_the_table_has_its_status() -> None:
    same = {"network": "x", "batch": 1, "dtype": "fp32"}
    runs = [
        {**same, "mode": "eager", "status": "ok", "latency_ms": {"median": 2.0}},
        {**same, "mode": "graph", "status": "ok", "latency_ms": {"median": 0.5}},
        {**same, "batch": 8, "mode": "eager", "status": "out of memory", "latency_ms": None},
    ]
    lines = module_of("gpu").table(runs).splitlines()
    assert lines[2] == "| x | 1 | fp32 | 2.000 | 0.500 | 4.00 | 2,000 |"
    assert "| x | 8 | fp32 | out of memory |" in lines[3]


def test_the_table_of_models_is_that_of_its_results() -> None:
    models = module_of("models")
    rows = json.loads(models.RESULTS.read_text())
    assert models.PAGE.read_text() == models.table(rows)
    assert all(row["same_params"] for row in rows.values() if row["verdict"] in ("exact", "bounded"))
    assert {row["verdict"] for row in rows.values()} <= {"exact", "bounded", "refused", "not measured"}


def test_the_table_of_memory_is_that_of_its_results() -> None:
    memory = module_of("memory")
    rows = json.loads(memory.RESULTS.read_text())
    assert memory.PAGE.read_text() == memory.page(rows)
    found = [row for row in rows.values() if "refused" not in row]
    assert len(found) >= 80
    assert not any(memory.wrong(row, figure) for row in found for figure in memory.FIGURES)


def test_memory_that_is_stated_wrong_is_found() -> None:
    memory = module_of("memory")
    row = {"peak": {"stated": 99, "about": False, "measured": 101}, "saved": {"stated": 1000, "about": False, "measured": 1001}}
    assert [memory.wrong(row, figure) for figure in memory.FIGURES] == [True, False]
    row["peak"]["about"] = True
    assert not memory.wrong(row, "peak")
    assert "| about 99 | 101 | 1,000 | 1,001 |" in memory.page({"a.b:c": {"input": "3x8x8", **row}})


def test_mutants_of_a_module() -> None:
    mutants = module_of("mutants")
    source = "def f(a, b):\n    return min(a, b) + 1\n\n\ndef g(a):\n    return not a and a > 2\n"
    found = mutants.places(source)
    assert {name: len(numbers) for name, numbers in found.items()} == {"f": 3, "g": 4}
    changed = {mutants.mutant(source, number)[1:3] for number in found["f"]}
    assert changed == {("min(a, b) + 1", "min(a, b) - 1"), ("min", "max"), ("1", "2")}
    for number in [*found["f"], *found["g"]]:
        assert mutants.mutant(source, number)[3] != source
    path = FOLDER.parent / "rfcalc" / "fields" / "clean.py"
    keys = [each[0] for each in mutants.chosen(path, 1, 0)]
    assert keys == [each[0] for each in mutants.chosen(path, 1, 0)]
    assert next(mutants.stages("rfcalc/fields/clean.py")) == ["tests/fields/test_clean.py"]


def test_a_model_is_measured_in_a_process_of_its_own_and_stopped() -> None:
    models = module_of("models")
    file = "tests/importers/models/refused.py"

    def row(name: str, seconds: float = 120) -> dict:
        return models.run(models.Model("", f"{file}:{name}", "3x8x8"), seconds)

    assert row("Needs")["verdict"] == "refused"
    assert "grid_sample reads anywhere" in row("Sampled")["reason"]
    assert row("Sampled")["unknown"] > 0
    assert row("MODULE")["same_params"] is True
    assert row("MODULE", 0)["verdict"] == "not measured"


def test_the_models_of_other_libraries_are_read_as_the_command_line_takes_them() -> None:
    models = module_of("models")
    found = models.listed("# a comment\n[lib, part] 3x8x8\npkg.a:Net width=4\n\npkg.b:Net input=1x9\n")
    assert [(model.family, model.name, model.input) for model in found] == [
        ("lib, part", "pkg.a:Net width=4", "3x8x8"),
        ("lib, part", "pkg.b:Net", "1x9"),
    ]
    everything = models.listed(models.LISTED.read_text())
    assert len({model.name for model in everything}) == len(everything)
