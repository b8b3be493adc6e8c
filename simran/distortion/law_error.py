"""Expected distortion of quantizers under a generalised normal law, and laws against weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simran.distortion.code_books import law_levels, level_ratios
from simran.distortion.generalised_normal import GeneralisedNormal, fit_generalised_normal

__all__ = ["LawFit", "compare_laws", "law_distortion", "law_pruning", "level_error"]

Floats = NDArray[np.float64]

_TRIALS = 96  # scales that are tried before the best of them is refined


def level_error(law: GeneralisedNormal, levels: ArrayLike) -> float:
    """Return E| |w| − x̂ | for magnitudes rounded to the nearest of some levels [weight unit].

    A level y with the cell [t, u) adds ``y (2F(y) − F(t) − F(u)) + G(t) + G(u) − 2G(y)``, F the
    distribution of the magnitude and G its first moment up to a point, both incomplete gamma functions.

    Parameters
    ----------
    law : of one shape and scale
    levels : (M,) ascending magnitudes, 0 among them or not [weight unit]
    """
    y = np.asarray(levels, dtype=float)
    inner = (y[1:] + y[:-1]) / 2.0
    share = np.concatenate(([0.0], law.below(inner), [1.0]))
    moment = np.concatenate(([0.0], law.moment_below(inner), [float(law.mean_magnitude)]))
    cells = y * (2.0 * law.below(y) - share[1:] - share[:-1])
    cells += moment[1:] + moment[:-1] - 2.0 * law.moment_below(y)
    return float(cells.sum())


def law_distortion(book: str, bits: ArrayLike, law: GeneralisedNormal) -> Floats:
    """Return the expected absolute error per weight of a code book at its best scale.

    For Laplace this is :func:`simran.distortion.expected_distortion` with ``λ = 1/a``.

    Parameters
    ----------
    book : one of :data:`simran.distortion.CODE_BOOKS`; ``lloyd-max`` is made for the law
    bits : whole, 1 or more (2 for ``integer``) to 16; broadcasts with shape and scale of the law
    law : of one or many shapes and scales

    Raises
    ------
    ValueError
        for an unknown book or bits that it does not have

    Examples
    --------
    >>> round(float(law_distortion("power-of-two", 8, GeneralisedNormal(1.0, 1.0))), 5)
    0.16992
    """
    b, shape, scale = np.broadcast_arrays(bits, law.shape, law.scale)
    if np.any(b != np.floor(b)):
        raise ValueError(f"bits must be whole, got {bits!r}")
    units = [
        _unit(book, int(width), float(s)) for width, s in zip(b.ravel(), shape.ravel(), strict=True)
    ]
    result: Floats = np.array(units).reshape(b.shape) * scale
    return result


@lru_cache(maxsize=1024)
def _unit(book: str, bits: int, shape: float) -> float:
    law = GeneralisedNormal(shape, 1.0)
    ratios = level_ratios(book, bits) if book != "lloyd-max" else np.ones(1)
    if book == "lloyd-max":
        return level_error(law, law_levels(bits, law))
    from scipy.optimize import minimize_scalar

    def error(log_top: float) -> float:
        return level_error(law, np.exp(log_top) * ratios)

    low, high = np.log(law.quantile(np.array([0.01, 1.0 - 1e-13]))).tolist()
    tops = np.linspace(low, high, _TRIALS)
    place = int(np.argmin([error(top) for top in tops]))
    around = tops[max(place - 1, 0)], tops[min(place + 1, _TRIALS - 1)]
    found = minimize_scalar(error, bounds=around, method="bounded", options={"xatol": 1e-9})
    return float(found.fun)


def law_pruning(fraction: ArrayLike, law: GeneralisedNormal) -> Floats:
    """Return the absolute error per weight of setting the share ρ of smallest magnitudes to 0.

    Parameters
    ----------
    fraction : ρ in [0, 1]; broadcasts with shape and scale of the law

    Raises
    ------
    ValueError
        if ρ is outside [0, 1]
    """
    rho = np.asarray(fraction, dtype=float)
    if not np.all((rho >= 0.0) & (rho <= 1.0)):
        raise ValueError(f"fraction must be in [0, 1], got {fraction!r}")
    return law.moment_below(law.quantile(rho))


@dataclass(frozen=True, slots=True)
class LawFit:
    """A law of greatest likelihood for some weights, and how near it comes.

    Parameters
    ----------
    name : ``laplace``, ``gauss`` or ``generalised-normal``
    law : of one shape and scale
    distance : Kolmogorov and Smirnov's, of the magnitudes
    log_likelihood : mean, of the signed weights [nat per weight]
    """

    name: str
    law: GeneralisedNormal
    distance: float
    log_likelihood: float


def compare_laws(weights: ArrayLike) -> tuple[LawFit, ...]:
    """Return the three laws fitted to some weights, the likeliest first.

    They are compared by distance and likelihood; millions of weights reject any law by a p-value.

    Parameters
    ----------
    weights : any shape, not all 0 [weight unit]

    Examples
    --------
    >>> weights = GeneralisedNormal(1.0, 1.0).sample(np.random.default_rng(1), 5000)
    >>> [fit.name for fit in compare_laws(weights)]
    ['generalised-normal', 'laplace', 'gauss']
    """
    size = np.sort(np.abs(np.asarray(weights, dtype=float)).ravel())
    best = fit_generalised_normal(size)
    fits = [_fit("generalised-normal", best, size)]
    for name, shape in (("laplace", 1.0), ("gauss", 2.0)):
        scale = float((shape * np.mean(size**shape)) ** (1.0 / shape))
        fits.append(_fit(name, GeneralisedNormal(shape, scale), size))
    return tuple(sorted(fits, key=lambda it: -it.log_likelihood))


def _fit(name: str, law: GeneralisedNormal, size: Floats) -> LawFit:
    """Return the fit to ascending magnitudes; several equal ones make one step."""
    value, count = np.unique(size, return_counts=True)
    after = np.cumsum(count) / len(size)
    share = law.below(value)
    apart = np.maximum(np.abs(after - share), np.abs(after - count / len(size) - share))
    return LawFit(name, law, float(apart.max()), float(np.mean(law.log_density(size))))
