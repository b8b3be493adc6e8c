"""Expected error of any quantizer under a law of the weights, and what bounds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from simran.distortion.code_books import MOST_BITS
from simran.distortion.generalised_normal import GeneralisedNormal
from simran.distortion.largest import largest_error, largest_lower
from simran.distortion.law_error import law_distortion
from simran.distortion.quantizers import QUANTIZERS, bounds, expected_distortion
from simran.distortion.scaled_book import best_top, book_error
from simran.distortion.scheme import Scheme

__all__ = ["ExpectedErrors", "Exponential", "expected_errors", "law_lower", "most_bits"]

Floats = NDArray[np.float64]

_MOST_SUMMED = 12  # of a lloyd-max code book that has no closed form


@dataclass(frozen=True, slots=True)
class Exponential:
    """Weights whose magnitudes are exponential: signed, a Laplace law.

    Parameters
    ----------
    rate : λ, above 0 [1/weight unit]
    """

    rate: float

    @property
    def mean_magnitude(self) -> float:
        """Return E|w| = 1/λ [weight unit]."""
        return 1.0 / self.rate


@dataclass(frozen=True)
class ExpectedErrors:
    """Expected absolute error per weight by bit-width [weight unit].

    Parameters
    ----------
    mean : (B,)
    lower, upper : (B,) bounds, NaN where none is known
    """

    mean: Floats
    lower: Floats
    upper: Floats


def most_bits(scheme: Scheme, law: Exponential | GeneralisedNormal) -> int:
    """Return up to which bit-width :func:`expected_errors` knows the error of a quantizer."""
    laplace = isinstance(law, Exponential) or law.shape == 1.0
    if laplace and scheme.clip == "mae" and scheme.kind in QUANTIZERS:
        return 64
    if scheme.kind == "lloyd-max" and scheme.clip != "mae" and not laplace:
        return _MOST_SUMMED
    return MOST_BITS


def expected_errors(
    scheme: Scheme,
    bits: Sequence[int],
    law: Exponential | GeneralisedNormal,
    sharing: Sequence[tuple[float, float]] = (),
) -> ExpectedErrors:
    """Return the expected error of a quantizer at some bit-widths.

    Parameters
    ----------
    scheme : the quantizer
    bits : (B,) whole, from :attr:`Scheme.least_bits` to :func:`most_bits`
    law : of the weights, of one shape and scale
    sharing : pairs of a number of weights that share a scale and the part of all weights that do so;
        needed with ``clip: none`` alone

    Raises
    ------
    ValueError
        for what cannot be predicted: a scale per row or group that is fitted to its own weights,
        rate-distortion under any but the exponential law, bits that the quantizer does not have

    Examples
    --------
    >>> expected_errors(Scheme("uniform", 64, "none"), [4], Exponential(1.0), [(64, 1.0)]).mean.round(4)
    array([0.1604])
    """
    if not isinstance(law, Exponential) and law.shape == 1.0:
        law = Exponential(1.0 / float(law.scale))  # type: ignore[arg-type]
    if scheme.clip == "none":
        return _largest(scheme, bits, law, sharing)
    if scheme.scale != "tensor":
        raise ValueError(
            f"a law does not tell the error of {scheme.label}, whose scales are fitted to few weights"
        )
    if scheme.clip == "mse":
        return _least_squares(scheme, bits, law)
    if isinstance(law, Exponential) and scheme.kind in QUANTIZERS:
        mean = expected_distortion(scheme.kind, bits, law.rate)
        return ExpectedErrors(mean, *bounds(scheme.kind, bits, law.rate))
    if scheme.kind == "rate-distortion":
        raise ValueError("rate-distortion is known for the exponential law alone")
    mean = law_distortion(scheme.kind, bits, _signed(law))
    return ExpectedErrors(mean, law_lower(bits, law), np.full(mean.shape, np.nan))


def law_lower(bits: Sequence[float], law: Exponential | GeneralisedNormal) -> Floats:
    """Return the Shannon lower bound of the signed weight at b bits, under absolute error.

    ``R(D) ≥ h − log2(2e D)`` with the entropy ``h = ln(2aΓ(1/s)/s) + 1/s`` [nat] of the law gives
    ``D ≥ a Γ(1/s) e^(1/s − 1)/s · 2^-b``; for Laplace, s = 1, that is row L and exact.
    """
    signed = _signed(law)
    s, a = float(signed.shape), float(signed.scale)  # type: ignore[arg-type]
    bound: Floats = (
        a / s * np.exp(gammaln(1.0 / s) + 1.0 / s - 1.0) * np.exp2(-np.array(bits, float))
    )
    return bound


def _signed(law: Exponential | GeneralisedNormal) -> GeneralisedNormal:
    return GeneralisedNormal(1.0, 1.0 / law.rate) if isinstance(law, Exponential) else law


def _least_squares(
    scheme: Scheme, bits: Sequence[int], law: Exponential | GeneralisedNormal
) -> ExpectedErrors:
    signed = _signed(law)
    s, a = float(signed.shape), float(signed.scale)  # type: ignore[arg-type]
    errors = [book_error(scheme.kind, b, s, best_top(scheme.kind, b, s, 2)) for b in bits]
    mean = a * np.array(errors)
    return ExpectedErrors(mean, law_lower(bits, law), np.full(mean.shape, np.nan))


def _largest(
    scheme: Scheme,
    bits: Sequence[int],
    law: Exponential | GeneralisedNormal,
    sharing: Sequence[tuple[float, float]],
) -> ExpectedErrors:
    if not sharing:
        raise ValueError("clip none needs the number of weights that share a scale")
    signed = _signed(law)
    s, a = float(signed.shape), float(signed.scale)  # type: ignore[arg-type]
    mean, lower = np.zeros(len(bits)), np.zeros(len(bits))
    for count, part in sharing:
        mean += part * np.array([largest_error(scheme.kind, b, s, count) for b in bits])
        lower += part * np.array([largest_lower(b, s, count) for b in bits])
    return ExpectedErrors(a * mean, a * lower, np.full(len(bits), np.nan))
