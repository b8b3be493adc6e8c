"""A tensor in pieces that hold whole blocks of weights, and the largest weight of each block."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simran.calibration.tensors import Tensor

__all__ = ["Piece", "block_starts", "largest_of_rows", "pieces", "row_length"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
#: First of its elements, and the elements.
Piece = tuple[int, Singles]

_MOST = 1 << 14  # weights of a piece, more only where a block is longer: what a cache holds


def row_length(tensor: Tensor) -> int:
    """Return the weights of a row; the first axis counts the rows, a vector is one."""
    rows = tensor.shape[0] if len(tensor.shape) > 1 else 1
    return tensor.count // max(rows, 1)


def pieces(tensor: Tensor, unit: int) -> Iterator[Piece]:
    """Yield the tensor in pieces that end where a block of ``unit`` weights of a row ends.

    Parameters
    ----------
    tensor : read anew
    unit : weights, at most a row; the last block of a row may be shorter
    """
    row = row_length(tensor)
    start, held = 0, np.empty(0, dtype=np.float32)
    for chunk in tensor.chunks():
        held = np.concatenate((held, chunk)) if len(held) else chunk
        while len(held) >= _MOST and len(held) >= unit:
            end = _border(start + max(_MOST, unit), row, unit)
            yield start, held[: end - start]
            held = held[end - start :]
            start = end
    if len(held):
        yield start, held


def _border(place: int, row: int, unit: int) -> int:
    """Return the last place, up to a given one, where a block ends."""
    first = place // row * row
    return first + (place - first) // unit * unit


def block_starts(start: int, count: int, row: int, unit: int) -> NDArray[np.int64]:
    """Return where in a piece its blocks begin.

    Parameters
    ----------
    start, count : of the piece, which begins where a block does
    row : weights of a row
    unit : of a block
    """
    if start % row == 0 and row <= count:  # whole rows, and maybe the beginning of one more
        rows = np.arange(0, count, row)[:, None] + np.arange(0, row, unit)[None, :]
        starts: NDArray[np.int64] = rows.ravel()
        return starts[starts < count]
    places = [np.arange(start, min(start - start % row + row, start + count), unit)]
    after = start - start % row + row
    while after < start + count:
        places.append(np.arange(after, min(after + row, start + count), unit))
        after += row
    return np.concatenate(places) - start


def largest_of_rows(tensor: Tensor) -> Floats:
    """Return the largest finite magnitude of each row, for rows too long to be held."""
    row = row_length(tensor)
    found = np.zeros(tensor.count // row)
    for start, piece in pieces(tensor, 1):
        sizes = np.abs(np.where(np.isfinite(piece), piece, np.float32(0.0)))
        begins = block_starts(start, len(sizes), row, row)
        np.maximum.at(found, (start + begins) // row, np.maximum.reduceat(sizes, begins))
    return found
