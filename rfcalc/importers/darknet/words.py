"""The sections of darknet's files: what each becomes, and the options that it has."""

from __future__ import annotations

from collections.abc import Callable

from rfcalc.importers.darknet.layers import (
    Layers,
    Produced,
    activated,
    activation,
    after,
    avgpool,
    convolutional,
    deconvolutional,
    local,
    maxpool,
    recurrent,
    route,
    short,
    shortcut,
)
from rfcalc.importers.darknet.sections import OptionError, Section
from rfcalc.record import record

Make = Callable[[Section, Layers, str], Produced]


@record
class SectionRule:
    """One section: the name of its layers, what makes them, its options that change the figures."""

    name: str
    make: Make
    options: tuple[str, ...] = ()


def upsample(section: Section, layers: Layers, name: str) -> Produced:
    """Each unit repeated."""
    if section.whole("stride", 2, -64, 64) < 1:
        raise OptionError("an upsample that shrinks (a negative stride) is not known", section.place("stride"))
    section.refuse(("reverse",))
    return layers.add(name, "upsample", {"scale": section.whole("stride", 2, 1, 64)}, [layers.current], layers.current.channels)


def reorg(section: Section, layers: Layers, name: str) -> Produced:
    """darknet's own order of numbers, which is not that of space to depth."""
    section.refuse(("reverse", "flatten", "extra"))
    stride = section.whole("stride", 1, 1, 8)
    return layers.add(name, "reorg", {"ratio": stride}, [layers.current], layers.current.channels * stride**2)


def reorg3d(section: Section, layers: Layers, name: str) -> Produced:
    """Space to depth."""
    section.refuse(("reverse", "flatten", "extra"))
    stride = section.whole("stride", 1, 1, 8)
    return layers.add(name, "spacetodepth", {"ratio": stride}, [layers.current], layers.current.channels * stride**2)


def connected(section: Section, layers: Layers, name: str) -> Produced:
    """A linear layer over all numbers."""
    out, source = section.whole("output", 1, 1), layers.current
    if not source.flat:
        source = layers.add(f"{name}.flatten", "flatten", {}, [source], source.channels, True)
    return layers.add(name, "linear", short({"out": out, **after(section)}), [source], out, True)


def dropout(section: Section, layers: Layers, name: str) -> Produced:
    """Does nothing at inference."""
    share = section.real("probability", 0.5)
    if not 0 <= share <= 1:
        raise OptionError("probability must lie between 0 and 1", section.place("probability"))
    return layers.add(name, "dropout", {"p": share}, [layers.current], layers.current.channels, layers.current.flat)


def softmax(section: Section, layers: Layers, name: str) -> Produced:
    """Softmax over the channels of a vector, or of a map of size 1."""
    section.refuse(("tree", "spatial"))
    if section.whole("groups", 1, 1) > 1:
        raise OptionError("softmax of groups is not known", section.place("groups"))
    return layers.add(name, "softmax", {}, [layers.current], layers.current.channels, layers.current.flat)


def crop(section: Section, layers: Layers, name: str) -> Produced:
    """The middle of the image, as at inference."""
    size = [section.whole("crop_height", 1, 1), section.whole("crop_width", 1, 1)]
    return layers.add(name, "crop", {"size": size}, [layers.current], layers.current.channels)


def norm(section: Section, layers: Layers, name: str) -> Produced:
    """Batch norm as a layer of its own."""
    return layers.add(name, "bn", {}, [layers.current], layers.current.channels, layers.current.flat)


def local_norm(section: Section, layers: Layers, name: str) -> Produced:
    """Local response normalization."""
    settings = {"size": section.whole("size", 5, 1), "alpha": section.real("alpha", 1e-4)}
    settings |= {"beta": section.real("beta", 0.75), "k": section.real("kappa", 1)}
    return layers.add(name, "lrn", settings, [layers.current], layers.current.channels)


def acted(section: Section, layers: Layers, name: str) -> Produced:
    """An activation as a layer of its own."""
    act = activation(section, "linear")
    return layers.current if act == "none" else activated(layers, name, layers.current, act)


def product(section: Section, layers: Layers, name: str) -> Produced:
    """The product with another layer: of each number (sam), or of each channel (scale_channels)."""
    section.refuse(("scale_wh",))
    other = layers.at(section, "from", section.whole("from", 0, -(10**9)))
    if other.channels != layers.current.channels:
        raise OptionError(
            f"{layers.current.name} and {other.name} differ in channels: {layers.current.channels}, {other.channels}",
            section.place("from"),
        )
    act = activation(section, "linear")
    made = layers.add(f"{name}.product" if act != "none" else name, "mul", {}, [layers.current, other], other.channels)
    return made if act == "none" else activated(layers, name, made, act)


def boxes(section: Section, layers: Layers, name: str) -> Produced:
    """A map of boxes, an output: per anchor four sides, whether there is an object, and the classes. It is not decoded."""
    numbers = section.whole("coords", 4, 1) + 1 + section.whole("classes", 20, 1)
    anchors = len(section.numbers("mask")) if "mask" in section.options else section.whole("num", 1, 1)
    if layers.current.channels != anchors * numbers:
        raise OptionError(
            f"{anchors} anchors of {numbers} numbers need {anchors * numbers} channels, not {layers.current.channels}",
            section.place("classes"),
            "mend the filters of the convolution above, or classes",
        )
    made = layers.add(name, "identity", {}, [layers.current], layers.current.channels)
    layers.outputs.append(made.name)
    return made


def nothing(section: Section, layers: Layers, name: str) -> Produced:
    """What is there for training only."""
    return layers.current


WEIGHTS = ("activation", "batch_normalize")
CONV = ("filters", "size", "stride", "stride_x", "stride_y", "pad", "padding", "groups", "dilation", *WEIGHTS)
BOXES = ("classes", "num", "coords", "mask", "anchors")
CONVOLUTION, MAXPOOL = SectionRule("conv", convolutional, CONV), SectionRule("maxpool", maxpool, ("size", "stride", "padding"))
ROUTE, SHORTCUT = (
    SectionRule("route", route, ("layers", "groups", "group_id")),
    SectionRule("shortcut", shortcut, ("from", "activation")),
)
WORDS: dict[str, SectionRule] = {
    "convolutional": CONVOLUTION,
    "conv": CONVOLUTION,
    "deconvolutional": SectionRule("deconv", deconvolutional, CONV),
    "deconv": SectionRule("deconv", deconvolutional, CONV),
    "local": SectionRule("local", local, ("filters", "size", "stride", "pad", "activation")),
    **dict.fromkeys(("rnn", "gru", "lstm", "crnn", "conv_lstm", "history"), SectionRule("recurrent", recurrent)),
    "maxpool": MAXPOOL,
    "max": MAXPOOL,
    "avgpool": SectionRule("avgpool", avgpool),
    "avg": SectionRule("avgpool", avgpool),
    "route": ROUTE,
    "shortcut": SHORTCUT,
    "upsample": SectionRule("upsample", upsample, ("stride",)),
    "reorg": SectionRule("reorg", reorg, ("stride",)),
    "reorg3d": SectionRule("reorg", reorg3d, ("stride",)),
    "connected": SectionRule("connected", connected, ("output", *WEIGHTS)),
    "conn": SectionRule("connected", connected, ("output", *WEIGHTS)),
    "dropout": SectionRule("dropout", dropout, ("probability",)),
    "softmax": SectionRule("softmax", softmax, ("groups",)),
    "soft": SectionRule("softmax", softmax, ("groups",)),
    "crop": SectionRule("crop", crop, ("crop_height", "crop_width")),
    "batchnorm": SectionRule("batchnorm", norm),
    "normalization": SectionRule("lrn", local_norm, ("size", "alpha", "beta", "kappa")),
    "lrn": SectionRule("lrn", local_norm, ("size", "alpha", "beta", "kappa")),
    "activation": SectionRule("activation", acted, ("activation",)),
    "sam": SectionRule("sam", product, ("from", "activation")),
    "scale_channels": SectionRule("scale_channels", product, ("from", "activation")),
    "yolo": SectionRule("yolo", boxes, BOXES),
    "gaussian_yolo": SectionRule("yolo", boxes, BOXES),
    "region": SectionRule("region", boxes, BOXES),
    "detection": SectionRule("detection", nothing),
    "cost": SectionRule("cost", nothing),
    "logistic": SectionRule("cost", nothing),
}
