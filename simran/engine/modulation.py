"""How irregular arrivals of a varying rate are, seen as gaps between them."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from simran.scenario import Arrivals, RateStates, RateSteps

__all__ = ["varying_gap_scv"]


def varying_gap_scv(arrivals: Arrivals, span_s: float | None) -> float:
    """Return the squared coefficient of variation of the gaps of arrivals whose rate varies.

    Of a Poisson process of varying rate it is 2 λ̄ E[R] − 1, exactly: λ̄ is the mean rate and R the time
    from a random moment to the next arrival (Palm's inversion formula, E[gap²] = 2 E[R]/λ̄). Of the
    others, (1 + cv²)/2 times 1 + that, less 1: exact where the rate varies slowly against the gaps, and
    where it varies fast.

    Gaps that follow one another are alike, too, which a coefficient of variation does not tell.

    Parameters
    ----------
    arrivals : whose rate varies
    span_s : length of the run [s], over which a schedule without a period counts; None if not set
    """
    varying = arrivals.varying
    if isinstance(varying, RateStates) and not varying.constant:
        residual_s = _next_after_states(varying)
    elif isinstance(varying, RateStates):
        residual_s = _next_after(list(zip(varying.rates, varying.dwells_s, strict=True)))
    elif isinstance(varying, RateSteps):
        residual_s = _next_after(varying.stretches(span_s))
    else:
        raise ValueError("arrivals must have a rate that varies")
    base = {"poisson": 1.0, "periodic": 0.0}.get(arrivals.process, arrivals.cv**2)
    if not math.isfinite(residual_s):  # no arrivals at all
        return base
    return (1.0 + base) * arrivals.rate_hz * residual_s - 1.0


def _next_after_states(states: RateStates) -> float:
    """Return E[R] where stays are exponential: (λ_i + 1/d_i) g_i − g_{i+1}/d_i = 1, averaged [s]."""
    rates, dwells = np.array(states.rates), np.array(states.dwells_s)
    leave = np.diag(1.0 / dwells)
    onward = np.roll(np.eye(len(rates)), 1, axis=1)  # i -> i+1, and the last to the first
    waits = np.linalg.solve(np.diag(rates) + leave - leave @ onward, np.ones(len(rates)))
    return float(waits @ dwells / dwells.sum())


def _next_after(stretches: Iterable[tuple[float, float]]) -> float:
    """Return E[R] of a Poisson process whose rate goes through stretches in turn, for ever [s].

    Backwards through a stretch of rate λ and length d, the mean wait g becomes g e^(−λd) + (1 − e^(−λd))/λ.
    """
    backwards = list(stretches)[::-1]
    # g at the end of the last stretch equals that at the start of the first: g = keep·g + add.
    keep, add = 1.0, 0.0
    for rate, length_s in backwards:
        here, more = _through(rate, length_s)
        keep, add = keep * here, add * here + more
    if keep == 1.0:
        return math.inf
    wait_s, area, total_s = add / (1.0 - keep), 0.0, 0.0
    for rate, length_s in backwards:
        here, more = _through(rate, length_s)
        if rate:
            area += wait_s * more + (length_s - more) / rate
        else:
            area += wait_s * length_s + length_s**2 / 2.0
        wait_s = wait_s * here + more
        total_s += length_s
    return area / total_s


def _through(rate: float, length_s: float) -> tuple[float, float]:
    """Return e^(−λd) and (1 − e^(−λd))/λ, which is d where λ is 0."""
    if not rate:
        return 1.0, length_s
    return math.exp(-rate * length_s), -math.expm1(-rate * length_s) / rate
