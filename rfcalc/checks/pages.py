"""The page of a code, from its own record: what `rfcalc explain` prints, and docs/rules/ and docs/errors.md hold."""

from __future__ import annotations

from textwrap import dedent, fill

from rfcalc.analyses.metrics import METRICS
from rfcalc.checks.codes import errors
from rfcalc.checks.rules import rules
from rfcalc.language.budget import WORDS

OTHER_PAGES = {
    "RF000": dedent(
        """\
        # RF000 change

        A layer is new, is gone, or differs from the one it is compared with. Severity: note.

        ## Why

        `rfcalc diff` says it in the formats that annotate files, at the layer's own line. It is no fault.

        ## How to mend it

        Nothing has to be done. `rfcalc diff --exit-code` ends with 1 where something changed.
        """
    ),
    "RF501": dedent(
        """\
        # RF501 budget

        A figure is outside its budget. Severity: error.

        ## Why

        Cost grows one reasonable change at a time. A budget in the spec makes the change that crosses the line visible in its
        own pull request.

        ## Example

        ```yaml
        budget: {params: <= 26 M, macs: <= 4.2 G, receptive_field: ">= 400", downsampling: == 32, "layer4.*": {macs: <= 300 M}}
        ```

        {figures}

        Those of layers can be limited for the layers whose name matches a glob, as above (as an option: `--max-macs
        'layer4.*=300M'`). Against `--base` each has a limit on its change in percent: `macs_change: <= 5 %`. Units: k, M, G, T
        and Ki, Mi, Gi, Ti.

        The signs are <=, >=, ==, < and >. A cost (numbers, operations, bytes) without a sign is the most that is allowed:
        `macs: 4.2 G`. Other figures need one: `receptive_field: 400` is an error, since it may mean `">= 400"` or `"<= 400"`.
        A finding stands on the line of its limit, in the spec, in what it extends or in the settings, and then names the spec.

        ## How to mend it

        Change the design, or the budget, in the same pull request.
        """
    ),
    "RF502": dedent(
        """\
        # RF502 baseline

        A figure differs from the accepted baseline. Severity: error.

        ## Why

        A baseline (rfcalc.lock.json) makes every change of cost or field a reviewed line, also the small ones that no budget
        forbids, and the accidental ones.

        ## How to mend it

        If the change is meant: `rfcalc check --write-baseline SPECS...`, and commit the file.
        """
    ),
    "RF503": dedent(
        """\
        # RF503 published

        A figure is not the one that is published. Severity: error.

        ## Why

        A spec that says which paper or release it follows can be held to it. What the tables of that paper print, `published:`
        keeps beside the layers, with its source, and a slip of the pen in a layer is found.

        ## Example

        ```yaml
        published:
          params: {value: 25_557_032, source: torchvision's documentation}
          macs: {value: 4.1 G, source: "Liu et al. 2022, table 1", tolerance: 1 %}
          layer4: {receptive_field: {value: 427, source: the recurrence of Araujo et al. 2019}}
        ```

        A figure is one of those that RF501 lists; one of a layer stands below the layer's name, several of one kind in a list.
        It may be off by half of the last digit that is printed (25_557_032 is exact, 4.1 G is 4.05 to 4.15), or by `tolerance`:
        a number with its unit, or a percentage. `published:` is about the network as the spec writes it: with `-s` or `--input`
        nothing is compared, and a spec that `extends` this one does not take it over.

        ## How to mend it

        Compare the layers with the source that the hint names, or say what differs in a comment and widen the tolerance.
        """
    ),
}


def _figures() -> str:
    """The table of the figures that can be limited."""
    rows = [("Figure", "What it is", "Of", "Options"), ("---",) * 4]
    for metric in METRICS:
        options = [f"`--{WORDS[sign]}-{metric.option}`" for sign in metric.better.value if metric.option]
        rows.append(
            (f"`{metric.name}`", metric.text, "networks, layers" if metric.per_layer else "networks", ", ".join(options))
        )
    return "\n".join(f"| {' | '.join(row)} |".replace("  ", " ") for row in rows)


def page(code: str) -> str:
    """The page of a code, as Markdown. Raises KeyError for an unknown one."""
    if code in errors():
        return error_page(code)
    if code in OTHER_PAGES:
        return OTHER_PAGES[code].replace("{figures}", _figures()).rstrip("\n")
    rule = rules()[code]
    opt = "" if rule.default else f" Opt-in: `--select {rule.code}` or `select` in the settings."
    parts = [
        f"# {rule.code} {rule.name}",
        fill(f"{rule.summary[0].upper()}{rule.summary[1:]}. Severity: {rule.severity}.{opt}", 120),
        "## Why",
        fill(rule.why, 120, break_long_words=False, break_on_hyphens=False),
        "## Example",
        f"```yaml\n{rule.example.rstrip()}\n```",
        "## How to mend it",
        fill(rule.mend, 120, break_long_words=False, break_on_hyphens=False),
        "## Reference",
        rule.reference,
    ]
    return "\n\n".join(parts)


def error_page(code: str) -> str:
    """The page of an error."""
    one = errors()[code]
    means, mend = (fill(text, 120, break_long_words=False, break_on_hyphens=False) for text in (one.means, one.mend))
    return f"# {code} {one.name}\n\n{means}\n\n## How to mend it\n\n{mend}"
