"""A small space of designs, and sweeps of it."""

from __future__ import annotations

from pathlib import Path

from rfcalc.sweeping.plan import Asked, Plan, planned
from rfcalc.sweeping.run import Way, run
from rfcalc.sweeping.store import Store, made
from rfcalc.sweeping.view import View

SPEC = """input: 3x32x32
params: {w: 16, d: 2, g: 1}
defaults: {conv: {bias: false}}
space:
  w: 8:41:8
  d: 1:5
layers:
  - {name: body, conv: {out: w, k: 3, g: "g if i else 1"}, repeat: d}
  - gap
  - linear: 10
"""


def spec(folder: Path, text: str = SPEC) -> str:
    path = folder / "space.yaml"
    path.write_text(text)
    return str(path)


def plan(source: str, **more: object) -> Plan:
    values = more.pop("values", {})
    return planned(Asked([source], values, **more))  # type: ignore[arg-type]


def swept(plan: Plan, path: str = "", way: Way | None = None) -> Store:
    store = made(path, plan.told)
    try:
        run(plan, store, way or Way(1))
    except BaseException:
        store.close()
        raise
    return store


def rows(store: Store) -> list[object]:
    return [(one.number, one.values, one.state, one.note, one.figures) for one in View(store).designs()]
