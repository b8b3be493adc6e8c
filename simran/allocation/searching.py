"""Searches of one variable."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simran.allocation.problem import Bools, Floats

__all__ = ["edge", "nearest_trough"]

_HALVINGS, _FEWER = 34, 24
_FEW, _MANY = 4096, 65_536  # values that are looked at many points at a time; and only roughly
_SECTIONS = np.linspace(1 / 16, 1.0, 16)
_GOLDEN = (5**0.5 - 1) / 2
_MOST_TRIED = 20
_NEAR = 4e-3  # how near a search for a trough comes
_TURNS = 9  # by sixteen each, as good as the halvings


def edge(fits: Callable[[Floats], Bools], low: Floats, high: Floats) -> Floats:
    """Return the least parameter that fits, between one that may and one that does.

    A few are looked at many points at a time, many by halving. What is returned fits, and is the least to
    within 1e-7 of the interval for very many, else 1e-10.
    """
    a, b = low.copy(), high.copy()
    b = np.where(fits(a), a, b)
    if low.size > _FEW:
        for _ in range(_HALVINGS if low.size <= _MANY else _FEWER):
            middle = (a + b) / 2
            good = fits(middle)
            a, b = np.where(good, a, middle), np.where(good, middle, b)
        return b
    sections = _SECTIONS.reshape(-1, *(1,) * low.ndim)
    for _ in range(_TURNS):
        width = b - a
        good = fits(a + width * sections)
        good[-1] = True  # as it is, but for rounding
        first = np.argmax(good, axis=0)
        b = a + width * _SECTIONS[first]
        a = b - width * _SECTIONS[0]
    return b


def nearest_trough(
    function: Callable[[float], float], start: float, ends: tuple[float, float], reach: float
) -> float:
    """Return where a function that falls and then rises is about least, by parabolas from a start.

    It takes about six values for a smooth function, and needs no library to be loaded.

    Parameters
    ----------
    function : what is to be least
    start : where to begin
    ends : the range
    reach : how far from the start to look first
    """
    low, high = ends
    middle = min(max(start, low), high)
    known: dict[float, float] = {}

    def at(x: float) -> float:
        if x not in known:
            known[x] = function(x)
        return known[x]

    a, b = max(middle - reach, low), min(middle + reach, high)
    at(middle)  # which is the one that counts if all are alike
    while min(at(a), at(b)) < at(middle):  # the least is not between them yet
        down = at(a) < at(b)
        middle, other, reach = a if down else b, middle, 2 * reach
        a, b = (max(middle - reach, low), other) if down else (other, min(middle + reach, high))
    for turn in range(_MOST_TRIED):
        if b - a <= 2 * _NEAR:
            break
        x = _vertex((a, middle, b), (at(a), at(middle), at(b)))
        if turn % 3 == 2:  # parabolas close in from one side where there is a kink
            x = _divided(a, middle, b)
        if abs(x - middle) < _NEAR:  # as near as need be: the ends are drawn together
            x = middle + (_NEAR if b - middle > middle - a else -_NEAR)
        if at(x) < at(middle):
            a, middle, b = (a, x, middle) if x < middle else (middle, x, b)
        else:
            a, b = (x, b) if x < middle else (a, x)
    return min(known, key=at)


def _vertex(x: tuple[float, float, float], y: tuple[float, float, float]) -> float:
    """Return where the parabola through three points is least; a golden section where that is of no use."""
    a, middle, b = x
    left, right = (middle - a) * (y[1] - y[2]), (middle - b) * (y[1] - y[0])
    if left != right:
        found = middle - 0.5 * ((middle - a) * left - (middle - b) * right) / (left - right)
        if a < found < b and max(y) < 2 * abs(y[1]):
            return found
    return _divided(a, middle, b)


def _divided(a: float, middle: float, b: float) -> float:
    """Return the point that divides the longer part by the golden section."""
    longer = a if middle - a > b - middle else b
    return middle + (1 - _GOLDEN) * (longer - middle)
