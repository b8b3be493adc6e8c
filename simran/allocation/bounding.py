"""Branch and bound for a few agents, and a lower bound for many."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace

import numpy as np

from simran.allocation.alike import kinds
from simran.allocation.enumeration import Selection, equals, first_fitting
from simran.allocation.frontier_needs import FrontierNeeds
from simran.allocation.greedy import raised
from simran.allocation.prices import lagrangian_bound, offer_between
from simran.allocation.problem import Bools, Ints
from simran.allocation.shared import Contention, Memo
from simran.allocation.spans import Span, halves, narrowed, spans
from simran.allocation.stages import RELATIVE_TOLERANCE
from simran.allocation.tree import grow

__all__ = ["Searched", "branch_and_bound", "lower_bound"]

_WIDTH = 4000  # branches that are kept at the same time in the whole range of the clock
_WIDEST = 64_000  # the same in an interval that is narrow
_MOST_NODES = 250_000  # after which the search is given up
_FEW_LEAVES = 600  # that are all looked at closely in an interval that could be halved
_TRIED = 256  # of more, so many are, to know better designs sooner


@dataclass(frozen=True)
class Searched:
    """What a search has come to.

    Parameters
    ----------
    found : the best selections, equally good ones all
    complete : whether these are known to be the best there are
    bound : Σ w D (with fairness: of those that keep to the largest w D found) that none is below
    nodes : branches that were looked at
    """

    found: list[Selection]
    complete: bool
    bound: float
    nodes: int


def branch_and_bound(
    group: Contention, served: Bools, known: Selection | None, usable: list[Ints], fair: bool
) -> Searched:
    """Return the best selections that serve some agents.

    The range of the common clock is halved again and again. In each interval, times are those of
    its upper end and energies those of its lower end, which is too good for every clock in it; prices of
    cell and server then tell which designs, and which branches of the tree of all combinations, may be
    as good as what is known (:mod:`simran.allocation.measures`). Where few leaves remain, each is looked
    at for itself, from the best on.

    Parameters
    ----------
    group : who contends
    served : (n,) who is to be served
    known : a selection that serves them and has shares, or None
    usable : rows of the menu that each agent may use
    fair : minimise the largest value first
    """
    if not fair:
        return _Search(group, served, known, usable).run()
    nodes, complete = 0, True
    while True:
        level = np.inf if known is None else known.value(group, True)[0]
        below = _within(group, usable, level * (1 - RELATIVE_TOLERANCE) if known else level)
        any_of = _Search(_worthless(group), served, None, below, first=True).run()
        nodes += any_of.nodes
        if not any_of.found:
            complete = any_of.complete
            break
        known = raised(group, any_of.found[0], True)
    if known is None:
        return Searched([], complete, np.inf if complete else 0.0, nodes)
    within = _within(group, usable, known.value(group, True)[0] * (1 + RELATIVE_TOLERANCE))
    last = _Search(group, served, known, within).run()
    found = equals(group, last.found, True)
    return Searched(found, complete and last.complete, last.bound, nodes + last.nodes)


class _Search:
    """A search for the least Σ w D, or for anything that has shares."""

    def __init__(
        self,
        group: Contention,
        served: Bools,
        known: Selection | None,
        usable: list[Ints],
        first: bool = False,
    ) -> None:
        self.group = group
        self.served = served
        self.first = first
        self.agents = np.flatnonzero(served)
        self.usable = [usable[it] for it in self.agents]
        self.kind = kinds(group)[self.agents]
        self.room = float(group.capacity(served))
        self.found: dict[bytes, Selection] = {}
        self.limit = np.inf
        self.bound = np.inf  # of all that was not looked at to the end
        self.nodes = 0
        if known is not None:
            self._enter([known])

    def run(self) -> Searched:
        """Return what comes of all intervals, the one with the lowest bound first."""
        first = spans(self.group, self.agents, self.usable)
        heap = [(it.bound, number, it) for number, it in enumerate(first)]
        count = len(heap)
        while heap and heap[0][0] <= self.limit and not (self.first and self.found):
            if self.nodes > _MOST_NODES:
                self.bound = min(self.bound, heap[0][0])
                break
            for half in self._divided(heapq.heappop(heap)[2]):
                count += 1
                heapq.heappush(heap, (half.bound, count, half))
        found = sorted(self.found.values(), key=lambda it: tuple(it.columns))
        found.sort(key=lambda it: it.value(self.group, False))
        bound = found[0].value(self.group, False)[0] if found else np.inf
        if not _settles(self.group):
            self.bound = 0.0
        return Searched(
            equals(self.group, found, False),
            self.bound == np.inf,
            min(bound, self.bound),
            self.nodes,
        )

    def _divided(self, span: Span) -> list[Span]:
        """Return what is left to be looked at of an interval: nothing, or its halves."""
        looked = narrowed(self.group, span, self.room, self.limit)
        if looked is None or looked[0].bound > self.limit:
            return []
        span, measures = looked
        last = not span.divisible
        width = _WIDEST if last else min(_WIDTH * 2 ** (span.depth // 3), _WIDEST)
        grown = grow(measures, span.rows, span.alive, self.kind, width)
        self.nodes += grown.nodes
        leaves = span.columns(grown.leaves, len(self.served))
        settled = grown.complete and (len(leaves) <= _FEW_LEAVES or last)
        self._try(leaves, len(leaves) if settled else _TRIED)
        if settled:
            return []
        if last:
            self.bound = min(self.bound, span.bound)
            return []
        return halves(span)

    def _try(self, leaves: Ints, most: int) -> None:
        """Look at the best of some combinations."""
        values = self.group.menu.value[leaves, np.arange(leaves.shape[1])]
        total = np.where(self.served, values, 0.0).sum(axis=1)
        tried = leaves[np.argsort(total, kind="stable")[:most]]
        if len(tried):
            self._enter(first_fitting(self.group, tried, self.served, False))

    def _enter(self, found: list[Selection]) -> None:
        for selection in found:
            self.found.setdefault(selection.columns.tobytes(), selection)
            total = selection.value(self.group, False)[0]
            self.limit = min(self.limit, total * (1 + RELATIVE_TOLERANCE))


def _settles(group: Contention) -> bool:
    """Tell whether the least load of designs is found for sure.

    The clocks of several servers are settled in turn, and the prices of three stations or more, where
    energy pays for shares, step by step: either may miss it.
    """
    curved = isinstance(group.menu, FrontierNeeds)
    return len(group.clocks) <= 1 and not (curved and group.stations.cell.shape[1] > 2)


def _within(group: Contention, usable: list[Ints], level: float) -> list[Ints]:
    """Return the rows that each agent may use with a value up to a level."""
    return [rows[group.menu.value[rows, agent] <= level] for agent, rows in enumerate(usable)]


def _worthless(group: Contention) -> Contention:
    """Return the same with every design that exists as good as any other."""
    value = np.where(np.isfinite(group.menu.value), 0.0, np.inf)
    menu = replace(group.menu, value=value)
    return replace(group, menu=menu, memo=Memo(costs=group.memo.costs))


def lower_bound(group: Contention, served: Bools, parts: int = 48) -> float:
    """Return what the least Σ w D of the served agents cannot be below: a Lagrangian bound.

    The range of the common clock is cut into intervals. In each, times are those of its upper end and
    energies those of its lower end, which is too good for every clock in it; the least of the bounds
    of :func:`simran.allocation.prices.lagrangian_bound` over all intervals holds. The interval with the
    least bound is halved, ``parts`` times in all.

    Parameters
    ----------
    group : who contends, at no more than one server with shares
    served : (n,)
    parts : number of intervals

    Raises
    ------
    ValueError
        if the agents contend at several servers with shares
    """
    if len(group.clocks) > 1:
        raise ValueError(f"one server with shares expected, got {len(group.clocks)}")
    rows = np.flatnonzero(served)
    room = float(group.capacity(served))
    if not group.clocks or len(group.clocks[0][2]):
        steps = group.clocks[0][2].tolist() if group.clocks else [1.0]
        return min(_bound(group, rows, room, step, step) for step in steps)
    low, high, _ = group.clocks[0]
    heap = [(_bound(group, rows, room, low, high), low, high)]
    for _ in range(parts):
        bound, a, b = heapq.heappop(heap)
        middle = float(np.sqrt(a * b))
        for one, other in ((a, middle), (middle, b)):
            found = max(bound, _bound(group, rows, room, one, other))
            heapq.heappush(heap, (found, one, other))
    return heap[0][0]


def _bound(group: Contention, rows: Ints, room: float, low: float, high: float) -> float:
    """Return a bound for all clocks of an interval; inf where some agent has no design at all."""
    ends = (np.array([it] if group.clocks else []) for it in (low, high))
    given = offer_between(group, *ends).only(rows)
    if not np.isfinite(given.value).any(axis=0).all():
        return np.inf
    return lagrangian_bound(given, room)
