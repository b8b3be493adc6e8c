"""Rates that vary: piecewise constant courses over time, listed or drawn, and what they add up to."""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

__all__ = ["Course", "Segments", "stepped", "switching", "warped"]

#: (rate, until when it holds [s]) one after another from time 0, the times ascending.
Segments = Iterator[tuple[float, float]]


def stepped(
    starts_s: Sequence[float], rates: Sequence[float], period_s: float = math.inf
) -> Segments:
    """Yield a listed course; the last rate holds for ever unless all is repeated.

    Parameters
    ----------
    starts_s : when each rate begins, ascending from 0 [s]
    rates : as many
    period_s : all is repeated every so often, later than the last start [s]; inf for never

    Examples
    --------
    >>> list(stepped([0.0, 2.0], [5.0, 1.0]))
    [(5.0, 2.0), (1.0, inf)]
    """
    if period_s == math.inf:
        yield from zip(rates, [*starts_s[1:], math.inf], strict=True)
        return
    for cycle in itertools.count():
        base_s = cycle * period_s
        for rate, end_s in zip(rates, [*starts_s[1:], period_s], strict=True):
            yield rate, base_s + end_s


def switching(
    rates: Sequence[float], dwells_s: Sequence[float], constant: bool, rng: np.random.Generator
) -> Segments:
    """Yield a course through states in their order, again and again, stationary from time 0 on.

    The first state is drawn with the share of time that it holds. What is left of its stay is exponential
    again where stays are, and uniform over the stay where they are constant.

    Parameters
    ----------
    rates : of each state
    dwells_s : mean stay in each [s]
    constant : whether every stay is as long as the mean; exponential otherwise
    rng : the stream of this course alone
    """
    ends = np.cumsum(dwells_s)
    place = int(np.searchsorted(ends, rng.random() * ends[-1], side="right")) % len(rates)
    dwell_s = dwells_s[place]
    until_s = rng.uniform(0.0, dwell_s) if constant else rng.exponential(dwell_s)
    while True:
        yield rates[place], until_s
        place = (place + 1) % len(rates)
        until_s += dwells_s[place] if constant else rng.exponential(dwells_s[place])


def warped(marks: Iterator[float], segments: Segments, end_s: float = math.inf) -> Iterator[float]:
    """Yield the times at which the integral of a varying rate reaches each mark.

    So the arrivals of a process of rate 1 become those of one with that rate: of a Poisson process,
    exactly an inhomogeneous one (inversion of the cumulative rate).

    Parameters
    ----------
    marks : ascending
    segments : of the rate; it may be 0 for a while
    end_s : segments that begin later are left alone [s]
    """
    start_s = reached = 0.0
    rate, until_s = next(segments)
    for mark in marks:
        while True:
            left = max(0.0, mark - reached)
            time_s = start_s + left / rate if rate else math.inf
            if time_s < until_s:
                break
            if until_s >= end_s or until_s == math.inf:
                return
            reached += rate * (until_s - start_s)
            start_s = until_s
            rate, until_s = next(segments)
        yield time_s


class Course:
    """A rate over time, drawn no further than anyone has asked.

    What lies before the latest time given to :meth:`at` is forgotten.

    Parameters
    ----------
    segments : of the rate, above 0

    Examples
    --------
    >>> course = Course(stepped([0.0, 2.0], [5.0, 1.0]))
    >>> course.at(1.0), course.reached_s(1.0, 7.0)
    ((5.0, 2.0), 4.0)
    """

    __slots__ = ("_known", "_segments")

    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._known: deque[tuple[float, float]] = deque([next(segments)])

    def at(self, now_s: float) -> tuple[float, float]:
        """Return the rate now, and until when it holds [s]."""
        known = self._known
        while known[0][1] <= now_s:
            if len(known) == 1:
                known.append(next(self._segments))
            known.popleft()
        return known[0]

    def reached_s(self, start_s: float, amount: float) -> float:
        """Return when the integral of the rate from ``start_s`` on, now or later, has the amount [s]."""
        for place in itertools.count():
            if place == len(self._known):
                self._known.append(next(self._segments))
            rate, until_s = self._known[place]
            if until_s <= start_s:
                continue
            end_s = start_s + amount / rate
            if end_s <= until_s:
                return end_s
            amount -= rate * (until_s - start_s)
            start_s = until_s
        raise AssertionError  # pragma: no cover - the count has no end
