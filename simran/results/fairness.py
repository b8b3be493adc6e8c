"""How evenly agents are served: a few sums for each agent, whatever the number of its requests."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simran.results.context import RecordContext
from simran.results.records import COMPLETED, UNFINISHED
from simran.results.table import Columns

__all__ = ["AgentSums", "jain_index"]

Floats = NDArray[np.float64]

_MEANS = {"delay_s": "delay_s", "energy_j": "energy_j", "distortion": "plan_distortion"}
_QUARTILES = {"min": 0.0, "p25": 25.0, "p50": 50.0, "p75": 75.0, "max": 100.0}


def jain_index(values: Floats) -> float:
    """Return Jain's index (Σx)²/(n Σx²): 1 where all are equal, 1/n where one has everything.

    All zeros are equal, so their index is 1; of no values it is NaN.

    Parameters
    ----------
    values : (n,) of the agents, 0 or more

    References
    ----------
    Jain, Chiu, Hawe: A Quantitative Measure of Fairness and Discrimination for Resource Allocation in
    Shared Computer Systems, DEC-TR-301, 1984.

    Examples
    --------
    >>> jain_index(np.array([1.0, 1.0])), jain_index(np.array([0.0, 2.0]))
    (1.0, 0.5)
    """
    largest = float(np.max(values, initial=0.0))
    if not len(values):
        return float("nan")
    if largest == 0.0:
        return 1.0
    scaled = values / largest  # squares neither overflow nor vanish
    return min(1.0, float(scaled.sum() ** 2 / (len(values) * (scaled**2).sum())))


class AgentSums:
    """Requests after warm-up of every agent: how many, and sums of what they took.

    Parameters
    ----------
    context : who the agents are
    """

    def __init__(self, context: RecordContext) -> None:
        self._names, self._group = context.coded("groups")
        agents = len(context.agents)
        self._judged = np.zeros(agents)
        self._done = np.zeros(agents)
        self._sums = {name: np.zeros(agents) for name in _MEANS}

    def add(self, columns: Columns) -> None:
        """Add a block of requests that have ended, or are unfinished at the end of the run."""
        kept = ~columns["in_warmup"]
        agent, status = columns["agent"][kept], columns["status"][kept]
        if not len(agent):
            return
        done = status == COMPLETED
        count = len(self._done)
        ended = status != UNFINISHED
        self._judged += np.bincount(agent[ended], minlength=count)
        self._done += np.bincount(agent[done], minlength=count)
        for name, column in _MEANS.items():
            values = columns[column][kept][done]
            self._sums[name] += np.bincount(agent[done], values, minlength=count)

    def as_dict(self) -> dict[str, Any]:
        """Return ``fairness`` of the summary: of each group and of all its agents together.

        ``completed_share`` is over requests that have ended; an agent without any, or without a
        completed one, is left out of the quantities that it has no mean of, and ``agents`` counts who is in.
        """
        groups = {name: self._of(self._group == place) for place, name in enumerate(self._names)}
        return {"groups": groups, "total": self._of(np.ones(len(self._group), dtype=bool))}

    def _of(self, mine: NDArray[np.bool_]) -> dict[str, Any]:
        heard = mine & (self._judged > 0)
        served = mine & (self._done > 0)
        found = {"completed_share": _spread(self._done[heard] / self._judged[heard])}
        for name, sums in self._sums.items():
            known = served & np.isfinite(sums)
            found[name] = _spread(sums[known] / self._done[known])
        return found


def _spread(values: Floats) -> dict[str, Any]:
    """Return Jain's index and the quartiles of one value for each agent."""
    if not len(values):
        return {"agents": 0, "jain": None, **dict.fromkeys(_QUARTILES)}
    ends = np.percentile(values, list(_QUARTILES.values()))
    quartiles = dict(zip(_QUARTILES, map(float, ends), strict=True))
    return {"agents": len(values), "jain": jain_index(values), **quartiles}
