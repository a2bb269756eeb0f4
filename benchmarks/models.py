"""Which models of torchvision, timm and other libraries import, exactly or as bounds, and what the import takes: the table of
docs/models.md.

    python benchmarks/models.py                          # every model that benchmarks/results/models.json lacks
    python benchmarks/models.py --seconds 60 --minutes 10
    python benchmarks/models.py --again timm.models:halonet26t
    python benchmarks/models.py --table                  # the table from the results, without running anything

torchvision and timm list their own models; those of the other libraries stand in models.txt. Each model runs in a process of
its own, one at a time, and is stopped after `--seconds`. Nothing is downloaded, and no weight has memory. Seconds are those of
the CPU, since others may use it too.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "models.json"
PAGE = HERE.parent / "docs" / "models.md"
LISTED = HERE / "models.txt"
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
all is followed, and some fields are marked as upper bounds (`<=`), for the reason of the first of them. `in part`: the part
before what is named. `refused`: an error, with its reason. Parameters are compared with the module's own, and MACs with half of
what FlopCounterMode counts in a run of it (attention as its products). Seconds are those of the CPU for one import, and how
many of them torch.export itself takes. torchvision runs without its compiled operators; the other libraries' models and the
arguments that they are made with stand in `benchmarks/models.txt`.
"""
COLUMNS = """| family | model | import | parameters | MACs | seconds | torch.export's | why |
| --- | --- | --- | --- | --- | ---: | ---: | --- |"""


class Model(NamedTuple):
    """What a model is called on the command line: a target, the arguments of its callable, the input's shape ("": its own)."""

    family: str
    target: str
    input: str
    arguments: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """A model's key in the results."""
        return " ".join([self.target, *self.arguments])


def candidates() -> dict[str, Model]:
    """The models by name, one of each kind first, whatever there is time for."""
    import rfcalc.importers.torch.importing as importing
    from rfcalc.importers.torch.target import wanted

    vision = importing.imported(wanted("torchvision.models:list_models"))
    found = []
    for family, (module, shape) in TORCHVISION.items():
        part = __import__(module, fromlist=["_"])
        for name in vision.list_models(module=part):
            found.append(Model(f"torchvision, {family}", f"{module}:{name}", OTHER_SIZES.get(name, shape)))
            if family == "detection":
                found.append(Model(f"torchvision, {family}", f"{module}:{name}.backbone", shape))
    timm = importing.imported(wanted("timm:list_modules"))
    for module in timm.list_modules():
        names = timm.list_models(module=module)
        found += [Model(f"timm, {module}", f"timm.models:{name}", "") for name in dict.fromkeys([*names[:1], *names[-1:]])]
    found += listed(LISTED.read_text())
    return {model.name: model for model in sorted(found, key=_turn(found))}


def listed(text: str) -> list[Model]:
    """The models of models.txt."""
    found, family, shape = [], "", ""
    for line in filter(None, (line.partition("#")[0].strip() for line in text.splitlines())):
        if line.startswith("["):
            family, _, shape = line[1:].partition("] ")
            continue
        target, *words = line.split()
        own = next((word.removeprefix("input=") for word in words if word.startswith("input=")), shape)
        found.append(Model(family, target, own, tuple(word for word in words if not word.startswith("input="))))
    return found


def _turn(found: list[Model]) -> Callable[[Model], int]:
    """Which of its kind a model is."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for model in found:
        word = re.match(r"[a-z]*", model.target.partition(":")[2])
        kind = model.name if model.arguments else word[0] if word else ""
        kinds.setdefault((model.family, kind), []).append(model.name)
    turns = {name: number for names in kinds.values() for number, name in enumerate(names)}
    return lambda model: turns[model.name]


def measured(model: Model, seconds: float, pipe: Any) -> None:
    """Imports a model and sends what it found; runs in a process of its own, which ends after so many seconds."""
    import torch

    from rfcalc.errors import SpecError
    from rfcalc.importers import load

    spent, counting, params = [0.0], [0.0], [0]
    macs: list[int | None] = [None]
    export = torch.export.export

    def timed(module: Any, *words: Any, **more: Any) -> Any:
        params[0] = sum(p.numel() for p in module.parameters())
        start = time.process_time()
        try:
            program = export(module, *words, **more)
        finally:
            spent[0] += time.process_time() - start
        start = time.process_time()
        macs[0] = counted_macs(module, *words[:2])
        counting[0] += time.process_time() - start
        return program

    torch.export.export = timed
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 1))
    row: dict[str, Any] = {}
    given = {name: value for name, _, value in (word.partition("=") for word in model.arguments)}
    start = partial(load, model.target, {"input": model.input} if model.input else {}, arguments=given)
    try:
        graph = start()
        row = {"verdict": "bounded" if any(graph.bounded) else "exact", "layers": len(graph.nodes)}
    except SpecError as error:
        problem = error.problems[0]
        row = {"verdict": "refused", "reason": problem.message.removeprefix(f"{model.target} "), "code": problem.code}
    row |= {"seconds": round(time.process_time() - counting[0], 1), "export_seconds": round(spent[0], 1)}
    if row.get("code") == "E410":
        with suppress(SpecError):
            row |= as_bounds(start(unknown="bound"))
    if row["verdict"] != "refused":
        told, mine = sum(node.cost.params for node in graph.nodes), sum(node.cost.macs for node in graph.nodes)
        row |= {"params": told, "same_params": told == params[0], "macs": mine}
        if macs[0] is not None and (mine == macs[0] or not any(node.op.uncounted for node in graph.nodes)):
            row |= {"same_macs": mine == macs[0]}
        row["bound"] = next((bound for bound in graph.bounds if bound), "") if row["verdict"] == "bounded" else ""
        row |= {"rest": graph.rest} if graph.rest else {}
    pipe.send(row)


def as_bounds(graph: Any) -> dict[str, int]:
    """What a model that is refused is with `--unknown bound`: layers, how many fields are bounds, whose MACs are not known."""
    uncounted = sum(bool(node.op.uncounted) for node in graph.nodes)
    return {"unknown": len(graph.nodes), "unknown_bounds": sum(graph.bounded), "unknown_macs": uncounted}


def counted_macs(module: Any, positional: Any, words: Any = None) -> int | None:
    """Half of what FlopCounterMode counts in a run on tensors without memory, attention as products; None: it does not run."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH), torch.no_grad(), FlopCounterMode(display=False) as counter:
            module(*positional, **(words or {}))
    except Exception:
        return None
    return int(counter.get_total_flops() // 2)


def run(model: Model, seconds: float) -> dict[str, Any]:
    """One model in a process of its own; what takes too long is stopped and says so. Its library is imported here, once."""
    from rfcalc.errors import SpecError
    from rfcalc.importers.torch.importing import imported
    from rfcalc.importers.torch.target import wanted

    with suppress(SpecError):
        imported(wanted(model.target))
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=measured, args=(model, seconds, there))
    process.start()
    there.close()
    row: dict[str, Any] = {"verdict": "not measured", "reason": f"more than {seconds:g} s here"}
    try:
        row = here.recv() if here.poll(10 * seconds) else row
    except EOFError:
        process.join()
        if process.exitcode != -signal.SIGXCPU:
            row = {"verdict": "refused", "reason": f"the process ended without an answer ({process.exitcode})"}
    process.kill()
    process.join()
    return row


def table(rows: dict[str, dict[str, Any]]) -> str:
    """The page: counts of each library, then a row per model."""
    text = [HEAD]
    for library in dict.fromkeys(row["family"].partition(",")[0] for row in rows.values()):
        mine = {name: row for name, row in rows.items() if row["family"].partition(",")[0] == library}
        text += [f"\n## {library}\n", f"{len(mine)} models: {counted(mine)}.\n", COLUMNS]
        text += [_row(name, row) for name, row in sorted(mine.items(), key=lambda each: (each[1]["family"], each[0]))]
    return "\n".join(text) + "\n"


def counted(rows: dict[str, dict[str, Any]]) -> str:
    """How many are exact, bounded, refused."""
    counts = Counter(row["verdict"] for row in rows.values())
    return ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))


def _row(name: str, row: dict[str, Any]) -> str:
    same = [{True: "equal", False: "differ", None: ""}[row.get(key)] for key in ("same_params", "same_macs")]
    times = [str(row.get(key, "")) for key in ("seconds", "export_seconds")]
    why = (row.get("reason") or row.get("rest") or row.get("bound") or "").replace("|", "\\|").replace("\n", " ")
    why += " (a bound with `--unknown bound`" * ("unknown" in row)
    if "unknown_bounds" in row:
        why += (
            f": {row['unknown_bounds']} of {row['unknown']} fields are bounds, MACs of {row['unknown_macs']} layers not known"
        )
    why += ")" * ("unknown" in row)
    cells = [
        row["family"].partition(", ")[2],
        f"`{name.partition(':')[2]}`",
        row["verdict"] + ", in part" * ("rest" in row),
        *same,
        *times,
        why,
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Runs what is missing, and writes the results after each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="the most that one model may take")
    parser.add_argument("--minutes", type=float, default=600, help="begin no model after so many minutes")
    parser.add_argument("--only", default="", help="models whose names this pattern is found in")
    parser.add_argument("--again", nargs="*", default=[], help="models to run again")
    parser.add_argument("--table", action="store_true", help="write docs/models.md from the results, and run nothing")
    options = parser.parse_args()
    rows = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    start = time.perf_counter()
    for name, model in ({} if options.table else candidates()).items():
        wanted = name in options.again or (name not in rows and re.search(options.only, name))
        if not wanted or time.perf_counter() - start > 60 * options.minutes:
            continue
        rows[name] = {"family": model.family, "input": model.input, **run(model, options.seconds)}
        print(name, *(rows[name].get(key, "") for key in ("verdict", "seconds", "export_seconds", "reason")), flush=True)
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
    if options.table:
        PAGE.write_text(table(rows))


if __name__ == "__main__":
    main()
