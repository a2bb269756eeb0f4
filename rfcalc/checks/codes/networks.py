"""Errors in what is asked of a network, in its layers' own rules, in its analysis, and in files that are written."""

from __future__ import annotations

from rfcalc.checks.model import ErrorCode

NETWORKS = (
    ErrorCode(
        "E120",
        "no-such-layer",
        "No layer of the network has the name, or matches the pattern, that was asked for.",
        "`rfcalc analyze SPEC --full` lists the names; put quotes around a pattern: `--layer 'layer4.*'`.",
    ),
    ErrorCode(
        "E121",
        "defined-later",
        "`from:` names a layer that is defined below.",
        "A layer reads layers above it only: move it down.",
    ),
    ErrorCode(
        "E122",
        "no-such-unit",
        "The unit that was asked for lies outside the layer's map.",
        "Positions count from 0: a map of 7x7 has units up to 6,6.",
    ),
    ErrorCode(
        "E123",
        "bad-budget",
        "A budget is no limit on a figure that rfcalc knows.",
        "A limit is a sign, a number and a unit, such as `macs: <= 4.2 G`; `rfcalc explain RF501` lists the figures.",
    ),
    ErrorCode(
        "E124",
        "input-size",
        "`--input` is no shape, has other channels or axes than the network's own input, or is a size at which its layers "
        "would have other parameters: a linear layer on a map fits one size only.",
        "`--input` looks at one network at another size. `rfcalc transform SPEC --to fully-convolutional` makes a network that "
        "takes any size; `-s input=3x448x448`, or another `input:` in the spec, makes another network, for that input.",
    ),
    ErrorCode(
        "E125",
        "bad-published",
        "`published:` holds no figure that rfcalc knows, or one without its value or its source.",
        '`rfcalc explain RF503` shows its form: `params: {value: 25_557_032, source: "He et al. 2015"}`.',
    ),
    ErrorCode(
        "E126",
        "other-weights",
        "A layer cannot use the weights of the one that `weights:` names: the two are not equal, or that one uses a third "
        "layer's itself.",
        "Both need the same word, settings and input channels; name the layer that comes first of all that share.",
    ),
    ErrorCode(
        "E127",
        "bad-lesson",
        "`lesson:` does not have its form, or a claim in it cannot be worked out.",
        "`lesson: {text: ..., runs: [{run: analyze, claims: [{say: ..., that: 'params[\"conv\"] == 448'}]}]}`; a claim names "
        "keys of the JSON that its command prints.",
    ),
    ErrorCode(
        "E128",
        "bad-space",
        "`space:` of a spec, or `-s` of `rfcalc sweep`, does not say which values there are.",
        "`16:512:8` (the end is left out), `16:512:*2` (multiplied), or a list: `18,34,50`, in a spec also `[18, 34, 50]`.",
    ),
    ErrorCode(
        "E130",
        "no-word",
        "A layer of an imported network cannot be written as a spec, because no word of the language makes it.",
        "Analyse the source itself; `convert`, `show` and `export --to yaml` need a word for each layer.",
    ),
    ErrorCode(
        "E201",
        "layer-rule",
        "A layer's own rule is broken: its inputs do not fit it, or each other.",
        "The message names the layer and the shapes. Most often: inputs of a sum that differ in size or channels, a window "
        "larger than its input, groups that do not divide the channels, a map that must be flattened.",
    ),
    ErrorCode(
        "E202",
        "no-field",
        "A figure about receptive fields cannot be given exactly, for this layer or with these settings.",
        "Ask about another layer; figures that need no such field are not affected.",
    ),
    ErrorCode(
        "E203",
        "sizes-or-paths",
        "Sizes, tiles or paths cannot be given for this network.",
        "The message says why; most often another `--layer`, `--tile` or `--limit` helps.",
    ),
    ErrorCode("E301", "nested-input", "The input is nested too deeply to be read.", "Move inner parts into blocks."),
    ErrorCode(
        "E302",
        "cannot-write",
        "A file, or standard output, cannot be written. A file that was there is as it was.",
        "Check the folder, its permissions and the space that is left; `--force` replaces a file where it is offered.",
    ),
)
