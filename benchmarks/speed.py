"""How fast is `rfcalc analyze`? Ratios of CPU time, whole processes, measured in turn within one run.

    python benchmarks/speed.py            # all of it, about a minute
    python benchmarks/speed.py --runs 3

Absolute times say little on a shared machine; each figure here is a ratio of two commands that ran A B A B.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = """import typer
app = typer.Typer()
@app.command()
def main(number: int = typer.Option(1), word: str = typer.Option("x")) -> None:
    print(number, word)
app()
"""
CHAIN = "input: 8x64x64\nlayers:\n  - {{conv: {{out: 8, k: 3}}, repeat: {count}}}\n"
PARSE = """import sys, yaml
from rfcalc.importers import load
for path in sys.argv[2:]:
    yaml.safe_load(open(path)) if sys.argv[1] == "yaml" else load(path)
"""
DESIGN = """name: d{i}
input: 3x{size}x{size}
params: {{w: {width}, e: {widened}}}
defaults: {{conv: {{norm: bn, act: relu, bias: false}}}}
blocks:
  block:
    params: {{c: null, s: 1}}
    layers:
      - residual:
          main: [conv: {{out: c*e, k: 1}}, dwconv: {{k: {kernel}, s: s}}, conv: {{out: c, k: 1, act: none}}]
          skip: [{{conv: {{out: c, k: 1, s: s, act: none}}, when: s > 1}}]
layers:
  - conv: {{out: w, k: 3, s: 2}}
  - block: {{c: w*2, s: 2}}
  - {{block: {{c: w*2}}, repeat: {turns}}}
  - block: {{c: w*4, s: 2}}
  - {{block: {{c: w*4}}, repeat: 1}}
  - gap
  - linear: 10
"""
ASKED = (  # what little work is asked of a network or a space: start-up, and what the answer takes
    *(f"{what} {name}" for name in ("hourglass", "resnet152") for what in ("analyze --at 8,8", "paths", "sizes")),
    "sizes deeplabv3plus",
    *(f"design --target {pixels}" for pixels in (500, 1000, 3000)),
)
WRITTEN = "  - conv: {out: 8, k: 3}\n"


def cpu(command: list[str]) -> float:
    """CPU seconds, user and system, of one finished process. Bytecode is cached, as it is for an installed program."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def paired(a: list[str], b: list[str], runs: int) -> tuple[float, float, float]:
    """Median CPU seconds of both, and the median of the ratios a/b pair by pair."""
    cpu(a), cpu(b)
    pairs = [(cpu(a), cpu(b)) for _ in range(runs)]
    return (
        statistics.median(x for x, _ in pairs),
        statistics.median(y for _, y in pairs),
        statistics.median(x / y for x, y in pairs),
    )


def in_process(name: str, runs: int) -> float:
    """Best milliseconds from a loaded graph to the fields of all its layers."""
    from rfcalc.analyses.receptive_field import Fields
    from rfcalc.importers import load

    best = float("inf")
    for _ in range(runs):
        graph = load(name)
        start = time.perf_counter()
        fields = Fields(graph)
        for index in range(len(graph.nodes)):
            fields.of(index)
        best = min(best, time.perf_counter() - start)
    return 1000 * best


def many(place: Path, count: int) -> list[str]:
    """Files of the shipped networks, each with another number of classes or another comment."""
    from rfcalc.language.files import shipped_files

    sources = [path.read_text() for name, path in shipped_files().items() if "/" not in name]
    found = []
    for i in range(count):
        path = place / f"net{i}.yaml"
        path.write_text(f"{sources[i % len(sources)]}# {i}\n")
        found.append(str(path))
    return found


def designs(place: Path, count: int) -> list[str]:
    """Files of small networks of about 35 layers that differ in their settings, as a search makes them."""
    found = []
    for i in range(count):
        given = {
            "size": 96 + i % 5 * 32,
            "width": 8 + i % 7 * 8,
            "widened": 2 + i % 3,
            "kernel": 3 + i % 2 * 2,
            "turns": 1 + i % 2,
        }
        path = place / f"design{i}.yaml"
        path.write_text(DESIGN.format(i=i, **given))
        found.append(str(path))
    return found


def weighty(place: Path) -> str:
    """An ONNX file of 240 MB: a chain of convolutions."""
    from onnx import TensorProto, helper

    names = [f"{i}.weight" for i in range(100)]
    tensors = [
        TensorProto(name=name, dims=[256, 256, 3, 3], data_type=TensorProto.FLOAT, raw_data=bytes(4 * 9 * 256**2))
        for name in names
    ]
    nodes = [helper.make_node("Conv", [str(i), name], [str(i + 1)], pads=[1] * 4) for i, name in enumerate(names)]
    image, output = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("0", [1, 256, 8, 8]), ("100", None))
    )
    made = helper.make_model(
        helper.make_graph(nodes, "chain", [image], [output], tensors), opset_imports=[helper.make_opsetid("", 17)]
    )
    (place / "weighty.onnx").write_bytes(made.SerializeToString())
    return str(place / "weighty.onnx")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    rfcalc = [sys.executable, "-m", "rfcalc"]
    rows: list[tuple[str, float, float, float, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "bare.py").write_text(BARE)
        for count in (10_000, 100_000):
            (place / f"chain{count}.yaml").write_text(CHAIN.format(count=count))
            (place / f"written{count}.yaml").write_text("input: 8x64x64\nlayers:\n" + WRITTEN * count)
        bare = [sys.executable, str(place / "bare.py")]
        analyze = [*rfcalc, "analyze", "resnet152.yaml"]
        rows.append(
            ("resnet152 --format json / bare typer", *paired([*analyze, "--format", "json"], bare, options.runs), "<= 0.9")
        )
        rows.append(
            ("resnet50 table / bare typer", *paired([*rfcalc, "analyze", "resnet50.yaml"], bare, options.runs), "<= 0.7")
        )
        rows.append(("resnet152 --full / bare typer", *paired([*analyze, "--full"], bare, options.runs), "<= 1.0"))
        page = [*rfcalc, "report", "resnet152.yaml", "--format", "html"]
        rows.append(("resnet152 report / analyze table", *paired(page, analyze, options.runs), "<= 1.5"))
        onnx = [*rfcalc, "analyze", weighty(place), "--format", "json"]
        rows.append(
            ("240 MB of ONNX / import onnx", *paired(onnx, [sys.executable, "-c", "import onnx"], options.runs), "<= 3")
        )
        for words in ASKED:
            asked = [*rfcalc, *words.split()]
            rows.append((f"{words} / bare typer", *paired(asked, bare, max(1, options.runs // 2)), ""))
        for kind in ("chain", "written"):
            small = [*rfcalc, "analyze", str(place / f"{kind}10000.yaml"), "--format", "json"]
            large = [*rfcalc, "analyze", str(place / f"{kind}100000.yaml"), "--format", "json"]
            rows.append((f"{kind}: 100,000 layers / 10,000", *paired(large, small, max(1, options.runs // 3)), "<= 12"))
        for make, what in ((designs, "designs of 35 layers"), (many, "shipped networks")):
            compare = [*rfcalc, "compare", *make(place, 300), "--format", "csv"]
            rows.append((f"compare of 300 {what} / bare typer", *paired(compare, bare, max(1, options.runs // 3)), ""))
        specs = many(place, 200)
        check = [*rfcalc, "check", *specs]
        (place / "parse.py").write_text(PARSE)
        for what, title in (("graph", "read to graphs"), ("yaml", "yaml.safe_load")):
            parse = [sys.executable, str(place / "parse.py"), what, *specs]
            rows.append((f"check of 200 specs / {title}", *paired(check, parse, options.runs), ""))
        rows.append(("check of 200 specs / of one", *paired(check, check[: len(rfcalc) + 2], options.runs), ""))
    fields = {name: in_process(name, 5 * options.runs) for name in ("resnet50", "resnet152")}
    if options.json:
        print(json.dumps({"rows": rows, "fields_ms": fields, "cpus": os.cpu_count(), "python": sys.version.split()[0]}))
        return
    for title, a, b, ratio, limit in rows:
        print(f"{title:<48} {a:8.3f} s {b:8.3f} s   ratio {ratio:5.2f}  {limit}")
    for name, ms in fields.items():
        print(f"{name}: graph to all fields, in process, best: {ms:.2f} ms")


if __name__ == "__main__":
    main()
