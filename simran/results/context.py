"""Who the agents are, for the records of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["RecordContext"]


def _codes(names: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    known = tuple(dict.fromkeys(names))
    place = {name: index for index, name in enumerate(known)}
    return known, np.array([place[name] for name in names], dtype=np.int64)


@dataclass(frozen=True)
class RecordContext:
    """What every request of an agent has in common.

    Parameters
    ----------
    agents, groups, cells, servers, models : (K,) names, by index of the agent
    delay_budget_s : (K,) T0 [s], inf for none
    workers : number of processors of each server, by name; of slices where each has its own clock
    warmup_s : arrivals before it are in the warm-up [s]
    metrics : names of the scores that the models' quality is given in, where there is one
    airtimes : names of the cells where requests note their airtime, which their designs do not say
    elastic : names of the cells that no load is too much for
    """

    agents: tuple[str, ...]
    groups: tuple[str, ...]
    cells: tuple[str, ...]
    servers: tuple[str, ...]
    models: tuple[str, ...]
    delay_budget_s: tuple[float, ...]
    workers: dict[str, int]
    warmup_s: float
    metrics: frozenset[str] = frozenset()
    airtimes: frozenset[str] = frozenset()
    elastic: frozenset[str] = frozenset()

    def coded(self, kind: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        """Return the distinct names of a kind, such as ``groups``, and (K,) which one each has."""
        return _codes(getattr(self, kind))
