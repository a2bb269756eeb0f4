"""What was measured in torch, as the API gives it: it shows itself as the commands print it. Importing this imports torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rfcalc.api.shown import Shown
from rfcalc.backends.proof import effective
from rfcalc.backends.timing import latency
from rfcalc.backends.timing import profile as room
from rfcalc.backends.timing.environment import environment
from rfcalc.record import fields, record
from rfcalc.report.units import joined, times

if TYPE_CHECKING:
    from rfcalc.report.models.timing import GpuData
    from rfcalc.report.tables import Report

TOP = 15  # layers of a profile that its table shows


class Timing(Shown, latency.Timing):
    """The runs of `time`, in order, each with its `latency` in milliseconds, `throughput` and `status`; `comparisons()`."""

    before: GpuData | None = None
    after: GpuData | None = None

    def __repr__(self) -> str:
        shown = [f"{run.network} {f'{run.latency.median:,.4g} ms' if run.latency else run.status}" for run in self.runs]
        more = f" and {len(shown) - 4} more" if len(shown) > 4 else ""
        return f"<Timing: {', '.join(shown[:4])}{more}>"

    def _report(self) -> Report:
        from rfcalc.reports.timing import timing_report

        return timing_report(self, environment(self.runs[0].case.device), self.before, self.after)


@record
class Profile(Shown, room.Profile):
    """Where the time of a network goes: `layers`, each with its seconds and its floor, the `verdict`, the `latency`."""

    def __repr__(self) -> str:
        return f"<Profile of {self.graph.name}: {self.verdict}, {1000 * self.latency:,.4g} ms, {len(self.layers)} layers>"

    def _report(self) -> Report:
        from rfcalc.reports.profile import profile_report

        return profile_report(self, TOP, environment(self.case.device))


@record(eq=False)
class Effective(Shown, effective.Effective):
    """A measured effective field: `sigma` per axis, `energy` per pixel, `pixels`; `checkpoint`: where the weights are from."""

    checkpoint: str | None = None

    def __repr__(self) -> str:
        layer = self.graph.nodes[self.layer].name
        image = times(tuple(self.energy.shape))
        return f"<Effective field of {layer} of {self.graph.name}: sigma {joined(list(self.sigma))} of {image} pixels>"

    def _report(self) -> Report:
        from rfcalc.reports.erf import erf_report

        return erf_report(self, self.checkpoint)


def timing(found: latency.Timing, before: GpuData | None, after: GpuData | None) -> Timing:
    """A timing as the API gives it."""
    made = Timing(found.runs, found.interrupted)
    made.before, made.after = before, after
    return made


def profiled(found: room.Profile) -> Profile:
    """A profile as the API gives it."""
    return Profile(*(getattr(found, name) for name in fields(room.Profile)))


def effective_field(found: effective.Effective, checkpoint: str | None) -> Effective:
    """An effective field as the API gives it."""
    return Effective(*[*(getattr(found, name) for name in fields(effective.Effective)), checkpoint])
