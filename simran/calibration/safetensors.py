"""The safetensors format: a JSON header of bounded size, then the elements.

Eight bytes give the length of the header; it maps names to element type, shape and offsets, which
must cover the rest of the file without a hole or an overlap.
"""

from __future__ import annotations

import json
import math
from typing import Any

from simran.calibration.dtypes import DTYPES, Dtype
from simran.calibration.files import CheckpointFile, Span
from simran.calibration.tensors import Tensor, checked_shape
from simran.errors import shown

__all__ = ["read_safetensors"]

_MOST_HEADER = 16 * 2**20
_KEYS = {"dtype", "shape", "data_offsets"}
_MEND = "copy or convert the checkpoint again"


def read_safetensors(file: CheckpointFile) -> list[Tensor]:
    """Return the tensors of a safetensors file in the order of their bytes.

    Raises
    ------
    InputError
        if anything of the header does not fit the format or the file's length
    """
    if file.size < 8:
        file.refuse("is too short for a safetensors file", _MEND)
    length = int.from_bytes(file.read(Span(0, 8)), "little")
    if length > file.size - 8:
        file.refuse(f"its header claims {length} bytes, the file has {file.size - 8}", _MEND)
    if length > _MOST_HEADER:
        file.refuse(f"its header of {length} bytes is longer than {_MOST_HEADER}", _MEND)
    header = _header(file, file.read(Span(8, 8 + length)))
    found = [_entry(file, name, entry) for name, entry in header.items()]
    found.sort(key=lambda it: (it[2].start, it[2].end))
    at, start = 0, 8 + length
    for name, _, span, _ in found:
        if span.start != at:
            what = "overlaps another" if span.start < at else "leaves a hole before it"
            file.refuse(f"tensor {shown(name)} {what}", _MEND)
        at = span.end
    if at != file.size - start:
        file.refuse(f"its tensors end at byte {at} of {file.size - start}", _MEND)
    return [
        Tensor(name, shape, dtype, file.stream([Span(start + span.start, start + span.end)]))
        for name, shape, span, dtype in found
    ]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is given twice")
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _header(file: CheckpointFile, data: bytes) -> dict[str, Any]:
    try:
        header = json.loads(
            data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number
        )
    except RecursionError:
        file.refuse("its header is nested too deeply", _MEND)
    except ValueError as error:
        file.refuse(f"its header is no sound JSON: {shown(str(error))}", _MEND)
    if not isinstance(header, dict):
        file.refuse("its header is no mapping of tensors", _MEND)
    header.pop("__metadata__", None)
    return header


def _entry(file: CheckpointFile, name: str, entry: Any) -> tuple[str, tuple[int, ...], Span, Dtype]:
    called = f"tensor {shown(name)}"
    if any("\ud800" <= char <= "\udfff" for char in name):
        file.refuse(f"{called}: its name holds half of a surrogate pair, which is no text", _MEND)
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        file.refuse(f"{called}: expected dtype, shape and data_offsets", _MEND)
    kind = entry["dtype"]
    dtype = DTYPES.get(kind) if isinstance(kind, str) else None
    if dtype is None:
        file.refuse(
            f"{called}: element type {shown(kind)} is not read",
            f"convert it to one of {', '.join(DTYPES)}",
        )
    try:
        shape = checked_shape(entry["shape"])
        start, end = _offsets(entry["data_offsets"], file.size)
    except ValueError as error:
        file.refuse(f"{called}: {error}", _MEND)
    needed = math.prod(shape) * dtype.width
    if end - start != needed:
        message = f"{end - start} bytes between its offsets, its shape needs {needed}"
        file.refuse(f"{called}: {message}", _MEND)
    return name, shape, Span(start, end), dtype


def _offsets(value: Any, size: int) -> tuple[int, int]:
    if not isinstance(value, list) or [type(it) for it in value] != [int, int]:
        raise ValueError("its data_offsets are no two whole numbers")
    start, end = value
    if not 0 <= start <= end <= size:
        raise ValueError("its data_offsets lie outside the file")
    return start, end
