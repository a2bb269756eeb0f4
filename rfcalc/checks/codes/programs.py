"""Errors in networks that are no specs: torch models, ONNX files, files of Ultralytics and darknet."""

from __future__ import annotations

from rfcalc.checks.model import ErrorCode

PROGRAMS = (
    ErrorCode(
        "E400",
        "missing-package",
        "The command needs a package that is not installed.",
        "Install it with the line that the message shows.",
    ),
    ErrorCode(
        "E401",
        "model-arguments",
        "The callable that makes a torch model gets arguments that it does not take, or lacks some.",
        "`--arg name=value` gives one; a saved program takes none.",
    ),
    ErrorCode(
        "E402",
        "model-input",
        "The input of a torch model is unknown, or its shape cannot be used.",
        "`--input 3x224x224`: channels, then sizes, without the batch.",
    ),
    ErrorCode(
        "E403",
        "no-model",
        "What was named is no torch model.",
        "Name a function or class that makes an nn.Module: `package.module:callable` or `file.py:callable`; or a .pt2 file of "
        "torch.export.",
    ),
    ErrorCode(
        "E404",
        "no-module",
        "A Python module, or a name in it, is not there.",
        "It must be installed, or lie in the folder where the command runs.",
    ),
    ErrorCode(
        "E405",
        "model-fails",
        "The callable raised an error while it made the model.",
        "The message shows the error and its line; `--arg` gives arguments.",
    ),
    ErrorCode(
        "E406",
        "no-program",
        "A .pt2 file is no saved program of torch.export, or holds more than tensors.",
        "Save it with torch.export.save; objects in pickles are never opened.",
    ),
    ErrorCode(
        "E407",
        "no-export",
        "torch.export cannot follow the model's code.",
        "Most often the code branches on values of tensors before any module has run: the message shows the line. Rewrite it, "
        "or name the part of the model that has no such branch.",
    ),
    ErrorCode(
        "E408",
        "output-without-input",
        "No output of the torch model depends on its input.",
        "Return what the input becomes; check that `forward` uses its argument.",
    ),
    ErrorCode(
        "E409",
        "runs-code",
        "A network would run code where nothing is trusted: a Python target of check or diff, or a .pt2 file that holds more "
        "than arithmetic, names and operators.",
        "`--trust` lets it run; use it for your own files, not for those of a pull request.",
    ),
    ErrorCode(
        "E410",
        "torch-operator",
        "An operator of the torch model is unknown, or is used in a way that cannot be followed.",
        "`--unknown bound` counts it as reading its whole input; `--declare` says what it is; or report it.",
    ),
    ErrorCode(
        "E420",
        "declaration",
        "`--declare` holds no rule.",
        "`--declare mypkg.MyOp=pointwise`, `=whole`, or `='window K S P'`.",
    ),
    ErrorCode(
        "E421",
        "plug-in",
        "A plug-in for unknown layers failed, or gave something that is no layer.",
        "The message names the plug-in and its error.",
    ),
    ErrorCode(
        "E601",
        "onnx-override",
        "`-s` sets something that an ONNX file does not have.",
        "Only its input can get another shape; `rfcalc convert` makes a spec, which can be changed.",
    ),
    ErrorCode("E602", "onnx-file", "The file is no ONNX model, or is damaged.", "Export it again."),
    ErrorCode(
        "E603",
        "onnx-size",
        "The ONNX file is larger than one file of that format can be.",
        "Save its weights as external data; they are not read.",
    ),
    ErrorCode(
        "E604",
        "onnx-version",
        "The ONNX file uses a version of the operators that is unknown, or does not say which.",
        "Install a newer onnx, or export with an older opset.",
    ),
    ErrorCode(
        "E605",
        "onnx-functions",
        "Functions in the ONNX file call themselves, or cannot be written out.",
        "Export the model without functions.",
    ),
    ErrorCode("E606", "onnx-tensor", "A stored tensor of the ONNX file is damaged.", "Export the model again."),
    ErrorCode(
        "E607",
        "onnx-input",
        "The input of an ONNX file is open or unknown, or cannot have the shape that was asked for.",
        "`--input 3x224x224`, or `--input name=3x224x224` where there are several.",
    ),
    ErrorCode(
        "E608",
        "onnx-output",
        "No output of the ONNX file depends on its input.",
        "Check what was exported.",
    ),
    ErrorCode(
        "E610",
        "onnx-operator",
        "An operator of the ONNX file is unknown, or is used in a way that cannot be followed.",
        "`--unknown bound` counts it as reading its whole input; `--declare` says what it is; or report it.",
    ),
    ErrorCode(
        "E611",
        "row",
        "A row of an Ultralytics file does not have the form of one.",
        "A row is `[from, repeats, module, args]`, such as `[-1, 1, Conv, [64, 3, 2]]`.",
    ),
    ErrorCode(
        "E612",
        "unknown-module",
        "A row names a module that is unknown.",
        "Check its spelling; CONTRIBUTING says how to add one.",
    ),
    ErrorCode(
        "E613",
        "row-input",
        "A row reads a row that is not above it.",
        "-1 is the row above; other numbers count from 0.",
    ),
    ErrorCode("E614", "row-arguments", "A module gets arguments that it does not take.", "The message says what it takes."),
    ErrorCode(
        "E615",
        "unknown-scale",
        "The scale that was asked for is not in the file, or is no list of three numbers.",
        "`scales: {n: [0.5, 0.25, 1024]}`; the file's name or `-s scale=n` chooses one.",
    ),
    ErrorCode(
        "E616",
        "row-setting",
        "A setting at the top of an Ultralytics file, or one of `-s`, is unknown or cannot be used.",
        "The message names it.",
    ),
    ErrorCode(
        "E617",
        "layer-override",
        "`-s` sets a layer of a file that is no spec.",
        "`rfcalc convert FILE -o net.yaml` makes a spec, whose layers can be set.",
    ),
    ErrorCode(
        "E618",
        "rows",
        "A file of Ultralytics has no lists of rows where they should be.",
        "`backbone:` and `head:` are lists of rows `[from, repeats, module, args]`.",
    ),
    ErrorCode(
        "E620",
        "darknet-syntax",
        "A line of a darknet file is neither a section nor an option, or stands outside a section.",
        "`[section]`, then lines of `key=value`.",
    ),
    ErrorCode(
        "E621",
        "darknet-net",
        "A darknet file does not begin with `[net]`, or that section lacks something.",
        "`[net]` says width, height and channels; `--input 3x416x416` gives another input.",
    ),
    ErrorCode("E622", "darknet-layer", "A section of a darknet file is unknown.", "Check its spelling."),
    ErrorCode(
        "E623",
        "darknet-option",
        "An option of a darknet file is unknown, or has a value that it does not take.",
        "The message names it and what it takes.",
    ),
    ErrorCode(
        "E630",
        "nothing-to-write",
        "The network has no layers, so that there is no spec to write.",
        "Check what the model returns.",
    ),
)
