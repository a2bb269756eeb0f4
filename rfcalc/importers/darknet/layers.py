"""What darknet's layers compute, as layers of a spec. Sizes and paddings follow darknet's own rules (its src/*_layer.c)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rfcalc.errors import did_you_mean
from rfcalc.importers.darknet.sections import OptionError, Section
from rfcalc.importers.translated import WrittenLayer
from rfcalc.record import record

ACTIVATIONS: dict[str, Any] = {
    "linear": "none",
    "leaky": {"leakyrelu": 0.1},
    "relie": {"leakyrelu": 0.01},
    "relu": "relu",
    "relu6": "relu6",
    "mish": "mish",
    "swish": "silu",
    "logistic": "sigmoid",
    "tanh": "tanh",
    "elu": "elu",
    "selu": "selu",
    "gelu": "gelu",
}
Settings = Mapping[str, Any]


@record
class Produced:
    """What a layer makes: the name of its last layer in the spec, its channels; `flat` for a vector."""

    name: str
    channels: int
    flat: bool = False


class Layers:
    """The layers of a spec, section by section; `maps` has what each section makes."""

    def __init__(self, channels: int) -> None:
        self.steps: list[WrittenLayer] = []
        self.maps: list[Produced] = [Produced("input", channels)]
        self.outputs: list[str] = []

    @property
    def current(self) -> Produced:
        """What the section above makes."""
        return self.maps[-1]

    def add(
        self, name: str, word: str, settings: Settings, inputs: Sequence[Produced], channels: int, flat: bool = False
    ) -> Produced:
        """One layer, which reads the one above unless it says otherwise."""
        above = self.steps[-1].name if self.steps else "input"
        names = tuple(one.name for one in inputs)
        self.steps.append(WrittenLayer(name, word, settings, () if names == (above,) else names))
        return Produced(name, channels, flat)

    def at(self, section: Section, key: str, number: int) -> Produced:
        """The layer that a number means: from 0 on, or counted backwards; raises OptionError."""
        index = len(self.maps) - 1
        target = number if number >= 0 else index + number
        if not 0 <= target < index:
            what = f"layers above it are 0 to {index - 1}" if index else "there is no layer above it"
            raise OptionError(f"layer {index} cannot read layer {number}: {what}", section.place(key))
        return self.maps[target + 1]


def activation(section: Section, usual: str) -> Any:
    """The activation as the spec language writes it; raises OptionError."""
    word = section.text("activation", usual)
    if word not in ACTIVATIONS:
        raise OptionError(f'unknown activation "{word[:40]}"', section.place("activation"), did_you_mean(word, ACTIVATIONS))
    return ACTIVATIONS[word]


def strides(section: Section, usual: int) -> int | list[int]:
    both = section.whole("stride", usual, 1)
    down, right = section.whole("stride_y", both, 1), section.whole("stride_x", both, 1)
    return down if down == right else [down, right]


def after(section: Section, usual: str = "logistic") -> dict[str, Any]:
    """Norm, activation and bias of a layer with weights."""
    normal = section.flag("batch_normalize")
    return {"norm": "bn" if normal else "none", "act": activation(section, usual), "bias": not normal}


def _padding(section: Section, size: int) -> int:
    return size // 2 if section.flag("pad") else section.whole("padding", 0)


def convolutional(section: Section, layers: Layers, name: str) -> Produced:
    """pad=1 is half of the size, rounded down; padding is dilated with the kernel."""
    section.refuse(("antialiasing", "assisted_excitation", "share_index", "xnor", "binary", "deform", "grad_centr", "reverse"))
    size, out = section.whole("size", 1, 1), section.whole("filters", 1, 1)
    dilation, padding = section.whole("dilation", 1, 1), _padding(section, size)
    if dilation > 1 and 2 * padding != size - 1:
        raise OptionError("darknet dilates only convolutions that keep their size (odd, pad=1)", section.place("dilation"))
    settings: dict[str, Any] = {"out": out, "k": size, "s": strides(section, 1), "g": section.whole("groups", 1, 1)}
    settings |= {"d": dilation, "p": padding * dilation}
    if 2 * padding == size - 1:
        del settings["p"]
    return layers.add(name, "conv", short({**settings, **after(section)}), [layers.current], out)


def local(section: Section, layers: Layers, name: str) -> Produced:
    """A convolution with weights of its own at each position; with pad=1 darknet's sizes and its windows agree for 3x3 only."""
    size, out, stride = section.whole("size", 1, 1), section.whole("filters", 1, 1), section.whole("stride", 1, 1)
    if section.flag("pad") and size != 3:
        raise OptionError(f"[local] with pad=1 has a size of 3 in darknet, not {size}", section.place("pad"))
    settings = short({"out": out, "k": size, "s": stride, "p": int(section.flag("pad"))})
    act = activation(section, "logistic")
    made = layers.add(f"{name}.local" if act != "none" else name, "localconv", settings, [layers.current], out)
    return made if act == "none" else activated(layers, name, made, act)


def recurrent(section: Section, layers: Layers, name: str) -> Produced:
    """Named, and refused."""
    raise OptionError(
        f"[{section.word}] runs over the steps of a sequence, and what it gives depends on all steps before",
        section.span,
        "a network of images has no such layer; rfcalc follows sections without memory of earlier inputs",
    )


def deconvolutional(section: Section, layers: Layers, name: str) -> Produced:
    """A transposed convolution."""
    size, out = section.whole("size", 1, 1), section.whole("filters", 1, 1)
    settings = {"out": out, "k": size, "s": section.whole("stride", 1, 1), "p": _padding(section, size), **after(section)}
    return layers.add(name, "upconv", short(settings, {"s": 1, "p": 0}), [layers.current], out)


def maxpool(section: Section, layers: Layers, name: str) -> Produced:
    """Padding is the sum of both sides, size - 1 if left out; its smaller half comes first; nothing is rounded up."""
    section.refuse(("maxpool_depth", "antialiasing", "avgpool"))
    stride = strides(section, 1)
    size = section.whole("size", stride if isinstance(stride, int) else stride[1], 1)
    padding = section.whole("padding", size - 1)
    settings: dict[str, Any] = {"k": size, "s": stride}
    before, after = padding // 2, padding - padding // 2
    if padding == size - 1 and before == after and padding:
        settings["p"] = "half"
    elif padding == 1 and size == stride == 2:
        settings["ceil_mode"] = True  # the same windows from 2 units on, without padding where the size is even
    elif padding:
        settings["p"] = before if before == after else [[before, after], [before, after]]
    return layers.add(name, "maxpool", settings, [layers.current], layers.current.channels)


def avgpool(section: Section, layers: Layers, name: str) -> Produced:
    """The average of the whole map, which stays a map of size 1."""
    return layers.add(name, "adaptivepool", {"out": 1}, [layers.current], layers.current.channels)


def route(section: Section, layers: Layers, name: str) -> Produced:
    """Channels of other layers one after the other, or one group of those of each; a single one whole is no new layer."""
    given = [layers.at(section, "layers", number) for number in section.numbers("layers")]
    groups, group = section.whole("groups", 1, 1), section.whole("group_id", 0)
    if groups > 1:
        if group >= groups:
            raise OptionError(f"there is no group {group} of {groups} (counted from 0)", section.place("group_id"))
        given = [
            _group(section, layers, f"{name}.{i}" if len(given) > 1 else name, one, groups, group)
            for i, one in enumerate(given)
        ]
    if len(given) == 1:
        return given[0]
    return layers.add(name, "concat", {}, given, sum(one.channels for one in given), given[0].flat)


def _group(section: Section, layers: Layers, name: str, one: Produced, groups: int, group: int) -> Produced:
    if one.channels % groups:
        raise OptionError(f"groups ({groups}) do not divide the {one.channels} channels of {one.name}", section.place("groups"))
    return layers.add(name, "chunk", {"parts": groups, "index": group}, [one], one.channels // groups, one.flat)


def shortcut(section: Section, layers: Layers, name: str) -> Produced:
    """Adds the channels that both have; the number of channels is that of the layer above."""
    section.refuse(("weights_type", "weights_normalization"))
    above = layers.current
    others = [layers.at(section, "from", number) for number in section.numbers("from")]
    if any(one.channels != above.channels for one in others):
        if len(others) > 1:
            raise OptionError("several layers of different channels cannot be added", section.place("from"))
        return _common(section, layers, name, above, others[0])
    settings = short({"act": activation(section, "linear")}, {"act": "none"})
    return layers.add(name, "add", settings, [above, *others], above.channels, above.flat)


def _common(section: Section, layers: Layers, name: str, above: Produced, other: Produced) -> Produced:
    """The sum over the common channels, and behind it the rest of the layer above."""
    count = min(above.channels, other.channels)
    first, second = above, other
    if other.channels > count:
        second = layers.add(f"{name}.other", "slice", {"stop": count}, [other], count)
    if above.channels > count:
        first = layers.add(f"{name}.common", "slice", {"stop": count}, [above], count)
    act = short({"act": activation(section, "linear")}, {"act": "none"})
    if above.channels == count:
        return layers.add(name, "add", act, [first, second], count)
    both = layers.add(f"{name}.sum", "add", {}, [first, second], count)
    rest = layers.add(f"{name}.rest", "slice", {"start": count}, [above], above.channels - count)
    joined = layers.add(name if not act else f"{name}.joined", "concat", {}, [both, rest], above.channels)
    return joined if not act else activated(layers, name, joined, act["act"])


def activated(layers: Layers, name: str, source: Produced, act: Any) -> Produced:
    word, settings = next(iter(act.items())) if isinstance(act, dict) else (act, None)
    return layers.add(name, word, {"slope": settings} if settings is not None else {}, [source], source.channels, source.flat)


def short(settings: Settings, usual: Settings | None = None) -> dict[str, Any]:
    """Settings that differ from what the spec language takes without them."""
    usual = {"s": 1, "g": 1, "d": 1} if usual is None else usual
    return {key: value for key, value in settings.items() if usual.get(key, settings) != value}
