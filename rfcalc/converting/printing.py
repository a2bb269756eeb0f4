"""Steps and blocks as the text of a spec."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rfcalc.converting.model import COUNTS, BlockDraft, Expr, First, StepDraft, walk
from rfcalc.converting.runs import code
from rfcalc.language.reading import JOINED
from rfcalc.language.recipes import lookup, main_of, settings_for
from rfcalc.language.writer import scalar, text_of
from rfcalc.record import MISSING

ATTACHED = ("norm", "act")
BARE = re.compile(r"[A-Za-z_]\w*([*/+-]\w+)*")
Defaults = Mapping[str, Mapping[str, object]]


class Printer:
    """Prints steps. `pinned` are the graph's nodes that something refers to by name."""

    def __init__(self, blocks: Mapping[str, BlockDraft], defaults: Defaults, pinned: frozenset[int]) -> None:
        self.blocks, self.defaults, self.pinned = blocks, defaults, pinned

    def defaults_lines(self) -> list[str]:
        """The lines of the defaults."""
        lines = []
        for word, settings in self.defaults.items():
            known = lookup(word)
            texts = (f"{known[name].alias or name}: {self._value(value, name)}" for name, value in settings.items())
            lines.append(f"  {word}: {{{', '.join(texts)}}}")
        return ["defaults:", *lines] if lines else []

    def block(self, block: BlockDraft) -> list[str]:
        """The lines of a block."""
        lines = [f"  {block.name}:"]
        if block.params:
            params = (f"{p.name}: {self._value(p.default, p.family, default=True)}" for p in block.params)
            lines.append(f"    params: {{{', '.join(params)}}}")
        return [*lines, "    layers:", *self.layers(block.steps, 6)]

    def layers(self, steps: Sequence[StepDraft], indent: int) -> list[str]:
        """The lines of a list of layers."""
        whole = list(walk(list(steps)))
        referred = {name for step in whole for name in step.reads if not step.previous} | {step.weights for step in whole}
        return list(self._list(steps, " " * indent, "", _Names(steps, referred, self.pinned)))

    def _list(self, steps: Sequence[StepDraft], indent: str, prefix: str, names: _Names) -> Iterator[str]:
        for step in steps:
            if step.paths:
                yield from self._paths(step, indent, prefix, names)
            else:
                yield f"{indent}- {self._line(step, prefix, names)}"

    def _line(self, step: StepDraft, prefix: str, names: _Names) -> str:
        parts = []
        if not names.automatic(step):
            parts.append(f"name: {scalar(step.name[len(prefix) :])}")
        if step.repeat is not None:
            parts.append(f"repeat: {self._value(step.repeat)}")
        settings = self.settings(step)
        parts.append(f"{step.word}: {settings}")
        counts = {key.removeprefix(COUNTS): value for key, value in step.settings.items() if key.startswith(COUNTS)}
        if counts:
            parts.append(f"counts: {{{', '.join(f'{key}: {self._value(value)}' for key, value in counts.items())}}}")
        if step.weights:
            parts.append(f"weights: {scalar(step.weights.removeprefix(prefix))}")
        parts += self._where(step, prefix)
        if len(parts) == 1:
            return step.word if settings == "{}" else parts[0]
        return "{" + ", ".join(parts) + "}"

    def _where(self, step: StepDraft, prefix: str) -> list[str]:
        """From where, and when."""
        conditions = []
        if not step.previous:
            names = [scalar(name.removeprefix(prefix)) for name in step.reads]
            conditions.append(f"from: {names[0] if len(names) == 1 else '[' + ', '.join(names) + ']'}")
        if step.when is not None:
            conditions.append(f"when: {self._value(step.when)}")
        return conditions

    def _paths(self, step: StepDraft, indent: str, prefix: str, names: _Names) -> Iterator[str]:
        own = [f"name: {scalar(step.prefix[len(prefix) :])}"] if step.prefix else []
        head = [*own, *self._where(step, prefix), f"{step.word}:"]
        yield from (f"{indent}{'  ' if i else '- '}{line}" for i, line in enumerate(head))
        inner = f"{indent}    "
        base = f"{step.prefix}." if step.prefix else prefix
        own_names = _Names([], names.referred, self.pinned) if step.prefix else names
        if step.prefix:
            own_names.collect([s for path in step.paths.values() for s in path])
        for key, path in step.paths.items():
            if step.word == "residual" and not path:
                continue
            if not path:
                yield f"{inner}{scalar(key)}: []"
                continue
            yield f"{inner}{scalar(key)}:"
            if step.word == "residual":
                yield from self._list(path, f"{inner}  ", base, own_names)
            else:
                yield from self._list(path, f"{inner}  ", f"{base}{key}.", _Names(path, names.referred, self.pinned))

    def settings(self, step: StepDraft) -> str:
        """What a layer says, short."""
        block = self.blocks.get(step.word)
        if block is not None:
            said = {p.name: self._value(step.settings[p.name], p.family) for p in block.params if self._says(step, p.name)}
            return "{" + ", ".join(f"{key}: {text}" for key, text in said.items()) + "}"
        return self._settings(step.word, step.settings.items())

    def _says(self, step: StepDraft, name: str) -> bool:
        value, default = step.settings[name], self.blocks[step.word].default(name)
        return default is None or not equal(value, default)

    def _settings(self, word: str, settings: Iterable[tuple[str, object]]) -> str:
        known, main = lookup(word), main_of(word)
        usual = {s.name: s.default for s in settings_for(word)} | dict(self.defaults.get(word, {}))
        said = {}
        for name, value in settings:
            if not name.startswith(COUNTS) and (usual[name] is MISSING or not equal(value, usual[name])):
                said[name] = value
        if list(said) == [main] and said[main] is not None and not isinstance(said[main], dict):
            return self._value(said[main], main)
        texts = (f"{known[name].alias or name}: {self._value(value, name)}" for name, value in said.items())
        return "{" + ", ".join(texts) + "}"

    def _value(self, value: object, family: str = "", default: bool = False) -> str:
        if isinstance(value, First):
            value = _turn(value)
        if isinstance(value, Expr):
            return value.text if BARE.fullmatch(value.text) else f'"{value.text}"'
        if family in ATTACHED and not default and value is None:
            return "none"
        if family in ATTACHED and isinstance(value, tuple):
            settings = self._settings(value[0], value[1])
            return str(value[0]) if settings == "{}" else f"{{{value[0]}: {settings}}}"
        return text_of(value)


def _turn(value: First) -> Expr:
    """What differs in the first turn, as an expression."""
    if isinstance(value.first, bool) and isinstance(value.later, bool):
        return Expr("i == 0" if value.first else "i > 0")
    return Expr(f"{code(value.first)} if i == 0 else {code(value.later)}")


def equal(a: object, b: object) -> bool:
    """Whether two values are the same in a spec: true is not 1."""
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


class _Names:
    """Which layers that share a prefix need no name of their own."""

    def __init__(self, steps: Sequence[StepDraft], referred: set[str], pinned: frozenset[int]) -> None:
        self.referred, self.pinned = referred, pinned
        self.free: set[int] = set()
        self.collect(steps)

    def collect(self, steps: Sequence[StepDraft]) -> None:
        """Decides for the steps of one group of names."""
        group = list(_grouped(steps))
        merges = [step for step in group if step.paths and not step.prefix]
        for word in {step.word for step in group if not step.paths}:
            named = [step for step in group if step.word == word and not step.paths]
            plain = [step for step in named if self._artificial(step)]
            joined = sum(JOINED[step.word] == word for step in merges)
            numbered = any(re.search(r"_\d+$", step.name) for step in plain)
            if len(plain) + joined == 1 or numbered:
                self.free |= {id(step) for step in plain}

    def _artificial(self, step: StepDraft) -> bool:
        stem = step.name.rpartition(".")[2]
        usual = re.fullmatch(rf"{step.word}(_\d+)?", stem) and "." not in step.name
        return bool(usual) and step.repeat is None and step.name not in self.referred and not step.outs & self.pinned

    def automatic(self, step: StepDraft) -> bool:
        """Whether a step needs no name."""
        return id(step) in self.free


def _grouped(steps: Sequence[StepDraft]) -> Iterator[StepDraft]:
    """The steps whose names have one prefix: those on the paths of unnamed residuals too."""
    for step in steps:
        yield step
        if step.word == "residual" and not step.prefix:
            for path in step.paths.values():
                yield from _grouped(path)
