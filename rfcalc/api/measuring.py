"""Networks in torch: proven, timed, profiled, and their effective fields measured."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rfcalc.api.shown import Shown
from rfcalc.api.sources import NOTHING, load, several
from rfcalc.api.words import in_python, one_of, texts
from rfcalc.backends.proof.claims import Claim
from rfcalc.graph import Graph
from rfcalc.record import record

if TYPE_CHECKING:
    from rfcalc.api.measured import Effective, Profile, Timing
    from rfcalc.api.sources import Source
    from rfcalc.api.words import Size
    from rfcalc.report.tables import Report


@record
class Proof(Shown):
    """Every figure of a network beside what torch says. A claim is `ok`, or not, or None where it could not be checked.
    `rebuilt`: of a model, the module that is built of its layers was asked, not the model itself."""

    graph: Graph
    claims: tuple[Claim, ...]
    rebuilt: bool = False

    @property
    def ok(self) -> bool:
        """Whether no claim is wrong."""
        return not self.wrong

    @property
    def wrong(self) -> tuple[Claim, ...]:
        """The claims that do not hold."""
        return tuple(claim for claim in self.claims if claim.ok is False)

    def __iter__(self) -> Iterator[Claim]:
        return iter(self.claims)

    def __len__(self) -> int:
        return len(self.claims)

    def __repr__(self) -> str:
        wrong = "; ".join(f"{claim.what}: {claim.stated}, torch says {claim.measured}" for claim in self.wrong[:3])
        return f"<Proof of {self.graph.name}: {len(self.claims)} claims, {wrong or 'all hold that could be checked'}>"

    def _report(self) -> Report:
        from rfcalc.backends.torch.subject import subject
        from rfcalc.reports.verify import verify_report

        return verify_report(subject(self.graph, self.rebuilt), self.claims)


def verify(
    source: Source,
    input: Size | None = None,
    *,
    layers: str | Sequence[str] = (),
    units: int = 6,
    seed: int = 0,
    rebuilt: bool = False,
    overrides: Mapping[str, object] = NOTHING,
    unknown: str = "error",
    **params: object,
) -> Proof:
    """Every figure against torch, receptive fields by autograd: `rfcalc verify`. Raises SpecError.

    Fields are checked of the outputs, the last map and the layers that `layers` matches, at `units` units each. A live module
    is asked itself, in a copy; `rebuilt` asks the one that is built of its layers only.
    """
    _needs("torch", "torch")
    from rfcalc.backends.proof.verify import verify_network
    from rfcalc.backends.torch.subject import running, subject

    graph = load(source, input, overrides={**overrides, **params}, unknown=unknown)
    network, globs = subject(graph, rebuilt), texts(layers, "layers")
    with in_python(), running([network]):
        return Proof(graph, tuple(verify_network(network, globs, _whole(units, "units"), seed)), rebuilt)


def time(
    sources: Source | Sequence[Source],
    input: Size | None = None,
    *,
    device: str = "auto",
    batch: int | Sequence[int] = 1,
    dtype: str | Sequence[str] = "fp32",
    memory_format: str | Sequence[str] = "contiguous",
    mode: str | Sequence[str] = "eager",
    seconds: float = 2.0,
    warm_up: float = 5.0,
    rebuilt: bool = False,
    overrides: Mapping[str, object] = NOTHING,
    unknown: str = "error",
    **params: object,
) -> Timing:
    """The latency of a forward pass of one network, or of several in turns, over a grid of cases: `rfcalc time`.

    Each of `batch`, `dtype`, `memory_format` and `mode` may be one or several. A live module is run itself, in a copy;
    `rebuilt` runs the one that is built of its layers. What fails is a run that says so in its `status`. Raises SpecError.
    """
    _needs("torch", "torch")
    from rfcalc.api.measured import timing
    from rfcalc.backends.timing import cases
    from rfcalc.backends.timing.environment import gpu_state
    from rfcalc.backends.timing.latency import time_all
    from rfcalc.backends.timing.words import DTYPES, MEMORY_FORMATS, MODES
    from rfcalc.backends.torch.subject import running, subject

    dtypes = _known(dtype, DTYPES, "dtype")
    layouts, modes = _known(memory_format, MEMORY_FORMATS, "memory_format"), _known(mode, MODES, "mode")
    _positive(seconds, "seconds")
    batches = [_whole(n, "batch") for n in ((batch,) if isinstance(batch, int) else batch)]
    graphs = [load(one, input, overrides={**overrides, **params}, unknown=unknown) for one in several(sources)]
    with in_python():
        place = cases.usable_device(device)
        rows = cases.grid(place, batches, dtypes, layouts, modes)
        timed, before = [subject(graph, rebuilt) for graph in graphs], gpu_state(place)
        with running(timed):
            found = time_all(timed, rows, seconds, warm_up)
    return timing(found, before, gpu_state(place))


def profile(
    source: Source,
    input: Size | None = None,
    *,
    device: str = "auto",
    batch: int = 1,
    dtype: str = "fp32",
    memory_format: str = "contiguous",
    seconds: float = 2.0,
    rebuilt: bool = False,
    overrides: Mapping[str, object] = NOTHING,
    unknown: str = "error",
    **params: object,
) -> Profile:
    """Each layer's measured time against the least that the device's ceilings allow: `rfcalc profile`. Raises SpecError.

    A live module is run itself, in a copy; `rebuilt` runs the one that is built of its layers.
    """
    _needs("torch", "torch")
    from rfcalc.api.measured import profiled
    from rfcalc.backends.timing import cases
    from rfcalc.backends.timing.latency import attempted
    from rfcalc.backends.timing.profile import profile as measure
    from rfcalc.backends.timing.words import DTYPES, MEMORY_FORMATS
    from rfcalc.backends.torch.subject import running, subject

    [kind], [layout] = _known(dtype, DTYPES, "dtype"), _known(memory_format, MEMORY_FORMATS, "memory_format")
    _positive(seconds, "seconds")
    graph = load(source, input, overrides={**overrides, **params}, unknown=unknown)
    with in_python():
        case = cases.Case(cases.usable_device(device), _whole(batch, "batch"), kind, layout, "eager")
        network = subject(graph, rebuilt)
        with running([network]):
            return profiled(attempted(case, lambda: measure(network, case, seconds)))


def erf(
    source: Source,
    input: Size | None = None,
    *,
    layer: str | None = None,
    trained: str | os.PathLike[str] | None = None,
    samples: int = 10,
    seed: int = 0,
    device: str = "auto",
    rebuilt: bool = False,
    overrides: Mapping[str, object] = NOTHING,
    unknown: str = "error",
    **params: object,
) -> Effective:
    """How much each pixel influences the centre unit of a layer, by gradients, with random or trained weights: `rfcalc erf`.

    `layer`: a glob, whose last layer is meant; the last map if it is left out. `trained`: a file of weights, read as tensors
    only. A live module is run itself, in a copy; `rebuilt` runs the one that is built of its layers. Raises SpecError.
    """
    _needs("torch", "torch")
    from rfcalc.api import measured
    from rfcalc.backends.proof.effective import effective_field
    from rfcalc.backends.timing.cases import usable_device
    from rfcalc.backends.torch.checkpoint import read_checkpoint
    from rfcalc.backends.torch.subject import running, subject
    from rfcalc.errors import fail
    from rfcalc.graph import layers_like

    graph = load(source, input, overrides={**overrides, **params}, unknown=unknown)
    with in_python():
        index = graph.last_spatial if layer is None else layers_like(graph, layer)[-1]
        if index is None:
            raise fail("E120", f"{graph.name}: no layer is a map; choose one with layer=")
        tensors = read_checkpoint(os.fspath(trained)) if trained else None
        network, count = subject(graph, rebuilt), _whole(samples, "samples")
        with running([network]):
            found = effective_field(network, index, count, seed, usable_device(device), tensors)
    return measured.effective_field(found, os.fspath(trained) if trained else None)


def _needs(module: str, extra: str) -> None:
    from rfcalc.backends.optional import require

    require(module, extra)


def _known(given: str | Sequence[str], words: Sequence[str] | Mapping[str, str], what: str) -> list[str]:
    """One word or several, each of which is known; raises ValueError."""
    known = {word: i for i, word in enumerate(words)}
    chosen = list(texts(given, what))
    for word in chosen:
        one_of(word, known, what)
    return chosen


def _positive(number: float, what: str) -> None:
    """Raises ValueError for what is no number above 0."""
    if isinstance(number, bool) or not isinstance(number, int | float) or number <= 0:
        raise ValueError(f"{what} is a number above 0, not {number!r:.60}")


def _whole(number: int, what: str) -> int:
    """A number from 1 on; raises ValueError."""
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ValueError(f"{what} is a whole number from 1 on, not {number!r:.60}")
    return number
