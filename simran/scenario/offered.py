"""What a model offers to the allocator besides cuts and bit-widths, as the run reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["FeatureChoice", "PrunedErrors", "Pruning"]


@dataclass(frozen=True, slots=True)
class PrunedErrors:
    """What pruning a block by one ratio costs per weight of it, pruned ones included [weight unit].

    Parameters
    ----------
    ratio : ρ, share of the weights set to 0, above 0
    loss : of pruning alone, the other weights being unquantized
    errors, errors_lower, errors_upper : at each candidate bit-width, like those of :class:`Block`
    """

    ratio: float
    loss: float
    errors: tuple[float, ...]
    errors_lower: tuple[float, ...]
    errors_upper: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FeatureChoice:
    """One way to send what a block hands on.

    Parameters
    ----------
    bits : of an element; None for an amount of data, which has one way
    output_bits : sent for a request of size 1 [bit]
    distortion : what it adds to that of the weights
    """

    bits: float | None
    output_bits: float
    distortion: float


@dataclass(frozen=True, slots=True)
class Pruning:
    """Which shares of the agent's weights may be set to 0.

    Parameters
    ----------
    ratios : candidates ρ in [0, 1), ascending
    by : ``magnitude``: single weights, with a mask of one bit per weight; ``row``: whole rows
    """

    ratios: tuple[float, ...] = (0.0,)
    by: Literal["magnitude", "row"] = "magnitude"
