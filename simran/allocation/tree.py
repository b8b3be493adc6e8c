"""The combinations of designs that keep to all measures, agent by agent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simran.allocation.measures import Measures
from simran.allocation.problem import Bools, Floats, Ints

__all__ = ["Grown", "grow"]

_MOST_AT_ONCE = 1_000_000  # sums that are looked at in one step
_BEYOND = 2  # times the branches that are kept: so many are looked at for the best of them


@dataclass(frozen=True)
class Grown:
    """What a tree has come to.

    Parameters
    ----------
    leaves : (N, n) places of the designs in the lists of the agents, and of too many the most promising
    complete : whether every combination that keeps to all measures is there
    nodes : how many branches were kept, of all agents together
    """

    leaves: Ints
    complete: bool
    nodes: int


def grow(found: Measures, rows: Ints, alive: Bools, kind: Ints, width: int) -> Grown:
    """Return the combinations that keep to all measures; the most promising if there are too many.

    Agents with few designs come first. Of agents that are alike only one order is looked at: that of
    their rows.

    Parameters
    ----------
    found : the measures, Q of them
    rows : (M, n) rows of the menu
    alive : (M, n) which are in use
    kind : (n,) the same for agents that are alike
    width : number of branches that are kept at the same time
    """
    order = _order(alive, kind)
    least = found.amount.min(axis=1)
    rest = least.sum(axis=1)
    nodes = _Nodes(np.zeros((1, len(kind)), dtype=np.int64), np.zeros((1, len(found.most))))
    complete, count = True, 0
    for before, agent in zip([None, *order], order, strict=False):
        rest = rest - least[:, agent]
        step = _Step(
            found.amount[:, alive[:, agent], agent].T,
            found.most - rest,
            np.flatnonzero(alive[:, agent]),
            rows,
            agent,
            before if before is not None and kind[before] == kind[agent] else None,
        )
        nodes, whole = step.taken(nodes, _BEYOND * width)
        complete = complete and whole and len(nodes.places) <= width
        nodes = _best(nodes, found.guide, width)
        count += len(nodes.places)
    return Grown(nodes.places, complete, count)


@dataclass(frozen=True)
class _Nodes:
    """Open branches: the places of their designs, (N, n), and what these add up to, (N, Q)."""

    places: Ints
    sums: Floats


@dataclass(frozen=True)
class _Step:
    """The next agent of a tree.

    Parameters
    ----------
    more : (m, Q) what each of its designs adds
    most : (Q,) what may be there then, with the least of all agents that come after
    own : (m,) places of its designs
    rows : (M, n) rows of the menu
    agent : which it is
    twin : the agent before, if it is alike
    """

    more: Floats
    most: Floats
    own: Ints
    rows: Ints
    agent: int
    twin: int | None

    def taken(self, nodes: _Nodes, enough: int) -> tuple[_Nodes, bool]:
        """Return the branches that grow out of some, and whether all were looked at."""
        portion = max(1, _MOST_AT_ONCE // self.more.size)
        grown: list[_Nodes] = []
        for start in range(0, len(nodes.places), portion):
            if sum(len(it.places) for it in grown) > enough:
                return _joined(grown), False
            part = slice(start, start + portion)
            grown.append(self._grown(nodes.places[part], nodes.sums[part]))
        return (_joined(grown) if grown else nodes), True

    def _grown(self, places: Ints, sums: Floats) -> _Nodes:
        totals = sums[:, None, :] + self.more
        kept = np.logical_and.reduce(totals <= self.most, axis=2)
        if self.twin is not None:
            before = self.rows[places[:, self.twin], self.twin]
            kept &= before[:, None] <= self.rows[self.own, self.agent]
        node, column = np.nonzero(kept)
        branches = places[node]
        branches[:, self.agent] = self.own[column]
        return _Nodes(branches, totals[node, column])


def _joined(parts: list[_Nodes]) -> _Nodes:
    return _Nodes(
        np.concatenate([it.places for it in parts]), np.concatenate([it.sums for it in parts])
    )


def _best(nodes: _Nodes, guide: int, width: int) -> _Nodes:
    """Return the most promising branches, not more than are kept, the cheaper of equals first."""
    if len(nodes.places) <= width:
        return nodes
    order = np.lexsort((nodes.sums[:, guide - 1], nodes.sums[:, guide]))[:width]
    return _Nodes(nodes.places[order], nodes.sums[order])


def _order(alive: Bools, kind: Ints) -> list[int]:
    """Return the agents, those with the shortest lists first, agents that are alike together."""
    count = alive.sum(axis=0)
    return sorted(range(len(kind)), key=lambda it: (int(count[it]), int(kind[it]), it))
