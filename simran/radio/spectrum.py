"""The rate of a sender that puts all of its power on a part of the band.

On the fraction β of a band of width W, with white noise of density N0, a sender of power p over a gain g
has Shannon's rate ``R(β) = β W log2(1 + p g/(β N0 W))`` [bit/s]. Its rate with the whole band, r = R(1),
says what is needed of the rest: p g/(N0 W) = 2^(r/W) − 1. R is concave and grows with β, and β r ≤ R(β) ≤ r:
less of the band is used better, since the same power lies on less noise.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["log2_snr", "part_for_rate", "part_rate", "rate_on_part"]

Floats = NDArray[np.float64]

_LARGEST = 1000.0  # logarithm to base 2 of an SNR up to which nothing overflows
_TURNS = 6  # of Newton's method: more change nothing


def log2_snr(efficiency: ArrayLike) -> Floats:
    """Return log2(2^x − 1) of a spectral efficiency x, without overflow and without cancellation.

    Parameters
    ----------
    efficiency : x = r/W, above 0 [bit/s/Hz]
    """
    x = np.asarray(efficiency, dtype=np.float64)
    low = np.minimum(x, 1.0)
    found: Floats = np.where(
        x < 1.0,
        np.log2(np.expm1(low * math.log(2.0))),
        x + np.log1p(-(2.0 ** -np.maximum(x, 1.0))) / math.log(2.0),
    )
    return found


def part_rate(share: ArrayLike, efficiency: ArrayLike) -> Floats:
    """Return R(β)/r, what a part of the band carries of the rate with the whole band.

    Parameters
    ----------
    share : β, in [0, 1]; nothing is carried by 0
    efficiency : x = r/W, above 0 [bit/s/Hz]; NaN where shares are of time, of which β carries β

    Notes
    -----
    With SNR s = 2^x − 1 it is β log2(1 + s/β)/x. It tends to β for a large x, and to 1 for a small one: a
    sender whose power is the bottleneck needs little of the band.

    Examples
    --------
    >>> part_rate([1.0, 0.25, 0.0], 1.0).round(4).tolist()
    [1.0, 0.5805, 0.0]
    """
    part, x = np.asarray(share, dtype=np.float64), np.asarray(efficiency, dtype=np.float64)
    by_band = np.isfinite(x)
    safe = np.where(by_band, x, 1.0)
    some = np.where(part > 0, part, 1.0)
    snr = log2_snr(safe)
    if (snr > _LARGEST).any():
        carried = some * np.logaddexp2(0.0, snr - np.log2(some)) / safe
    else:
        carried = some * np.log1p(np.exp2(snr) / some) * (1 / (math.log(2.0) * safe))
    whole = part >= 1.0  # which carries exactly r, whatever rounding makes of it
    found: Floats = np.where(part > 0, np.where(by_band & ~whole, carried, some), 0.0)
    return found


def part_for_rate(ratio: ArrayLike, efficiency: ArrayLike) -> Floats:
    """Return β with R(β) = ratio · r, the inverse of :func:`part_rate`.

    Parameters
    ----------
    ratio : in (0, 1]
    efficiency : x = r/W, above 0 [bit/s/Hz]; NaN where shares are of time, of which β carries β

    Notes
    -----
    With L = ln(1 + s/β) that is ln((e^L − 1)/L) = ln(s/(ratio · x ln 2)). The left side is convex and rises
    with slopes from 1/2 to 1, so that Newton's method closes in from above.

    Examples
    --------
    >>> part_for_rate([1.0, 0.5805], 1.0).round(4).tolist()
    [1.0, 0.25]
    """
    wanted, x = np.asarray(ratio, dtype=np.float64), np.asarray(efficiency, dtype=np.float64)
    by_band = np.isfinite(x)
    safe = np.where(by_band, x, 1.0)
    log_snr = math.log(2.0) * log2_snr(safe)
    z = np.maximum(log_snr - np.log(math.log(2.0) * safe) - np.log(wanted), 1e-300)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        level = np.where(z < 8.0, np.sqrt(36.0 + 24.0 * z) - 6.0, z + np.log(z + np.log(z)))
        level = np.maximum(level, z)
        for _ in range(_TURNS):
            less = -np.expm1(-level)
            step = (level + np.log(less / level) - z) / (1 / less - 1 / level)
            level = level - step
            if not (np.abs(step) > 1e-6 * level).any():  # the next one is of its square
                break
        found: Floats = np.exp(log_snr - level - np.log(-np.expm1(-level)))
    return np.where(by_band, np.minimum(found, 1.0), wanted)


def rate_on_part(share: float, rate_bps: float, bandwidth_hz: float) -> float:
    """Return the rate on a part of the band [bit/s].

    Parameters
    ----------
    share : β, in [0, 1]
    rate_bps : r, the rate with the whole band [bit/s]
    bandwidth_hz : W [Hz]; NaN where shares are of time

    Examples
    --------
    >>> round(rate_on_part(0.25, 20e6, 20e6))
    11609640
    """
    return rate_bps * float(part_rate(share, rate_bps / bandwidth_hz))
