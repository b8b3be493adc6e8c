"""Symmetric linear systems of many small blocks and a few dense rows.

    [ B   C ] [ u ]   [ r ]
    [ Cᵀ  K ] [ v ] = [ q ]

with n blocks of two by two: by K − Cᵀ B⁻¹ C, in time in proportion to n. The terms of rank one are kept
apart, so that nothing is lost by cancellation, however large their weights are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simran.allocation.problem import Floats

__all__ = ["Arrow", "Blocks"]


@dataclass(frozen=True)
class Blocks:
    """n blocks diag(d) + p a aᵀ + w g gᵀ of two by two.

    Parameters
    ----------
    diagonal : (2, n) d, positive
    first, second : (2, n) a and g
    weights : (2, n) p and w, not negative

    Examples
    --------
    >>> one = np.ones((2, 1))
    >>> Blocks(one, one, one, 0.5 * one).solve(np.array([[3.0], [0.0]])).ravel().tolist()
    [2.0, -1.0]
    """

    diagonal: Floats
    first: Floats
    second: Floats
    weights: Floats

    @cached_property
    def lacking(self) -> Floats:
        """(n,) determinants without the second term of rank one."""
        (d, e), (a, b) = self.diagonal, self.first
        found: Floats = d * e + self.weights[0] * (d * b * b + e * a * a)
        return found

    @cached_property
    def determinant(self) -> Floats:
        """(n,) determinants: sums of what is not negative."""
        (d, e), (a, b), (g, h), (p, w) = self.diagonal, self.first, self.second, self.weights
        twist = a * h - b * g
        found: Floats = self.lacking + w * (d * h * h + e * g * g + p * twist * twist)
        return found

    def solve(self, right: Floats) -> Floats:
        """Return the solutions for right sides (2, ..., n)."""
        (d, e), (a, b), (g, h), (p, w) = self.diagonal, self.first, self.second, self.weights
        r, s = right
        one, other = p * (b * r - a * s), w * (h * r - g * s)
        found: Floats = np.stack([e * r + b * one + h * other, d * s - a * one - g * other])
        found /= self.determinant
        return found


@dataclass(frozen=True)
class Arrow:
    """The matrix.

    Parameters
    ----------
    blocks : what stands in B
    dense, corner : (2, m, n) C and (m, m) K, but for what follows
    reach : (m, n) how far the second terms of rank one go beyond the blocks: they are
        w (g, reach) (g, reach)ᵀ
    """

    blocks: Blocks
    dense: Floats
    corner: Floats
    reach: Floats

    def solve(self, right: Floats, low: Floats) -> tuple[Floats, Floats]:
        """Return u (2, n) and v (m,) for r (2, n) and q (m,).

        Examples
        --------
        >>> one, none = np.ones((2, 1)), np.zeros((1, 1))
        >>> arrow = Arrow(Blocks(one, one, one, 0.5 * one), one[:, None], np.eye(1), none)
        >>> u, v = arrow.solve(3 * one, np.array([1.0]))
        >>> (np.round(u, 12).ravel().tolist(), np.round(v, 12).tolist())
        ([2.0, 2.0], [-3.0])
        """
        blocks, dense, reach = self.blocks, self.dense, self.reach
        weight, way = blocks.weights[1], blocks.second
        out = weight * blocks.solve(way)
        plain = blocks.solve(dense)
        mixed = (out[0] * dense[0] + out[1] * dense[1]) @ reach.T
        taken = dense[0] @ plain[0].T + dense[1] @ plain[1].T + mixed + mixed.T
        kept = (reach * (weight * blocks.lacking / blocks.determinant)) @ reach.T
        found = plain + out[:, None] * reach
        own = found[0] @ right[0] + found[1] @ right[1]
        v = np.linalg.solve(self.corner + kept - taken, low - own)
        return blocks.solve(right - v @ dense - way * (weight * (v @ reach))), v
