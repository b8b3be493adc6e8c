"""The distortion-rate function of any sampled law under absolute error, between proven bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simran.distortion.kernel import LineKernel

__all__ = ["DistortionRate", "distortion_rate"]

Floats = NDArray[np.float64]

_NEAR = 1e-4  # nat left to gain, for a rate of 1 nat or more; below in proportion
_APART = 0.02  # nat between the channels on both sides of a rate, likewise
_TRIALS = 30  # slopes tried for one rate
_STRAIGHT = 1e-9  # a jump of the rate within this change of ln s
_OVER = 1.8  # exponent of the over-relaxed step
_FIRST = 20  # steps before the first look at what they gained
_SEED = 1e-5  # share of the source itself in the law of reproductions, so that none is empty
_POLISH = 2  # plain steps on all points
_COVER = 20  # steps of the proof of the lower bound


@dataclass(frozen=True, slots=True)
class DistortionRate:
    """A distortion-rate function at some rates.

    Parameters
    ----------
    rates : (R,) [bit]
    distortion : (R,) reached by a channel of that rate or less, or by switching between two
        [weight unit]
    lower : (R,) no channel of that rate goes below it [weight unit]
    """

    rates: Floats
    distortion: Floats
    lower: Floats

    @property
    def gap(self) -> Floats:
        """Return (R,) how far ``distortion`` may lie above the function [weight unit]."""
        return self.distortion - self.lower


class _Reached(NamedTuple):
    """Rate [nat] and distortion of a channel."""

    rate: float
    distortion: float


class _Line(NamedTuple):
    """A proven least ``R + sD`` [nat] and its slope s."""

    value: float
    slope: float


@dataclass(frozen=True)
class _Source:
    points: Floats
    masses: Floats
    grid: NDArray[np.int64]  # the points that may be reproductions
    grid_masses: Floats


def distortion_rate(
    points: ArrayLike,
    rates: ArrayLike,
    masses: ArrayLike | None = None,
    cells: int = 4096,
    steps: int = 2000,
) -> DistortionRate:
    """Return the distortion-rate function ``D(R) = min E|x − y|`` of a law given by points.

    Blahut and Arimoto's iteration runs at a slope s on a grid of some of the points; some slopes are
    tried until the rate is met. The channel that it finds is then judged on *all* points: its
    information and its error give a point at or above the function, and ``1/g(x) = Σ_y q(y)
    e^(−s|x−y|)`` gives ``R + sD ≥ E ln g − ln max_y E g e^(−s|x−y|)`` for every channel. Between two
    points that sum is convex in y, so the largest value lies at one of them. What is returned is
    therefore proven for the points as they are, whatever the grid and the number of steps.

    Parameters
    ----------
    points : (N,) or any shape; weights as they are or their magnitudes [weight unit]
    rates : (R,) or one, 0 or more [bit]; for magnitudes b − 1 if the sign takes one of b bits
    masses : like ``points``: probability of each, or a count; equal if None
    cells : reproductions, at most
    steps : iterations at a slope, at most

    Raises
    ------
    ValueError
        for points that are not finite or none, masses below 0 or of another size, rates below 0

    Examples
    --------
    >>> found = distortion_rate([-1.0, 1.0], [0.0, 1.0])
    >>> found.distortion.tolist(), found.lower.tolist()
    ([1.0, 0.0], [1.0, 0.0])
    """
    wanted = np.atleast_1d(np.asarray(rates, dtype=float))
    if not np.all(wanted >= 0.0):
        raise ValueError(f"rates must be 0 or more, got {np.min(wanted):g}")
    if cells < 2 or steps < 1:
        raise ValueError(f"cells must be 2 or more and steps 1 or more, got {cells} and {steps}")
    source = _source(points, masses, cells)
    entropy = -float(source.masses @ np.log(source.masses))
    nats = wanted * math.log(2.0)
    middle = source.points[np.searchsorted(np.cumsum(source.masses), 0.5)]
    alone = float(source.masses @ np.abs(source.points - middle))
    between = np.unique(nats[(nats > 0.0) & (nats < entropy)])
    channels, lines = _search(source, between, alone, steps)
    reached = _hull([_Reached(0.0, alone), *channels, _Reached(entropy, 0.0)], nats)
    lower = np.where(nats == 0.0, alone, 0.0)
    for line in lines:
        lower = np.maximum(lower, (line.value - nats) / line.slope)
    return DistortionRate(wanted, reached, np.minimum(lower, reached))


def _source(points: ArrayLike, masses: ArrayLike | None, cells: int) -> _Source:
    p: Floats
    x = np.asarray(points, dtype=float).ravel()
    if not len(x) or not np.all(np.isfinite(x)):
        raise ValueError("points must be finite, one or more")
    if masses is None:
        x, counts = np.unique(x, return_counts=True)
        p = counts / counts.sum()
    else:
        p = np.asarray(masses, dtype=float).ravel()
        if p.shape != x.shape or not np.all(p >= 0.0) or not 0.0 < p.sum() < math.inf:
            raise ValueError("masses must be 0 or more, one for each point, and not all 0")
        x, place = np.unique(x[p > 0.0], return_inverse=True)
        held = np.bincount(place, weights=p[p > 0.0])
        p = held / held.sum()
    if len(x) <= cells:
        return _Source(x, p, np.arange(len(x)), p)
    borders = _cells(x, p, cells)
    below = np.cumsum(p)
    mass = np.diff(below[borders[1:] - 1], prepend=0.0)
    medians = np.searchsorted(below, below[borders[1:] - 1] - mass / 2.0)
    return _Source(x, p, np.clip(medians, borders[:-1], borders[1:] - 1), mass)


def _cells(x: Floats, p: Floats, cells: int) -> NDArray[np.int64]:
    """Return where cells begin, and N: cuts shared between equal mass and equal √(mass·width).

    The first follow the bulk; the second, of a fine code book of least error, reach into the tails.
    """
    parts = np.array_split(np.arange(len(x)), max(cells // 8, 1))
    held = np.array([p[part].sum() for part in parts])
    width = np.array([x[part[-1]] - x[part[0]] for part in parts])
    sizes = np.array([len(part) for part in parts])
    spread = np.repeat(np.sqrt(held * width) / sizes, sizes)
    total = np.cumsum(p + spread / spread.sum())
    inner = np.searchsorted(total, total[-1] * np.arange(1, cells) / cells)
    return np.unique(np.concatenate(([0], inner, [len(x)])))


def _search(
    source: _Source, nats: Floats, alone: float, steps: int
) -> tuple[list[_Reached], list[_Line]]:
    """Try slopes for one rate after the other, each begun where the last one ended."""
    reached: list[_Reached] = []
    lines: list[_Line] = []
    q = source.grid_masses.copy()
    log_slope, last = -math.log(alone or 1.0), 0.0
    for rate in nats:
        size = min(1.0, rate)
        log_slope += rate - last
        bracket = [-math.inf, math.inf]
        tried: list[tuple[float, float]] = []
        under, over = -math.inf, math.inf
        for _ in range(_TRIALS):
            slope = math.exp(log_slope)
            q = _iterate(source, slope, q, steps, _NEAR * size)
            point, law = _judged(source, slope, q)
            reached.append(point)
            last = point.rate
            under, over = (max(under, last), over) if last <= rate else (under, min(over, last))
            bracket[int(last > rate)] = log_slope
            tried.append((log_slope, last))
            if over - under < _APART * size or bracket[1] - bracket[0] < _STRAIGHT:
                break
            beyond = rate - under < _APART * size / 2.0
            aim = rate + _APART * size * (0.125 if beyond else -0.125)
            log_slope = _next(tried, bracket, aim)
        lines.append(_Line(_bound(source, slope, law, _NEAR * size), slope))
    return reached, lines


def _next(tried: list[tuple[float, float]], bracket: list[float], aim: float) -> float:
    """Return the logarithm of the slope to try: along the secant, every third time half way."""
    at, rate = tried[-1]
    low, high = bracket
    closed = math.isfinite(low + high)
    gain = 1.0
    if len(tried) > 1 and tried[-2][0] != at:
        gain = (rate - tried[-2][1]) / (at - tried[-2][0])
    step = (aim - rate) / gain if gain > 0.0 else math.copysign(1.0, aim - rate)
    guess = at + min(max(step, -1.0), 1.0)
    if closed and (len(tried) % 3 == 0 or not low < guess < high):
        return (low + high) / 2.0
    return guess if low < guess < high else at + math.copysign(0.5, aim - rate)


def _iterate(source: _Source, slope: float, start: Floats, steps: int, near: float) -> Floats:
    """Return the law of reproductions on the grid after ``q ← q·c^1.8``.

    ``c(y) = Σ_x p(x) e^(−s|x−y|) / Σ_z q(z) e^(−s|x−z|)`` is 1 where q lives and at most 1 elsewhere
    once q is optimal (Blahut 1972). The iteration ends when doubling the steps gained little.
    """
    kernel = LineKernel(source.points[source.grid], slope)
    p = source.grid_masses
    q = 0.999 * start + 0.001 * p  # what an earlier slope has emptied may be needed
    look, before = _FIRST, -math.inf
    for step in range(steps):
        seen = kernel.sums(q)
        if step == look:
            value = float(p @ np.log(seen))
            if value - before < near / 4.0:
                break
            look, before = 2 * look, value
        q = q * kernel.sums(p / seen) ** _OVER
        q /= q.sum()
    return q


def _judged(source: _Source, slope: float, q: Floats) -> tuple[_Reached, Floats]:
    """Return rate and distortion on all points of the channel that q induces, and its law."""
    kernel = LineKernel(source.points, slope)
    p = source.masses
    whole = _SEED * p
    whole[source.grid] += (1.0 - _SEED) * q
    for _ in range(_POLISH if len(q) < len(whole) else 0):
        whole *= kernel.sums(p / kernel.sums(whole))
    seen = kernel.sums(whole)
    ratio = p / seen
    c = kernel.sums(ratio)
    distortion = float(ratio @ kernel.moments(whole))
    mutual = -slope * distortion - float(p @ np.log(seen)) - float((whole * c) @ np.log(c))
    return _Reached(mutual, distortion), whole


def _bound(source: _Source, slope: float, law: Floats, near: float) -> float:
    """Return a proven least R + sD [nat]: mass is added where ``c`` exceeds 1, mostly far out."""
    kernel = LineKernel(source.points, slope)
    p, best = source.masses, -math.inf
    for _ in range(_COVER):
        seen = kernel.sums(law)
        c = kernel.sums(p / seen)
        over = math.log(c.max())
        best = max(best, -float(p @ np.log(seen)) - over)
        if over < near / 4.0:
            break
        short = np.maximum(c - 1.0, 0.0)
        law = law * (1.0 + short) ** 2 + p * short
    return best


def _hull(points: list[_Reached], nats: Floats) -> Floats:
    """Return the lower convex hull of channels at some rates: what switching between two reaches."""
    hull: list[_Reached] = []
    for it in sorted(points):
        if hull and it.distortion >= hull[-1].distortion:
            continue
        while len(hull) > 1 and _above(hull[-2], hull[-1], it):
            hull.pop()
        hull.append(it)
    rates, errors = np.array(hull).T
    values: Floats = np.interp(nats, rates, errors)
    return values


def _above(a: _Reached, b: _Reached, c: _Reached) -> bool:
    """Tell if b lies on or above the chord from a to c."""
    rise, whole = b.distortion - a.distortion, c.distortion - a.distortion
    return rise * (c.rate - a.rate) >= whole * (b.rate - a.rate)
