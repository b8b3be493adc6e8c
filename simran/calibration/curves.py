"""Measured error against bits: of a tensor under each setting, and of several tensors together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simran.calibration.magnitudes import Magnitudes
from simran.calibration.measured import bits_of, measured_distortion
from simran.calibration.setting import Setting
from simran.calibration.tensors import Tensor
from simran.distortion import Exponential, Scheme, expected_errors

__all__ = ["Curve", "layer_curves", "mean_curves"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """Mean absolute error per weight against bits.

    Parameters
    ----------
    layer : name of the tensor, or of the pool
    quantizer : label of the setting
    bits : (B,)
    measured : (B,) on the weights
    predicted : (B,) by the exponential law with the λ̂ of each tensor, or None: known for one scale
        per tensor, clipped where the absolute error is least
    """

    layer: str
    quantizer: str
    bits: tuple[int, ...]
    measured: tuple[float, ...]
    predicted: tuple[float, ...] | None


def layer_curves(
    tensor: Tensor, magnitudes: Magnitudes, settings: Sequence[Setting]
) -> tuple[Curve, ...]:
    """Return what each setting costs a tensor.

    Parameters
    ----------
    tensor, magnitudes : one of its weights is above 0
    settings : in the order of the result

    Raises
    ------
    InputError
        if an element cannot be read, or a row is too long for a setting
    """
    measured = measured_distortion(tensor, magnitudes, settings)
    return tuple(
        Curve(
            tensor.name,
            setting.label,
            bits_of(setting),
            tuple(errors.tolist()),
            _predicted(setting, magnitudes.rate or np.nan),
        )
        for setting, errors in measured.items()
    )


def _predicted(setting: Setting, rate: float) -> tuple[float, ...] | None:
    """Return what the exponential law says, which knows of one best scale per tensor."""
    if setting.scale != "tensor" or setting.clip != "mae":
        return None
    law, scheme = Exponential(rate), Scheme(setting.kind)
    return tuple(expected_errors(scheme, bits_of(setting), law).mean.tolist())


def mean_curves(
    name: str, counts: Sequence[int], curves: Sequence[tuple[Curve, ...]]
) -> tuple[Curve, ...]:
    """Return the mean over all weights of some tensors.

    Parameters
    ----------
    name : of the pool
    counts : (N,) finite weights of each that is quantized, else 0
    curves : (N,) of each; none where it errs by nothing, as zeros do
    """
    held = [(count, row) for count, row in zip(counts, curves, strict=True) if row]
    shares = np.array([count for count, _ in held])[:, None] / max(sum(counts), 1)
    means = []
    for alike in zip(*(row for _, row in held), strict=True):
        known = [it.predicted for it in alike if it.predicted is not None]
        first = alike[0]
        means.append(
            Curve(
                name,
                first.quantizer,
                first.bits,
                _mean(shares, [it.measured for it in alike]),
                _mean(shares, known) if len(known) == len(alike) else None,
            )
        )
    return tuple(means)


def _mean(shares: Floats, rows: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(np.sum(shares * np.array(rows), axis=0).tolist())
