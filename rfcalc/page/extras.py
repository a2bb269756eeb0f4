"""What the page shows only where it was asked for: times, a picture, objects, paths."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rfcalc.analyses.receptive_field import Fields
from rfcalc.analyses.target import target
from rfcalc.errors import RuleError, fail
from rfcalc.graph import Graph
from rfcalc.page.files import content, printed
from rfcalc.report.units import short

if TYPE_CHECKING:
    from rfcalc.designing.boxes import ObjectSizes
    from rfcalc.language.objects import SizeRange
    from rfcalc.report.models.page import CardData, EnsembleData, ObjectData

PICTURES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif"}
SHARES = {"median": 0.5, "p90": 0.9}  # of the objects of a data set


def picture(path: str, most: int) -> str:
    """A picture as a data URL; raises SpecError for what is none, or is larger than `most` bytes."""
    found = content(path, most, f"it would make the page as large; --image-limit {_next(path, most)} allows it")
    kind = next((kind for start, kind in PICTURES.items() if found.startswith(start)), None)
    if kind is None:
        raise fail("E504", f"{path} is no PNG, JPEG or GIF")
    return f"data:image/{kind};base64,{b64encode(found).decode()}"


def _next(path: str, most: int) -> str:
    """A limit that allows a picture."""
    size = Path(path).stat().st_size if Path(path).is_file() else 0
    return short(max(size, 2 * most), "B").replace(" ", "")


def measured(path: str, graph: Graph) -> tuple[dict[str, float], list[CardData]]:
    """Times of layers in milliseconds, and cards, of what `time` or `profile` printed. Raises SpecError for another file."""
    data = printed(path)
    try:
        return _measured(path, data, graph)
    except (KeyError, TypeError, ValueError):
        raise fail("E504", f"{path} is not what rfcalc time or rfcalc profile prints with --format json") from None


def _measured(path: str, data: Any, graph: Graph) -> tuple[dict[str, float], list[CardData]]:
    runs = data.get("runs") if isinstance(data, dict) else None
    if isinstance(data, dict) and isinstance(runs, str) and "latency_ms" in data and isinstance(data.get("layers"), list):
        _same(path, {str(data.get("network"))}, graph)
        return _of_layers(path, data["layers"], graph), [_card(data, float(data["latency_ms"]))]
    if isinstance(runs, list):
        cases = [run for run in runs if isinstance(run, dict)]
        _same(path, {str(run.get("network")) for run in cases}, graph)
        mine = [run for run in cases if run.get("network") == graph.name and isinstance(run.get("latency_ms"), dict)]
        return {}, [_card(run, float(run["latency_ms"]["median"])) for run in mine]
    raise ValueError(path)


def _same(path: str, names: set[str], graph: Graph) -> None:
    if graph.name not in names:
        raise fail("E504", f"{path} is of {', '.join(sorted(names)) or 'no network'}, not of {graph.name}")


def _card(run: Mapping[str, object], ms: float) -> CardData:
    case = ", ".join(str(run[key]) for key in ("device", "dtype", "memory_format", "mode") if key in run)
    return {"label": "measured", "text": f"{ms:.4g} ms", "note": f"batch {run.get('batch', '?')}, {case}"}


def _of_layers(path: str, rows: Sequence[object], graph: Graph) -> dict[str, float]:
    """The time of layers that are timed together is that of the first of them; the others have none of their own, 0."""
    found: dict[str, float] = {}
    for row in rows:
        names, ms = (row.get("layers"), row.get("ms")) if isinstance(row, dict) else (None, None)
        if not isinstance(names, list) or not names or not isinstance(ms, int | float) or str(names[0]) not in graph.by_name:
            raise fail("E504", f"{path}: its layers are not those of {graph.name}", None, "measure it again")
        found |= dict.fromkeys(map(str, names), 0.0) | {str(names[0]): round(ms, 4)}
    return found


def stated_objects(graph: Graph, rank: int) -> list[ObjectData]:
    """The objects that the spec says are to be found."""
    stated: Mapping[str, SizeRange] = graph.stated("object_size", {})
    found: list[ObjectData] = []
    for output, sizes in stated.items():
        ends = {"smallest": sizes.least, "largest": sizes.most}
        for which, size in {"": sizes.most}.items() if sizes.least == sizes.most else ends.items():
            name = f"{which} object{f' of {output}' if output else ''}".strip()
            found.append({"name": name, "size": size if len(size) == rank else size[:1] * rank})
    return found


def dataset_objects(sizes: ObjectSizes, path: str, rank: int) -> list[ObjectData]:
    """The objects of a data set by their longer sides: the usual one, the one that most do not exceed, the largest."""
    ends = {name: sizes.quantile(share) for name, share in SHARES.items()} | {"largest": sizes.values[-1]}
    return [{"name": f"{name} of {path}", "size": (round(side, 1),) * rank} for name, side in ends.items()]


def paths(graph: Graph, fields: Fields) -> EnsembleData:
    """The paths from the input by their length, and by what each sees. Raises SpecError where they cannot be counted."""
    from rfcalc.reports.paths import binned, count_text, ensemble

    seen = target(graph, fields, ())
    end = graph.outputs[0] if len(graph.outputs) == 1 else seen if seen is not None else graph.outputs[0]
    try:
        found = ensemble(graph, end, seen, fields.supports)
    except RuleError as error:
        raise fail("E203", f"{graph.name}: {error}") from None

    def bars(counts: dict[int, int]) -> list[tuple[int, int, float, str]]:
        total = sum(counts.values()) or 1
        return [(a, b, round(count / total, 6), count_text(count)) for a, b, count in binned(counts)]

    seen_by = bars(found.fields[0].fields) if found.fields else []
    return {"lengths": bars(found.lengths.lengths), "fields": seen_by, "count": count_text(found.lengths.count)}
