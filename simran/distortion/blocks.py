"""Blocks of weights that share a scale: a tensor, its rows, or groups along them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Blocks"]

Entry = TypeVar("Entry", bound=np.generic)


@dataclass(frozen=True)
class Blocks:
    """How a tensor is cut into blocks.

    Parameters
    ----------
    shape : of the tensor; the first axis counts rows, the others are one; a vector is one row
    per : ``tensor``, ``row``, or the weights of a group; the last group of a row may be shorter

    Raises
    ------
    ValueError
        for another ``per``

    Examples
    --------
    >>> Blocks((3, 100), 32).count
    12
    """

    shape: tuple[int, ...]
    per: str | int

    def __post_init__(self) -> None:
        known = self.per in {"tensor", "row"} if isinstance(self.per, str) else self.per >= 1
        if not known:
            raise ValueError(f"per must be tensor, row or a group of 1 or more, got {self.per!r}")

    @property
    def rows(self) -> int:
        """Return the rows of the tensor, one for a vector and if there is one block only."""
        return 1 if len(self.shape) < 2 or self.per == "tensor" else self.shape[0]

    @property
    def _row(self) -> int:
        return math.prod(self.shape) // max(self.rows, 1)

    @property
    def size(self) -> int:
        """Return the weights of a whole block."""
        return self._row if isinstance(self.per, str) else min(self.per, max(self._row, 1))

    @property
    def count(self) -> int:
        """Return the number of blocks."""
        return self.rows * (math.ceil(self._row / self.size) if self._row else 0)

    def split(self, values: NDArray[Entry]) -> NDArray[Entry]:
        """Return (count, size) values of the tensor, short groups filled up with zeros."""
        missing = -self._row % max(self.size, 1)
        table = np.zeros((self.rows, self._row + missing), values.dtype)
        table[:, : self._row] = values.reshape(self.rows, self._row)
        return table.reshape(self.count, self.size)

    def join(self, values: NDArray[Entry]) -> NDArray[Entry]:
        """Return values by block in the shape of the tensor, without what filled them up."""
        table = values.reshape(self.rows, -1 if self.rows else 0)
        return table[:, : self._row].reshape(self.shape)
