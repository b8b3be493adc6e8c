"""Every combination of designs of a few agents, from the best on, until one has shares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from simran.allocation.common_clock import may_fit, settle_clocks
from simran.allocation.problem import Bools, Floats, Ints
from simran.allocation.shared import Contention
from simran.allocation.stages import RELATIVE_TOLERANCE

__all__ = ["Selection", "enumerate_designs", "equals", "first_fitting", "rank", "subsets"]

_PORTION = 256
_MOST_EQUALS = 32
_MANY = 8192


@dataclass(frozen=True)
class Selection:
    """One design for each agent that is served.

    Parameters
    ----------
    columns : (n,) rows of the menu
    served : (n,)
    clocks_hz : (S,) common clocks under which shares exist [Hz]
    """

    columns: Ints
    served: Bools
    clocks_hz: Floats

    def value(self, group: Contention, fair: bool) -> tuple[float, float]:
        """Return what is minimised: Σ w D; where fairness is wanted, max w D first."""
        values = group.menu.value[self.columns, np.arange(len(self.columns))]
        values = np.where(self.served, values, 0.0)
        total = float(values.sum())
        return (float(values.max(initial=0.0)), total) if fair else (total, total)


def subsets(group: Contention) -> Iterator[list[Bools]]:
    """Yield all sets of agents by falling sum of weights, those of equal weight together."""
    count = len(group.agents)
    sets: list[tuple[float, Bools]] = []
    for size in range(count, 0, -1):
        for chosen in combinations(range(count), size):
            served = np.isin(np.arange(count), chosen)
            sets.append((float(group.weight[served].sum()), served))
    sets.sort(key=lambda it: -it[0])
    start = 0
    while start < len(sets):
        end = start
        while end < len(sets) and sets[end][0] >= sets[start][0] * (1 - RELATIVE_TOLERANCE):
            end += 1
        yield [served for _, served in sets[start:end]]
        start = end


def rank(values: Floats, fair: bool) -> Ints:
    """Return the order of combinations (N, n) of values, best first."""
    total = values.sum(axis=1)
    if fair:
        return np.lexsort((total, values.max(axis=1)))
    return np.argsort(total, kind="stable")


def enumerate_designs(
    group: Contention, served: Bools, usable: list[Ints], fair: bool
) -> list[Selection]:
    """Return the best selections that have shares: all that are equally good, at most 32.

    Parameters
    ----------
    group : who contends
    served : (n,) who is to be served
    usable : rows of the menu that each agent may use
    fair : minimise max w D, then Σ w D
    """
    lists = [rows if on else np.array([0]) for rows, on in zip(usable, served, strict=True)]
    if any(not len(rows) for rows in lists):
        return []
    grids = np.meshgrid(*lists, indexing="ij")
    columns = np.stack([grid.ravel() for grid in grids], axis=1)
    values = group.menu.value[columns, np.arange(len(served))]
    values = np.where(served, values, 0.0)
    return first_fitting(group, columns[rank(values, fair)], served, fair)


def equals(group: Contention, found: list[Selection], fair: bool) -> list[Selection]:
    """Return the best of some selections, and those as good within 1e-9 relative."""
    if not found:
        return []
    values = [it.value(group, fair) for it in found]
    limit = [value * (1 + RELATIVE_TOLERANCE) for value in min(values)]
    return [
        it
        for it, value in zip(found, values, strict=True)
        if value[0] <= limit[0] and value[1] <= limit[1]
    ]


def first_fitting(group: Contention, columns: Ints, served: Bools, fair: bool) -> list[Selection]:
    """Return the first of some combinations, best first, that have shares, and its equals.

    Parameters
    ----------
    columns : (N, n) combinations, in order
    """
    room = group.capacity(served)
    hopeful = [
        part[may_fit(group, part, np.broadcast_to(served, part.shape))]
        for part in np.array_split(columns, max(1, -(-len(columns) // _MANY)))
    ]
    columns = np.concatenate(hopeful)
    found: list[Selection] = []
    limit = np.inf, np.inf
    for start in range(0, len(columns), _PORTION):
        part = columns[start : start + _PORTION]
        ahead = Selection(part[0], served, np.empty(0)).value(group, fair)
        if ahead[0] > limit[0]:
            break
        load, clocks = settle_clocks(group, part, np.broadcast_to(served, part.shape))
        for index in np.flatnonzero(load <= room):
            selection = Selection(part[index], served, clocks[index])
            first, second = selection.value(group, fair)
            if not found:
                limit = first * (1 + RELATIVE_TOLERANCE), second * (1 + RELATIVE_TOLERANCE)
            if first > limit[0] or second > limit[1] or len(found) == _MOST_EQUALS:
                return found
            found.append(selection)
    return found
