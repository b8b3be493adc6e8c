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

__all__ = ["log2_snr", "part_rate", "rate_on_part"]

Floats = NDArray[np.float64]


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
    carried = some * np.logaddexp2(0.0, log2_snr(safe) - np.log2(some)) / safe
    found: Floats = np.where(part > 0, np.where(by_band, carried, some), 0.0)
    return found


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
