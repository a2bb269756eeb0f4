"""Which models of torchvision and timm import, exactly or as bounds, and what the import takes: the table of docs/models.md.

    python benchmarks/models.py                          # every model that benchmarks/results/models.json lacks
    python benchmarks/models.py --seconds 60 --minutes 10
    python benchmarks/models.py --again timm.models:halonet26t
    python benchmarks/models.py --table                  # the table from the results, without running anything

Each model runs in a process of its own, one at a time, and is stopped after `--seconds`. Nothing is downloaded, and no weight
has memory. The clock is that of a shared machine: compare the two times of a row, not rows.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "models.json"
PAGE = HERE.parent / "docs" / "models.md"
TORCHVISION = {
    "classification": ("torchvision.models", "3x224x224"),
    "segmentation": ("torchvision.models.segmentation", "3x224x224"),
    "detection": ("torchvision.models.detection", "3x320x320"),
    "video": ("torchvision.models.video", "3x16x112x112"),
    "optical flow": ("torchvision.models.optical_flow", "image1=3x128x128,image2=3x128x128"),
}
OTHER_SIZES = {"inception_v3": "3x299x299", "mvit_v1_b": "3x16x224x224", "mvit_v2_s": "3x16x224x224", "s3d": "3x16x224x224"}
HEAD = """# Models that people have

Made by `python benchmarks/models.py --table` from `benchmarks/results/models.json`. `exact`: every field is exact. `bounded`:
all is followed, and some fields are marked as upper bounds (`<=`), for the reason of the first of them. `refused`: an error,
with its reason. Parameters are compared with the module's own. Seconds are those of one import, and how many of them
torch.export itself takes, on two shared cores: the two of a row were taken in one run, and rows are not to be compared.
"""
COLUMNS = """| family | model | import | parameters | seconds | torch.export's | why |
| --- | --- | --- | --- | ---: | ---: | --- |"""


def candidates() -> dict[str, tuple[str, str]]:
    """The models: what each is called, with its family and the input's shape ("" for the model's own)."""
    import rfcalc.importers.torch.importing as importing
    from rfcalc.importers.torch.target import wanted

    vision = importing.imported(wanted("torchvision.models:list_models"))
    found = {}
    for family, (module, shape) in TORCHVISION.items():
        part = __import__(module, fromlist=["_"])
        for name in vision.list_models(module=part):
            found[f"{module}:{name}"] = (f"torchvision, {family}", OTHER_SIZES.get(name, shape))
            if family == "detection":
                found[f"{module}:{name}.backbone"] = (f"torchvision, {family}", shape)
    timm = importing.imported(wanted("timm:list_modules"))
    for module in timm.list_modules():
        for name in timm.list_models(module=module)[:1]:
            found[f"timm.models:{name}"] = (f"timm, {module}", "")
    return dict(sorted(found.items(), key=_turn(found)))


def _turn(found: dict[str, tuple[str, str]]) -> Callable[[Any], int]:
    """Which of its kind a model is: one of each kind comes first, whatever there is time for."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for target, (family, _) in found.items():
        word = re.match(r"[a-z]*", target.partition(":")[2])
        kinds.setdefault((family, word[0] if word else ""), []).append(target)
    turns = {target: number for targets in kinds.values() for number, target in enumerate(targets)}
    return lambda item: turns[item[0]]


def measured(target: str, shape: str, pipe: Any) -> None:
    """Imports a model and sends what it found; runs in a process of its own."""
    import torch

    from rfcalc.errors import SpecError
    from rfcalc.importers import load

    spent, params = [0.0], [0]
    export = torch.export.export

    def timed(module: Any, *words: Any, **more: Any) -> Any:
        params[0] = sum(p.numel() for p in module.parameters())
        start = time.perf_counter()
        try:
            return export(module, *words, **more)
        finally:
            spent[0] += time.perf_counter() - start

    torch.export.export = timed
    start = time.perf_counter()
    row: dict[str, Any] = {}
    try:
        graph = load(target, {"input": shape} if shape else {})
        row = {"verdict": "bounded" if any(graph.bounded) else "exact", "layers": len(graph.nodes)}
    except SpecError as error:
        row = {"verdict": "refused", "reason": str(error.problems[0].message)}
    row |= {"seconds": round(time.perf_counter() - start, 1), "export_seconds": round(spent[0], 1)}
    if row["verdict"] != "refused":
        told = sum(node.op.cost([graph.nodes[i].shape for i in node.inputs]).params for node in graph.nodes)
        row |= {"params": told, "same_params": told == params[0]}
        row["bound"] = next((bound for bound in graph.bounds if bound), "") if row["verdict"] == "bounded" else ""
    pipe.send(row)


def run(target: str, shape: str, seconds: float) -> dict[str, Any]:
    """One model in a process of its own; what takes too long is stopped and says so."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=measured, args=(target, shape, there))
    process.start()
    there.close()
    try:
        row = here.recv() if here.poll(seconds) else {"verdict": "not measured", "reason": f"more than {seconds:g} s here"}
    except EOFError:
        row = {"verdict": "refused", "reason": "the process ended without an answer"}
    process.kill()
    process.join()
    return row


def table(rows: dict[str, dict[str, Any]]) -> str:
    """The page: counts of each library, then a row per model."""
    text = [HEAD]
    for library in ("torchvision", "timm"):
        mine = {name: row for name, row in rows.items() if row["family"].startswith(library)}
        counts = Counter(row["verdict"] for row in mine.values())
        says = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))
        text += [f"\n## {library}\n", f"{len(mine)} models: {says}.\n", COLUMNS]
        text += [_row(name, row) for name, row in sorted(mine.items(), key=lambda each: (each[1]["family"], each[0]))]
    return "\n".join(text) + "\n"


def _row(name: str, row: dict[str, Any]) -> str:
    same = {True: "equal", False: "differ", None: ""}[row.get("same_params")]
    times = [str(row.get(key, "")) for key in ("seconds", "export_seconds")]
    why = (row.get("reason") or row.get("bound") or "").replace("|", "\\|").replace("\n", " ")
    cells = [row["family"].partition(", ")[2], f"`{name.partition(':')[2]}`", row["verdict"], same, *times, why]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Runs what is missing, and writes the results after each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="the most that one model may take")
    parser.add_argument("--minutes", type=float, default=600, help="begin no model after so many minutes")
    parser.add_argument("--only", default="", help="models whose names hold this text")
    parser.add_argument("--again", nargs="*", default=[], help="models to run again")
    parser.add_argument("--table", action="store_true", help="write docs/models.md from the results, and run nothing")
    options = parser.parse_args()
    rows = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    start = time.perf_counter()
    for target, (family, shape) in ({} if options.table else candidates()).items():
        wanted = target in options.again or (target not in rows and options.only in target)
        if not wanted or time.perf_counter() - start > 60 * options.minutes:
            continue
        rows[target] = {"family": family, "input": shape, **run(target, shape, options.seconds)}
        print(target, rows[target]["verdict"], rows[target].get("seconds", ""), rows[target].get("reason", ""), flush=True)
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
    if options.table:
        PAGE.write_text(table(rows))


if __name__ == "__main__":
    main()
