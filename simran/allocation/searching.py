"""A search of one variable for many designs side by side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simran.allocation.problem import Bools, Floats

__all__ = ["edge"]

_HALVINGS, _FEWER = 34, 24
_FEW, _MANY = 4096, 65_536  # values that are looked at many points at a time; and only roughly
_SECTIONS = np.linspace(1 / 16, 1.0, 16)
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
