"""Rates that vary over a run, as the run reads them, and their means over time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["RateStates", "RateSteps", "Varying", "harmonic_mean", "mean"]


@dataclass(frozen=True, slots=True)
class RateStates:
    """States that are visited in their order, again and again; a stationary process.

    Parameters
    ----------
    rates : of each state, in the unit of what varies
    dwells_s : mean stay in each [s]
    constant : whether every stay is as long as the mean; exponential otherwise
    shared : one course for all agents concerned; each has its own otherwise

    Examples
    --------
    >>> RateStates((3.0, 1.0), (1.0, 3.0)).fractions(60.0)
    ((3.0, 0.25), (1.0, 0.75))
    """

    rates: tuple[float, ...]
    dwells_s: tuple[float, ...]
    constant: bool = False
    shared: bool = False

    def fractions(self, span_s: float | None) -> tuple[tuple[float, float], ...]:
        """Return each rate with the fraction of time that it holds, whatever the length of the run."""
        total_s = math.fsum(self.dwells_s)
        pairs = zip(self.rates, self.dwells_s, strict=True)
        return tuple((rate, dwell_s / total_s) for rate, dwell_s in pairs)


@dataclass(frozen=True, slots=True)
class RateSteps:
    """A listed course, the same for all agents concerned.

    Parameters
    ----------
    starts_s : when each rate begins, ascending from 0 [s]
    rates : as many, in the unit of what varies
    period_s : all is repeated every so often [s]; inf: the last rate holds on

    Examples
    --------
    >>> RateSteps((0.0, 30.0), (3.0, 1.0)).fractions(120.0)
    ((3.0, 0.25), (1.0, 0.75))
    """

    starts_s: tuple[float, ...]
    rates: tuple[float, ...]
    period_s: float = math.inf
    shared = True

    def stretches(self, span_s: float | None) -> tuple[tuple[float, float], ...]:
        """Return each rate and how long it holds [s], over a period, or else over the run.

        Of a run without a set length the last rate counts, which holds in the long run.
        """
        end_s = self.period_s if self.period_s < math.inf else span_s
        if end_s is None:
            return ((self.rates[-1], 1.0),)
        ends_s = (*self.starts_s[1:], math.inf)
        held = [
            (rate, min(last_s, end_s) - first_s)
            for rate, first_s, last_s in zip(self.rates, self.starts_s, ends_s, strict=True)
        ]
        return tuple((rate, seconds) for rate, seconds in held if seconds > 0.0)

    def fractions(self, span_s: float | None) -> tuple[tuple[float, float], ...]:
        """Return each rate with the fraction of time that it holds over a period, or else the run."""
        held = self.stretches(span_s)
        total_s = math.fsum(seconds for _, seconds in held)
        return tuple((rate, seconds / total_s) for rate, seconds in held)


Varying = RateStates | RateSteps


def mean(fractions: Iterable[tuple[float, float]]) -> float:
    """Return the mean over time of a rate.

    Examples
    --------
    >>> mean([(3.0, 0.25), (1.0, 0.75)])
    1.5
    """
    return math.fsum(rate * part for rate, part in fractions)


def harmonic_mean(fractions: Iterable[tuple[float, float]]) -> float:
    """Return 1 over the mean over time of 1/rate.

    What is sent at a random moment, within one stay, takes on average as long as at this rate.

    Examples
    --------
    >>> harmonic_mean([(3.0, 0.5), (1.0, 0.5)])
    1.5
    """
    return 1.0 / math.fsum(part / rate for rate, part in fractions)
