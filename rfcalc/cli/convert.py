"""`rfcalc convert`: anything that can be analysed, as a spec that is pleasant to read."""

from __future__ import annotations

from typing import Annotated

from rfcalc.cli import complete
from rfcalc.cli.common import LoadOptions, networks
from rfcalc.cli.declared import argument
from rfcalc.cli.writing import Force, Output, write


@networks
def convert(
    source: Annotated[
        str,
        argument(
            metavar="SOURCE",
            autocompletion=complete.specs,
            help="package.module:callable, file.py:callable, a file of another format, or a spec.",
        ),
    ],
    output: Output = None,
    force: Force = False,
    *,
    given: LoadOptions,
) -> None:
    """Write a torch model, or a file of another format, as a spec that is pleasant to read: what repeats is a block.

    The spec is read back and compared with the source, layer by layer, before it is written. Naming a Python callable runs
    its code.

    Examples:

      rfcalc convert torchvision.models:resnet50 --input 3x224x224 -o net.yaml

      rfcalc convert models.py:Detector --input 3x640x640
    """
    from rfcalc.converting import written
    from rfcalc.importers.sized import with_size

    graph = given.load(source)
    write(output or "-", written(source, with_size(given.overrides, given.size), graph), force)
