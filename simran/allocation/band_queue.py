"""The queue of flows that share a band equally: a symmetric queue that is faster the more are there.

Among n flows each goes at what 1/n of the band carries, together at ``g(n) = n R(1/n)/R(1)`` times the speed
of one alone. For Poisson arrivals of load ρ = Σ λ S/r the number of flows is n with a probability that is
proportional to ``ρ^n / (g(1) … g(n))``, whatever the law of the sizes (Kelly's symmetric queues), and by
Little's law a flow takes E[N]/ρ times as long as alone. As g grows without bound there is such a law at any
load: like M/M/1 in processor sharing where the signal is strong (g near 1), like M/M/∞ where it is weak (g
near n).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simran.allocation.arrays import Floats
from simran.radio import part_rate

__all__ = ["MOST_FLOWS", "BandQueue", "band_queue"]

#: Numbers of flows beyond it are left out: a mean near it says that there is no use in waiting.
MOST_FLOWS = 2**16
_NEGLIGIBLE = -45.0  # logarithm of a probability beside the largest


@dataclass(frozen=True)
class BandQueue:
    """What the number of flows in a cell follows.

    Parameters
    ----------
    load : ρ, time with the whole band that is asked for per time
    mean_flows : E[N]
    in_use : 1 − π_0, part of the time in which there is any flow, below 1
    """

    load: float
    mean_flows: float
    in_use: float

    @property
    def stretch(self) -> float:
        """How many times as long as alone a flow takes on average."""
        return self.mean_flows / self.load if self.load else 1.0


def band_queue(loads: Floats, efficiency: Floats) -> BandQueue:
    """Return the queue of a cell whose band is shared equally.

    Parameters
    ----------
    loads : (K,) λ S/r of each agent
    efficiency : (K,) x = r/W of each agent [bit/s/Hz]

    Notes
    -----
    Exact where all have the same efficiency. Otherwise the queue has no product form, and each g counts by
    its part of the load.

    Examples
    --------
    >>> queue = band_queue(np.array([0.5]), np.array([5.0]))
    >>> round(queue.stretch, 3), round(band_queue(np.array([0.5]), np.array([1e6])).stretch, 3)
    (1.476, 2.0)
    """
    load = float(loads.sum())
    if load <= 0.0:
        return BandQueue(0.0, 0.0, 0.0)
    parts, which = np.unique(efficiency, return_inverse=True)
    weights = np.bincount(which, weights=loads) / load
    most = 64
    while True:
        number = np.arange(1.0, most + 1.0)
        speeds = weights @ (number * part_rate(1.0 / number, parts[:, None]))
        logs = np.concatenate(([0.0], np.cumsum(np.log(load / speeds))))
        if logs[-1] < logs.max() + _NEGLIGIBLE or most >= MOST_FLOWS:
            break
        most *= 2
    chances = np.exp(logs - logs.max())
    chances /= chances.sum()
    in_use = min(1.0 - float(chances[0]), math.nextafter(1.0, 0.0))
    return BandQueue(load, float(chances[1:] @ number), in_use)
