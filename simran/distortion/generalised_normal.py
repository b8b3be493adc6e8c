"""The generalised-normal law of weights: Laplace at shape 1, Gauss at shape 2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, gammainc, gammaincinv, gammaln, polygamma

__all__ = ["SHAPES", "GeneralisedNormal", "fit_generalised_normal"]

Floats = NDArray[np.float64]

#: Least and largest shape that is fitted.
SHAPES = (0.1, 50.0)
_STEPS = 60


@dataclass(frozen=True)
class GeneralisedNormal:
    """Weights of density ``s/(2aΓ(1/s)) e^(−(|w|/a)^s)``; arrays of both make a law per layer.

    The magnitude is a times the 1/s-th power of a Gamma(1/s) variate, of which everything follows.

    Parameters
    ----------
    shape : s, above 0
    scale : a, above 0 [weight unit]; broadcasts with ``shape``

    Raises
    ------
    ValueError
        if one of them is not above 0

    Examples
    --------
    >>> float(GeneralisedNormal(1.0, 0.5).mean_magnitude)  # Laplace with λ = 2
    0.5
    """

    shape: ArrayLike
    scale: ArrayLike

    def __post_init__(self) -> None:
        for name in ("shape", "scale"):
            value = np.asarray(getattr(self, name), dtype=float)
            if not np.all((value > 0.0) & np.isfinite(value)):
                raise ValueError(f"{name} must be above 0 and finite, got {getattr(self, name)!r}")
            object.__setattr__(self, name, value[()])

    @property
    def _s(self) -> Floats:
        return np.asarray(self.shape)

    @property
    def _a(self) -> Floats:
        return np.asarray(self.scale)

    @property
    def mean_magnitude(self) -> Floats:
        """Return E|w| = a Γ(2/s)/Γ(1/s) [weight unit]."""
        mean: Floats = self._a * np.exp(gammaln(2.0 / self._s) - gammaln(1.0 / self._s))
        return mean

    def log_density(self, weights: ArrayLike) -> Floats:
        """Return the logarithm of the density of signed weights [nat]."""
        size = np.abs(np.asarray(weights, dtype=float)) / self._a
        norm = np.log(self._s / (2.0 * self._a)) - gammaln(1.0 / self._s)
        density: Floats = norm - size**self._s
        return density

    def below(self, magnitudes: ArrayLike) -> Floats:
        """Return P(|w| ≤ x), the regularised incomplete gamma function P(1/s, (x/a)^s)."""
        x = np.asarray(magnitudes, dtype=float)
        share: Floats = gammainc(1.0 / self._s, (x / self._a) ** self._s)
        return share

    def moment_below(self, magnitudes: ArrayLike) -> Floats:
        """Return E|w| over |w| ≤ x only: E|w| · P(2/s, (x/a)^s) [weight unit]."""
        x = np.asarray(magnitudes, dtype=float)
        part: Floats = self.mean_magnitude * gammainc(2.0 / self._s, (x / self._a) ** self._s)
        return part

    def quantile(self, shares: ArrayLike) -> Floats:
        """Return the magnitude below which a share of the magnitudes lies [weight unit]."""
        part = gammaincinv(1.0 / self._s, np.asarray(shares, dtype=float))
        magnitude: Floats = self._a * part ** (1.0 / self._s)
        return magnitude

    def sample(self, draw: np.random.Generator, size: int | tuple[int, ...]) -> Floats:
        """Return signed weights, drawn independently; one law per entry of the last axes of size."""
        part = draw.standard_gamma(1.0 / self._s, size)
        sign = np.where(draw.random(size) < 0.5, -1.0, 1.0)
        weights: Floats = sign * self._a * part ** (1.0 / self._s)
        return weights


def fit_generalised_normal(
    weights: ArrayLike, masses: ArrayLike | None = None
) -> GeneralisedNormal:
    """Return the law of greatest likelihood for each row of some weights.

    Given the shape, the scale is ``a = (s·m)^(1/s)`` with m the mean of ``|w|^s``. Inserted, the mean
    log-likelihood is ``ln s − ln 2a − ln Γ(1/s) − 1/s``, and s is where its derivative, ``(s + ψ(1/s)
    + ln(s m))/s² − m'/(s m)``, is 0 (m' the mean of ``|w|^s ln|w|``). Newton's steps in ln s,
    halved brackets where they leave them, for all rows at once.

    Parameters
    ----------
    weights : (..., N) signed or magnitudes, zeros allowed [weight unit]
    masses : (..., N) or (N,): share or count of each; 0 pads rows of different length

    Returns
    -------
    laws : shape and scale (...,); the shape is held within :data:`SHAPES`

    Raises
    ------
    ValueError
        for a row of nothing but zeros, weights that are not finite or masses below 0
    """
    size = np.abs(np.asarray(weights, dtype=float))
    mass = np.ones(size.shape) if masses is None else np.asarray(masses, dtype=float)
    mass = np.broadcast_to(mass, size.shape)
    if not np.all(np.isfinite(size)) or not np.all((mass >= 0.0) & np.isfinite(mass)):
        raise ValueError("weights must be finite, masses finite and 0 or more")
    held = mass.sum(-1, keepdims=True)
    mean = np.sum(mass * size, -1, keepdims=True) / np.where(held > 0.0, held, 1.0)
    if not np.all(mean > 0.0):
        raise ValueError("weights must not all be 0")
    kept = size > 0.0
    logs = np.where(kept, np.log(np.where(kept, size, 1.0) / mean), 0.0)
    shape, power = _shape(logs, np.where(kept, mass, 0.0) / held)
    return GeneralisedNormal(shape, mean[..., 0] * (shape * power) ** (1.0 / shape))


def _shape(logs: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """Return the root in s and the mean of |w|^s there, for logarithms of |w| over its mean."""
    low, high = (np.full(logs.shape[:-1], np.log(edge)) for edge in SHAPES)
    at = np.zeros(logs.shape[:-1])
    for _ in range(_STEPS):
        s = np.exp(at)
        terms = mass * np.exp(s[..., None] * logs)
        m, first = terms.sum(-1), np.sum(terms * logs, -1)
        second = np.sum(terms * logs**2, -1)
        slope = (1.0 + digamma(1.0 / s) / s + np.log(s * m) / s) - first / m  # s dL/ds
        bend = (1.0 - np.log(s * m) - digamma(1.0 / s) - polygamma(1, 1.0 / s) / s) / s
        bend = bend + first / m - s * (second / m - (first / m) ** 2)  # its derivative in ln s
        low, high = np.where(slope > 0.0, at, low), np.where(slope > 0.0, high, at)
        newton = at - slope / np.where(bend < 0.0, bend, -np.inf)
        inside = (bend < 0.0) & (newton > low) & (newton < high)
        step = np.where(inside, newton, (low + high) / 2.0)
        done = np.max(np.abs(step - at)) < 1e-9
        at = step
        if done:
            break
    s = np.exp(at)
    return s, np.sum(mass * np.exp(s[..., None] * logs), -1)
