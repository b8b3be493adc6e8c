"""All agents of a cell and a server at once, by dual decomposition and integer repair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from simran.allocation.admission import admit, clock_tuples
from simran.allocation.base import ALLOCATORS, Option
from simran.allocation.bounding import branch_and_bound
from simran.allocation.common_clock import is_crowd
from simran.allocation.contended import ContendedAllocator
from simran.allocation.enumeration import Selection, equals, subsets
from simran.allocation.exhaustive import usable_rows
from simran.allocation.greedy import raised
from simran.allocation.offers import CROWD
from simran.allocation.optimality import Doubt
from simran.allocation.options import read_count
from simran.allocation.prices import Offer, decompose, hopeless, offer, thrifty
from simran.allocation.problem import Allocation, Floats, Ints, Problem
from simran.allocation.raising import raise_designs
from simran.allocation.restarts import moved, restarts
from simran.allocation.shared import Contention

__all__ = ["Joint"]

_FEW = 16  # agents among whom designs are exchanged
_PUSHED = 4  # designs of more that are put through at the cost of all others
_MIDDLING, _CLOSELY = 300, 3  # agents up to whom so many clocks are looked at closely
_REFINEMENTS, _MORE = 2, 4  # changes of the clocks around the best; where its first grid is coarse


@ALLOCATORS.register("joint")
class Joint(ContendedAllocator):
    """Bits, cuts, clocks and shares of all agents of a cell and a server at once.

    At each of a grid of common clocks, prices for cell and server let every agent pick its own best design
    (dual decomposition); the lowest prices at which shares exist give a first selection. It is
    repaired: designs are raised while shares exist, exchanged among few agents, and the common clock is
    put where they need least; of few agents, each kind is also given its best design first, at the clock
    that suits it; of up to a hundred what ``greedy`` finds counts, too, and the largest steps are put
    through. Up to ``exact_up_to`` agents are then searched by branch and bound with that as what is known;
    the result there is the best one, unless
    the tree is too large, which :meth:`remark` tells. Last, shares and clocks of least energy.

    Examples
    --------
    >>> from simran.allocation.simple import single_agent
    >>> problem = single_agent(520.72e9, 245.95e9, 3.5, 2.0, server_discipline=("allocated",))
    >>> int(Joint().allocate(problem).weight_bits[0])
    11
    """

    name: ClassVar[str] = "joint"
    OPTIONS: ClassVar[Mapping[str, Option]] = {
        **ContendedAllocator.OPTIONS,
        "exact_up_to": Option(
            "number of contending agents up to which branch and bound is used, 0 to 6",
            6,
            read_count(6),
        ),
    }

    def __init__(
        self, options: Mapping[str, Any] | None = None, rng: np.random.Generator | None = None
    ) -> None:
        super().__init__(options, rng)
        self._asked: Problem | None = None
        self._doubts: list[Doubt] = []

    def allocate(self, problem: Problem) -> Allocation:
        """Return a design for every agent of ``problem``."""
        self._asked, self._doubts = problem, []
        return super().allocate(problem)

    def remark(self, problem: Problem, allocation: Allocation) -> str:
        """Return whose designs are not known to be the best, and how far from it they may be."""
        if self._asked is not problem:
            self.allocate(problem)
        return "; ".join(it.told(self.fair) for it in self._doubts)

    def select(self, group: Contention) -> list[Selection]:
        """Return the best selection found."""
        first = admit(group)
        known = _improved(group, first, self.fair) if first.served.any() else None
        if len(group.agents) > self.options["exact_up_to"]:
            best = known or first
            self._doubts.append(Doubt(group, best, 0.0, more=not best.served.all()))
            return [best]
        usable = usable_rows(group)
        more = False
        for sets in subsets(group):
            searches = []
            for served in sets:
                here = known if known is not None and (known.served == served).all() else None
                searches.append(branch_and_bound(group, served, here, usable, self.fair))
            ended = all(it.complete for it in searches)
            found = equals(group, [it for one in searches for it in one.found], self.fair)
            if found and not (ended and not more):
                bound = min(it.bound for it in searches)
                self._doubts.append(Doubt(group, found[0], bound, more))
            if found:
                return found
            more = more or not ended
        if more:
            self._doubts.append(Doubt(group, known or first, 0.0, more))
        return [known or first]


@dataclass(frozen=True)
class _Trial:
    """What came of one tuple of common clocks."""

    value: tuple[float, float]
    selection: Selection


def _improved(group: Contention, first: Selection, fair: bool) -> Selection:
    """Return the best selection that serves those who were admitted."""
    rough = is_crowd(group)
    trials = list(_trials(group, first, clock_tuples(group), fair, rough))
    trials.append(_Trial(first.value(group, fair), first))
    for _ in range(_MORE if rough else _REFINEMENTS):
        best = min(trials, key=lambda it: it.value)
        clocks = list(_between(group, best.selection, [it.selection for it in trials]))
        trials += _trials(group, first, clocks, fair, rough)
    trials.sort(key=lambda it: it.value)
    count = int(first.served.sum())
    kept = trials[: 2 if count <= _FEW else _CLOSELY if rough and count <= _MIDDLING else 1]
    if rough:
        clocks = [it.selection.clocks_hz for it in kept]
        kept = [*_trials(group, first, clocks, fair, False)] or kept
    finished = [_finished(group, it.selection, fair) for it in kept]
    if count <= _FEW:
        finished = [moved(group, it, fair) for it in finished]
        finished += restarts(group, first, fair)
    elif count <= CROWD:
        finished.append(raised(group, first, fair))  # what `greedy` finds
    return min(finished, key=lambda it: it.value(group, fair))


def _trials(
    group: Contention,
    first: Selection,
    clocks: list[Floats],
    fair: bool,
    rough: bool,
) -> Iterator[_Trial]:
    """Yield what prices lead to under each tuple of clocks at which all can be served, perhaps roughly."""
    rows = np.flatnonzero(first.served)
    room = float(group.capacity(first.served))
    for clocks_hz in clocks:
        given = offer(group, clocks_hz, rough=True)
        if not first.served.all():
            given = given.only(rows)
        if not np.isfinite(given.value).any(axis=0).all() or hopeless(given, room):
            continue
        least, load, direction = thrifty(given, room)
        if load > room:
            continue
        if fair:
            given = given.below(_fairest(given, least, room))
            least, load, direction = thrifty(given, room, direction)
        if not rough:
            direction = decompose(given, room, direction).direction
            given = given.focused(direction)
        priced = decompose(given, room, direction)
        columns = first.columns.copy()
        columns[rows] = least if priced.columns is None else priced.columns
        selection = Selection(columns, first.served, clocks_hz)
        yield _Trial(selection.value(group, fair), selection)


def _fairest(given: Offer, least: Ints, room: float) -> float:
    """Return the least largest value under which shares exist for all, by bisection."""
    levels = np.unique(given.value[np.isfinite(given.value)])
    top = given.value[least, np.arange(len(least))].max()
    low, high = -1, int(np.searchsorted(levels, top))
    while high - low > 1:
        middle = (low + high) // 2
        tried = given.below(float(levels[middle]))
        able = bool(np.isfinite(tried.value).any(axis=0).all())
        if able and thrifty(tried, room)[1] <= room:
            high = middle
        else:
            low = middle
    return float(levels[high])


def _between(group: Contention, best: Selection, known: list[Selection]) -> Iterator[Floats]:
    """Yield clocks between those of the best selection and the next ones tried."""
    for server, (_, _, steps) in enumerate(group.clocks):
        if len(steps):
            continue
        tried = np.unique([it.clocks_hz[server] for it in known])
        place = int(np.searchsorted(tried, best.clocks_hz[server]))
        for other in (place - 1, place + 1):
            if 0 <= other < len(tried):
                clocks = best.clocks_hz.copy()
                clocks[server] = np.sqrt(tried[place] * tried[other])
                yield clocks


def _finished(group: Contention, start: Selection, fair: bool) -> Selection:
    """Return a selection after raising and, among few agents, exchanges."""
    best = raised(group, start, fair)
    if fair:  # raising by fairness first, then by gain per cost
        best = raised(group, best, False)
    count = int(best.served.sum())
    if count > _FEW:
        return best if fair or count > CROWD else _pushed(group, best)
    while True:
        other = _exchanged(group, best, fair)
        if not other.value(group, fair) < best.value(group, fair):
            return best
        best = other


def _pushed(group: Contention, now: Selection) -> Selection:
    """Return a selection in which a design was put through whose step is too large for what is left over.

    Prices and raising leave the largest steps aside where they do not quite fit. The agents who would gain
    most from their next better design have it, one at a time, and prices settle the designs of all others.
    """
    rows = np.flatnonzero(now.served)
    room = float(group.capacity(now.served))
    given = offer(group, now.clocks_hz).only(rows)
    agents = np.arange(len(rows))
    best, least = now, now.value(group, False)
    value = given.value[now.columns[rows], agents]
    better = np.where(given.value < value, given.value, -np.inf).max(axis=0)
    gain = np.where(np.isfinite(better), value - better, 0.0)
    for agent in np.argsort(-gain, kind="stable")[:_PUSHED].tolist():
        level = np.where(agents == agent, better, np.inf)
        part = replace(given, value=np.where(given.value <= level, given.value, np.inf))
        cheapest, load, direction = thrifty(part, room)
        if not gain[agent] > 0 or load > room:
            continue
        priced = decompose(part, room, direction)
        tried = cheapest if priced.columns is None else priced.columns
        columns = now.columns.copy()
        columns[rows] = raise_designs(part, tried, priced.direction, room)
        found = Selection(columns, now.served, now.clocks_hz)
        if found.value(group, False) < least:
            best, least = found, found.value(group, False)
    return best if best is now else _pushed(group, raised(group, best, False))


def _exchanged(group: Contention, now: Selection, fair: bool) -> Selection:
    """Return the best selection in which one agent is lowered for the others to rise."""
    rows = np.flatnonzero(now.served)
    room = float(group.capacity(now.served))
    given = offer(group, now.clocks_hz).only(rows)
    columns = now.columns[rows]
    _, _, direction = thrifty(given, room)
    costs = given.costs(direction)
    best, least = now, now.value(group, fair)
    for agent in range(len(rows)):
        value = given.value[:, agent]
        worse = np.isfinite(value) & (value > value[columns[agent]])
        worse &= costs[:, agent] < costs[columns[agent], agent]
        if not worse.any():
            continue
        tried = columns.copy()
        tried[agent] = int(np.argmin(np.where(worse, value, np.inf)))
        fixed = np.arange(len(rows)) == agent
        tried = raise_designs(given, tried, direction, room, fair=fair, fixed=fixed)
        changed = now.columns.copy()
        changed[rows] = tried
        found = Selection(changed, now.served, now.clocks_hz)
        if found.value(group, fair) < least:
            best, least = found, found.value(group, fair)
    return best if best is now else raised(group, best, fair)
