"""Expected distortion of quantizers under a generalised normal law, and laws against weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gamma

from simran.distortion.code_books import law_levels
from simran.distortion.generalised_normal import GeneralisedNormal, fit_generalised_normal
from simran.distortion.scaled_book import best_top, book_error, level_error

__all__ = ["LawFit", "compare_laws", "law_distortion", "law_pruning"]

Floats = NDArray[np.float64]

_SUMMED = 11  # bits up to which a code book of no even spacing is summed level by level


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
    if book == "lloyd-max":
        return _optimal(bits, shape)
    return book_error(book, bits, shape, best_top(book, bits, shape, 1))


def _optimal(bits: int, shape: float) -> float:
    """Return the error of the best code book: of many levels, as their number lets it fall.

    With M magnitudes ``D = (∫√f)²/4M · (1 + c/M)``, Panter and Dite's law under absolute error, c
    moves by less than 0.01 from one bit to the next, so that of 11 bits serves above to 1e-5.
    """
    law = GeneralisedNormal(shape, 1.0)
    if shape == 1.0 or bits <= _SUMMED:
        return level_error(law, law_levels(bits, law))
    root = 2.0 ** (1.0 / shape) * gamma(1.0 + 1.0 / shape)
    limit = float(shape / gamma(1.0 / shape) * root**2) / 4.0
    known, count = 2.0 ** (_SUMMED - 1), 2.0 ** (bits - 1)
    more = (_unit("lloyd-max", _SUMMED, shape) * known / limit - 1.0) * known
    return limit / count * (1.0 + more / count)


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
