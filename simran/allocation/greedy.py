"""Raising bits one by one: the largest gain per share first."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from simran.allocation.admission import admit
from simran.allocation.base import ALLOCATORS
from simran.allocation.common_clock import settle_clocks
from simran.allocation.contended import ContendedAllocator
from simran.allocation.enumeration import Selection
from simran.allocation.offers import CROWD
from simran.allocation.prices import offer
from simran.allocation.problem import Floats
from simran.allocation.raising import raise_designs
from simran.allocation.shared import Contention

__all__ = ["Greedy", "raised"]

_FEW = 0.02  # part of a crowd whose steps are not worth settling the clock anew


@ALLOCATORS.register("greedy")
class Greedy(ContendedAllocator):
    """Bit-raising by gain of weighted distortion per shared resource.

    All served agents begin with the design that needs the least shares. Then the step with the largest
    gain of w D per cost of its shares is taken, as long as shares exist, at the prices that the
    first designs set. The common clock is then put where the designs need least, and the raising
    goes on, until nothing changes. Who is served, is decided as for ``joint``.

    Examples
    --------
    >>> from simran.allocation.simple import single_agent
    >>> problem = single_agent(520.72e9, 245.95e9, 3.5, 2.0, server_discipline=("allocated",))
    >>> int(Greedy().allocate(problem).weight_bits[0])
    11
    """

    name: ClassVar[str] = "greedy"

    def select(self, group: Contention) -> list[Selection]:
        """Return the selection that raising ends at."""
        first = admit(group)
        if not first.served.any():
            return [first]
        return [raised(group, first, self.fair)]


def raised(group: Contention, start: Selection, fair: bool) -> Selection:
    """Return a selection raised as far as it goes, with the common clocks settled in turn."""
    served = start.served
    rows = np.flatnonzero(served)
    room = float(group.capacity(served))
    columns, clocks = start.columns.copy(), start.clocks_hz
    while True:
        clocks = _settled(group, Selection(columns, served, clocks), room)
        part = offer(group, clocks, rough=True).only(rows)
        _, direction = part.balanced(columns[rows])
        part = part.focused(direction)
        higher = raise_designs(part, columns[rows], direction, room, fair=fair)
        changed = int((higher != columns[rows]).sum())
        columns[rows] = higher
        if changed <= (_FEW * len(rows) if len(rows) > CROWD else 0):
            return Selection(columns, served, clocks)


def _settled(group: Contention, now: Selection, room: float) -> Floats:
    """Return the clocks at which the selection needs the least shares."""
    load, clocks = settle_clocks(group, now.columns[None, :], now.served[None, :], now.clocks_hz)
    chosen: Floats = clocks[0] if load[0] <= room else now.clocks_hz
    return chosen
