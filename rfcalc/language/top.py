"""The top level of a spec: its keys, what it extends, params, defaults, blocks, inputs."""

from __future__ import annotations

import os

from rfcalc.errors import SpecError, did_you_mean, fail
from rfcalc.language.files import YAML, find, read_bytes, text_of
from rfcalc.language.limits import MOST_FILES
from rfcalc.language.marked import Marked, MarkedMapping, MarkedScalar, read
from rfcalc.language.problems import Problems
from rfcalc.language.recipes import lookup, unknown_setting
from rfcalc.language.synonyms import TOP_KEYS
from rfcalc.layers.settings import name_of
from rfcalc.layers.words import WORDS
from rfcalc.record import field, record

KEYS = (
    "name", "input", "inputs", "params", "defaults", "blocks", "layers", "outputs", "budget", "object_size", "train",
    "published", "lesson", "space", "extends",
)  # fmt: skip
MERGED = ("params", "defaults", "blocks")
SAID = ("published", "lesson")  # of the network as it is written
OWN = ("name", "space", *SAID)  # which a spec that extends this one does not take over


@record(eq=False)
class Top:
    """The top-level keys of a spec and of what it extends, put together."""

    root: Marked
    nodes: dict[str, Marked] = field(default_factory=dict)
    params: dict[str, tuple[MarkedScalar, Marked]] = field(default_factory=dict)
    defaults: dict[str, dict[str, tuple[MarkedScalar, Marked]]] = field(default_factory=dict)
    blocks: dict[str, tuple[MarkedScalar, Marked]] = field(default_factory=dict)


def merged(text: str, source: str, problems: Problems, most_nodes: int) -> Top:
    """The spec and all that it extends, nearest file last; raises SpecError if one of them cannot be read."""
    tables = [_table(text, source, problems, most_nodes)]
    whole = True
    seen = [os.path.realpath(source)]
    while (node := tables[-1].get("extends")) is not None:
        name, beside = node.plain(), os.path.dirname(source)
        if not isinstance(name, str) or not name:
            problems.add("E117", f"extends takes the name of a spec, not {name_of(name)}", node)
            whole = False
            break
        try:
            path = find(name, beside)
            source = str(path)
            if not os.path.realpath(source).endswith(YAML):  # somebody's key, say, of which a message would show a line
                problems.add("E117", f"{name} is no YAML file, and a spec extends only these", node)
                whole = False
                break
            if os.path.realpath(source) in seen or len(seen) > MOST_FILES:
                problems.add("E117", f"{name} extends itself, through {len(seen)} files", node)
                whole = False
                break
            seen.append(os.path.realpath(source))
            tables.append(_table(text_of(read_bytes(path, source), source), source, problems, most_nodes))
        except SpecError as error:
            if error.problems[0].span is None:
                problems.add("E117", error.problems[0].message, node, error.problems[0].hint)
                whole = False
                break
            raise
    top = _together(tables, problems)
    if whole:
        _need(top, tables[0], problems)
    return top


def _table(text: str, source: str, problems: Problems, most_nodes: int) -> MarkedMapping:
    document, root = read(text, source, most_nodes)
    for problem in document.problems:
        problems.add(problem.code, problem.message, problem.span, problem.hint)
    if not isinstance(root, MarkedMapping):
        what = name_of(root.plain()) if isinstance(root, MarkedScalar) else "a list"
        raise fail("E006", f"a spec is a mapping of keys such as input and layers, not {what}", root.span)
    return root


def _together(tables: list[MarkedMapping], problems: Problems) -> Top:
    top = Top(tables[0])
    for table in reversed(tables):
        mine = table is tables[0]
        if "input" in table.entries or "inputs" in table.entries:
            top.nodes.pop("input", None)
            top.nodes.pop("inputs", None)
        for key, (mark, node) in table.entries.items():
            if key not in KEYS:
                problems.add("E101", f'unknown key "{mark.text[:60]}"', mark, _key_hint(mark.text))
            elif key in MERGED:
                _merge(top, key, node, problems)
            elif key not in OWN or mine:
                top.nodes[key] = node
    return top


def _need(top: Top, table: MarkedMapping, problems: Problems) -> None:
    """Reports what every spec needs, unless a mistyped key stands for it."""
    meant = {_key_hint(str(key)) for key in table.entries if key not in KEYS}
    for key, other, example in (("input", "inputs", "input: 3x224x224"), ("layers", "layers", "layers: a list")):
        if not {key, other} & top.nodes.keys() and f'did you mean "{key}"?' not in meant:
            problems.add("E105", f"a spec needs {key}", table, example)


def _key_hint(word: str) -> str:
    meant = TOP_KEYS.get(word.lower())
    return f'did you mean "{meant}"?' if meant else did_you_mean(word, KEYS) or "the keys are " + ", ".join(KEYS)


def _merge(top: Top, key: str, node: Marked, problems: Problems) -> None:
    if isinstance(node, MarkedScalar) and node.value is None:
        return
    if not isinstance(node, MarkedMapping):
        problems.add("E101", f"{key} is a mapping, not {name_of(node.plain())}", node)
        return
    if key != "defaults":
        getattr(top, key).update(node.entries)
        return
    for word, (mark, settings) in node.entries.items():
        if word not in WORDS and word not in ("sepconv", "residual"):
            hint = did_you_mean(mark.text, [*WORDS, "sepconv", "residual"])
            problems.add("E102", f'defaults for an unknown op "{mark.text[:60]}"', mark, hint)
        elif not isinstance(settings, MarkedMapping):
            problems.add("E104", f"defaults of {word} are a mapping of settings, not {name_of(settings.plain())}", settings)
        else:
            own = top.defaults.setdefault(word, {})
            for entry in settings.entries.values():
                setting = lookup(word).get(entry[0].value)
                if setting is None:
                    problems.add("E103", unknown_setting(word, entry[0].value), entry[0])
                else:
                    own[setting.name] = entry
