"""What pruning the smallest weights costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simran.distortion.cells import above

__all__ = ["pruning_distortion"]


def pruning_distortion(fraction: ArrayLike, rate: ArrayLike) -> NDArray[np.float64]:
    """Return the absolute error per parameter of setting the smallest magnitudes to 0.

    The fraction ρ of ``|w| ~ Exp(λ)`` lies below ``t = −ln(1 − ρ)/λ``, and ``∫_0^t λx e^(−λx) dx =
    ((1 − ρ) ln(1 − ρ) + ρ)/λ``, which is computed without cancellation for small ρ.

    Parameters
    ----------
    fraction : ρ in [0, 1]
    rate : λ [1/weight unit]

    Raises
    ------
    ValueError
        if ρ is outside [0, 1] or λ is not above 0

    Examples
    --------
    >>> float(pruning_distortion(1.0, 2.0))
    0.5
    """
    rho, lam = np.asarray(fraction, dtype=float), np.asarray(rate, dtype=float)
    if not np.all((rho >= 0.0) & (rho <= 1.0)):
        raise ValueError(f"fraction must be in [0, 1], got {fraction!r}")
    if not np.all(lam > 0.0):
        raise ValueError(f"rate must be above 0, got {rate!r}")
    with np.errstate(divide="ignore"):
        threshold = -np.log1p(-rho)
    loss: NDArray[np.float64] = above(threshold) / lam
    return loss
