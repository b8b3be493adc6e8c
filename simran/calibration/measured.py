"""Distortion of quantizers measured on weights: best scale per tensor, nearest-level rounding."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simran.calibration.magnitudes import Magnitudes
from simran.calibration.scales import best_power_of_two_top, best_uniform_step
from simran.calibration.tensors import Tensor
from simran.distortion import optimal_levels

__all__ = ["BITS", "MEASURED", "code_book_scales", "measured_distortion", "rounding_errors"]

Floats = NDArray[np.float64]

#: Bit-widths that are measured, one bit of them for the sign.
BITS = tuple(range(1, 17))
#: Quantizers that are measured, sorted.
MEASURED = ("lloyd-max", "power-of-two", "uniform")

_LEVELS = 80  # power-of-two levels below 2^-79 of the top hold nothing


def code_book_scales(magnitudes: Magnitudes) -> dict[str, Floats]:
    """Return the scale of each quantizer's code book at each of :data:`BITS`.

    lloyd-max: λ of the fitted law; power-of-two: the top level; uniform: the step, the last two those of
    least absolute error on these weights.
    """
    points = magnitudes.points()
    rate = magnitudes.rate or math.nan
    tops = [best_power_of_two_top(bits, points) for bits in BITS[:8]]
    return {
        "lloyd-max": np.full(len(BITS), rate),
        "power-of-two": np.array(tops + tops[-1:] * (len(BITS) - len(tops))),
        "uniform": np.array([best_uniform_step(bits, points) for bits in BITS]),
    }


def measured_distortion(tensor: Tensor, scales: dict[str, Floats]) -> dict[str, Floats]:
    """Return the mean absolute error of each quantizer at each of :data:`BITS` over a tensor.

    Parameters
    ----------
    tensor : whose finite elements are rounded, all of them, a piece at a time
    scales : as :func:`code_book_scales` returns them
    """
    sums = {name: np.zeros(len(BITS)) for name in MEASURED}
    count = 0
    for chunk in tensor.chunks():
        sizes = np.abs(chunk[np.isfinite(chunk)]).astype(np.float64)
        count += len(sizes)
        for name in MEASURED:
            sums[name] += rounding_errors(name, sizes, scales[name])
    return {name: total / count for name, total in sums.items()}


def rounding_errors(quantizer: str, sizes: Floats, scales: Floats) -> Floats:
    """Return the summed absolute error of some magnitudes at each of :data:`BITS`.

    Parameters
    ----------
    quantizer : one of :data:`MEASURED`
    sizes : magnitudes
    scales : one for each bit-width
    """
    if quantizer == "uniform":
        errors = [_uniform(sizes, b, s) for b, s in zip(BITS, scales, strict=True)]
    elif quantizer == "power-of-two":
        errors = [_power_of_two(sizes, b, s) for b, s in zip(BITS[:8], scales[:8], strict=True)]
        errors += errors[-1:] * (len(BITS) - len(errors))  # from 8 bits on the same levels
    else:
        survival = np.exp(-scales[0] * sizes)
        errors = [_lloyd_max(sizes, survival, b, float(scales[0])) for b in BITS]
    return np.array(errors)


def _uniform(sizes: Floats, bits: int, step: float) -> float:
    cell = np.minimum(np.floor(sizes / step), 2.0 ** (bits - 1) - 1.0)
    return float(np.abs(sizes - (cell + 0.5) * step).sum())


def _power_of_two(sizes: Floats, bits: int, top: float) -> float:
    lowest = 1 - min(2 ** (bits - 1), _LEVELS)
    mantissa, exponent = np.frexp(sizes / top)  # the border of two levels lies at three quarters
    exponent = np.where(mantissa == 0.0, lowest, exponent - (mantissa < 0.75))
    return float(np.abs(sizes - np.ldexp(top, np.clip(exponent, lowest, 0))).sum())


def _lloyd_max(sizes: Floats, survival: Floats, bits: int, rate: float) -> float:
    """Round by the closed form of the borders: ``e^(−λt) = m(m + 1)/(M(M + 1))``."""
    levels = optimal_levels(bits, rate)
    count = len(levels)
    rank = np.ceil((np.sqrt(1.0 + 4.0 * count * (count + 1.0) * survival) - 1.0) / 2.0)
    place = count - np.clip(rank, 1.0, count).astype(np.int64)
    return float(np.abs(sizes - levels[place]).sum())
