"""What the weights of a checkpoint are like: per tensor and pooled, and what quantizing them costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simran.calibration.magnitudes import Magnitudes
from simran.calibration.measured import BITS, MEASURED, code_book_scales, measured_distortion
from simran.calibration.tensors import Role, Tensor
from simran.distortion import expected_distortion

__all__ = ["Curve", "Layer", "Statistics", "statistics"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layer:
    """The magnitudes of one tensor, or of several pooled.

    Parameters
    ----------
    name, shape, dtype, role : of the tensor; see :class:`simran.calibration.Tensor`
    quantized : by default
    count : elements
    nonfinite : of them NaN or infinite, left out of all that follows
    mean_magnitude : of the finite ones
    rate : λ̂ = 1/mean, of greatest likelihood for ``|w| ~ Exp(λ)``
    ks_exponential, ks_half_normal : Kolmogorov-Smirnov distances to the two laws, each fitted by
        likelihood
    largest_over_mean : largest magnitude over the mean
    zeros : share that is exactly 0

    The figures are None where no weight is above 0 and for tensors of integers.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    role: Role | None
    quantized: bool
    count: int
    nonfinite: int = 0
    mean_magnitude: float | None = None
    rate: float | None = None
    ks_exponential: float | None = None
    ks_half_normal: float | None = None
    largest_over_mean: float | None = None
    zeros: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """Mean absolute error per weight against bits.

    Parameters
    ----------
    layer : name of the tensor, or of the pool
    quantizer : lloyd-max by the fitted law; power-of-two and uniform with the best scale per tensor
    bits : (B,)
    measured : (B,) on the weights
    predicted : (B,) by the exponential law with the λ̂ of each tensor
    """

    layer: str
    quantizer: str
    bits: tuple[int, ...]
    measured: tuple[float, ...]
    predicted: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Statistics:
    """Weight statistics of a checkpoint.

    Parameters
    ----------
    layers : every tensor, in the order of the file
    pooled : all tensors that are quantized by default; without_embeddings: those that are no embedding
    curves : of every quantized tensor and, last, of all pooled
    magnitudes : counts of the pooled magnitudes
    """

    layers: tuple[Layer, ...]
    pooled: Layer
    without_embeddings: Layer
    curves: tuple[Curve, ...]
    magnitudes: Magnitudes


def statistics(
    tensors: Iterable[Tensor],
    distortion: bool = True,
    progress: Callable[[float], None] | None = None,
) -> Statistics:
    """Return the weight statistics of some tensors, which are read one at a time and in pieces.

    Parameters
    ----------
    tensors : as :func:`simran.calibration.read_tensors` returns them
    distortion : measure the distortion of the quantizers too, for which every weight is read again
    progress : called with the share that is done

    Raises
    ------
    InputError
        if an element cannot be read
    """
    _keep_freed_memory()
    found = list(tensors)
    size = sum(it.count for it in found) or 1
    done, layers, curves = 0, [], []
    pooled, inner = Magnitudes(), Magnitudes()
    for tensor in found:
        magnitudes = _magnitudes(tensor)
        layers.append(_layer(tensor, magnitudes))
        if tensor.quantized:
            pooled.pool(magnitudes)
            if tensor.role != "embedding":
                inner.pool(magnitudes)
            if distortion and magnitudes.rate is not None:
                curves.append((magnitudes.count, _curves(tensor, magnitudes)))
        done += tensor.count
        if progress is not None:
            progress(done / size)
    return Statistics(
        tuple(layers),
        _summary("all quantized", pooled),
        _summary("all quantized but embeddings", inner),
        (*(it for _, row in curves for it in row), *_pooled(curves, pooled.count)),
        pooled,
    )


def _keep_freed_memory() -> None:
    """Free one large array: from then on glibc keeps smaller ones for the next piece.

    Otherwise each array of a piece goes back to the system, which costs up to ten times its use.
    """
    large = np.empty(16 * 2**20, dtype=np.uint8)
    del large


def _magnitudes(tensor: Tensor) -> Magnitudes:
    magnitudes = Magnitudes()
    if tensor.dtype.floating:
        for chunk in tensor.chunks():
            magnitudes.add(chunk)
    return magnitudes


def _figures(magnitudes: Magnitudes) -> dict[str, float]:
    rate = magnitudes.rate
    if rate is None:
        return {"zeros": 1.0, "mean_magnitude": 0.0} if magnitudes.count else {}
    from scipy.special import erf

    spread = np.sqrt(magnitudes.squares / magnitudes.count)
    return {
        "mean_magnitude": magnitudes.mean,
        "rate": rate,
        "ks_exponential": magnitudes.distance(lambda x: -np.expm1(-rate * x)),
        "ks_half_normal": magnitudes.distance(lambda x: erf(x / (spread * np.sqrt(2.0)))),
        "largest_over_mean": magnitudes.largest * rate,
        "zeros": magnitudes.zeros / magnitudes.count,
    }


def _layer(tensor: Tensor, magnitudes: Magnitudes) -> Layer:
    return Layer(
        tensor.name,
        tensor.shape,
        tensor.dtype.name,
        tensor.role,
        tensor.quantized,
        tensor.count,
        magnitudes.nonfinite,
        **_figures(magnitudes),
    )


def _summary(name: str, magnitudes: Magnitudes) -> Layer:
    count = magnitudes.count + magnitudes.nonfinite
    figures = _figures(magnitudes)
    return Layer(name, (count,), "", None, True, count, magnitudes.nonfinite, **figures)


def _curves(tensor: Tensor, magnitudes: Magnitudes) -> list[Curve]:
    measured = measured_distortion(tensor, code_book_scales(magnitudes))
    return [
        Curve(
            tensor.name,
            name,
            BITS,
            tuple(map(float, measured[name])),
            tuple(map(float, expected_distortion(name, BITS, magnitudes.rate or np.nan))),
        )
        for name in MEASURED
    ]


def _pooled(curves: list[tuple[int, list[Curve]]], count: int) -> list[Curve]:
    """Return the mean over all weights; tensors of zeros err by nothing."""
    if not curves:
        return []
    means = []
    shares = np.array([held for held, _ in curves]) / count
    for place, name in enumerate(MEASURED):
        measured = shares @ np.array([row[place].measured for _, row in curves])
        predicted = shares @ np.array([row[place].predicted for _, row in curves])
        means.append(
            Curve("all quantized", name, BITS, tuple(measured.tolist()), tuple(predicted.tolist()))
        )
    return means
