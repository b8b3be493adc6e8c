"""The kernel e^(−s|x−y|) on points of a line, applied in a time that grows with their number only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["LineKernel"]

Floats = NDArray[np.float64]


class LineKernel:
    """Sums over points of ``v_j e^(−s|x_i−x_j|)``, with or without the distance as a factor.

    What comes from the left obeys ``f_i = v_i + e^(−s(x_i − x_(i−1))) f_(i−1)``, a bidiagonal system
    that is solved by substitution; from the right likewise. All terms are positive, so every sum is
    accurate to rounding however small it is.

    Parameters
    ----------
    points : (N,) ascending, without repetition [weight unit]
    slope : s, 0 or more [1/weight unit]

    Examples
    --------
    >>> import numpy as np
    >>> LineKernel(np.array([0.0, 1.0]), 2.0).sums(np.array([1.0, 0.0])).round(4).tolist()
    [1.0, 0.1353]
    """

    def __init__(self, points: Floats, slope: float) -> None:
        self.steps: Floats = np.diff(points)
        self.decay: Floats = np.exp(-slope * self.steps)
        self._bands = np.ones((2, len(points)), order="F")
        self._bands[1, :-1] = -self.decay

    def _from_left(self, values: Floats) -> Floats:
        return self._substituted(values, "N")

    def _from_right(self, values: Floats) -> Floats:
        return self._substituted(values, "T")

    def _substituted(self, values: Floats, transposed: str) -> Floats:
        from scipy.linalg.lapack import dtbtrs

        solved, _ = dtbtrs(self._bands, values, uplo="L", trans=transposed, diag="U")
        result: Floats = solved.ravel()
        return result

    def sums(self, values: Floats) -> Floats:
        """Return (N,) ``Σ_j v_j e^(−s|x_i−x_j|)``.

        Parameters
        ----------
        values : (N,) 0 or more
        """
        return self._from_left(values) + self._from_right(values) - values

    def moments(self, values: Floats) -> Floats:
        """Return (N,) ``Σ_j v_j |x_i−x_j| e^(−s|x_i−x_j|)``.

        Parameters
        ----------
        values : (N,) 0 or more
        """
        left, right = np.zeros_like(values), np.zeros_like(values)
        reach = self.decay * self.steps
        left[1:] = reach * self._from_left(values)[:-1]
        right[:-1] = reach * self._from_right(values)[1:]
        return self._from_left(left) + self._from_right(right)
