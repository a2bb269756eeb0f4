"""What the commands share: options, loading networks, printing."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

from rfcalc.cli import complete
from rfcalc.cli.color import complain, hush, screen
from rfcalc.cli.declared import UsageError, argument, option
from rfcalc.cli.gathered import gathered
from rfcalc.errors import SpecError, did_you_mean, summed_up
from rfcalc.formats import FORMATS
from rfcalc.progress import each
from rfcalc.record import field, record, replace

if TYPE_CHECKING:
    from rfcalc.backends.torch.subject import Subject
    from rfcalc.errors import Problem
    from rfcalc.graph import Graph
    from rfcalc.report.tables import Report

NETWORK = (
    "A spec file, a shipped network's name, - for standard input, an ONNX file, Ultralytics' YAML, a Darknet .cfg, or a torch "
    "model: package.module:callable, file.py:callable or a .pt2 file. Naming a Python module or file runs its code."
)
Spec = Annotated[str, argument(metavar="SPEC", help=NETWORK, autocompletion=complete.specs)]
SEVERAL = f"{NETWORK} A folder stands for every spec below it; a pattern may be in quotes: 'models/**/*.yaml'."
Specs = Annotated[list[str], argument(metavar="SPEC...", help=SEVERAL, autocompletion=complete.specs)]
Set = Annotated[
    list[str] | None,
    option("--set", "-s", metavar="KEY=VALUE", help="Override a param, or a layer's setting (-s 'layer4.*.conv2.dilation=2')."),
]
Input = Annotated[
    str | None,
    option(
        "--input",
        "-i",
        metavar="CxHxW",
        help="Look at it at another input size: 3x640x640 (or left=3x64x64,right=...). -s input=... makes another network.",
    ),
]
Arg = Annotated[
    list[str] | None, option("--arg", metavar="KEY=VALUE", help="An argument of the callable that makes a torch model.")
]
Unknown = Annotated[
    str,
    option(
        "--unknown",
        metavar="error|bound",
        autocompletion=complete.one_of(lambda: ("error", "bound")),
        help="A layer of an imported program that nobody knows: refused, or read as a bound.",
    ),
]
Declare = Annotated[
    list[str] | None,
    option("--declare", metavar="NAME=RULE", help="What such a layer is: pointwise, whole, window K S P, plugin."),
]
Layers = Annotated[
    list[str] | None,
    option("--layer", "-l", metavar="GLOB", help="Only layers whose name matches.", autocompletion=complete.layers),
]
Rebuilt = Annotated[
    bool,
    option("--rebuilt", help="Of a torch model: run the module that is built of its layers, not the model's own."),
]
Optimizer = Annotated[
    str | None,
    option(
        "--optimizer",
        metavar="NAME",
        autocompletion=complete.optimizers,
        help="What training costs with it: sgd, momentum, adam or adamw. Without it, what the spec says in train:, or sgd.",
    ),
]
Trust = Annotated[
    bool,
    option("--trust", help="Run the code that a network brings: a Python target of check or diff, any .pt2 file."),
]
FORMAT_NAMES = " or ".join(", ".join(FORMATS).rsplit(", ", 1))
Format = Annotated[
    str,
    option("--format", "-f", metavar="FORMAT", help=f"{FORMAT_NAMES}.", autocompletion=complete.one_of(lambda: FORMATS)),
]
MaxLayers = Annotated[int, option("--max-layers", metavar="N", min=1, help="Refuse a network of more layers.")]
MAX_LAYERS = 100_000


@record
class LoadOptions:
    """What the command line says about the networks: overrides, the size of the input, arguments of the callable, what
    unknown layers are."""

    overrides: Mapping[str, str] = field(default_factory=dict)
    size: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    unknown: str = "error"
    declare: tuple[str, ...] = ()
    max_layers: int = MAX_LAYERS
    trust: bool | None = None

    @property
    def careful(self) -> LoadOptions:
        """The same for a command of CI: nothing runs that --trust does not let run."""
        return replace(self, trust=bool(self.trust))

    def load(self, spec: str, *others: str) -> Graph:
        """The graph of one network, which the command names besides `others`; raises SpecError."""
        return self._load(spec, [spec, *others])

    def load_all(self, specs: Sequence[str]) -> tuple[list[Graph], list[SpecError]]:
        """The graphs of the networks that load, folders and patterns spelled out, and the errors of those that do not."""
        graphs, errors = [], []
        files: list[str] = []
        for spec in specs:
            try:
                files += spelled_out(spec)
            except SpecError as error:
                errors.append(error)
        for spec in each("reading networks", files):
            try:
                graphs.append(self._load(spec, files))
            except SpecError as error:
                errors.append(error)
        return graphs, errors

    def _load(self, spec: str, specs: Sequence[str]) -> Graph:
        from rfcalc.importers import load

        self.check(spec, specs)
        more: dict[str, Any] = {"unknown": self.unknown, "declare": self.declare, "arguments": self.arguments}
        return load(spec, self.overrides, self.max_layers, size=self.size, trust=self.trust, **more)

    def check(self, spec: str, specs: Sequence[str]) -> None:
        """Refuses an option that none of the networks of the command has a use for."""
        from rfcalc.importers import is_program

        for word, given in (("--arg", self.arguments), ("--unknown", self.unknown != "error"), ("--declare", self.declare)):
            if given and not any(map(is_program, specs)):
                raise usage(f"{word} is for programs (torch, ONNX); the layers of {spec} are all known")


def _given(values: dict[str, Any]) -> LoadOptions:
    return LoadOptions(
        overrides(values["set"]),
        values["input"],
        overrides(values["arg"], option="--arg"),
        choice(values["unknown"], ("error", "bound"), "--unknown"),
        tuple(values["declare"] or ()),
        values["max_layers"],
        values["trust"] or None,
    )


# Gives a command the options that say how its networks are loaded; it gets them as one argument, `given`.
networks = gathered(
    "given",
    {
        "set": (Set, None),
        "input": (Input, None),
        "arg": (Arg, None),
        "unknown": (Unknown, "error"),
        "declare": (Declare, None),
        "max_layers": (MaxLayers, MAX_LAYERS),
        "trust": (Trust, False),
    },
    _given,
)


def subjects(graphs: Sequence[Graph], rebuilt: bool) -> list[Subject]:
    """The networks as they are run; raises a usage error for --rebuilt if none of them has a module of its own."""
    from rfcalc.backends.torch.subject import subject

    if rebuilt and graphs and all(graph.origin is None for graph in graphs):
        raise usage(f"--rebuilt is for torch models; {graphs[0].name} is built of its layers anyway")
    return [subject(graph, rebuilt) for graph in graphs]


def spelled_out(word: str, left_out: Callable[[str], bool] = lambda _: False) -> tuple[str, ...]:
    """The networks that one word names: itself, or what is in a folder or matches a pattern; what was left out is told on
    standard error. Raises SpecError where there is none."""
    from rfcalc.language.folders import named

    found = named(word, left_out)
    for note in found.notes:
        complain(f"note: {word}: {note}")
    return found.files


def usage(message: str) -> UsageError:
    """An error in the way a command was called (exit code 2)."""
    return UsageError(message)


def overrides(pairs: Iterable[str] | None, option: str = "-s") -> dict[str, str]:
    """The overrides of `-s key=value`; raises a usage error for anything else."""
    values: dict[str, str] = {}
    for pair in pairs or ():
        key, sign, value = pair.partition("=")
        if not sign or not key.strip():
            raise usage(f"{option} takes key=value, not {pair!r}")
        values[key.strip()] = value.strip()
    return values


@contextmanager
def uncollected() -> Iterator[None]:
    """Pauses the cyclic garbage collector: an analysis makes many objects and no cycles; walking them took half the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def choice(value: str, known: Iterable[str], option: str) -> str:
    """The value, if it is known; else a usage error with the nearest one."""
    words = list(known)
    if value not in words:
        hint = did_you_mean(value, words)
        raise usage(f"{option} takes one of {', '.join(words)}, not {value!r}" + (f"; {hint}" if hint else ""))
    return value


def optimizer_of(name: str | None) -> str:
    """The optimizer, empty where none is named; a usage error for an unknown one."""
    from rfcalc.analyses.training import OPTIMIZERS

    return choice(name, OPTIMIZERS, "--optimizer") if name is not None else ""


def unit(text: str) -> tuple[int, ...]:
    """A unit "158,158" as numbers."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise usage(f"--at takes one number per axis, such as 7,7, not {text!r}") from None


def answer(reports: Sequence[Report], name: str, specs: Sequence[str], errors: Sequence[SpecError]) -> None:
    """Prints what is said of the networks that `specs` name; ends with exit code 2 if something could not be read."""
    problems = [problem for error in errors for problem in error.problems]
    show(reports, name, problems, len(specs) > 1)
    finish(errors)


def show(reports: Sequence[Report], name: str, problems: Sequence[Problem] = (), many: bool = False) -> None:
    """Prints reports in a format, for the screen behind standard output. See report.tables.Answer."""
    from rfcalc.formats import render
    from rfcalc.report.tables import Answer

    text = render(name, Answer(tuple(reports), tuple(problems), many), screen(sys.stdout))
    hush()
    if text:
        sys.stdout.write(text + "\n")


def printed_page(text: str) -> None:
    """Prints a page of Markdown: as it is into a pipe, laid out for a terminal."""
    hush()
    if not sys.stdout.isatty():
        print(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    shown = screen(sys.stdout)
    console = Console(width=min(shown.width or 100, 100), no_color=not shown.color, force_terminal=shown.color)
    console.print(Markdown(text))


def finish(errors: Sequence[SpecError]) -> None:
    """Ends with exit code 2 if something could not be read, with every problem on standard error."""
    if errors:
        complain(summed_up(errors))
        raise SystemExit(2)
