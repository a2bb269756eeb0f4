"""`rfcalc report`: a page to look at and to pass around."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from rfcalc.cli import complete
from rfcalc.cli.common import LoadOptions, choice, networks, uncollected, usage
from rfcalc.cli.declared import Context, argument, option
from rfcalc.cli.target import Dataset, Resize
from rfcalc.cli.writing import Force, Output, write
from rfcalc.record import record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rfcalc.analyses.network import Analysis
    from rfcalc.page.data import Asked
    from rfcalc.report.findings import Finding

FORMATS = ("html", "json", "svg")
HELP = (
    "A network (see rfcalc analyze --help); two, to set the second against the first; or the JSON that design, resize or "
    "compare has printed; or the store of a sweep."
)


@networks
def report(
    ctx: Context,
    specs: Annotated[list[str], argument(metavar="SPEC [SPEC]", help=HELP, autocompletion=complete.specs)],
    output: Output = None,
    force: Force = False,
    format: Annotated[
        str,
        option("--format", "-f", metavar="FORMAT", help="html, json or svg.", autocompletion=complete.one_of(lambda: FORMATS)),
    ] = "html",
    base: Annotated[str | None, option("--base", metavar="REV", help="Against this git revision of the spec.")] = None,
    time: Annotated[str | None, option("--time", metavar="FILE", help="What rfcalc time or profile printed as JSON.")] = None,
    image: Annotated[
        str | None, option("--image", metavar="FILE", help="A PNG, JPEG or GIF to keep in the page, behind the fields.")
    ] = None,
    image_limit: Annotated[str, option("--image-limit", metavar="BYTES", help="Refuse a larger picture: 2M, 500k.")] = "2M",
    dataset: Dataset = None,
    resize: Resize = None,
    depth: Annotated[
        int | None, option("--depth", metavar="N", min=1, help="Of svg: fold blocks to this depth; 1 for one box each.")
    ] = None,
    paths: Annotated[bool, option("--paths", help="Count the paths, by length and by what each sees.")] = False,
    *,
    given: LoadOptions,
) -> None:
    """Write one HTML file to look at: the graph, the table, and the exact field of any unit of any layer over an image.

    The file needs nothing else: it makes no request, and works from a disk, in a mail, as an artifact of CI. Of two networks
    it says what was added, removed and changed. svg is a figure of the architecture for a paper.

    Examples:

      rfcalc report resnet50.yaml -o resnet50.html

      rfcalc report net.yaml --image photo.jpg --dataset boxes.csv -o net.html

      rfcalc report resnet18 resnet34 -o both.html

      rfcalc report unet --format svg --depth 1 -o unet.svg
    """
    choice(format, FORMATS, "--format")
    beside = {"--time": time, "--image": image, "--dataset": dataset, "--paths": paths}
    front = specs[0].endswith(".json") or _is_store(specs[0])
    several = len(specs) > 1 or base is not None
    _fits(specs, base, front)
    if front or several or format == "svg":
        for option in (option for option, value in beside.items() if value):
            raise usage(f"{option} is for the page of one network")
    if depth is not None and format != "svg":
        raise usage("--depth is for --format svg: blocks of a page fold and unfold")
    if format == "html" and output is None and sys.stdout.isatty():
        raise usage("a page is no text for a screen: -o FILE.html")
    command = shlex.join(["rfcalc", *ctx.obj])
    with uncollected():
        if format == "svg":
            text = _figure(specs, base, front, depth, given)
        else:
            data: Mapping[str, object]
            if front:
                data = _front(specs[0], command)
            elif several:
                data = _compared(specs, base, given, command)
            else:
                data = _network(specs[0], given, _Beside(command, time, image, _bytes(image_limit), dataset, resize, paths))
            text = _written(data, format)
    write(output or "-", text, force)


def _fits(specs: Sequence[str], base: str | None, front: bool) -> None:
    """Refuses what no page can be made of."""
    if len(specs) > 2:
        raise usage(f"a page is of one network or of two, not of {len(specs)}: rfcalc compare sets many side by side")
    if len(specs) > 1 and base is not None:
        raise usage("--base sets a spec against its own past: name one spec")
    if any(spec.endswith(".json") or _is_store(spec) for spec in specs) and (len(specs) > 1 or base is not None):
        raise usage("the JSON of design, resize or compare, or the store of a sweep, is a page by itself")
    if len(specs) > 1 and specs.count("-") > 1:
        raise usage("standard input can be one network only")


def _written(data: Mapping[str, object], format: str) -> str:
    from rfcalc.page.html import html, plain

    return html(data) if format == "html" else plain(data)


def _figure(specs: Sequence[str], base: str | None, front: bool, depth: int | None, given: LoadOptions) -> str:
    from rfcalc.page.figure import svg

    if front or base is not None or len(specs) > 1:
        raise usage("--format svg draws one network")
    return svg(given.load(specs[0]), depth)


def _front(path: str, command: str) -> Mapping[str, object]:
    from rfcalc.page.front import front_data, store_data

    return front_data(path, command) if path.endswith(".json") else store_data(path, command)


def _is_store(path: str) -> bool:
    """Whether it is a file that `rfcalc sweep` has written, by how it begins."""
    from rfcalc.language.files import head_of

    return head_of(path).startswith(b"SQLite")


def _compared(specs: Sequence[str], base: str | None, given: LoadOptions, command: str) -> Mapping[str, object]:
    from rfcalc.analyses.network import analyze
    from rfcalc.checks.revision import load_at
    from rfcalc.errors import fail
    from rfcalc.page.compared import compare_data

    if base is None:
        first, second = (given.load(spec, *specs) for spec in specs)
        same = first.name == second.name
        return compare_data(analyze(first), analyze(second), (specs[0], specs[1]) if same else ("", ""), command)
    after = given.load(specs[0])
    before = load_at(after.source, base, given.load)
    if before is None:
        raise fail("E023", f"{specs[0]} is new since {base}", None, "without --base the page is of the network as it is")
    return compare_data(analyze(before), analyze(after), (f"{after.name} at {base}", after.name), command)


@record
class _Beside:
    """What a page shows beside a network."""

    command: str
    time: str | None
    image: str | None
    most: int
    dataset: str | None
    resize: str | None
    paths: bool

    def asked(self, analysis: Analysis) -> Asked:
        """What the page has beside the analysis; raises SpecError for a file that is another one."""
        from rfcalc.page.data import Asked
        from rfcalc.page.extras import dataset_objects, measured, picture

        times, cards = measured(self.time, analysis.graph) if self.time else ({}, [])
        objects = []
        if self.dataset:
            from rfcalc.designing.boxes import RULES, sizes

            size = analysis.input.size
            found = sizes(self.dataset, size, choice(self.resize or "letterbox", RULES, "--resize"))
            objects = dataset_objects(found, self.dataset, len(size))
        elif self.resize:
            raise usage("--resize is for the images of a --dataset")
        shown = picture(self.image, self.most) if self.image else ""
        return Asked(self.command, _findings(analysis), times, cards, objects, shown, self.paths)


def _network(spec: str, given: LoadOptions, beside: _Beside) -> Mapping[str, object]:
    from rfcalc.analyses.network import analyze
    from rfcalc.page.data import network_data

    analysis = analyze(given.load(spec))
    return network_data(analysis, beside.asked(analysis))


def _bytes(text: str) -> int:
    """A number of bytes: 2M, 500k."""
    from rfcalc.language.budget import LimitError, limit

    try:
        return int(limit("memory", f"<= {text}").value)
    except LimitError:
        raise usage(f"--image-limit takes a number of bytes such as 2M, not {text!r}") from None


def _findings(analysis: Analysis) -> list[Finding]:
    """What `rfcalc check` would say of it, by the settings of the working folder."""
    from pathlib import Path

    from rfcalc.checks.folding import per_place
    from rfcalc.checks.runner import findings_of
    from rfcalc.checks.settings import read

    return per_place(findings_of(analysis, read(Path.cwd()).of(analysis.graph.source)))
