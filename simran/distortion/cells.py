"""The two integrals that the error of every quantizer of an Exp(1) source is made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["above", "below", "nearest_level_error"]

Floats = NDArray[np.float64]

_SMALL = 0.5  # where the closed forms cancel, their series to rounding
_TERMS = 17


def _series(first: Floats, ratios: list[float], x: Floats) -> Floats:
    total = np.ones_like(x)
    for ratio in reversed(ratios):
        total = 1.0 - ratio * x * total
    return first * total


def below(width: ArrayLike) -> Floats:
    """Return ``∫_0^u (u − x) e^-x dx = u − 1 + e^-u``: the values below a level, u from the border.

    Accurate to rounding for any u ≥ 0; the series is ``u²/2 (1 − u/3 (1 − u/4 (1 − …)))``.
    """
    u = np.asarray(width, dtype=float)
    small = np.minimum(u, _SMALL)
    near = _series(small**2 / 2.0, [1.0 / k for k in range(3, _TERMS + 3)], small)
    return np.where(u < _SMALL, near, u + np.expm1(-u))


def above(width: ArrayLike) -> Floats:
    """Return ``∫_0^v x e^-x dx = 1 − (1 + v) e^-v``: the values above a level, v to the border.

    Accurate to rounding for any v ≥ 0, which may be inf; the series is ``Σ_{k≥2} (−1)^k (k − 1)
    v^k/k!``.
    """
    v = np.asarray(width, dtype=float)
    small = np.minimum(v, _SMALL)
    ratios = [k / ((k - 1.0) * (k + 1.0)) for k in range(2, _TERMS + 2)]
    near = _series(small**2 / 2.0, ratios, small)
    far = np.where(np.isinf(v), 0.0, v)
    return np.where(v < _SMALL, near, 1.0 - np.where(np.isinf(v), 0.0, (1.0 + far) * np.exp(-far)))


def nearest_level_error(levels: ArrayLike) -> float:
    """Return E|x − x̂| for x ~ Exp(1) rounded to the nearest of some ascending levels.

    A level y whose cell is [a, c) contributes ``e^-a below(y − a) + e^-y above(c − y)``; borders lie
    half way, the first cell begins at 0 and the last one has no end.
    """
    y = np.asarray(levels, dtype=float)
    half = np.diff(y) / 2.0
    down, up = np.concatenate((y[:1], half)), np.append(half, np.inf)
    return float(np.sum(np.exp(down - y) * below(down) + np.exp(-y) * above(up)))
