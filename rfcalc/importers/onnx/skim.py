"""A large ONNX file without its weights: where they lie is noted, and they are read when somebody asks for them.

Only what is certain is left out: the raw data of stored tensors and of Constant nodes. What is put in their place is a value of
the same field, so that onnx makes the same of the rest. A damaged file, and one that is written as no exporter writes it, is
handed to onnx as it is.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from struct import Struct
from typing import Any, BinaryIO, TypeAlias

from rfcalc.errors import fail
from rfcalc.record import record

FEW = 1 << 20  # bytes of a file that is read whole
MOST_KEPT = 4096  # bytes of raw data that are kept where they are
PLACE = Struct("<QQ")  # first byte and number of bytes
FIXED = {1: 8, 5: 4}  # bytes by wire type
VARINT, SIZED = 0, 2
OPERATOR = 4  # of a node

# The numbers of the fields that may be large, and what is in them, as onnx.proto has them.
Inside: TypeAlias = "Mapping[int, Inside | None]"
TENSOR: Inside = {9: None}
ATTRIBUTE: Inside = {5: TENSOR}
NODE: Inside = {5: ATTRIBUTE}
MODEL: Inside = {7: {1: NODE, 5: TENSOR}}


@record(eq=False)
class Left:
    """What was left in a file, as long as its `state` is the same: for raw data a tensor has `mark` and their place."""

    path: str = ""
    mark: bytes = b""
    state: tuple[int, ...] = ()

    def size(self, tensor: Any) -> int:
        """The bytes of raw data that a tensor has."""
        place = self._place(tensor)
        return len(tensor.raw_data) if place is None else place[1]

    def whole(self, tensor: Any) -> Any:
        """The tensor with its raw data; raises SpecError if the file has changed since."""
        place = self._place(tensor)
        if place is None:
            return tensor
        found = type(tensor)()
        found.CopyFrom(tensor)
        try:
            with open(self.path, "rb") as file:
                same = _state(file) == self.state
                file.seek(place[0])
                found.raw_data = file.read(place[1])
        except OSError as error:
            raise fail("E001", f"cannot read {self.path}: {error.strerror or error}") from None
        if not same or len(found.raw_data) != place[1]:
            raise fail("E602", f"{self.path}: has changed while it was read")
        return found

    def _place(self, tensor: Any) -> tuple[int, int] | None:
        data = tensor.raw_data
        return PLACE.unpack(data[len(self.mark) :]) if self.mark and data.startswith(self.mark) else None


def skimmed(path: str) -> tuple[bytes, Left]:
    """The bytes of a file, short of what is left in it; raises OSError."""
    with open(path, "rb") as file:
        state = _state(file)
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode) and state[0] > FEW:
            skim = _Skim(file, os.urandom(16))
            try:
                return skim.message(state[0], MODEL), Left(path, skim.mark, state)
            except _OddError:
                file.seek(0)
        return file.read(), Left()


def _state(file: BinaryIO) -> tuple[int, ...]:
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev


class _OddError(Exception):
    """The file is damaged, or written as no exporter writes it."""


class _Skim:
    """Copies messages of protobuf's wire format, short of raw data."""

    def __init__(self, file: BinaryIO, mark: bytes) -> None:
        self.file, self.mark = file, mark
        self.operator = b""  # of the last node

    def message(self, end: int, inside: Inside) -> bytes:
        """The message that ends at `end`."""
        parts: list[bytes] = []
        while self.file.tell() < end:
            key, tag = self._varint()
            number, wire = divmod(tag, 8)
            if wire == SIZED:
                body = self._sized(end, inside, number)
                parts += key, _varint(len(body)), body
                if inside is NODE and number == OPERATOR:
                    self.operator = body
            else:
                parts += key, self._varint()[0] if wire == VARINT else self._bytes(FIXED.get(wire))
        if self.file.tell() != end:
            raise _OddError
        return b"".join(parts)

    def _sized(self, end: int, inside: Inside, number: int) -> bytes:
        """The content of a field that says its size."""
        written, size = self._varint()
        start = self.file.tell()
        if size > end - start or written != _varint(size):
            raise _OddError
        if number not in inside or size <= MOST_KEPT:
            return self._bytes(size)
        within = inside[number]
        if within is None:
            self.file.seek(start + size)
            return self.mark + PLACE.pack(start, size)
        if within is NODE:
            self.operator = b""
        short = self.message(start + size, within)
        if within is NODE and self.operator != b"Constant":
            self.file.seek(start)
            return self._bytes(size)
        return short

    def _bytes(self, count: int | None) -> bytes:
        found = b"" if count is None else self.file.read(count)
        if len(found) != count:
            raise _OddError
        return found

    def _varint(self) -> tuple[bytes, int]:
        """A whole number, as it is written and as it is; at most ten bytes."""
        found, value = b"", 0
        while len(found) < 10:
            byte = self._bytes(1)
            found += byte
            value |= (byte[0] & 127) << 7 * (len(found) - 1)
            if byte[0] < 128:
                return found, value
        raise _OddError


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)
