"""What rfcalc states of an imported model's memory against the real storages of its run in torch, on the CPU and with weights:
the table of docs/models-memory.md.

    python benchmarks/memory.py                 # every model of torchvision and timm that benchmarks/results/memory.json lacks
    python benchmarks/memory.py --minutes 20 --only vit
    python benchmarks/memory.py --table         # the page from the results, without running anything; 1 if one is wrong

The models are those of models.py, each in a process of its own, one at a time, stopped after `--seconds` of CPU.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "memory.json"
PAGE = HERE.parent / "docs" / "models-memory.md"
CLOSE = 0.01  # of the measured bytes
FIGURES = {"peak": "peak of live activations", "saved": "saved for the backward pass"}
HEAD = """# Memory of models that people have

Made by `python benchmarks/memory.py --table` from `benchmarks/results/memory.json`. Stated is what `rfcalc analyze` says of the
imported model, batch 1; measured are the storages that torch made in one run of the real model with weights on the CPU: the
most that were alive at once without gradients, and those that autograd kept in training. `about` stands before a stated figure
that says itself that it is not certain.
"""
COLUMNS = """| model | input | peak, stated | measured | saved, stated | measured |
| --- | --- | ---: | ---: | ---: | ---: |"""


def measured(target: str, shape: str, seconds: float, pipe: Any) -> None:
    """Sends what is stated of a model and what its run shows; it is a process of its own, which ends after so many seconds."""
    import torch
    from torch.nn import functional

    from rfcalc.analyses.memory import at_inference, in_training
    from rfcalc.errors import SpecError
    from rfcalc.importers import load
    from rfcalc.importers.torch.load import module_of
    from tests.analyses.torch_memory import peak_bytes, saved_bytes

    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 1))
    torch.set_num_threads(1)
    functional._verify_batch_size = lambda size: None  # type: ignore[attr-defined]
    try:
        graph = load(target, {"input": shape} if shape else {})
        needed, kept = at_inference(graph), in_training(graph)
        row: dict[str, Any] = {
            "input": ", ".join(str(graph.nodes[i].shape) for i in graph.inputs),
            "peak": {"stated": needed.bytes, "about": needed.about},
            "saved": {"stated": kept.bytes, "about": kept.about},
        }
        module = module_of(target)
        inputs = [torch.rand(1, graph.nodes[i].shape.channels, *graph.nodes[i].shape.size) for i in graph.inputs]
        row["peak"]["measured"] = peak_bytes(module.eval(), *inputs)
        ignored = (*inputs, *module.parameters(), *module.buffers())
        row["saved"]["measured"] = saved_bytes(module.train(), *inputs, ignore=ignored)
    except SpecError as error:
        row = {"refused": error.problems[0].message}
    except Exception as error:
        row = {"refused": f"{type(error).__name__}: {error}".splitlines()[0]}
    pipe.send(row)


def run(target: str, shape: str, seconds: float) -> dict[str, Any]:
    """One model in a process of its own; what takes too long is stopped and says so. Its library is imported here, once."""
    from rfcalc.errors import SpecError
    from rfcalc.importers.torch.importing import imported
    from rfcalc.importers.torch.target import wanted

    with suppress(SpecError):
        imported(wanted(target))
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=measured, args=(target, shape, seconds, there))
    process.start()
    there.close()
    row: dict[str, Any] = {"refused": f"more than {seconds:g} s here"}
    with suppress(EOFError):
        row = here.recv() if here.poll(10 * seconds) else row
    process.kill()
    process.join()
    return row


def wrong(row: dict[str, Any], figure: str) -> bool:
    """Whether a figure is stated as fact and is off by more than a hundredth."""
    found = row[figure]
    return not found["about"] and abs(found["stated"] - found["measured"]) > CLOSE * found["measured"]


def page(rows: dict[str, dict[str, Any]]) -> str:
    """The page: counts, then a row per model."""
    rows = {name: row for name, row in sorted(rows.items()) if "refused" not in row}
    text = [HEAD, f"{len(rows)} models of torchvision and timm:\n"]
    for figure, words in FIGURES.items():
        mine = [row[figure] for row in rows.values()]
        equal = sum(found["stated"] == found["measured"] for found in mine)
        about = sum(found["about"] for found in mine)
        off = sum(wrong(row, figure) for row in rows.values())
        text.append(
            f"- {words}: {equal} equal byte for byte; {about} say about; {off} are off by more than 1 % and do not say so."
        )
    text += ["", COLUMNS]
    for name, row in rows.items():
        cells = [f"`{name}`", row["input"]]
        for figure in FIGURES:
            found = row[figure]
            cells += ["about " * found["about"] + f"{found['stated']:,}", f"{found['measured']:,}"]
        text.append(f"| {' | '.join(cells)} |")
    return "\n".join(text) + "\n"


def main() -> int:
    """Runs what is missing, writes the results after each model, then the page; 1 if a figure is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120, help="the most CPU time that one model may take")
    parser.add_argument("--minutes", type=float, default=600, help="begin no model after so many minutes")
    parser.add_argument("--only", default="", help="models whose names this pattern is found in")
    parser.add_argument("--again", nargs="*", default=[], help="models to run again")
    parser.add_argument("--table", action="store_true", help="write the page from the results, and run nothing")
    asked = parser.parse_args()
    rows = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    start = time.perf_counter()
    for name, target, shape in [] if asked.table else candidates():
        wanted = name in asked.again or (name not in rows and re.search(asked.only, name))
        if not wanted or time.perf_counter() - start > 60 * asked.minutes:
            continue
        rows[name] = run(target, shape, asked.seconds)
        print(name, json.dumps(rows[name]), flush=True)
        RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
    PAGE.write_text(page(rows))
    found = [row for row in rows.values() if "refused" not in row]
    return int(any(wrong(row, figure) for row in found for figure in FIGURES))


def candidates() -> list[tuple[str, str, str]]:
    """The models of torchvision and timm as models.py lists them: name, target, input."""
    sys.path.insert(0, str(HERE))
    import models

    return [
        (model.name, model.target, model.input)
        for model in models.candidates().values()
        if model.family.startswith(("torchvision", "timm")) and not model.arguments
    ]


if __name__ == "__main__":
    sys.exit(main())
