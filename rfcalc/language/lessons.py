"""Lessons: what a spec teaches, the commands that show it, and what each of them claims, as `lesson:` writes it. Read only when
asked for: to every other command the key means nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from rfcalc.errors import SpecError, did_you_mean, fail
from rfcalc.language.files import find, read_bytes, shipped_files, text_of
from rfcalc.language.marked import Marked, MarkedList, MarkedMapping, MarkedScalar, read
from rfcalc.language.problems import Problems
from rfcalc.layers.settings import name_of
from rfcalc.record import record

CODE = "E127"
FOLDER = "lessons/"
SHAPES_A_TABLE = "--columns"  # the option of analyze that JSON does not have


@record
class Claim:
    """A sentence, and the expression over the JSON of its run that must be true."""

    say: str
    that: str
    mark: Marked


@record
class LessonRun:
    """A command without the network that it is about, and what its answer shows."""

    words: tuple[str, ...]
    claims: tuple[Claim, ...]
    mark: Marked

    def on(self, spec: str) -> list[str]:
        """The whole command, on a network."""
        return [self.words[0], spec, *self.words[1:]]

    def as_json(self, spec: str) -> list[str]:
        """The command that prints the same as JSON."""
        words = self.on(spec)
        if SHAPES_A_TABLE in words:
            at = words.index(SHAPES_A_TABLE)
            del words[at : at + 2]
        return [*words, "--format", "json"]


@record
class Lesson:
    """A lesson: the network's name or path, the first line of its file, the text, the runs."""

    spec: str
    title: str
    text: str
    runs: tuple[LessonRun, ...]


def lesson_names() -> list[str]:
    """The lessons that ship."""
    return [name.removeprefix(FOLDER) for name in shipped_files() if name.startswith(FOLDER)]


def lesson(name: str) -> Lesson:
    """The lesson of a spec: of one that ships, or of a file. Raises SpecError."""
    known = lesson_names()
    spec = FOLDER + name if name in known else name
    try:
        path = find(spec)
    except SpecError:
        raise fail("E001", f"there is no lesson {name}", hint=did_you_mean(name, known) or "rfcalc lesson lists them") from None
    text = text_of(read_bytes(path, spec), str(path))
    document, root = read(text, str(path))
    problems = Problems(document.problems)
    found = root.get("lesson") if isinstance(root, MarkedMapping) else None
    if found is None:
        raise fail("E105", f"{spec} has no lesson", hint="lesson: {text: ..., runs: [...]}")
    first = text.partition("\n")[0]
    made = Lesson(spec, first.lstrip("# ") if first.startswith("#") else "", *_parts(found, problems))
    if problems.found:
        problems.stop()
    return made


def _parts(node: Marked, problems: Problems) -> tuple[str, tuple[LessonRun, ...]]:
    entries = _mapping(node, ("text", "runs"), "a lesson", problems)
    runs = entries.get("runs")
    if runs is not None and not isinstance(runs, MarkedList):
        problems.add(CODE, f"runs is a list of commands with their claims, not {name_of(runs.plain())}", runs)
    items = runs.items if isinstance(runs, MarkedList) else []
    return _text(entries, "text", problems), tuple(run for item in items for run in _run(item, problems))


def _run(node: Marked, problems: Problems) -> Iterator[LessonRun]:
    entries = _mapping(node, ("run", "claims"), "a run", problems)
    try:
        words = shlex.split(_text(entries, "run", problems))
    except ValueError:
        problems.add(CODE, "run: a quote that is not closed", entries["run"])
        return
    claims = entries.get("claims")
    if claims is not None and not isinstance(claims, MarkedList):
        problems.add(CODE, f"claims is a list of say and that, not {name_of(claims.plain())}", claims)
    items = claims.items if isinstance(claims, MarkedList) else []
    if words:
        yield LessonRun(tuple(words), tuple(_claim(item, problems) for item in items), entries["run"])


def _claim(node: Marked, problems: Problems) -> Claim:
    entries = _mapping(node, ("say", "that"), "a claim", problems)
    say, that = (_text(entries, key, problems) for key in ("say", "that"))
    return Claim(say, that, entries.get("that", node))


def _mapping(node: Marked, keys: tuple[str, ...], what: str, problems: Problems) -> dict[str, Marked]:
    """The entries of a mapping that must have certain keys and no others."""
    form = " and ".join(keys)
    if not isinstance(node, MarkedMapping):
        problems.add(CODE, f"{what} has {form}; this is {name_of(node.plain())}", node)
        return {}
    for key, (mark, _) in node.entries.items():
        if key not in keys:
            problems.add(CODE, f'{what} has {form}, not "{mark.text[:40]}"', mark, did_you_mean(mark.text, keys))
    missing = [key for key in keys if node.get(key) is None]
    if missing and not any(key not in keys for key in node.entries):
        problems.add(CODE, f"{what} needs {' and '.join(missing)}", node)
    return {str(key): value for key, (_, value) in node.entries.items()}


def _text(entries: dict[str, Marked], key: str, problems: Problems) -> str:
    node = entries.get(key)
    if node is None:
        return ""
    if not isinstance(node, MarkedScalar) or not isinstance(node.value, str):
        problems.add(CODE, f"{key} is a text, not {name_of(node.plain())}", node)
        return ""
    return node.value.strip()
