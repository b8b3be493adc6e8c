"""Raising designs one by one while shares exist."""

from __future__ import annotations

import heapq

import numpy as np

from simran.allocation.offers import Offer
from simran.allocation.problem import Bools, Floats, Ints

__all__ = ["raise_designs"]


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
    agents = range(len(columns)) if fixed is None else np.flatnonzero(~fixed).tolist()
    for agent in agents:
        climb.propose(agent)
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

    def propose(self, agent: int) -> None:
        """Queue the best step of an agent that has not been tried."""
        value, costs = self._given.value[:, agent], self._costs[:, agent]
        now = self.columns[agent]
        gain = value[now] - value
        rows = np.flatnonzero(self._left[:, agent] & (gain > 0))
        if not rows.size:
            return
        more = np.maximum(costs[rows] - costs[now], 1e-300)
        if self._fair:
            row = int(rows[np.argmin(more)])
            heapq.heappush(self._heap, (-float(value[now]), agent, row))
            return
        with np.errstate(over="ignore"):
            rate = gain[rows] / more
        best = int(np.argmax(rate))
        heapq.heappush(self._heap, (-float(rate[best]), agent, int(rows[best])))

    def run(self) -> None:
        """Take every step that fits, in order."""
        while self._heap:
            _, agent, row = heapq.heappop(self._heap)
            self._left[row, agent] = False
            if self._ledger.load_with(agent, row) <= self._room:
                self._ledger.take(agent, row)
                self.columns[agent] = row
            self.propose(agent)
