"""The wire format of protocol buffers, as far as finding tensors in a file needs it.

A message is a row of fields, each a key and a value. Long values are skipped, not read; nothing is
recursive, so no depth of nesting in a file can matter.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from simran.calibration.files import CheckpointFile, Span

__all__ = ["Field", "fields", "signed", "varints"]

_MEND = "export the model again"
_MOST_VARINT = 10
_MOST_FIELDS = 500_000
_AHEAD = 20  # a key and a number, each of ten bytes at most


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message.

    Parameters
    ----------
    number : of the field
    value : of a varint; None where the value is the bytes of ``span``
    span : where the value lies
    """

    number: int
    value: int | None
    span: Span


def fields(file: CheckpointFile, message: Span) -> Iterator[Field]:
    """Yield the fields of a message that lies in a part of a file.

    Raises
    ------
    InputError
        if the bytes are no message, or a value leaves the message
    """
    window = _Window(file, message)
    at = message.start
    for count in itertools.count():
        if at >= message.end:
            return
        if count == _MOST_FIELDS:
            file.refuse(f"holds a message of more than {_MOST_FIELDS} fields", _MEND)
        key, at = window.varint(at)
        number, kind = key >> 3, key & 7
        if number == 0:
            file.refuse("is no sound ONNX file: a field of number 0", _MEND)
        if kind == 0:
            value, end = window.varint(at)
            yield Field(number, value, Span(at, end))
        elif kind in {1, 5}:
            end = at + (8 if kind == 1 else 4)
            yield Field(number, None, Span(at, min(end, message.end)))
        elif kind == 2:
            length, at = window.varint(at)
            end = at + length
            if end <= message.end:
                yield Field(number, None, Span(at, end))
        else:
            file.refuse(f"is no sound ONNX file: a field of kind {kind}", _MEND)
        if end > message.end:
            file.refuse("is no sound ONNX file: a field is longer than what holds it", _MEND)
        at = end


class _Window:
    """The bytes around the place that is read, a piece at a time."""

    def __init__(self, file: CheckpointFile, message: Span) -> None:
        self._file, self._message = file, message
        self._start, self._data = message.start, b""

    def varint(self, at: int) -> tuple[int, int]:
        """Return the number at a place, and where it ends."""
        end = min(at + _AHEAD, self._message.end)
        if at < self._start or end > self._start + len(self._data):
            self._start = at
            self._data = self._file.read(Span(at, min(at + 4096, self._message.end)))
        value = 0
        offset = at - self._start
        for place, byte in enumerate(self._data[offset : offset + _MOST_VARINT]):
            value |= (byte & 127) << (7 * place)
            if byte < 128:
                return value & (2**64 - 1), at + place + 1
        self._file.refuse("is no sound ONNX file: a number without an end", _MEND)
        return None


def varints(data: bytes) -> list[int]:
    r"""Return the numbers of a packed field.

    Raises
    ------
    ValueError
        if the last one has no end, or one is too long

    Examples
    --------
    >>> varints(b"\\x05\\xac\\x02")
    [5, 300]
    """
    found, value, place = [], 0, 0
    for byte in data:
        value |= (byte & 127) << (7 * place)
        place += 1
        if byte < 128:
            found.append(value & (2**64 - 1))
            value = place = 0
        elif place == _MOST_VARINT:
            raise ValueError("a number without an end")
    if place:
        raise ValueError("a number without an end")
    return found


def signed(value: int) -> int:
    """Return a 64-bit number with its sign.

    Examples
    --------
    >>> signed(2**64 - 1), signed(7)
    (-1, 7)
    """
    return value - 2**64 if value >= 2**63 else value
