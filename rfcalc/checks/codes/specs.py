"""Errors in a spec, from its bytes to its layers, and in the files beside it."""

from __future__ import annotations

from rfcalc.checks.model import ErrorCode

SPECS = (
    ErrorCode(
        "E001",
        "no-file",
        "A file is not there, or cannot be read.",
        "Check the path and its permissions; `rfcalc configs` lists the networks that ship and need no path.",
    ),
    ErrorCode(
        "E002",
        "folder",
        "A folder stands where one file is needed.",
        "Name the file in it.",
    ),
    ErrorCode(
        "E003",
        "not-text",
        "The file is no text in UTF-8, or holds a character that YAML forbids.",
        "Save it as UTF-8, without control characters.",
    ),
    ErrorCode(
        "E004",
        "too-large",
        "The file is larger than a spec may be, in bytes or in values.",
        "Write what repeats as a block with `repeat`.",
    ),
    ErrorCode(
        "E005", "empty", "The file has no content.", "A spec has at least `input:` and `layers:`; `rfcalc init` writes one."
    ),
    ErrorCode(
        "E006",
        "not-a-mapping",
        "The file is YAML, but no mapping of keys such as input and layers.",
        "Write the layers below the key `layers:`.",
    ),
    ErrorCode(
        "E007",
        "yaml-syntax",
        "The file is no valid YAML.",
        "The caret shows the place: most often a missing space behind a colon, a bracket that is not closed, a tab, or a "
        "value that needs quotes, such as an expression with * or a limit with >=.",
    ),
    ErrorCode(
        "E008", "given-twice", "A key or a setting is given twice.", "Keep one; a setting and its short form are the same."
    ),
    ErrorCode(
        "E009",
        "bad-alias",
        "An alias (`*name`) has no anchor above it, stands inside what it stands for, or multiplies too many values.",
        "Write the anchor (`&name`) above it, or use a block.",
    ),
    ErrorCode("E010", "nested-values", "Lists and mappings are nested too deeply.", "Move the inner part into a block."),
    ErrorCode(
        "E011",
        "yaml-feature",
        "A part of YAML that specs do not use: a tag (`!!int`), a merge key (`<<`), or a key that is a list or a mapping.",
        "Use `defaults:` or a block for what several layers share.",
    ),
    ErrorCode("E012", "bad-number", "A number is written in a way that cannot be read.", "Write it in decimal digits."),
    ErrorCode(
        "E020",
        "settings-syntax",
        "pyproject.toml or rfcalc.toml cannot be read, or is no valid TOML.",
        "The message names the line; rfcalc reads the table `[tool.rfcalc]`.",
    ),
    ErrorCode(
        "E021",
        "setting-of-check",
        "A setting in `[tool.rfcalc]` or rfcalc.toml is unknown, or has a value that does not fit.",
        "docs/ci lists the settings.",
    ),
    ErrorCode(
        "E022",
        "bad-baseline",
        "The file of accepted figures is not there, cannot be read, or is no baseline.",
        "`rfcalc check --write-baseline SPEC...` writes it. After a conflict in a merge, write it again.",
    ),
    ErrorCode(
        "E023",
        "bad-revision",
        "A spec cannot be compared with a git revision: no repository, no such revision, no git, or no file.",
        "Fetch the revision (in CI: `fetch-depth: 0`), and name a spec's file inside the repository.",
    ),
    ErrorCode(
        "E024",
        "no-specs",
        "A folder holds no spec, or too many files to look at; or a pattern matches no file.",
        "Of a folder, specs are the YAML files with `layers:`, or with `extends:`, at their top. A pattern stands in quotes: "
        '`"models/*.yaml"`, and `"models/**/*.yaml"` for all folders below.',
    ),
    ErrorCode(
        "E099",
        "too-many-problems",
        "A file has so many problems that the rest of it was not read.",
        "Mend the first ones and run the command again.",
    ),
    ErrorCode(
        "E101",
        "top-key",
        "A key at the top of a spec is unknown, or its value has the wrong form.",
        "`rfcalc explain layers` and the like say what a key is; `rfcalc schema` helps an editor to check keys.",
    ),
    ErrorCode(
        "E102",
        "unknown-op",
        "A layer's word is neither an op of the language nor a block of the spec.",
        "`rfcalc explain` lists the words; a block must be defined under `blocks:`.",
    ),
    ErrorCode(
        "E103",
        "unknown-setting",
        "A layer, a block or a construct has no setting of this name.",
        "`rfcalc explain conv` lists the settings of conv, and likewise of every word.",
    ),
    ErrorCode(
        "E104",
        "setting-value",
        "A setting has a value that it does not take.",
        "`rfcalc explain WORD` says what each setting takes. An expression over the params stands in quotes.",
    ),
    ErrorCode("E105", "missing", "Something that must be given is missing.", "Give the setting, param or key that is named."),
    ErrorCode(
        "E106",
        "expression",
        "An expression cannot be worked out: its syntax, an unknown name, a division by zero, a value of the wrong kind.",
        'Expressions are arithmetic over params, such as "w * 4" or "n[depth][0] - 1"; names are those under `params:`.',
    ),
    ErrorCode(
        "E108",
        "layer-form",
        "A layer, or the list of layers, does not have the form of one.",
        "Each entry of `layers:` is one word with its settings: `- conv: {out: 64, k: 3}`; name, from, repeat and when stand "
        "beside the word.",
    ),
    ErrorCode(
        "E109",
        "unknown-layer",
        "`from:` or `weights:` names a layer that is not above it.",
        "Give that layer a name, or correct the name; inside a block `in` is the block's input.",
    ),
    ErrorCode("E110", "name-twice", "Two layers have one name.", "Rename one of them."),
    ErrorCode(
        "E111",
        "bad-name",
        "The name of a layer, block, branch, param or input cannot be used.",
        "Begin with a letter, go on with letters, digits and `_`; words of the language cannot be names of blocks.",
    ),
    ErrorCode(
        "E112",
        "number-of-inputs",
        "A layer reads more or fewer layers than it takes.",
        "Say which with `from:`: one name, or a list such as `from: [a, b]`.",
    ),
    ErrorCode(
        "E113",
        "when-or-repeat",
        "`when` is not true or false, or `repeat` is no whole number.",
        "Both take an expression over the params; in a comparison, put it in quotes.",
    ),
    ErrorCode("E114", "recursion", "A block contains itself, or blocks are nested too deeply.", "Use `repeat` to do it again."),
    ErrorCode(
        "E115",
        "too-many-layers",
        "The network has more layers than are allowed, or too many names to compare.",
        "Check the `repeat`s; `--max-layers` raises the limit.",
    ),
    ErrorCode(
        "E116",
        "override",
        "`-s KEY=VALUE` sets something that the spec does not have.",
        "KEY is a param, or a layer and its setting: `-s depth=101`, `-s 'layer4.*.conv2.dilation=2'`.",
    ),
    ErrorCode(
        "E117",
        "bad-extends",
        "`extends` does not name a spec that can be read, or comes back to its own file.",
        "`extends:` names one spec, relative to the file that says so, or a network that ships.",
    ),
    ErrorCode(
        "E118",
        "bad-input",
        "The input's shape, or the size of the objects, cannot be used.",
        "Channels, then sizes: `input: 3x224x224`; several inputs by name: `inputs: {left: 3x64x64, right: 3x64x64}`.",
    ),
    ErrorCode("E119", "bad-outputs", "`outputs` is no list of names of layers.", "`outputs: [head1, head2]`"),
)
