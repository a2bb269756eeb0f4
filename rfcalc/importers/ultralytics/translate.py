"""From the rows of an Ultralytics file to the layers of a spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rfcalc.errors import RuleError, did_you_mean
from rfcalc.importers.translated import WrittenLayer
from rfcalc.importers.ultralytics.heads import EXTRAS, Head, Level, steps
from rfcalc.importers.ultralytics.library import Library
from rfcalc.importers.ultralytics.modules import AREA_CHANNELS, COUNT, MODULES, PAD, SIZE, Arg, Module, conv
from rfcalc.importers.ultralytics.rows import ArgError, ModuleRow
from rfcalc.importers.ultralytics.top import Options
from rfcalc.importers.ultralytics.torch_layers import PLAIN, UPCONV, args_of, transposed
from rfcalc.language.problems import Problems
from rfcalc.layers.settings import Int, ListOf
from rfcalc.record import record, replace

OUT = Arg("the number of output channels", Int())
HEAD_CHANNELS = 64  # of one head of attention
LEAST = {"C3k2": 2, "C3Ghost": 4, "PSA": 2, "C2PSA": 2, "C2fPSA": 2}  # hidden channels, whose halves are not empty
OTHERS = ("Concat", "CBLinear", "CBFuse", "nn.ConvTranspose2d", "nn.BatchNorm2d")
LINEAR_ARGS = (Arg("k", SIZE, 1), Arg("s", SIZE, 1), Arg("p", PAD, None), Arg("g", COUNT, 1))


@record
class Output:
    """What a row makes: the name of its last layer, its channels; `parts` if it is a list of maps in one layer."""

    name: str
    channels: int
    parts: tuple[int, ...] = ()


class Translation:
    """The layers of a spec, row by row; `outputs` are the maps of a head."""

    def __init__(self, chosen: Options, library: Library, problems: Problems, channels: int) -> None:
        self.chosen, self.library, self.problems, self.channels = chosen, library, problems, channels
        self.steps: list[WrittenLayer] = []
        self.outputs: list[str] = []
        self.made: list[Output | None] = []
        self.older = True  # heads as before YOLO11

    def run(self, rows: Sequence[ModuleRow | None]) -> None:
        """Translates all rows; problems are kept, and rows that read a broken one are left out."""
        for row in rows:
            made = None
            if row is not None:
                try:
                    made = self._row(row)
                except ArgError as error:
                    self.problems.add("E614", str(error), error.mark, error.hint)
                except RuleError as error:
                    self.problems.add("E614", f"{row.module} {error}", row.mark)
            self.made.append(made)

    def _row(self, row: ModuleRow) -> Output | None:
        inputs = [Output("input", self.channels) if i < 0 else self.made[i] for i in row.sources]
        if not self._known(row) or None in inputs:
            return None
        given = [one for one in inputs if one is not None]
        if row.module == "CBFuse":
            return self._fuse(row, given)
        for one in given:
            if one.parts or not one.channels:
                what = "makes several maps, which only CBFuse reads" if one.parts else "is a head, which nothing reads"
                raise ArgError(f"{row.module} cannot read {one.name}: it {what}", row.mark)
        if row.module == "Concat":
            return self._concat(row, given)
        if row.module in EXTRAS:
            return self._head(row, given)
        if len(given) > 1:
            raise ArgError(f"{row.module} reads one row, not {len(given)}", row.mark)
        if row.module == "CBLinear":
            return self._linear(row, given[0])
        if row.module in MODULES:
            return self._module(row, MODULES[row.module], given[0])
        return self._plain(row, given[0])

    def _known(self, row: ModuleRow) -> bool:
        names = (*MODULES, *PLAIN, *EXTRAS, *OTHERS)
        if row.module.removeprefix("torch.") in names:
            return True
        hint = did_you_mean(row.module, names)
        self.problems.add("E612", f'unknown module "{row.module[:60]}"', row.word, hint or "CONTRIBUTING says how to add one")
        return False

    def _add(
        self, row: ModuleRow, word: str, settings: Mapping[str, Any], inputs: Sequence[Output], channels: int, repeat: int = 1
    ) -> Output:
        """One layer, which reads the one above unless it says otherwise."""
        above = self.steps[-1].name if self.steps else "input"
        names = tuple(one.name for one in inputs)
        self.steps.append(WrittenLayer(row.name, word, settings, () if names == (above,) else names, repeat))
        return Output(row.name, channels)

    def _times(self, row: ModuleRow, c1: int, out: int) -> int:
        """How often a row stands behind itself; raises ArgError if it does not fit there."""
        times = self.chosen.repeats(row.repeats)
        if times > 1 and c1 != out:
            raise ArgError(
                f"{row.module} is repeated {times} times: each takes {c1} channels, but the one before makes {out}", row.mark
            )
        return times

    def _module(self, row: ModuleRow, module: Module, source: Output) -> Output:
        c1 = source.channels
        if module.scaled:
            out = self._width(row, 0)
        elif module.word == "RepVGGDW":
            out = row.parsed(Arg("the number of channels", Int()), 0)
        else:
            if row.parsed(Arg("the number of input channels", Int()), 0) != c1:
                raise ArgError(f"{row.module} takes {row.args[0]} channels, but {c1} come in", row.place(0))
            out = row.parsed(OUT, 1)
        if row.module == "A2C2f" and self.chosen.scale in ("l", "x"):
            row = replace(row, args=(*row.args, True, 1.2))  # residual, mlp_ratio
        values = row.values(module.args, 1 if module.scaled or module.word == "RepVGGDW" else 2)
        if row.module in ("C3k2", "C2fCIB", "A2C2f"):
            self.older = False
            if row.module == "C3k2" and self.chosen.scale in ("m", "l", "x"):
                values["c3k"] = True
        hidden, least = int(out * values.get("e", 1)), LEAST.get(module.word, 1)
        if hidden < least:
            raise ArgError(
                f"{row.module} needs at least {least} hidden channels; {values['e']} of {out} are {hidden}", row.mark
            )
        settings = {"out": out, **(module.settings(c1, out, values) if module.settings else values)}
        times = self.chosen.repeats(row.repeats) if module.deep else self._times(row, c1, out)
        if module.deep:
            settings["n"] = times
        word = self.library.word(module.word, self._fills(row, out, values, times))
        return self._add(row, word, _short(row, module, settings), [source], out, 1 if module.deep else times)

    def _width(self, row: ModuleRow, position: int) -> int:
        """Output channels, scaled unless they are the number of classes."""
        out: int = row.parsed(OUT, position)
        if out == self.chosen.names.get("nc"):
            return out
        try:
            return Int().parse(self.chosen.widened(out))
        except RuleError as error:
            raise ArgError(f"{row.module}: the channels at this width: {error}", row.place(position)) from None

    def _fills(self, row: ModuleRow, out: int, values: Mapping[str, Any], times: int) -> dict[str, str]:
        """What is written into the text of a block: the names of repeats, heads of attention, pools."""
        fills = {
            "m": ", ".join(f"m.{'?' * digits}" for digits in range(1, len(str(times - 1)) + 1)),
            "pools": "",
            "heads": "",
            "areas": "",
        }
        if row.module in ("PSA", "C2PSA", "C2fPSA"):
            fills["heads"] = str(max(int(out * values["e"]) // HEAD_CHANNELS, 1))
        if row.module == "A2C2f":
            heads, bands = max(int(out * values["e"]) // AREA_CHANNELS, 1), values["area"] > 1
            y, u = (f"(a:{values['area']} y)", "(a u)") if bands else ("y", "u")
            fills["heads"] = str(heads)
            fills["areas"] = f"(d h:{heads}) {y} x, (d h) {u} v, (e h) {u} v -> (h e) {'(a y)' if bands else 'y'} x"
        if row.module == "SPP":
            pools = [f"- {{name: m.{i}, maxpool: {{k: {k}, s: 1, p: {k // 2}}}, from: cv1}}" for i, k in enumerate(values["k"])]
            fills["pools"] = "\n".join(pools)
            fills["m"] = ", ".join(f"m.{i}" for i in range(len(pools)))
        return fills

    def _plain(self, row: ModuleRow, source: Output) -> Output:
        """A layer of torch."""
        c1, name = source.channels, row.module.removeprefix("torch.")
        if name == "nn.ConvTranspose2d":
            out = self._width(row, 0)
            word, settings, out = transposed(out, row.values(tuple(Arg(*arg) for arg in UPCONV), 1))
        elif name == "nn.BatchNorm2d":  # the package fills in the channels itself
            word, settings, out = "bn", {}, c1
        else:
            word, settings, out = PLAIN[name].made(c1, row.values(args_of(PLAIN[name]), 0))
        return self._add(row, word, settings, [source], out, self._times(row, c1, out))

    def _concat(self, row: ModuleRow, inputs: list[Output]) -> Output:
        axis = row.values((Arg("the axis", Int(-4), 1),), 0)["the axis"]
        if axis not in (1, -3):
            raise ArgError(f"Concat joins channels, which are axis 1, not {axis}", row.place(0))
        self._once(row)
        if len(inputs) == 1:
            return self._add(row, "identity", {}, inputs, inputs[0].channels)
        return self._add(row, "concat", {}, inputs, sum(one.channels for one in inputs))

    def _once(self, row: ModuleRow) -> None:
        if self.chosen.repeats(row.repeats) > 1:
            raise ArgError(f"{row.module} cannot be repeated", row.mark)

    def _linear(self, row: ModuleRow, source: Output) -> Output:
        """A 1x1 convolution whose output is cut into several maps, by those who read it."""
        parts: tuple[int, ...] = row.parsed(Arg("the list of channels", ListOf(Int())), 0)
        self._once(row)
        settings = {"out": sum(parts), **conv(source.channels, sum(parts), row.values(LINEAR_ARGS, 1))}
        word = self.library.word("CBLinear", {})
        made = self._add(row, word, _short(row, None, settings), [source], sum(parts))
        return Output(made.name, made.channels, parts)

    def _fuse(self, row: ModuleRow, inputs: list[Output]) -> Output:
        """The sum of the last map, and of one map of each other row, grown to its size."""
        *others, last = inputs
        indices: tuple[int, ...] = row.parsed(Arg("the list of indices", ListOf(Int(0))), 0)
        self._once(row)
        if last.parts or not last.channels or not all(one.parts for one in others):
            raise ArgError("CBFuse reads rows of CBLinear, and one other row at the end", row.mark)
        if len(indices) < len(others):
            raise ArgError(f"CBFuse needs an index for each of {len(others)} rows, not {len(indices)}", row.place(0))
        grown = []
        for i, (one, index) in enumerate(zip(others, indices, strict=False)):
            if index >= len(one.parts):
                raise ArgError(f"{one.name} makes {len(one.parts)} maps; there is no number {index}", row.place(0))
            if one.parts[index] != last.channels:
                raise ArgError(f"map {index} of {one.name} has {one.parts[index]} channels, not {last.channels}", row.mark)
            part, up = f"{row.name}.part{i}", f"{row.name}.grown{i}"
            if len(one.parts) > 1:
                self.steps.append(WrittenLayer(part, "split", {"sizes": one.parts, "index": index}, (one.name,)))
            self.steps.append(WrittenLayer(up, "upsample", {}, (part if len(one.parts) > 1 else one.name, last.name)))
            grown.append(Output(up, last.channels))
        return self._add(row, "add", {}, [*grown, last], last.channels)

    def _head(self, row: ModuleRow, inputs: list[Output]) -> Output:
        self._once(row)
        levels = [Level(one.name, one.channels) for one in inputs]
        made, outputs = steps(Head(row, levels, self.chosen.widened, lambda name: self.library.word(name, {}), self.older))
        self.steps += made
        self.outputs += outputs
        return Output(row.name, 0)


def _short(row: ModuleRow, module: Module | None, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that are not what the module takes without them."""
    usual = {arg.name: arg.default for arg in (module.args if module else LINEAR_ARGS)} | {
        "n": 1,
        "k1": 3,
        "k2": 3,
        "id": False,
    }
    usual |= {"p1": 0} | ({"k1": 1} if module and module.word == "C3" else {})
    return {key: value for key, value in settings.items() if key == "out" or usual.get(key, row) != value}
