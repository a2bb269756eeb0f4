"""The files that `rfcalc init` writes: a starter spec and the jobs of three CI systems."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from textwrap import indent

from rfcalc.record import record

SPEC = """\
# A small residual classifier: replace it layer by layer with your own
#
#   rfcalc analyze {name}    the table: shapes, receptive fields, MACs, parameters
#   rfcalc check {name}      rules and budgets, for CI
#   rfcalc explain RF201       what a rule means
input: 3x64x64                # channels x height x width

params:                       # override with -s width=48
  width: 32
  classes: 10

object_size: 24               # pixels; check warns if the field of the last map is smaller

budget:                       # check fails beyond these
  macs: <= 100 M
  params: <= 200 k
  receptive_field: ">= 24"

defaults:                     # of every conv that does not say otherwise
  conv: {{norm: bn, act: relu, bias: false}}

blocks:
  basic:                      # two 3x3 and a shortcut, as in ResNet
    params: {{w: null}}
    layers:
      - residual:
          main:
            - {{name: conv1, conv: {{out: w, k: 3}}}}
            - {{name: conv2, conv: {{out: w, k: 3, act: none}}}}
          skip: []            # the identity
      - relu

layers:
  - {{name: stem, conv: {{out: width, k: 3, s: 2}}}}
  - {{name: stage1, repeat: 2, basic: {{w: width}}}}
  - {{name: down, conv: {{out: width * 2, k: 3, s: 2}}}}
  - {{name: stage2, basic: {{w: width * 2}}}}
  - {{name: pool, gap: {{}}}}
  - flatten
  - {{name: fc, linear: {{out: classes}}}}
"""

PAGES = """\
mkdir -p pages
for spec in $SPECS; do
  rfcalc report --force -o "pages/$(echo "${spec%.*}" | tr / -).html" -- "$spec" || true
done
"""

GITHUB = """\
# Holds the designs to their rules and budgets; on pull requests also shows what changed.
name: rfcalc
on:
  push: {{branches: [main]}}
  pull_request:
permissions: {{contents: read}}
jobs:
  check:
    runs-on: ubuntu-latest
    env:
      RFCALC: {install}
      SPECS: {specs}
      BASE: ${{{{ github.base_ref && format('origin/{{0}}', github.base_ref) }}}}
    steps:
      - uses: actions/checkout@v4
        with: {{fetch-depth: 0}}
      - uses: actions/setup-python@v5
        with: {{python-version: "3.11"}}
      - run: python -P -m pip install "$RFCALC"
      - run: rfcalc check --format github --format sarif=rfcalc.sarif ${{BASE:+--base "$BASE"}} -- $SPECS
      - if: ${{{{ !cancelled() && github.base_ref }}}}
        run: rfcalc diff --base "$BASE" -- $SPECS
      - if: ${{{{ !cancelled() }}}}
        name: A page of each design
        run: |
{pages}
      - if: ${{{{ !cancelled() }}}}
        id: upload
        uses: actions/upload-artifact@v4
        with: {{name: rfcalc, path: "rfcalc.sarif\\npages"}}
      - if: ${{{{ !cancelled() }}}}
        run: echo "[Pages of the designs](${{{{ steps.upload.outputs.artifact-url }}}})" >> "$GITHUB_STEP_SUMMARY"
"""

GITLAB = """\
# Holds the designs to their rules and budgets; the findings appear in the merge request.
rfcalc:
  image: python:3.11
  variables:
    RFCALC: {install}
    SPECS: {specs}
  script:
    - python -P -m pip install "$RFCALC"
    - |  # a page of each design
{pages}
    - rfcalc check --format concise --format gitlab=gl-code-quality-report.json -- $SPECS
  artifacts:
    when: always
    expose_as: pages of the designs
    paths: [pages/]
    reports: {{codequality: gl-code-quality-report.json}}
"""

PRE_COMMIT = """\
repos:
  - repo: local
    hooks:
      - id: rfcalc-check
        name: rfcalc check
        entry: rfcalc check
        language: python
        additional_dependencies: [{install}]
        files: {files}
"""


@record
class Job:
    """A CI system: the file of its jobs, whether other jobs share that file, and the text for (requirement, specs)."""

    path: str
    shared: bool
    text: Callable[[str, str], str]


def spec(name: str) -> str:
    """The starter spec, whose comments call it `name`."""
    return SPEC.format(name=name)


def _job(template: str, depth: int) -> Callable[[str, str], str]:
    """`depth`: how far the lines of a step are indented."""
    pages = indent(PAGES.rstrip(), " " * depth)
    return lambda install, specs: template.format(install=json.dumps(install), specs=json.dumps(specs), pages=pages)


def _pre_commit(install: str, specs: str) -> str:
    either = "|".join(_pattern(glob) for glob in specs.split())
    return PRE_COMMIT.format(install=json.dumps(install), files=json.dumps(f"^({either})$"))


def _pattern(glob: str) -> str:
    """The regular expression of a shell's glob of `*` and `?`, neither of which crosses a folder."""
    return re.escape(glob.removeprefix("./")).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")


JOBS = {
    "github": Job(".github/workflows/rfcalc.yml", False, _job(GITHUB, 10)),
    "gitlab": Job(".gitlab-ci.yml", True, _job(GITLAB, 6)),
    "pre-commit": Job(".pre-commit-config.yaml", True, _pre_commit),
}
