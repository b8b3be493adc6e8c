"""Curves of one share against another, told point by point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simran.allocation.problem import Bools, Floats, Ints

__all__ = ["Curve"]


@dataclass(frozen=True)
class Curve:
    """Where the curves of some designs begin and end; arrays (..., n).

    Parameters
    ----------
    low, high : logarithm of φ for slices with a clock of their own, of β for the rest; equal where one
        share decides all
    possible : whether any shares suffice
    hurry : where the server's clock is common, the time that a design takes with all of cell and server
        over the time that there is; inf where there is no energy for it
    """

    low: Floats
    high: Floats
    possible: Bools
    hurry: Floats

    @property
    def flat(self) -> bool:
        """Whether every design has one pair of least shares."""
        return bool((self.low == self.high).all())

    def points(self, count: int, *, steep: bool = False) -> Floats:
        """Return (..., n, P) parameters along the curves, evenly spaced in the logarithm.

        One each where none of the curves is longer than a point.

        Parameters
        ----------
        count : P
        steep : whether half of them crowd where the curves begin, at the least that one share can be: there
            the other share falls steeply
        """
        places = np.linspace(0.0, 1.0, 1 if self.flat else count)
        if steep and not self.flat:
            crowded = np.geomspace(1.0, 1001.0, count // 2 + 1) - 1.0
            places = np.union1d(np.linspace(0.0, 1.0, count - count // 2), crowded / 1000.0)
        found: Floats = self.low[..., None] + (self.high - self.low)[..., None] * places
        return found

    def around(self, points: Floats, first: Ints, last: Ints) -> Curve:
        """Return the parts of curves from the point before ``first`` (..., n) to the one after ``last``."""
        end = points.shape[-1] - 1
        low = np.take_along_axis(points, np.maximum(first - 1, 0)[..., None], axis=-1)
        high = np.take_along_axis(points, np.minimum(last + 1, end)[..., None], axis=-1)
        return Curve(low[..., 0], high[..., 0], self.possible, self.hurry)
