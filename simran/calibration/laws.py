"""The laws of the weights: exponential magnitudes and the generalised normal law, by likelihood."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simran.calibration.magnitudes import Magnitudes
from simran.calibration.scales import Points
from simran.distortion import GeneralisedNormal, fit_generalised_normal

__all__ = ["LAWS", "LawFigures", "fit_laws", "fit_points"]

#: Laws that a profile can carry, the default first.
LAWS = ("exponential", "generalised-normal")


@dataclass(frozen=True, slots=True)
class LawFigures:
    """Both laws of greatest likelihood, and how near they come.

    Parameters
    ----------
    rate : λ̂ of ``|w| ~ Exp(λ)``, 1/mean [1/weight unit]
    generalised_shape, generalised_scale : of the signed density ``∝ e^(−(|w|/a)^s)``: s, and a [weight
        unit]; s is held within :data:`simran.distortion.SHAPES`
    ks_exponential, ks_generalised : Kolmogorov and Smirnov's distances of the magnitudes
    log_likelihood_exponential, log_likelihood_generalised : means of the signed weights [nat per
        weight]; their difference does not depend on the weights' unit
    """

    rate: float
    generalised_shape: float
    generalised_scale: float
    ks_exponential: float
    ks_generalised: float
    log_likelihood_exponential: float
    log_likelihood_generalised: float


def fit_laws(magnitudes: Magnitudes) -> LawFigures:
    """Return both laws fitted to some weights, one of them at least above 0.

    The generalised normal law is fitted to the means of cells 2^-7 of their value wide, which
    moves a mean of ``|w|^s`` by less than 10^-5 of itself for s up to 2.
    """
    points = magnitudes.coarse()
    law = fit_points([points])
    rate = 1.0 / magnitudes.mean
    return LawFigures(
        rate,
        float(law.shape),  # type: ignore[arg-type]
        float(law.scale),  # type: ignore[arg-type]
        magnitudes.distance(lambda x: -np.expm1(-rate * x)),
        magnitudes.distance(law.below),
        math.log(rate / 2.0) - 1.0,
        float(np.average(law.log_density(points.sizes), weights=points.counts)),
    )


def fit_points(points: Sequence[Points]) -> GeneralisedNormal:
    """Return the generalised normal law of greatest likelihood for several tensors together."""
    sizes = np.concatenate([it.sizes for it in points])
    counts = np.concatenate([it.counts for it in points])
    return fit_generalised_normal(sizes, counts)
