"""Raising designs one by one while shares exist."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator

import numpy as np

from simran.allocation.offers import Offer
from simran.allocation.problem import Bools, Floats, Ints

__all__ = ["raise_designs"]

_CROWD, _PATIENCE = 100, 16  # agents above which all are looked at together after so many refusals


def raise_designs(
    given: Offer,
    columns: Ints,
    direction: Floats,
    room: float,
    *,
    fair: bool = False,
    fixed: Bools | None = None,
) -> Ints:
    """Return designs no worse than ``columns``, none of which can be bettered alone.

    The step with the largest gain of value per cost of its shares comes first; where fairness is wanted,
    the agent with the largest value takes its cheapest step. A step is taken if shares then exist.

    Parameters
    ----------
    given : designs of the agents
    columns : (n,) where to start: designs that have shares
    direction : (J,) prices that costs are reckoned at
    room : what may be shared out
    fair : minimise the largest value first
    fixed : (n,) agents that are left as they are
    """
    climb = _Climb(given, columns, direction, room, fair)
    climb.begin(np.zeros(len(columns), dtype=np.bool_) if fixed is None else fixed)
    climb.run()
    return climb.columns


class _Climb:
    """The steps that are still to be tried, best first."""

    def __init__(
        self, given: Offer, columns: Ints, direction: Floats, room: float, fair: bool
    ) -> None:
        self.columns = columns.copy()
        self._given = given
        self._costs = given.costs(direction)
        self._room = room
        self._fair = fair
        everyone = np.ones(len(columns), dtype=np.bool_)
        self._ledger = given.ledger(columns, everyone, direction)
        self._left = np.isfinite(given.value)
        self._heap: list[tuple[float, int, int]] = []
        self._queues: dict[int, Iterator[tuple[float, int]]] = {}
        self._refused: dict[int, Bools | None] = {}  # since the last step that was taken
        self._patience = _PATIENCE if len(columns) > _CROWD else math.inf

    def begin(self, fixed: Bools) -> None:
        """Queue the best step of each agent that is not ``fixed``."""
        value, agents = self._given.value, np.arange(len(self.columns))
        gain = value[self.columns, agents] - value
        more = np.maximum(self._costs - self._costs[self.columns, agents], 1e-300)
        with np.errstate(over="ignore", invalid="ignore"):
            key = more if self._fair else -gain / more
        key = np.where(self._left & (gain > 0) & ~fixed, key, np.inf)
        rows = np.argmin(key, axis=0)
        first = key[rows, agents]
        for agent in np.flatnonzero(first < np.inf).tolist():
            rank = -float(value[self.columns[agent], agent]) if self._fair else float(first[agent])
            self._heap.append((rank, agent, int(rows[agent])))
        heapq.heapify(self._heap)

    def propose(self, agent: int) -> None:
        """Queue the best step of an agent that has not been tried."""
        if not self._left[:, agent].any():
            return
        if agent not in self._queues:
            self._queues[agent] = self._steps(agent)
        step = next(self._queues[agent], None)
        if step is not None:
            heapq.heappush(self._heap, (step[0], agent, step[1]))

    def run(self) -> None:
        """Take every step that fits, in order."""
        refused = 0
        while self._heap:
            _, agent, row = heapq.heappop(self._heap)
            if not self._left[row, agent]:
                self.propose(agent)
                continue
            self._left[row, agent] = False
            if self._fits(agent, row):
                self._ledger.take(agent, row)
                self.columns[agent] = row
                self._refused.clear()
                self._queues.pop(agent, None)
                refused = 0
            elif (refused := refused + 1) == self._patience:  # most likely nothing fits any more
                self._left &= self._ledger.loads() <= self._room
            self.propose(agent)

    def _steps(self, agent: int) -> Iterator[tuple[float, int]]:
        """Return the steps of an agent from where it is, best first, with what ranks them."""
        value, costs = self._given.value[:, agent], self._costs[:, agent]
        now = self.columns[agent]
        gain = value[now] - value
        rows = np.flatnonzero(self._left[:, agent] & (gain > 0))
        more = np.maximum(costs[rows] - costs[now], 1e-300)
        if self._fair:
            rows = rows[np.argsort(more, kind="stable")]
            return iter([(-float(value[now]), row) for row in rows.tolist()])
        with np.errstate(over="ignore"):
            rate = -gain[rows] / more
        order = np.argsort(rate, kind="stable")
        return iter(zip(rate[order].tolist(), rows[order].tolist(), strict=True))

    def _fits(self, agent: int, row: int) -> bool:
        """Tell whether there are shares for a step.

        Where an agent's step has been refused, all its others are looked at together, which holds until
        a step is taken.
        """
        if agent not in self._refused:
            fits = self._ledger.load_with(agent, row) <= self._room
            self._refused[agent] = None
            return fits
        refused = self._refused[agent]
        if refused is None:
            rows = np.flatnonzero(self._left[:, agent] | (np.arange(len(self._left)) == row))
            refused = np.ones(len(self._left), dtype=np.bool_)
            refused[rows] = self._ledger.loads_with(agent, rows) > self._room
            self._refused[agent] = refused
        return not refused[row]
