"""`rfcalc show`: the expanded spec."""

from __future__ import annotations

from rfcalc.cli.common import LoadOptions, Spec, networks
from rfcalc.cli.writing import Force, Output, write


@networks
def show(
    spec: Spec,
    output: Output = None,
    force: Force = False,
    *,
    given: LoadOptions,
) -> None:
    """Print the spec with every block, repeat and expression worked out: one explicit layer per line.

    Example:

      rfcalc show resnet50.yaml -s depth=101
    """
    from rfcalc.language.writer import expanded

    write(output or "-", expanded(given.load(spec)), force)
