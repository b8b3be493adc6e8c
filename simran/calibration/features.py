"""What quantizing the features that are sent does to the outputs and the task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from simran.calibration.intervals import Estimate
from simran.calibration.network import Network
from simran.calibration.output_distortion import Judge
from simran.distortion import Quantizer

__all__ = ["FEATURE_BITS", "FeaturePoint", "measure_feature_bits", "quantize_features"]

#: Bits of an element of the features.
FEATURE_BITS = tuple(range(2, 17))


@dataclass(frozen=True, slots=True)
class FeaturePoint:
    """The features at one bit-width, the weights being as they are.

    Parameters
    ----------
    bits : of an element
    feature_error, feature_relative : mean absolute, and over the mean magnitude of the features
    end_error, end_relative : of the outputs; and over their mean magnitude
    quality : of the task; None without a metric
    loss : of quality against features that are not quantized, on the same items
    """

    bits: int
    feature_error: float
    feature_relative: float
    end_error: float
    end_relative: float
    quality: Estimate | None
    loss: Estimate | None


def quantize_features(features: NDArray[np.floating], bits: int) -> NDArray[np.float32]:
    """Return features as the server gets them: symmetric integers, one scale for each item.

    Parameters
    ----------
    features : the first axis counts the items, each of which is sent on its own
    bits : of an element, 2 to 16
    """
    quantizer = Quantizer("integer", bits)
    return np.stack([quantizer.quantize(item) for item in features])


def measure_feature_bits(
    network: Network,
    bits: Sequence[int] = FEATURE_BITS,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[FeaturePoint, ...]:
    """Return what the network does with features of some bits, beside unquantized ones.

    Parameters
    ----------
    network : whose features are quantized
    bits : of an element, 2 to 16 each
    resamples, seed : of the items, for the 95 % intervals of the quality
    """
    judge = Judge(network, resamples, seed)
    full = judge.full.features.astype(np.float64)
    size = float(np.abs(full).mean())
    points = []
    for width in bits:
        found = network.forward(network.weights, partial(quantize_features, bits=width))
        error = float(np.abs(quantize_features(judge.full.features, width) - full).mean())
        relative = error / size if size > 0.0 else float("nan")
        end = judge.errors(found)[2:]
        points.append(FeaturePoint(width, error, relative, *end, *judge.qualities(found)))
    return tuple(points)
