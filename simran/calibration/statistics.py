"""What the weights of a checkpoint are like: per tensor and pooled, and what quantizing them costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain

import numpy as np

from simran.calibration.curves import Curve, layer_curves, mean_curves
from simran.calibration.laws import fit_laws
from simran.calibration.magnitudes import Magnitudes
from simran.calibration.scales import Points
from simran.calibration.setting import CALIBRATED, Setting
from simran.calibration.tensors import Role, Tensor

__all__ = ["Layer", "Statistics", "statistics"]


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
    rate, generalised_shape, generalised_scale, ks_exponential, ks_generalised,
        log_likelihood_exponential, log_likelihood_generalised : two laws of greatest likelihood, their
        distances and mean log-likelihoods; see :class:`simran.calibration.laws.LawFigures`
    ks_half_normal : distance to the half-normal law of greatest likelihood
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
    generalised_shape: float | None = None
    generalised_scale: float | None = None
    ks_exponential: float | None = None
    ks_generalised: float | None = None
    ks_half_normal: float | None = None
    log_likelihood_exponential: float | None = None
    log_likelihood_generalised: float | None = None
    largest_over_mean: float | None = None
    zeros: float | None = None


@dataclass(frozen=True, slots=True)
class Statistics:
    """Weight statistics of a checkpoint.

    Parameters
    ----------
    layers : every tensor, in the order of the file
    pooled : all tensors that are quantized by default; without_embeddings: those that are no embedding
    layer_curves : of each of the layers; none where nothing was measured
    pooled_curves : of all quantized weights
    points : magnitudes that stand for those of each of the layers; None where it is not quantized or
        has no finite element
    magnitudes : counts of the pooled magnitudes
    """

    layers: tuple[Layer, ...]
    pooled: Layer
    without_embeddings: Layer
    layer_curves: tuple[tuple[Curve, ...], ...]
    pooled_curves: tuple[Curve, ...]
    points: tuple[Points | None, ...]
    magnitudes: Magnitudes

    @property
    def curves(self) -> tuple[Curve, ...]:
        """Return those of every quantized tensor and, last, of all pooled."""
        return (*chain.from_iterable(self.layer_curves), *self.pooled_curves)


def statistics(
    tensors: Iterable[Tensor],
    settings: Sequence[Setting] = CALIBRATED,
    progress: Callable[[float], None] | None = None,
) -> Statistics:
    """Return the weight statistics of some tensors, which are read one at a time and in pieces.

    Parameters
    ----------
    tensors : as :func:`simran.calibration.read_tensors` returns them
    settings : quantizers whose distortion is measured, for which every weight is read again
    progress : called with the share that is done

    Raises
    ------
    InputError
        if an element cannot be read, or a row is too long for a setting
    """
    _keep_freed_memory()
    found = list(tensors)
    size = sum(it.count for it in found) or 1
    done = 0
    layers: list[Layer] = []
    curves: list[tuple[Curve, ...]] = []
    points: list[Points | None] = []
    pooled, inner = Magnitudes(), Magnitudes()
    for tensor in found:
        magnitudes = _magnitudes(tensor)
        layers.append(_layer(tensor, magnitudes))
        held = tensor.quantized and magnitudes.rate is not None
        if tensor.quantized:
            pooled.pool(magnitudes)
            if tensor.role != "embedding":
                inner.pool(magnitudes)
        points.append(magnitudes.coarse() if tensor.quantized and magnitudes.count else None)
        curves.append(layer_curves(tensor, magnitudes, settings) if held else ())
        done += tensor.count
        if progress is not None:
            progress(done / size)
    whole = _summary("all quantized", pooled)
    counts = [it.count - it.nonfinite if it.quantized else 0 for it in layers]
    return Statistics(
        tuple(layers),
        whole,
        _summary("all quantized but embeddings", inner),
        tuple(curves),
        mean_curves(whole.name, counts, curves),
        tuple(points),
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
    if magnitudes.rate is None:
        return {"zeros": 1.0, "mean_magnitude": 0.0} if magnitudes.count else {}
    from scipy.special import erf

    spread = np.sqrt(magnitudes.squares / magnitudes.count)
    return {
        "mean_magnitude": magnitudes.mean,
        **asdict(fit_laws(magnitudes)),
        "ks_half_normal": magnitudes.distance(lambda x: erf(x / (spread * np.sqrt(2.0)))),
        "largest_over_mean": magnitudes.largest / magnitudes.mean,
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
