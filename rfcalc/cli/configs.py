"""`rfcalc configs`: the shipped networks."""

from __future__ import annotations


def configs() -> None:
    """List the networks that ship with rfcalc, one line each."""
    from rfcalc.importers import shipped

    rows = shipped()
    width = max((len(name) for name, _ in rows), default=0)
    for name, description in rows:
        print(f"{name:<{width}}  {description}".rstrip())
