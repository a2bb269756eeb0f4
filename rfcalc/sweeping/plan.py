"""From what was asked for to a task: the specs are read, and every word is known before the first design is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

from rfcalc.errors import RuleError, SpecError, did_you_mean, fail
from rfcalc.importers import spec_text
from rfcalc.language.load import Template
from rfcalc.language.problems import Problems
from rfcalc.language.space import Choices, asked, misnamed
from rfcalc.record import record, replace
from rfcalc.sweeping.condition import conditions
from rfcalc.sweeping.draws import MOST_BITS
from rfcalc.sweeping.figures import FINDINGS, USUAL, USUAL_FRONT, direction, figures, key_of, words
from rfcalc.sweeping.space import Space, space_of
from rfcalc.sweeping.task import BROKEN, Family, Task, work
from rfcalc.sweeping.told import Told, Values

if TYPE_CHECKING:
    from rfcalc.checks.settings import Settings
    from rfcalc.sweeping.designs import Designs

MOST_DESIGNS = 10**10  # of a grid that is computed as a whole
MOST_CHUNK, CHUNKS = 500, 64
PROBES = 8
WHY = "sweep gives the params of one many values"
Spec: TypeAlias = "str | tuple[str, str]"


@record
class Asked:
    """What the command line says. `specs`: names, or texts with what they are called. `random`: how many designs are drawn, by
    `seed`; `designs`: how many a file has, and what identifies it."""

    specs: Sequence[Spec]
    values: Mapping[str, str]
    where: str = ""
    front: str = ""
    columns: str = ""
    random: int | None = None
    seed: int = 0
    designs: tuple[int, str] | None = None
    max_layers: int = 100_000


@record(eq=False)
class Plan:
    """A sweep that can begin: its task; how many designs are computed at once; and what a store tells of it."""

    task: Task
    chunk: int
    told: Told

    @property
    def wanted(self) -> int:
        """How many designs are wanted."""
        return self.told.wanted


def planned_here(ask: Asked, designs: Designs | None) -> Plan:
    """The plan of what was asked for, with certain designs, by the settings of the working folder; raises as `planned`."""
    from pathlib import Path

    from rfcalc.checks.settings import read

    first = ask.specs[0]
    given = ask if designs is None else replace(ask, designs=(len(designs), designs.digest))
    return planned(given, read(Path.cwd()).of(first if isinstance(first, str) else first[1]))


def planned(ask: Asked, settings: Settings | None = None) -> Plan:
    """The plan of what was asked for. Raises SpecError, or RuleError for a word of the command line."""
    families, digests = _families(ask)
    task = Task(tuple(families), ())
    front = _front(ask)
    usual = [] if ask.front else [metric.stored for metric in USUAL]
    named = figures(ask.columns, "--columns") if ask.columns else usual
    meant = _words(ask, families)
    columns = tuple(dict.fromkeys([*(key for key, _ in front), *meant.values(), *named]))
    seed = None if ask.random is None else ask.seed
    rules = settings if FINDINGS in columns else None
    told = Told(
        specs=digests,
        spaces=[[(axis.key, _described(axis)) for axis in (*one.space.axes, *one.space.fixed)] for one in families],
        where=ask.where,
        columns=columns,
        drawn=seed,
        designs=ask.designs[1] if ask.designs else None,
        sources=[family.template.source for family in families],
        front=front,
        wanted=_wanted(ask, task.total),
        rules=_hash(repr(rules)) if rules else None,
    )
    key = _hash(f"{told.identity} {ask.max_layers}")
    task = Task(tuple(families), columns, ask.where, meant, seed, rules, key)
    if ask.designs is None:
        _probe(task)
    return Plan(task, min(MOST_CHUNK, max(1, told.wanted // CHUNKS)), told)


def _families(ask: Asked) -> tuple[list[Family], list[str]]:
    """The specs with their spaces, and a digest of each one's text."""
    problems = Problems()
    given = asked(ask.values, problems)
    if problems.found:
        problems.stop()
    families: list[Family] = []
    digests, first = [], 0
    for word in ask.specs:
        template = _template(word, ask.max_layers)
        misnamed(given, list(template.top.params), problems)
        if problems.found:
            problems.stop()
        space = space_of(template.choices, given)
        if ask.designs:
            space = Space((), tuple(one for one in space.fixed if one.key in given))
        families.append(Family(template, space, first))
        digests.append(digest(template))
        first += space.count
    return families, digests


def params_of(spec: Spec, max_layers: int) -> list[str]:
    """The params of a spec; raises SpecError."""
    return list(_template(spec, max_layers).top.params)


def _template(spec: Spec, max_layers: int) -> Template:
    text, source = spec_text(spec, WHY) if isinstance(spec, str) else spec
    return Template(text, source, max_layers)


def digest(template: Template) -> str:
    """What identifies the text of a spec and of all that it extends."""
    parts = [node.document.text for node in (template.top.root, *template.top.nodes.values())]
    parts += [mark.document.text for mark, _ in (*template.top.params.values(), *template.top.blocks.values())]
    return _hash("\0".join(dict.fromkeys(parts)))


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _described(choices: Choices) -> Values:
    values = choices.values
    if isinstance(values, range):
        return [values.start, values.stop, values.step]
    return [choices.text(number) for number in range(len(values))]


def _front(ask: Asked) -> list[tuple[str, bool]]:
    if ask.front:
        return direction(ask.front, "--front")
    return [(metric.stored, metric.better.name != "LESS") for metric in USUAL_FRONT]


def _words(ask: Asked, families: Sequence[Family]) -> dict[str, str]:
    """The figures that the condition's words mean. A word may be a param of every spec."""
    if not ask.where:
        return {}
    params = set.intersection(*(set(family.template.top.params) for family in families))
    try:
        names = {name for part in conditions(ask.where) for name in part.names}
    except RuleError as error:
        raise RuleError(f"--where: {error}") from None
    found = {}
    for name in sorted(names - params):
        try:
            found[name] = key_of(name, "--where")
        except RuleError:
            known = [*words(), FINDINGS, *sorted(params)]
            hint = did_you_mean(name, known) or f"there are {', '.join(known)}"
            raise RuleError(f'--where: there is no figure and no param "{name[:60]}"; {hint}') from None
    return found


def _wanted(ask: Asked, total: int) -> int:
    """How many designs are computed; raises RuleError for more than anybody can wait for."""
    if ask.designs:
        return ask.designs[0]
    if ask.random is None:
        if total > MOST_DESIGNS:
            raise RuleError(
                f"the space has {_many(total)} designs, and a grid is computed as a whole: draw some, --random 10000"
            )
        return total
    if total.bit_length() > MOST_BITS:
        raise RuleError(f"the space has {_many(total)} designs; at most {_many(1 << MOST_BITS)} can be drawn from")
    return min(ask.random, total)


def _many(count: int) -> str:
    return f"{count:,}" if count < 10**12 else f"about 10^{len(str(count)) - 1}" if count.bit_length() < 10_000 else "too many"


def _probe(task: Task) -> None:
    """Refuses a space of which some designs, spread over all of it, have one and the same problem: that is the spec's."""
    total = task.total
    plain = Task(task.families, (), key=f"probe {task.key}")
    spread = dict.fromkeys(total * k // PROBES for k in range(PROBES))
    found = [_problem(plain, index) for index in spread]
    if found[0] is not None and {str(error) for error in found} == {str(found[0])}:
        raise found[0]


def _problem(task: Task, index: int) -> SpecError | None:
    """What is wrong with one design."""
    if work(task, index, 1).rows[0][1] != BROKEN:
        return None
    family, place = task.family(index)
    try:
        family.template.graph(family.space.nodes(place))
    except SpecError as error:
        return error
    return fail("E505", f"the design {index} of {family.template.source} cannot be made")
