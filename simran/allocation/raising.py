"""Raising designs one by one while shares exist."""

from __future__ import annotations

import heapq
import math

import numpy as np

from simran.allocation.offers import CROWD, Offer
from simran.allocation.problem import Bools, Floats, Ints

__all__ = ["raise_designs"]

_PATIENCE = 16  # refusals in a crowd after which all designs are looked at together


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
        self._value = np.ascontiguousarray(given.value.T)
        self._costs = np.ascontiguousarray(given.costs(direction).T)
        self._room = room
        self._fair = fair
        everyone = np.ones(len(columns), dtype=np.bool_)
        self._ledger = given.ledger(columns, everyone, direction)
        self._left = np.isfinite(self._value)
        self._heap: list[tuple[float, int, int]] = []
        self._refused: dict[int, Bools | None] = {}  # since the last step that was taken
        self._patience = _PATIENCE if len(columns) > CROWD else math.inf

    def propose(self, agent: int) -> None:
        """Queue the best step of an agent that has not been tried, with what ranks it."""
        value, costs = self._value[agent], self._costs[agent]
        now = self.columns[agent]
        gain = value[now] - value
        more = np.maximum(costs - costs[now], 1e-300)
        with np.errstate(over="ignore", invalid="ignore"):
            key = more if self._fair else -gain / more
        key = np.where(self._left[agent] & (gain > 0), key, np.inf)
        row = int(key.argmin())
        if key[row] < np.inf:
            rank = -float(value[now]) if self._fair else float(key[row])
            heapq.heappush(self._heap, (rank, agent, row))

    def run(self) -> None:
        """Take every step that fits, in order."""
        refused = 0
        while self._heap:
            _, agent, row = heapq.heappop(self._heap)
            if not self._left[agent, row]:
                self.propose(agent)
                continue
            self._left[agent, row] = False
            if self._fits(agent, row):
                self._ledger.take(agent, row)
                self.columns[agent] = row
                self._refused.clear()
                refused = 0
            elif (refused := refused + 1) == self._patience:  # most likely nothing fits any more
                self._left &= self._room >= self._ledger.loads().T
            self.propose(agent)

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
            left = self._left[agent]
            rows = np.flatnonzero(left | (np.arange(len(left)) == row))
            refused = np.ones(len(left), dtype=np.bool_)
            refused[rows] = self._ledger.loads_with(agent, rows) > self._room
            self._refused[agent] = refused
        return not refused[row]
