"""The tree that the names of the layers make: `layer1.0.conv1` lies in `layer1.0`, that in `layer1`."""

from __future__ import annotations

from itertools import groupby

from rfcalc.converting.model import Item, Scope


def tree(items: list[Item]) -> Scope:
    """All lines in scopes. A scope whose layers do not lie together, or whose name a layer has, is none."""
    return Scope("", _kids(items, ""))


def _kids(items: list[Item], prefix: str) -> list[Scope | Item]:
    def head(item: Item) -> str:
        return item.name[len(prefix) :].partition(".")[0]

    leaves = {item.name for item in items}
    runs = [(key, list(group)) for key, group in groupby(items, key=head)]
    seen = [key for key, _ in runs]
    kids: list[Scope | Item] = []
    for key, group in runs:
        name = prefix + key
        inner = [item for item in group if item.name != name]
        if not key or not inner:
            kids += group
        elif name in leaves or seen.count(key) > 1 or len(inner) < len(group):
            kids += _kids(group, f"{name}.") if name not in leaves else group
        else:
            kids.append(Scope(name, _kids(group, f"{name}.")))
    return kids
