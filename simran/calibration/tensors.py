"""A tensor of a checkpoint: what its header says, and its elements piece by piece."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simran.calibration.dtypes import Dtype

__all__ = ["Role", "Tensor", "checked_shape"]

Floats = NDArray[np.float32]
Role = Literal["weight", "embedding", "vector", "integer"]

_MOST_RANK = 64
_EMBEDDING = ("embed", "wte.", "wpe.")


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor whose elements stay in the file until they are asked for.

    Parameters
    ----------
    name : in the checkpoint
    shape : lengths of the axes
    dtype : element type
    blocks : gives the bytes of the elements, anew with each call, in pieces of whole elements
    """

    name: str
    shape: tuple[int, ...]
    dtype: Dtype
    blocks: Callable[[], Iterator[bytes]] = field(repr=False, compare=False)

    @property
    def count(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def role(self) -> Role:
        """What the tensor is, told from its rank; embeddings are told apart by their name.

        ``vector``: biases, norms and other tensors of rank 1 or 0, not quantized by default.
        ``integer``: codes or indices, no weights.
        """
        if not self.dtype.floating:
            return "integer"
        if len(self.shape) < 2:
            return "vector"
        named = any(mark in f"{self.name.lower()}." for mark in _EMBEDDING)
        return "embedding" if named and len(self.shape) == 2 else "weight"

    @property
    def quantized(self) -> bool:
        """Whether it is quantized by default: a floating-point tensor of rank 2 or more."""
        return self.role in {"weight", "embedding"}

    def chunks(self) -> Iterator[Floats]:
        """Yield the elements in single precision, flat, a bounded number at a time."""
        for block in self.blocks():
            yield self.dtype.decode(block)

    def values(self) -> Floats:
        """Return all elements in single precision, in memory, in the order of the file."""
        pieces = list(self.chunks())
        return np.concatenate(pieces) if pieces else np.empty(0, dtype=np.float32)


def checked_shape(value: object) -> tuple[int, ...]:
    """Return a shape that a file claims, if it can be one.

    Raises
    ------
    ValueError
        if it is no list of whole numbers of 0 or more, or of too many elements
    """
    if not isinstance(value, (list, tuple)) or len(value) > _MOST_RANK:
        raise ValueError("its shape is no list of whole numbers")
    if any(isinstance(it, bool) or not isinstance(it, int) or it < 0 for it in value):
        raise ValueError("its shape is no list of whole numbers of 0 or more")
    count = 1
    for length in value:
        count *= length
        if count >= 2**60:
            raise ValueError("its shape claims more elements than any file holds")
    return tuple(value)
