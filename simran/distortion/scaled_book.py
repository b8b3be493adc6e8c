"""A code book scaled to a largest level: its error under a generalised normal law, and its best scale."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincc, gammaln

from simran.distortion.code_books import level_ratios
from simran.distortion.generalised_normal import GeneralisedNormal
from simran.distortion.grids import FINE, grid_error, grid_square

__all__ = ["best_top", "book_error", "book_square", "held_error", "level_error"]

Floats = NDArray[np.float64]

_TRIALS = 96  # scales that are tried before the best of them is refined
_HOPEFUL = 1.1  # times the least error tried: what else is refined
_MANY, _THIN = 1024, 0.01  # levels from which on thin cells are summed by series, and their width
_EVEN = ("integer", "uniform")  # code books of equally spaced levels


def level_error(law: GeneralisedNormal, levels: ArrayLike) -> float:
    """Return E| |w| − x̂ | for magnitudes rounded to the nearest of some levels [weight unit].

    A level y with the cell [t, u) adds ``y (2F(y) − F(t) − F(u)) + G(t) + G(u) − 2G(y)``, F the
    distribution of the magnitude and G its first moment up to a point, both incomplete gamma functions.

    Parameters
    ----------
    law : of one shape and scale
    levels : (M,) ascending magnitudes, 0 among them or not [weight unit]
    """
    return _summed(law, np.asarray(levels, dtype=float), (1.0, float(law.mean_magnitude)))


def _summed(law: GeneralisedNormal, y: Floats, end: tuple[float, float]) -> float:
    """Return the error of levels; ``end`` is F and G where the last cell ends."""
    inner = (y[1:] + y[:-1]) / 2.0
    wide = np.ones(len(y), bool)
    total = 0.0
    if len(y) > _MANY:
        wide[1:-1], total = _thin(law, y, inner)
    share, moment = np.zeros(len(y) + 1), np.zeros(len(y) + 1)
    need = np.flatnonzero(wide[1:] | wide[:-1])
    share[need + 1], moment[need + 1] = law.below(inner[need]), law.moment_below(inner[need])
    share[-1], moment[-1] = end
    y, at = y[wide], np.flatnonzero(wide)
    cells = y * (2.0 * law.below(y) - share[at + 1] - share[at])
    cells += moment[at + 1] + moment[at] - 2.0 * law.moment_below(y)
    return total + float(cells.sum())


def _thin(law: GeneralisedNormal, y: Floats, inner: Floats) -> tuple[NDArray[np.bool_], float]:
    """Return which cells but the first and last are wide, and the error of the others by series.

    Over a cell from y − h to y + k it is ``f (h² + k²)/2 + f' (k³ − h³)/3 + f'' (h⁴ + k⁴)/8``.
    """
    s, a = float(law.shape), float(law.scale)  # type: ignore[arg-type]
    x, h, k = y[1:-1] / a, (y[1:-1] - inner[:-1]) / a, (inner[1:] - y[1:-1]) / a
    reach = np.maximum(h, k) * np.maximum(np.maximum(1.0, s * x ** (s - 1.0)), 1.0 / x)
    wide = reach > _THIN
    x, h, k = x[~wide], h[~wide], k[~wide]
    f = 2.0 * a * np.exp(law.log_density(x * a))
    slope = -s * x ** (s - 1.0)
    bend = slope**2 - s * (s - 1.0) * x ** (s - 2.0)
    cells = f * ((h**2 + k**2) / 2.0 + slope * (k**3 - h**3) / 3.0 + bend * (h**4 + k**4) / 8.0)
    return wide, a * float(cells.sum())


def _fine(book: str, bits: int) -> bool:
    return book in _EVEN and 2 ** (bits - 1) >= FINE


def _step(book: str, bits: int, top: float) -> float:
    return top / (2.0 ** (bits - 1) - (0.5 if book == "uniform" else 1.0))


def held_error(book: str, bits: int, shape: float, top: float) -> float:
    """Return ``∫_0^T |x − x̂| f(x) dx``: what magnitudes up to the largest level T add to the error.

    Parameters
    ----------
    book : one of :data:`simran.distortion.CODE_BOOKS`; ``lloyd-max`` is made for the law
    bits : b
    shape : of the law, whose scale is 1
    top : T [scale]
    """
    if _fine(book, bits):
        return grid_error(shape, _step(book, bits, top), top, book == "uniform")
    law = GeneralisedNormal(shape, 1.0)
    end = float(law.below(top)), float(law.moment_below(top))
    return _summed(law, top * level_ratios(book, bits, _made_for(book, shape)), end)


def book_error(book: str, bits: int, shape: float, top: float) -> float:
    """Return E| |w| − x̂ | of a code book with the largest level T; parameters as before."""
    if not _fine(book, bits):
        law = GeneralisedNormal(shape, 1.0)
        return level_error(law, top * level_ratios(book, bits, _made_for(book, shape)))
    return held_error(book, bits, shape, top) + _beyond(shape, top)


def book_square(book: str, bits: int, shape: float, top: float) -> float:
    """Return E(|w| − x̂)² of a code book with the largest level T; parameters as before."""
    if _fine(book, bits):
        step = _step(book, bits, top)
        return grid_square(shape, step, top, book == "uniform") + _beyond(shape, top, square=True)
    y = top * level_ratios(book, bits, _made_for(book, shape))
    inner = np.concatenate(([0.0], (y[1:] + y[:-1]) / 2.0, [np.inf]))
    zeroth, first, second = (-np.diff(_tail(shape, inner, power)) for power in range(3))
    return float(np.sum(second - 2.0 * y * first + y**2 * zeroth))


def _made_for(book: str, shape: float) -> float:
    return shape if book == "lloyd-max" else 1.0


def _tail(shape: float, x: ArrayLike, power: int) -> Floats:
    """Return ``∫_x^∞ t^power f(t) dt`` of the magnitude."""
    order = (1.0 + power) / shape
    whole = math.exp(gammaln(order) - gammaln(1.0 / shape))
    part = gammaincc(order, np.asarray(x, dtype=float) ** shape)
    return whole * np.asarray(part, dtype=float)


def _beyond(shape: float, top: float, *, square: bool = False) -> float:
    """Return what magnitudes above the largest level add."""
    zeroth, first = (float(_tail(shape, top, power)) for power in (0, 1))
    if not square:
        return max(first - top * zeroth, 0.0)
    return max(float(_tail(shape, top, 2)) - 2.0 * top * first + top**2 * zeroth, 0.0)


@lru_cache(maxsize=1024)
def best_top(book: str, bits: int, shape: float, power: int) -> float:
    """Return the largest level at which the absolute (1) or squared (2) error is least [scale].

    The error may have a minimum in every octave, so each of many scales that may lead to the least is
    refined.
    """
    from scipy.optimize import minimize_scalar

    law = GeneralisedNormal(shape, 1.0)

    def error(log_top: float) -> float:
        of = book_error if power == 1 else book_square
        return of(book, bits, shape, math.exp(log_top))

    low, high = np.log(law.quantile(np.array([0.01, 1.0 - 1e-13]))).tolist()
    tops = np.linspace(low, high, _TRIALS)
    tried = np.array([error(top) for top in tops])
    beside = np.minimum(np.append(tried[1:], np.inf), np.insert(tried[:-1], 0, np.inf))
    found = [
        minimize_scalar(
            error,
            bounds=(tops[max(place - 1, 0)], tops[min(place + 1, _TRIALS - 1)]),
            method="bounded",
            options={"xatol": 1e-7},
        )
        for place in np.flatnonzero((tried <= beside) & (tried < _HOPEFUL * tried.min())).tolist()
    ]
    return math.exp(float(min(found, key=lambda it: float(it.fun)).x))
