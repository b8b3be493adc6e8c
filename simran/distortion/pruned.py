"""Expected error of weights of which a share is set to 0 before the others are quantized."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from simran.distortion.expected import ExpectedErrors, Exponential, expected_errors
from simran.distortion.generalised_normal import GeneralisedNormal
from simran.distortion.pruning import pruning_distortion
from simran.distortion.scheme import Scheme

__all__ = ["pruned_errors", "pruning_loss"]

Law = Exponential | GeneralisedNormal
By = Literal["magnitude", "row"]

_SHIFTED = ("lloyd-max", "rate-distortion")  # code books that may begin anywhere


def pruning_loss(ratio: float, law: Law, by: By) -> float:
    """Return the absolute error per weight of pruning alone [weight unit].

    By magnitude the smallest weights go, :func:`simran.distortion.pruning_distortion` for the
    exponential law. By row it is ``ρ E|w|``, as rows of many weights of one law have about one mean.

    Parameters
    ----------
    ratio : ρ in [0, 1]
    law : of the weights
    by : ``magnitude`` or ``row``

    Raises
    ------
    ValueError
        by magnitude, for any but the exponential law

    Examples
    --------
    >>> pruning_loss(0.5, Exponential(2.0), "row"), round(pruning_loss(0.5, Exponential(2.0), "magnitude"), 4)
    (0.25, 0.0767)
    """
    if by == "row":
        return ratio * float(law.mean_magnitude)
    return float(pruning_distortion(ratio, _exponential(law).rate))


def pruned_errors(
    scheme: Scheme,
    bits: Sequence[int],
    law: Law,
    sharing: Sequence[tuple[float, float]] = (),
    *,
    ratio: float,
    by: By,
) -> ExpectedErrors:
    """Return the expected error per weight, pruned ones included, of pruning and then quantizing.

    What is left of exponential magnitudes above the threshold ``t = −ln(1 − ρ)/λ`` is t plus an
    exponential magnitude of the same λ. So a code book that begins at t, which the decoder knows,
    errs as it did without pruning, and so does row L, since a shift moves no entropy:
    ``((1 − ρ) ln(1 − ρ) + ρ)/λ + (1 − ρ) D(b)``. By row the rest keeps its law, and any quantizer does.

    Parameters
    ----------
    scheme, bits, law, sharing : as in :func:`simran.distortion.expected_errors`
    ratio : ρ in [0, 1)
    by : ``magnitude`` or ``row``

    Raises
    ------
    ValueError
        by magnitude, for another law, another code book or more than one scale per tensor; and for what
        cannot be predicted without pruning

    Examples
    --------
    >>> pruned_errors(Scheme("lloyd-max"), [4], Exponential(1.0), ratio=0.25, by="magnitude").mean.round(4)
    array([0.1226])
    """
    if by == "magnitude" and ratio > 0.0:
        _exponential(law)
        if scheme.kind not in _SHIFTED or scheme.scale != "tensor" or scheme.clip != "mae":
            raise ValueError(
                f"what {scheme.label} does to weights pruned by magnitude is not known; "
                "it is for lloyd-max and rate-distortion with one scale per tensor"
            )
    loss = pruning_loss(ratio, law, by)
    left = expected_errors(scheme, bits, law, sharing)
    mean, lower, upper = (
        loss + (1.0 - ratio) * np.asarray(it) for it in (left.mean, left.lower, left.upper)
    )
    return ExpectedErrors(mean, lower, upper)


def _exponential(law: Law) -> Exponential:
    if isinstance(law, Exponential):
        return law
    if float(law.shape) != 1.0:  # type: ignore[arg-type]
        raise ValueError("pruning by magnitude is known for the exponential law alone")
    return Exponential(1.0 / float(law.scale))  # type: ignore[arg-type]
