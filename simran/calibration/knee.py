"""Quality over bits as a monotone curve, and the bit-width where it stops being that of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simran.calibration.intervals import Estimate
from simran.calibration.network import Metric

__all__ = ["Knee", "QualityCurve", "find_knee", "fit_curve", "isotonic"]

Floats = NDArray[np.float64]

_LEAST_VARIANCE = 0.01  # of the largest: a resample without spread is not a value without noise


def isotonic(values: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Return the non-decreasing sequence nearest to some values: pool adjacent violators.

    It minimises ``Σ w (x − v)²`` (Ayer, Brunk, Ewing, Reid, Silverman 1955).

    Parameters
    ----------
    values : (N,)
    weights : (N,) above 0; equal if None

    Raises
    ------
    ValueError
        for weights of another number or not above 0

    Examples
    --------
    >>> isotonic([1.0, 3.0, 2.0, 4.0]).tolist()
    [1.0, 2.5, 2.5, 4.0]
    """
    v = np.asarray(values, dtype=float)
    w = np.ones_like(v) if weights is None else np.asarray(weights, dtype=float)
    if w.shape != v.shape or not np.all(w > 0.0):
        raise ValueError("weights must be above 0, one for each value")
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(v.tolist(), w.tolist(), strict=True):
        mean, mass, length = value, weight, 1
        while pools and pools[-1][0] >= mean:
            before, held, more = pools.pop()
            mean = (before * held + mean * mass) / (held + mass)
            mass, length = held + mass, length + more
        pools.append((mean, mass, length))
    return np.repeat([mean for mean, _, _ in pools], [length for _, _, length in pools])


@dataclass(frozen=True, slots=True)
class QualityCurve:
    """Quality over bits for one quantizer, measured and as the nearest monotone curve.

    Parameters
    ----------
    quantizer : label, by which the curve is tied to it
    metric : name of the metric
    better : ``higher`` or ``lower``
    bits : (N,) ascending
    fitted : (N,) the monotone curve, at most as good as ``reference``
    deviations : (N,) standard deviation of each measured value
    residual : root mean square of fitted − measured
    reference : measured with full precision
    """

    quantizer: str
    metric: str
    better: str
    bits: tuple[int, ...]
    fitted: tuple[float, ...]
    deviations: tuple[float, ...]
    residual: float
    reference: float


def fit_curve(
    quantizer: str, metric: Metric, bits: Sequence[int], values: Sequence[Estimate], full: Estimate
) -> QualityCurve:
    """Return the monotone curve nearest to measured values, weighted by 1/variance.

    What lies above the quality with full precision is taken down to it: more bits than the
    unquantized weights have cannot be told from them.

    Parameters
    ----------
    quantizer : its label
    metric : that the values are of
    bits : (N,) ascending
    values : (N,) measured
    full : measured with full precision
    """
    measured = np.array([it.value for it in values])
    deviations = np.array([it.deviation for it in values])
    variance = np.square(deviations)
    floor = _LEAST_VARIANCE * float(variance.max(initial=0.0))
    weights = 1.0 / np.maximum(variance, floor) if floor > 0.0 else np.ones_like(variance)
    best = metric.sign * full.value
    fitted = metric.sign * np.minimum(isotonic(metric.sign * measured, weights), best)
    residual = float(np.sqrt(np.mean(np.square(fitted - measured))))
    return QualityCurve(
        quantizer,
        metric.name,
        metric.better,
        tuple(bits),
        tuple(fitted.tolist()),
        tuple(deviations.tolist()),
        residual,
        full.value,
    )


@dataclass(frozen=True, slots=True)
class Knee:
    """The smallest bit-width that does, with all larger ones, what full precision does.

    Parameters
    ----------
    tolerance : loss of quality that is allowed, in the metric's unit
    bits : smallest whose measured loss, and that of all larger ones, is within it; None: none is
    sure_bits : the same of the upper end of the loss's 95 % interval
    """

    tolerance: float
    bits: int | None
    sure_bits: int | None


def find_knee(bits: Sequence[int], losses: Sequence[Estimate], tolerance: float) -> Knee:
    """Return the knee of the losses against full precision.

    Parameters
    ----------
    bits : (N,) ascending
    losses : (N,) paired with full precision, above 0 where worse
    tolerance : 0 or more, in the metric's unit

    Raises
    ------
    ValueError
        if the tolerance is below 0 or the bits do not ascend
    """
    if not tolerance >= 0.0:
        raise ValueError(f"tolerance must be 0 or more, got {tolerance!r}")
    if list(bits) != sorted(set(bits)):
        raise ValueError(f"bits must ascend, got {list(bits)}")
    values = [it.value for it in losses]
    return Knee(
        tolerance,
        _smallest(bits, values, tolerance),
        _smallest(bits, [it.high for it in losses], tolerance),
    )


def _smallest(bits: Sequence[int], losses: Sequence[float], tolerance: float) -> int | None:
    found = None
    for width, loss in zip(reversed(bits), reversed(losses), strict=True):
        if not loss <= tolerance + 1e-12:
            break
        found = width
    return found
