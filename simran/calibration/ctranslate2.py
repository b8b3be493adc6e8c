"""The ``model.bin`` of CTranslate2, versions 3 to 6: names, shapes and elements, one after the other.

All integers are little-endian. The file holds its version, the name of the model's class, a revision
and the number of tensors; of each its name, rank, axes, element type, bytes and elements; last the
further names that some tensors have. A text is its length in two bytes, the bytes and a zero.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from simran.calibration.dtypes import DTYPES, Dtype
from simran.calibration.files import CheckpointFile, Span
from simran.calibration.tensors import Tensor, checked_shape
from simran.errors import shown

__all__ = ["is_ctranslate2", "read_ctranslate2"]

_VERSIONS = range(3, 7)
_TYPES = ("F32", "I8", "I16", "I32", "F16", "BF16")
_MOST_TENSORS = 100_000
_MEND = "copy or convert the checkpoint again"
#: Version 3 to 6, the length of a text, and the name of a class as CTranslate2 spells it.
_START = re.compile(rb"[\x03-\x06]\0\0\0..[A-Za-z0-9]+Spec\0", re.DOTALL)


def is_ctranslate2(file: CheckpointFile) -> bool:
    """Return whether a file starts as CTranslate2 writes it, and so holds no pickled objects."""
    return _START.match(file.read(Span(0, min(file.size, 64)))) is not None


def read_ctranslate2(file: CheckpointFile) -> list[Tensor]:
    """Return the tensors of a CTranslate2 file in its order; further names of a tensor are left out.

    Codes of weights that CTranslate2 has quantized are integers, no weights.

    Raises
    ------
    InputError
        if anything does not fit the format or the file's length
    """
    cursor = _Cursor(file)
    version = cursor.number(4)
    if version not in _VERSIONS:
        file.refuse(f"its version {version} is not read, only 3 to 6", "convert the model again")
    cursor.text()
    cursor.number(4)
    count = cursor.number(4)
    if count > _MOST_TENSORS:
        file.refuse(f"it claims {count} tensors, more than {_MOST_TENSORS}", _MEND)
    found: dict[str, Tensor] = {}
    for _ in range(count):
        tensor = _tensor(cursor, version)
        if tensor.name in found:
            file.refuse(f"tensor {shown(tensor.name)} is given twice", _MEND)
        found[tensor.name] = tensor
    for _ in range(cursor.number(4)):
        alias, name = cursor.text(), cursor.text()
        if name not in found:
            file.refuse(f"{shown(alias)} names a tensor {shown(name)} that is not there", _MEND)
    if cursor.at != file.size:
        file.refuse(f"its tensors end at byte {cursor.at} of {file.size}", _MEND)
    return list(found.values())


@dataclass(slots=True)
class _Cursor:
    """Reads a file from its start on, never beyond its end."""

    file: CheckpointFile
    at: int = 0

    def skip(self, length: int, what: str) -> Span:
        if length > self.file.size - self.at:
            left = self.file.size - self.at
            self.file.refuse(f"{what} claims {length} bytes, {left} are left", _MEND)
        span = Span(self.at, self.at + length)
        self.at = span.end
        return span

    def number(self, length: int) -> int:
        return int.from_bytes(self.file.read(self.skip(length, "a number")), "little")

    def text(self) -> str:
        held = self.file.read(self.skip(self.number(2), "a name"))
        try:
            name = held.decode("utf-8")
        except UnicodeDecodeError:
            self.file.refuse("a name is no text", _MEND)
        if not name.endswith("\0") or "\0" in name[:-1]:
            self.file.refuse(f"name {shown(name)} does not end with its only zero", _MEND)
        return name[:-1]


def _tensor(cursor: _Cursor, version: int) -> Tensor:
    name = cursor.text()
    called = f"tensor {shown(name)}"
    axes = [cursor.number(4) for _ in range(cursor.number(1))]
    try:
        shape = checked_shape(axes)
    except ValueError as error:
        cursor.file.refuse(f"{called}: {error}", _MEND)
    dtype = _dtype(cursor, called)
    # Up to version 3 the elements are counted, from 4 on their bytes.
    length = cursor.number(4) * (dtype.width if version < 4 else 1)
    needed = math.prod(shape) * dtype.width
    if length != needed:
        cursor.file.refuse(f"{called}: {length} bytes, its shape needs {needed}", _MEND)
    span = cursor.skip(length, called)
    return Tensor(name, shape, dtype, cursor.file.stream([span]))


def _dtype(cursor: _Cursor, called: str) -> Dtype:
    code = cursor.number(1)
    if code >= len(_TYPES):
        cursor.file.refuse(f"{called}: element type {code} is not read", "convert it to float32")
    return DTYPES[_TYPES[code]]
