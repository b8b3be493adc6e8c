"""Pruning of weights, by magnitude or by whole rows, alone or before a quantizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simran.distortion.packing import pack
from simran.distortion.quantizer import Encoded, Quantizer

__all__ = ["Kept", "Pruning"]

_FLOAT_BITS = 32  # of a weight that is kept unquantized


@dataclass(frozen=True)
class Kept:
    """A pruned tensor whose other weights are as they were.

    Parameters
    ----------
    values : like the weights, float32, 0 where ``kept`` is not
    kept : like the weights
    """

    values: NDArray[np.float32]
    kept: NDArray[np.bool_]

    def packed(self) -> NDArray[np.uint8]:
        """Return the bytes: one bit per weight, least significant first, then little-endian floats."""
        floats = np.frombuffer(self.values[self.kept].astype("<f4").tobytes(), np.uint8)
        return np.concatenate((pack(self.kept.astype(np.uint8), 1), floats))

    @property
    def bits_per_weight(self) -> float:
        """Return the bits of the mask and of what is kept over the number of weights."""
        count = self.kept.size
        return (count + _FLOAT_BITS * int(self.kept.sum())) / max(count, 1)


@dataclass(frozen=True)
class Pruning:
    """Setting a share of the weights to 0, those that are left quantized or not.

    Parameters
    ----------
    fraction : ρ in [0, 1]; of N weights, or rows, the ``round(ρN)`` smallest go, the first of equals
    by : ``magnitude``: single weights; ``row``: rows of the first axis by their mean magnitude
    quantizer : of the weights that are left, whose scales see them alone; none: they stay float32

    Raises
    ------
    ValueError
        if ρ is outside [0, 1] or ``by`` another word

    Examples
    --------
    >>> Pruning(0.5).quantize([3.0, -0.1, 0.2, -4.0]).tolist()
    [3.0, 0.0, 0.0, -4.0]
    """

    fraction: float
    by: Literal["magnitude", "row"] = "magnitude"
    quantizer: Quantizer | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.fraction <= 1.0:
            raise ValueError(f"fraction must be in [0, 1], got {self.fraction!r}")
        if self.by not in {"magnitude", "row"}:
            raise ValueError(f"by must be magnitude or row, got {self.by!r}")

    def kept(self, weights: ArrayLike) -> NDArray[np.bool_]:
        """Return which weights are kept, in their shape."""
        size = np.abs(np.asarray(weights, dtype=float))
        if self.by == "magnitude":
            return self._largest(size.ravel()).reshape(size.shape)
        rows = size.reshape(size.shape[0] if size.ndim else 1, -1)
        mean = rows.mean(axis=1) if rows.size else np.zeros(len(rows))
        return np.broadcast_to(self._largest(mean)[:, None], rows.shape).reshape(size.shape).copy()

    def encode(self, weights: ArrayLike) -> Encoded | Kept:
        """Return the codes of what is kept, or its values if there is no quantizer.

        Raises
        ------
        ValueError
            for weights that a float32 does not hold
        """
        kept = self.kept(weights)
        if self.quantizer is not None:
            return self.quantizer.encode(weights, kept)
        w = np.asarray(weights, dtype=float)
        if not np.all(np.abs(w) <= np.finfo(np.float32).max):
            raise ValueError("weights must be finite and fit a float32")
        return Kept(np.where(kept, w, 0.0).astype(np.float32), kept)

    def decode(self, encoded: Encoded | Kept) -> NDArray[np.float32]:
        """Return the weights that :meth:`encode` stands for.

        Raises
        ------
        ValueError
            for what another quantizer has encoded
        """
        if isinstance(encoded, Kept):
            return encoded.values
        if self.quantizer is None:
            raise ValueError("encoded must be of this pruning")
        return self.quantizer.decode(encoded)

    def quantize(self, weights: ArrayLike) -> NDArray[np.float32]:
        """Return the weights as they are after encoding and decoding."""
        return self.decode(self.encode(weights))

    def error(self, weights: ArrayLike) -> float:
        """Return the mean absolute error per weight, measured [weight unit]."""
        w = np.asarray(weights, dtype=float)
        return float(np.mean(np.abs(w - self.quantize(w)))) if w.size else 0.0

    def _largest(self, sizes: NDArray[np.float64]) -> NDArray[np.bool_]:
        gone = round(self.fraction * len(sizes))
        kept = np.ones(len(sizes), bool)
        kept[np.argsort(sizes, kind="stable")[:gone]] = False
        return kept
