"""Where the largest level of a block is put: at its largest weight, or below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["CLIP_RULES", "Clip"]

Floats = NDArray[np.float64]
Errors = Callable[[Floats, int], Floats]

#: Rules by name, sorted.
CLIP_RULES = ("mae", "mean", "mse", "none", "percentile")

_LOWEST = 0.05  # of the mean magnitude: no better top lies below it
_COARSE, _FINE = 33, 9  # tops that are tried, and those of each refinement
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Clip:
    """The top of a code book for a block of weights; larger weights are reproduced by it.

    The top never exceeds the largest magnitude of the block, so that one weight reaches it and the
    same top is found when the block is quantized again.

    Parameters
    ----------
    rule : ``none``: the largest magnitude; ``mean``: a multiple of the mean magnitude;
        ``percentile``: of the magnitudes; ``mae`` and ``mse``: of least absolute or squared error
    value : the multiple, above 0, or the percentile, in (0, 100]; not used by the others

    Raises
    ------
    ValueError
        for an unknown rule or a value out of range
    """

    rule: Literal["mae", "mean", "mse", "none", "percentile"] = "none"
    value: float = 0.0

    def __post_init__(self) -> None:
        if self.rule not in CLIP_RULES:
            raise ValueError(f"rule must be one of {', '.join(CLIP_RULES)}, got {self.rule!r}")
        most = {"mean": np.inf, "percentile": 100.0}.get(self.rule)
        if most is not None and not 0.0 < self.value <= most:
            raise ValueError(f"value must be above 0 and at most {most}, got {self.value!r}")

    def tops(self, sizes: Floats, held: NDArray[np.bool_], errors: Errors) -> Floats:
        """Return (N,) the top of each block [weight unit].

        Parameters
        ----------
        sizes : (N, M) magnitudes
        held : (N, M) whether they count; the others are 0
        errors : of tops (N,) and an exponent, 1 or 2: (N,) summed error to that power
        """
        largest: Floats = sizes.max(axis=1, initial=0.0)
        if self.rule == "none" or not sizes.size:
            return largest
        mean = sizes.sum(axis=1) / np.maximum(held.sum(axis=1), 1)
        if self.rule == "mean":
            tops: Floats = np.minimum(self.value * mean, largest)
            return tops
        if self.rule == "percentile":
            return _percentiles(sizes, held, self.value)
        return _best(mean, largest, errors, 1 if self.rule == "mae" else 2)


def _percentiles(sizes: Floats, held: NDArray[np.bool_], percent: float) -> Floats:
    """Return the least magnitude that the share of a block does not exceed."""
    ordered = np.sort(np.where(held, sizes, np.inf), axis=1)
    rank = np.ceil(held.sum(axis=1) * percent / 100.0).astype(np.int64)
    found = ordered[np.arange(len(sizes)), np.maximum(rank, 1) - 1]
    return np.where(np.isfinite(found), found, 0.0)


def _best(mean: Floats, largest: Floats, errors: Errors, power: int) -> Floats:
    """Return the tops of least error: the best of some between bounds, refined around it.

    The error may have a minimum in every octave, so a search of one minimum would not do.
    """
    best, least = largest.copy(), errors(largest, power)
    low = np.minimum(_LOWEST * mean, largest)
    reach = np.log(np.divide(largest, low, out=np.ones_like(low), where=low > 0.0))
    shift, width, tries = np.zeros_like(low), np.ones_like(low), _COARSE
    for _ in range(1 + _ROUNDS):
        found = shift + width
        for part in np.linspace(0.0, 1.0, tries):
            at = np.clip(shift + part * width, 0.0, 1.0)
            tops = np.minimum(low * np.exp(at * reach), largest)
            error = errors(tops, power)
            better = error < least
            best, least = np.where(better, tops, best), np.where(better, error, least)
            found = np.where(better, at, found)
        step = width / (tries - 1)
        shift, width, tries = found - step, 2.0 * step, _FINE
    return best
