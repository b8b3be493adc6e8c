"""A network cut in two whose agent's part can be given other weights, and what it is judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Metric", "Network", "Outputs", "Replace", "Weights", "mean_figure", "ratio_of_sums"]

Floats = NDArray[np.float64]
Weights = Mapping[str, NDArray[np.float32]]
#: Gives what the server's part gets in place of the features, of the same shape.
Replace = Callable[[NDArray[np.floating]], NDArray[np.floating]]


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a network makes of its inputs; the first axis of both arrays counts the items.

    Parameters
    ----------
    features : the tensor at the split as the agent's part computes it, before it is replaced
    outputs : the end of the model, of the same shape for any weights
    detail : whatever else the quality needs, such as the words that were heard
    """

    features: NDArray[np.floating]
    outputs: NDArray[np.floating]
    detail: Any = None


def mean_figure(figures: Floats) -> float:
    """Return the mean of the only column."""
    return float(figures[:, 0].mean())


def ratio_of_sums(figures: Floats) -> float:
    """Return the sum of the first column over that of the second, as of errors and of words.

    Examples
    --------
    >>> ratio_of_sums(np.array([[1.0, 2.0], [0.0, 8.0]]))
    0.1
    """
    return float(figures[:, 0].sum() / figures[:, 1].sum())


@dataclass(frozen=True, slots=True)
class Metric:
    """How well a task is done.

    Parameters
    ----------
    name : in the field's words, such as ``top-1 accuracy``
    better : whether ``higher`` or ``lower`` values are
    value : of the metric, from (items, columns) figures; a mean, or a ratio, or any other statistic
    """

    name: str
    better: Literal["higher", "lower"] = "higher"
    value: Callable[[Floats], float] = mean_figure

    @property
    def sign(self) -> float:
        """Return 1 where higher is better and −1 where lower is."""
        return 1.0 if self.better == "higher" else -1.0


class Network(Protocol):
    """A network with fixed real inputs, cut after a block."""

    @property
    def name(self) -> str:
        """Return what it is called."""

    @property
    def split(self) -> str:
        """Return the block at whose end it is cut."""

    @property
    def parameters(self) -> int:
        """Return the parameters of the whole model, both parts."""

    @property
    def weights(self) -> Weights:
        """Return the tensors of the agent's part that are quantized, output channels first."""

    @property
    def metric(self) -> Metric | None:
        """Return what the quality is, None where there is none."""

    def forward(self, weights: Weights, replace: Replace | None = None) -> Outputs:
        """Return what the network makes of its inputs with other weights in the agent's part.

        Parameters
        ----------
        weights : in the names and shapes of :attr:`weights`
        replace : applied to the features before the server's part gets them
        """

    def quality(self, outputs: Outputs) -> Floats:
        """Return (items, columns) the figures that :attr:`metric` makes a value of."""
