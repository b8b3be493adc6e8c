"""Fully connected networks with rectifiers, cut after any layer, with the rigorous bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simran.calibration.network import Metric, Outputs, Replace, Weights
from simran.distortion import output_error_bound

__all__ = ["DenseNetwork"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

_ACCURACY = Metric("top-1 accuracy")


@dataclass(frozen=True)
class DenseNetwork:
    """Layers ``x ← max(W x, 0)``, the last one without the rectifier, and no biases.

    Computed in double precision, so that what is measured is quantization alone. The rectifier is
    1-Lipschitz and vanishes at 0, so the bound of theory holds.

    Parameters
    ----------
    name : of the network
    matrices : (outputs, inputs) each, in order of use
    inputs : (items, inputs)
    labels : (items,) the class of each; the metric is top-1 accuracy
    layers : that the agent holds, 1 or more

    Raises
    ------
    ValueError
        if the shapes do not fit or the agent holds more layers than there are
    """

    name: str
    matrices: Sequence[Singles]
    inputs: Floats
    labels: NDArray[np.int64]
    layers: int
    metric: Metric | None = _ACCURACY

    def __post_init__(self) -> None:
        widths = [self.inputs.shape[1], *(len(it) for it in self.matrices)]
        shapes = list(zip(widths[1:], widths[:-1], strict=True))
        if [it.shape for it in self.matrices] != shapes:
            raise ValueError(f"matrices must have the shapes {shapes}")
        if len(self.labels) != len(self.inputs):
            raise ValueError(f"labels must be {len(self.inputs)}, got {len(self.labels)}")
        if not 1 <= self.layers <= len(self.matrices):
            raise ValueError(f"layers must be 1 to {len(self.matrices)}, got {self.layers}")

    @property
    def split(self) -> str:
        """Return the block at whose end the network is cut: ``layer/`` and its number from 1."""
        return f"layer/{self.layers}"

    @property
    def parameters(self) -> int:
        """Return the weights of all layers."""
        return sum(it.size for it in self.matrices)

    @cached_property
    def weights(self) -> Weights:
        """Return the matrices of the agent's layers."""
        return {f"layer/{k}": it for k, it in enumerate(self.matrices[: self.layers], start=1)}

    def forward(self, weights: Weights, replace: Replace | None = None) -> Outputs:
        """Return the features after the agent's layers and the scores of the classes."""
        x: NDArray[np.floating] = self.inputs
        for layer, matrix in enumerate(self._with(weights)):
            if layer == self.layers:
                features, x = x, x if replace is None else replace(x)
            scores = x @ matrix.astype(np.float64).T
            x = scores if layer == len(self.matrices) - 1 else np.maximum(scores, 0.0)
        if self.layers == len(self.matrices):
            features, x = x, x if replace is None else replace(x)
        return Outputs(features, x)

    def quality(self, outputs: Outputs) -> Floats:
        """Return (items, 1) whether the class of the largest score is the label."""
        hit = outputs.outputs.argmax(axis=1) == self.labels
        figures: Floats = hit.astype(np.float64)[:, None]
        return figures

    def bound(self, weights: Weights) -> tuple[Floats, Floats]:
        """Return (items,) the error of the scores in Euclidean norm, and what it cannot exceed.

        Parameters
        ----------
        weights : of the agent's layers
        """
        unit = output_error_bound(self.matrices, self._with(weights), 1.0)
        found, full = self.forward(weights).outputs, self.forward(self.weights).outputs
        error: Floats = np.linalg.norm(found - full, axis=1)
        norms: Floats = np.linalg.norm(self.inputs, axis=1)
        return error, unit * norms

    def _with(self, weights: Weights) -> list[Singles]:
        """Return all matrices, those of the agent replaced."""
        return [*(weights[name] for name in self.weights), *self.matrices[self.layers :]]
