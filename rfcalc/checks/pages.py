"""The page of a code, from the rule's own record: what `rfcalc explain` prints and docs/rules/ holds."""

from __future__ import annotations

from textwrap import dedent, fill

from rfcalc.checks.rules import rules

BUDGET_PAGES = {
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

        Metrics: params, macs, flops, memory, receptive_field, downsampling, layers; against `--base` also params_change,
        macs_change, flops_change and memory_change in percent. Units: k, M, G, T and Ki, Mi, Gi, Ti.

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
}


def page(code: str) -> str:
    """The page of a code, as Markdown. Raises KeyError for an unknown one."""
    if code in BUDGET_PAGES:
        return BUDGET_PAGES[code].rstrip("\n")
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
