"""The coefficient that turns weight errors into output errors, fitted, with what it leaves over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Coefficient", "fit_coefficient"]


@dataclass(frozen=True, slots=True)
class Coefficient:
    """``output error = coefficient · parameter distortion``, and how far that holds.

    Parameters
    ----------
    value : the coefficient [output unit per weight unit]
    bits : bit-widths that it was fitted on
    residual : root mean square of (fitted − measured)/measured over those
    residual_all : over all bit-widths that were measured
    """

    value: float
    bits: tuple[int, ...]
    residual: float
    residual_all: float


def fit_coefficient(
    distortion: ArrayLike, error: ArrayLike, bits: Sequence[int], fitted: Sequence[int]
) -> Coefficient:
    """Return the coefficient of least squares through the origin, ``Σxy/Σx²``.

    Parameters
    ----------
    distortion : (N,) summed absolute weight error over all parameters of the model [weight unit]
    error : (N,) mean absolute error of the outputs; what is not finite is left out
    bits : (N,) bit-width of each
    fitted : bit-widths to fit on; the others show how far the line carries

    Raises
    ------
    ValueError
        if none of the bit-widths has an error to fit on

    Examples
    --------
    >>> fit_coefficient([2.0, 1.0], [6.0, 4.0], [4, 5], [5])
    Coefficient(value=4.0, bits=(5,), residual=0.0, residual_all=0.23570226039551587)
    """
    x, y, b = (np.asarray(it, dtype=float) for it in (distortion, error, bits))
    erring = (x > 0.0) & (y > 0.0) & np.isfinite(y)
    chosen = np.isin(b, list(fitted)) & erring
    if not np.any(chosen):
        raise ValueError(f"fitted must hold a bit-width with an error, got {list(fitted)}")
    value = float(x[chosen] @ y[chosen] / (x[chosen] @ x[chosen]))
    part = np.square(value * x[erring] / y[erring] - 1.0)
    held = tuple(int(it) for it in dict.fromkeys(b[chosen].tolist()))
    inside = float(np.sqrt(part[chosen[erring]].mean()))
    return Coefficient(value, held, inside, float(np.sqrt(part.mean())))
