"""The reference for a few agents: every combination of cuts and bit-widths."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from simran.allocation.base import ALLOCATORS
from simran.allocation.contended import ContendedAllocator
from simran.allocation.enumeration import Selection, enumerate_designs, equals, subsets
from simran.allocation.problem import Ints
from simran.allocation.shared import Contention
from simran.errors import InputError

__all__ = ["Exhaustive", "usable_rows"]

_MOST_AGENTS = 6
_MOST_COMBINATIONS = 2_000_000


@ALLOCATORS.register("exhaustive")
class Exhaustive(ContendedAllocator):
    """The best of all combinations of cuts and bit-widths that have shares: the reference for few agents.

    The largest sum of weights is served, with the least objective, then the least energy. Whether shares
    exist is decided exactly for each combination (:mod:`simran.allocation.loads`), over the common clock by a
    search of a convex function. At most six agents may contend, and not more than two million
    combinations, after designs that others are better than in every respect are left out.

    Examples
    --------
    >>> from simran.allocation.simple import single_agent
    >>> problem = single_agent(520.72e9, 245.95e9, 3.5, 2.0, server_discipline=("allocated",))
    >>> design = Exhaustive().allocate(problem)
    >>> int(design.weight_bits[0]), round(float(design.server_share[0]), 3)
    (11, 1.0)
    """

    name: ClassVar[str] = "exhaustive"

    def select(self, group: Contention) -> list[Selection]:
        """Return the best combinations.

        Raises
        ------
        InputError
            if there are more agents, combinations or common clocks than can be searched to the end
        """
        usable = usable_rows(group)
        _refuse_many(group, usable)
        for sets in subsets(group):
            found = [
                it for served in sets for it in enumerate_designs(group, served, usable, self.fair)
            ]
            if found:
                return equals(group, found, self.fair)
        count = len(group.agents)
        clocks = np.array([high for _, high, _ in group.clocks])
        return [Selection(np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.bool_), clocks)]


def usable_rows(group: Contention) -> list[Ints]:
    """Return the rows of the menu that each agent may use."""
    return [np.flatnonzero(np.isfinite(column)) for column in group.menu.value.T]


def _refuse_many(group: Contention, usable: list[Ints]) -> None:
    count, clocks = len(group.agents), len(group.clocks)
    combinations = math.prod(max(1, len(rows)) for rows in usable)
    if count > _MOST_AGENTS or combinations > _MOST_COMBINATIONS:
        raise InputError(
            f"allocator 'exhaustive' looks at every combination, and {count} agents that contend have"
            f" {combinations:.3g}: at most {_MOST_AGENTS} agents and {_MOST_COMBINATIONS} combinations"
            " can be searched; use joint or greedy, or fewer agents, splits or bit-widths"
        )
    if clocks > 1:
        raise InputError(
            f"allocator 'exhaustive' cannot search the clocks of {clocks} servers that contend through"
            " one cell to the end; use joint or greedy"
        )
