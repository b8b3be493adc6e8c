"""What rounding some magnitudes to a code book costs, for all bit-widths at little cost.

The arithmetic is that of :class:`simran.distortion.Quantizer` in double precision. Only the reproduced
values are not rounded to single precision, which changes a mean error by at most 2^-25 of the mean
reproduced magnitude.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simran.distortion import level_ratios

__all__ = ["distances", "summed_errors"]

Floats = NDArray[np.float64]

_HALVES = np.uint32(22)  # a single without its last 22 bits: half an octave
_CELLS = 512
_LEVELS = 80  # of a power-of-two code book, at most


def summed_errors(kind: str, bits: Sequence[int], shares: Floats, tops: Floats | float) -> Floats:
    """Return (B,) the summed absolute error of some weights at each bit-width [weight unit].

    Parameters
    ----------
    kind : one of :data:`simran.distortion.CODE_BOOKS`
    bits : (B,)
    shares : (N,) magnitudes over the largest level of their block; above 1 where clipped
    tops : (N,) the largest levels, or the one of all [weight unit]

    Examples
    --------
    >>> summed_errors("integer", [2, 3], np.array([1.0, 0.4]), 3.0).round(6).tolist()
    [1.2, 0.2]
    """
    if kind == "power-of-two":
        return _power_of_two(bits, shares, tops)
    errors = [distances(kind, width, shares) for width in bits]
    if isinstance(tops, float):
        return np.array([float(it.sum()) * tops for it in errors])
    # A product of vectors would start threads, which costs more than it saves at this length.
    return np.array([float(np.multiply(it, tops, out=it).sum()) for it in errors])


def distances(kind: str, bits: int, shares: Floats) -> Floats:
    """Return (N,) how far magnitudes lie from the nearest level, both over the largest level.

    Parameters
    ----------
    kind : one of :data:`simran.distortion.CODE_BOOKS`
    bits : of the code book
    shares : (N,) magnitudes over the largest level, 0 or more
    """
    if kind == "lloyd-max":
        return _lloyd_max(bits, shares)
    if kind == "power-of-two":
        lowest = 1 - min(2 ** (bits - 1), _LEVELS)
        mantissa, exponent = np.frexp(shares)  # the border of two levels lies at three quarters
        exponent = np.where(mantissa == 0.0, lowest, exponent - (mantissa < 0.75))
        apart: Floats = np.abs(shares - np.ldexp(1.0, np.minimum(np.maximum(exponent, lowest), 0)))
        return apart
    middle = kind == "uniform"
    last = 2.0 ** (bits - 1) - 1.0
    steps = last + 0.5 if middle else last
    at = shares * steps
    level = np.floor(at) if middle else np.rint(at)
    np.minimum(level, last, out=level)
    at -= level
    if middle:
        at -= 0.5
    np.abs(at, out=at)
    at /= steps
    return at


def _lloyd_max(bits: int, shares: Floats) -> Floats:
    """Round by the closed form of the borders: ``e^(−λt) = m(m + 1)/(M(M + 1))``."""
    ratios = level_ratios("lloyd-max", bits)
    count = float(len(ratios))
    product = count * (count + 1.0)
    rank = np.exp(shares * -math.log(product))
    rank *= 4.0 * product
    rank += 1.0
    np.sqrt(rank, out=rank)
    rank -= 1.0
    rank *= 0.5
    np.ceil(rank, out=rank)
    np.maximum(rank, 1.0, out=rank)
    np.minimum(rank, count, out=rank)
    apart: Floats = np.abs(shares - ratios[(count - rank).astype(np.int64)])
    return apart


def _power_of_two(bits: Sequence[int], shares: Floats, tops: Floats | float) -> Floats:
    """Sum within half octaves, in which the error of every power-of-two code book is linear."""
    cells = (shares.astype(np.float32).view(np.uint32) >> _HALVES).astype(np.int64)
    if isinstance(tops, float):
        factor, weights, sizes = tops, None, shares
    else:
        factor, weights, sizes = 1.0, tops, shares * tops
    weight = np.bincount(cells, weights, _CELLS).astype(np.float64) * factor
    size = np.bincount(cells, sizes, _CELLS).astype(np.float64) * factor
    held = np.flatnonzero(weight)
    begin = (held.astype(np.uint32) << _HALVES).view(np.float32).astype(np.float64)
    mantissa, exponent = np.frexp(begin)
    exponent = np.where(begin == 0.0, -2 * _LEVELS, exponent - (mantissa < 0.75))
    errors = []
    for width in bits:
        levels = np.ldexp(1.0, np.clip(exponent, 1 - min(2 ** (width - 1), _LEVELS), 0))
        errors.append(float(np.abs(size[held] - levels * weight[held]).sum()))
    return np.array(errors)
