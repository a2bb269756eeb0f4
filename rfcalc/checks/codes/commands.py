"""Errors of single commands: size, transform, and those that build the network in torch."""

from __future__ import annotations

from rfcalc.checks.model import ErrorCode

COMMANDS = (
    ErrorCode(
        "E501",
        "size-task",
        "What `size` is asked for cannot be done with this spec or these numbers.",
        "The message says what must be different.",
    ),
    ErrorCode(
        "E502",
        "no-design",
        "No design keeps all limits.",
        "Raise a limit, allow more kernels or dilations, or widen `--tolerance`; the message names the nearest one.",
    ),
    ErrorCode(
        "E503",
        "boxes",
        "A data set of boxes cannot be read, or has none.",
        "A COCO file with images and annotations; a CSV with width and height, or xmin, ymin, xmax, ymax; a folder of YOLO "
        "labels (.txt, their images beside them or in images/) or of Pascal VOC (.xml).",
    ),
    ErrorCode(
        "E504",
        "page",
        "A file that `rfcalc report` was to show beside a network, or by itself, cannot be read, or is another one.",
        "`--time` takes what `rfcalc time` or `rfcalc profile` prints with `--format json`, of the same network; `--image` "
        "takes a PNG, JPEG or GIF; a file ending in .json is what `rfcalc design`, `resize` or `compare` prints.",
    ),
    ErrorCode(
        "E505",
        "sweep",
        "A sweep cannot be run, goes on with a store of another one, or a file of designs or of figures cannot be read.",
        "The message says why; `--store` with another file keeps both sweeps.",
    ),
    ErrorCode(
        "E510",
        "transformation",
        "A transformation cannot be made on this network.",
        "The message names the layer; `--layer` leaves it out.",
    ),
    ErrorCode(
        "E701",
        "device",
        "The device is not there, or is not supported.",
        "`--device cpu`, `cuda` or `cuda:1`; with no GPU, `--device cpu`.",
    ),
    ErrorCode(
        "E702",
        "no-torch-form",
        "A layer cannot be written in torch.",
        "Analyse the network without torch, or replace the layer.",
    ),
    ErrorCode(
        "E703",
        "measurement",
        "The network could not be run on the device: it ran out of memory, or the device does not support the type.",
        "A smaller batch, another `--dtype` or `--device`.",
    ),
    ErrorCode(
        "E704",
        "gradient",
        "The gradient of a unit vanishes or overflows, so that there is no field to measure.",
        "Another `--seed`, an earlier layer, or trained weights.",
    ),
    ErrorCode(
        "E705",
        "checkpoint",
        "A checkpoint is not there, is damaged, or holds more than tensors.",
        "Save a state_dict with torch.save, or a .safetensors file; other pickles are refused, since opening one runs code.",
    ),
    ErrorCode(
        "E706",
        "checkpoint-mismatch",
        "The tensors of a checkpoint are not those of the network.",
        "The message names each; `-s` gives the network the sizes that the checkpoint was trained with.",
    ),
    ErrorCode(
        "E707",
        "onnx-export",
        "The network cannot be written as ONNX, or the file would not be valid or compute something else.",
        "The message holds the reason of torch, onnx or onnxruntime; no file is kept.",
    ),
    ErrorCode(
        "E708",
        "weights-not-carried",
        "Weights cannot be carried through a transform: it is not equivalent, or the outputs differ.",
        "Leave `--weights` out and train the new network; nothing is written.",
    ),
)
