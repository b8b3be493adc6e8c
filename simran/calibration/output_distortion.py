"""What quantizing the agent's part does to the features, the outputs and the task: measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simran.calibration.intervals import Bootstrap, Estimate
from simran.calibration.network import Network, Outputs, Weights
from simran.calibration.setting import SETTINGS, Setting

__all__ = [
    "STUDY_BITS",
    "Judge",
    "OutputStudy",
    "Point",
    "Sweep",
    "measure_output_distortion",
]

#: Bit-widths of the agent's weights.
STUDY_BITS = tuple(range(1, 9))


@dataclass(frozen=True, slots=True)
class Point:
    """A quantizer at one bit-width; errors are mean absolute differences to full precision.

    Parameters
    ----------
    bits : of a code
    bits_per_weight : with the scales
    weight_error : per quantized weight [weight unit]
    parameter_distortion : summed absolute weight error over all parameters of the model
    split_error, split_relative : of the features; and over their mean magnitude
    end_error, end_relative : of the outputs; and over their mean magnitude
    quality : of the task; None without a metric
    loss : of quality against full precision on the same items
    """

    bits: int
    bits_per_weight: float
    weight_error: float
    parameter_distortion: float
    split_error: float
    split_relative: float
    end_error: float
    end_relative: float
    quality: Estimate | None
    loss: Estimate | None


@dataclass(frozen=True, slots=True)
class Sweep:
    """One quantizer at every bit-width that its code book has."""

    setting: Setting
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class OutputStudy:
    """All quantizers on one network, cut at one place.

    Parameters
    ----------
    network : that was measured
    full : what it does with full precision
    quality : with full precision; None without a metric
    sweeps : one for each quantizer
    """

    network: Network
    full: Outputs
    quality: Estimate | None
    sweeps: tuple[Sweep, ...]


class Judge:
    """Compares outputs with those of full precision.

    Parameters
    ----------
    network : whose outputs they are
    resamples : of the items, for the intervals of the quality
    seed : of the resamples
    """

    def __init__(self, network: Network, resamples: int = 1000, seed: int = 0) -> None:
        self._network = network
        self.full = network.forward(network.weights)
        self._bootstrap: Bootstrap | None = None
        if network.metric is not None:
            self._figures = network.quality(self.full)
            self._bootstrap = Bootstrap(network.metric, len(self._figures), resamples, seed)

    @property
    def quality(self) -> Estimate | None:
        """Return the quality with full precision."""
        return None if self._bootstrap is None else self._bootstrap.estimate(self._figures)

    def errors(self, found: Outputs) -> tuple[float, float, float, float]:
        """Return the errors at the split and at the end, each absolute and relative."""
        split = _difference(found.features, self.full.features, "features")
        end = _difference(found.outputs, self.full.outputs, "outputs")
        return (*split, *end)

    def qualities(self, found: Outputs) -> tuple[Estimate | None, Estimate | None]:
        """Return the quality and its loss; None without a metric."""
        if self._bootstrap is None:
            return None, None
        figures = self._network.quality(found)
        return self._bootstrap.estimate(figures), self._bootstrap.loss(figures, self._figures)


def measure_output_distortion(
    network: Network,
    settings: Sequence[Setting] = SETTINGS,
    bits: Sequence[int] = STUDY_BITS,
    resamples: int = 1000,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> OutputStudy:
    """Return what each quantizer does to a network at each bit-width.

    Parameters
    ----------
    network : whose agent's part is quantized
    settings : quantizers to try
    bits : bit-widths, ascending; those that a code book does not have are left out
    resamples, seed : of the items, for the 95 % intervals of the quality
    progress : called with the share that is done
    """
    judge = Judge(network, resamples, seed)
    todo = [(it, width) for it in settings for width in bits if width >= it.least_bits]
    points: dict[Setting, list[Point]] = {it: [] for it in settings}
    for done, (setting, width) in enumerate(todo, start=1):
        points[setting].append(_point(judge, network, setting, width))
        if progress is not None:
            progress(done / len(todo))
    sweeps = tuple(Sweep(setting, tuple(row)) for setting, row in points.items())
    return OutputStudy(network, judge.full, judge.quality, sweeps)


def _point(judge: Judge, network: Network, setting: Setting, bits: int) -> Point:
    quantized, per_weight, summed = _quantized(network.weights, setting, bits)
    found = network.forward(quantized)
    count = sum(it.size for it in quantized.values())
    return Point(
        bits,
        per_weight,
        summed / count,
        summed / network.parameters,
        *judge.errors(found),
        *judge.qualities(found),
    )


def _quantized(weights: Weights, setting: Setting, bits: int) -> tuple[Weights, float, float]:
    """Return the weights as they are decoded, bits per weight and the summed absolute error."""
    quantizer = setting.quantizer(bits)
    found: dict[str, NDArray[np.float32]] = {}
    held = summed = 0.0
    for name, weight in weights.items():
        encoded = quantizer.encode(weight)
        found[name] = quantizer.decode(encoded)
        held += encoded.bits_per_weight * weight.size
        summed += float(np.abs(weight - found[name]).sum(dtype=np.float64))
    return found, held / sum(it.size for it in weights.values()), summed


def _difference(
    found: NDArray[np.floating], full: NDArray[np.floating], what: str
) -> tuple[float, float]:
    if found.shape != full.shape:
        raise ValueError(f"{what} must keep their shape {full.shape}, got {found.shape}")
    # An item at a time: the outputs of a language model fill the memory in double precision.
    pairs = list(zip(np.atleast_1d(found), np.atleast_1d(full), strict=True))
    summed = sum(float(np.abs(one.astype(np.float64) - other).sum()) for one, other in pairs)
    size = float(np.abs(full).sum(dtype=np.float64))
    error = summed / max(full.size, 1)
    return error, summed / size if size > 0.0 else float("nan")
