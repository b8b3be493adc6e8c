"""Code books by name: the magnitudes that a code can stand for, relative to the largest."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc, gammainccinv

from simran.distortion.generalised_normal import GeneralisedNormal
from simran.distortion.lloyd import optimal_levels
from simran.distortion.power_of_two import power_of_two_levels
from simran.distortion.uniform import uniform_levels

__all__ = ["CODE_BOOKS", "MOST_BITS", "law_levels", "level_ratios"]

Floats = NDArray[np.float64]

#: Code books by name, sorted.
CODE_BOOKS = ("integer", "lloyd-max", "power-of-two", "uniform")
#: Bits that a code has at most.
MOST_BITS = 16

_STAGE = 0.15  # change of the logarithm of the shape from one code book to the next
_STEPS = 40
_SETTLED = 1e-7  # last relative step; the method squares it


@lru_cache(maxsize=128)
def level_ratios(book: str, bits: int, shape: float = 1.0) -> Floats:
    """Return the magnitudes of a code book, ascending, the largest being 1; each has either sign.

    ``integer``: 0, 1, … 2^(b-1) − 1 over the last, so 2^b − 1 values with one zero; ``uniform``
    (mid-rise): ½, 3/2, … 2^(b-1) − ½ over the last; ``power-of-two``: 2^-i, at most 80 of them;
    ``lloyd-max``: the 2^(b-1) magnitudes of least absolute error for a generalised normal law.

    Parameters
    ----------
    book : one of :data:`CODE_BOOKS`
    bits : b, from 1, or from 2 for ``integer``, to 16
    shape : of the law that ``lloyd-max`` is made for; 1 is Laplace

    Raises
    ------
    ValueError
        for an unknown book or bits that it does not have

    Examples
    --------
    >>> level_ratios("integer", 3).round(3).tolist(), level_ratios("power-of-two", 2).tolist()
    ([0.0, 0.333, 0.667, 1.0], [0.5, 1.0])
    """
    if book not in CODE_BOOKS:
        raise ValueError(f"book must be one of {', '.join(CODE_BOOKS)}, got {book!r}")
    least = 2 if book == "integer" else 1
    if not least <= bits <= MOST_BITS or bits != int(bits):
        raise ValueError(f"bits must be whole, {least} to {MOST_BITS} for {book}, got {bits!r}")
    if book == "integer":
        levels: Floats = np.arange(2 ** (bits - 1), dtype=float)
    elif book == "uniform":
        levels = uniform_levels(bits, 1.0)
    elif book == "power-of-two":
        levels = power_of_two_levels(bits, 1.0)
    else:
        levels = law_levels(bits, GeneralisedNormal(shape, 1.0))
    ratios: Floats = levels / levels[-1]
    ratios.flags.writeable = False
    return ratios


def law_levels(bits: int, law: GeneralisedNormal) -> Floats:
    """Return the 2^(b-1) magnitudes of least absolute error for a law, ascending.

    Every level is the median of its cell, every border lies half way: with S the survival of the
    magnitude, ``2 S(y_i) = S(t_i) + S(t_(i+1))``, solved by Newton's method in stages of shape that
    begin at the closed form for Laplace, :func:`simran.distortion.optimal_levels`.

    Parameters
    ----------
    bits : b, 1 to 16
    law : of one shape and scale

    Raises
    ------
    ValueError
        if the method does not settle, which happens for shapes far from 1
    """
    shape, scale = float(law.shape), float(law.scale)  # type: ignore[arg-type]
    if shape == 1.0:
        return optimal_levels(bits, 1.0 / scale)
    stages = max(math.ceil(abs(math.log(shape)) / _STAGE), 1)
    levels, before = optimal_levels(bits, 1.0), 1.0
    for now in np.geomspace(1.0, shape, stages + 1)[1:].tolist():
        levels = _settled(_moved(levels, before, now), now)
        before = now
    return levels * scale


def _moved(levels: Floats, before: float, now: float) -> Floats:
    """Return levels for another shape, with the same shares of a fine code book below them."""
    wide, other = (GeneralisedNormal(it, 2.0 ** (1.0 / it)) for it in (before, now))
    rest = gammaincc(1.0 / before, (levels / np.asarray(wide.scale)) ** before)
    moved: Floats = np.asarray(other.scale) * gammainccinv(1.0 / now, rest) ** (1.0 / now)
    return moved


def _settled(levels: Floats, shape: float) -> Floats:
    for _ in range(_STEPS):
        step = _newton(levels, shape)
        shrink = float(np.max(np.diff(-step, prepend=0.0) / np.diff(levels, prepend=0.0)))
        levels = levels + step * min(1.0, 0.5 / max(shrink, 1e-300))
        if np.max(np.abs(step) / levels) < _SETTLED:
            return levels
    raise ValueError(f"no code book of {len(levels)} magnitudes was found for shape {shape:g}")


def _newton(levels: Floats, shape: float) -> Floats:
    borders = (levels[1:] + levels[:-1]) / 2.0
    survival = gammaincc(1.0 / shape, levels**shape)
    between = np.concatenate(([1.0], gammaincc(1.0 / shape, borders**shape), [0.0]))
    excess = 2.0 * survival - between[1:] - between[:-1]
    law = GeneralisedNormal(shape, 1.0)
    half = np.exp(law.log_density(borders))  # half the density of the magnitude, twice the signed
    density = 2.0 * np.exp(law.log_density(levels))
    bands = np.zeros((3, len(levels)))
    bands[1] = -2.0 * density
    bands[1, 1:] += half
    bands[1, :-1] += half
    bands[0, 1:] = bands[2, :-1] = half
    from scipy.linalg import solve_banded

    step: Floats = solve_banded((1, 1), bands, -excess)
    return step
