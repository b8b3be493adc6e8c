"""Intervals of the common clocks, and the designs that may still be chosen in each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simran.allocation.measures import Measures, measured
from simran.allocation.offers import Offer
from simran.allocation.prices import offer_between
from simran.allocation.problem import Bools, Floats, Ints
from simran.allocation.shared import Contention, Memo

__all__ = ["Span", "halves", "narrowed", "spans"]

_NARROW = 1e-6  # of the logarithm of the clock: no interval is cut any further
_ROUNDS = 3


@dataclass(frozen=True)
class Span:
    """An interval of the clocks of all servers with shares.

    Parameters
    ----------
    low_hz, high_hz : (S,) its ends [Hz]
    agents : (n,) who is to be served
    rows : (M, n) rows of the menu that each may have
    alive : (M, n) which of these are in use: lists are padded to the longest
    direction : (J,) prices of the stations that suit it
    bound : no designs with shares under these clocks have a lower sum of values
    depth : how often the range was halved
    """

    low_hz: Floats
    high_hz: Floats
    agents: Ints
    rows: Ints
    alive: Bools
    direction: Floats
    bound: float = 0.0
    depth: int = 0

    @property
    def divisible(self) -> bool:
        """Whether it can be cut in two."""
        return bool((np.log(self.high_hz) - np.log(self.low_hz) > _NARROW).any())

    def columns(self, places: Ints, count: int) -> Ints:
        """Return rows of the menu (N, K) for all K agents of the group from places (N, n) in the lists."""
        found = np.zeros((len(places), count), dtype=np.int64)
        found[:, self.agents] = self.rows[places, np.arange(len(self.agents))]
        return found


def spans(group: Contention, agents: Ints, usable: list[Ints]) -> list[Span]:
    """Return intervals that cover all clocks: each step of one server, or one for the whole range.

    Parameters
    ----------
    group : who contends
    agents : (n,) who is to be served
    usable : rows of the menu that each of them may have
    """
    if not all(len(rows) for rows in usable):
        return []
    longest = max(len(rows) for rows in usable)
    rows = np.stack([np.resize(it, longest) for it in usable], axis=1)
    alive = np.arange(longest)[:, None] < np.array([len(it) for it in usable])
    size = group.stations.cell.shape[1]
    direction = np.full(size, 1.0 / size)
    if len(group.clocks) == 1 and len(group.clocks[0][2]):
        steps = [np.array([step]) for step in group.clocks[0][2]]
        ends = list(zip(steps, steps, strict=True))
    else:
        ends = [
            (
                np.array([low for low, _, _ in group.clocks]),
                np.array([high for _, high, _ in group.clocks]),
            )
        ]
    return [Span(low, high, agents, rows, alive, direction) for low, high in ends]


def halves(span: Span) -> list[Span]:
    """Return the two halves of an interval, cut across the clock that spans most."""
    widest = int(np.argmax(np.log(span.high_hz) - np.log(span.low_hz)))
    middle = np.sqrt(span.low_hz[widest] * span.high_hz[widest])
    high, low = span.high_hz.copy(), span.low_hz.copy()
    high[widest] = low[widest] = middle
    depth = span.depth + 1
    return [replace(span, high_hz=high, depth=depth), replace(span, low_hz=low, depth=depth)]


def narrowed(
    group: Contention, span: Span, room: float, limit: float
) -> tuple[Span, Measures] | None:
    """Return an interval with designs that cannot be good enough left out; None if nothing is left.

    Times are those of its upper end and energies those of its lower end, which is too good for every
    clock in it.

    Parameters
    ----------
    group : who contends
    span : the interval
    room : what may be shared out
    limit : Σ w D that is not to be exceeded
    """
    for _ in range(_ROUNDS):
        given = _offer(group, span)
        if not np.isfinite(given.value).any(axis=0).all():
            return None
        found = measured(given, room, limit, span.direction)
        hopeful = found.hopeful() & span.alive
        if not hopeful.any(axis=0).all():
            return None
        before = int(span.alive.sum())
        span, found = _packed(span, hopeful, found)
        if span.alive.sum() > 0.8 * before:
            break
    return span, found


def _packed(span: Span, alive: Bools, found: Measures) -> tuple[Span, Measures]:
    """Return an interval with shorter lists, and its measures."""
    order = np.argsort(~alive, axis=0, kind="stable")[: int(alive.sum(axis=0).max())]
    agents = np.arange(alive.shape[1])
    packed = replace(
        span,
        rows=span.rows[order, agents],
        alive=alive[order, agents],
        direction=found.direction,
        bound=max(span.bound, found.bound),
    )
    amount = np.where(packed.alive, found.amount[:, order, agents], np.inf)
    return packed, replace(found, amount=amount)


def _offer(group: Contention, span: Span) -> Offer:
    """Return the designs of an interval, each too good for every clock in it."""
    columns = np.zeros((len(span.rows), len(group.agents)), dtype=np.int64)
    columns[:, span.agents] = span.rows
    listed = replace(group, menu=group.menu.take(columns), memo=Memo())
    given = offer_between(listed, span.low_hz, span.high_hz).only(span.agents)
    return replace(given, value=np.where(span.alive, given.value, np.inf))
