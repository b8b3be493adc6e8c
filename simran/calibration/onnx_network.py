"""Any ONNX model as a network to measure, run by onnxruntime on one thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simran.calibration.network import Metric, Outputs, Replace, Weights
from simran.calibration.onnx_graph import OnnxGraph
from simran.errors import InputError, shown

__all__ = ["OnnxNetwork"]

Floats = NDArray[np.float64]
Feeds = Mapping[str, NDArray[Any]]

_BATCH = 16
_QUIET = 3  # of onnxruntime: errors alone


@dataclass
class OnnxNetwork:
    """A model cut at a tensor, with fixed inputs.

    Parameters
    ----------
    graph : of the model
    inputs : of each of its inputs, the first axis counting the items
    name : what it is called
    split : block at whose end it is cut
    metric : of the quality, None for none
    judge : (items, columns) figures of the metric from what the network put out
    batch : items that are run at once

    Raises
    ------
    InputError
        if the inputs are not those of the model, or onnxruntime is not installed
    """

    graph: OnnxGraph
    inputs: Feeds
    name: str
    split: str
    metric: Metric | None = None
    judge: Callable[[Outputs], Floats] | None = None
    batch: int = _BATCH
    items: int = field(init=False)

    def __post_init__(self) -> None:
        wanted = sorted(self.graph.inputs)
        if sorted(self.inputs) != wanted:
            given = sorted(self.inputs)
            raise self._refused(
                f"takes the inputs {wanted}, given are {given} (name the arrays after the inputs)"
            )
        counts = {it.shape[0] if it.ndim else 0 for it in self.inputs.values()}
        if len(counts) != 1 or not min(counts):
            raise self._refused("needs as many items, one or more, of each input")
        self.items = counts.pop()

    @property
    def parameters(self) -> int:
        """Return the elements of all floating-point tensors of the model."""
        return self.graph.parameters

    @cached_property
    def weights(self) -> Weights:
        """Return the weights of the agent's part, output channels first."""
        return {name: it.rows() for name, it in self.graph.weights.items()}

    def forward(self, weights: Weights, replace: Replace | None = None) -> Outputs:
        """Return features and outputs, computed a batch at a time."""
        fixed = {name: it.values for name, it in self.graph.others.items()}
        fixed |= {name: it.fed(weights[name]) for name, it in self.graph.weights.items()}
        features, outputs = [], []
        for start in range(0, self.items, self.batch):
            chosen = slice(start, start + self.batch)
            feeds = {name: it[chosen] for name, it in self.inputs.items()}
            sent, end = self._run(self._whole, [self.graph.split, self.graph.output], feeds | fixed)
            if replace is not None:
                taken = {**feeds, **fixed, self.graph.split: replace(sent).astype(sent.dtype)}
                end = self._run(self._server, [self.graph.output], taken)[0]
                if self.graph.split == self.graph.output:
                    end = taken[self.graph.split]
            self._counted(sent, end, len(next(iter(feeds.values()))))
            features.append(sent)
            outputs.append(end)
        return Outputs(np.concatenate(features), np.concatenate(outputs))

    def quality(self, outputs: Outputs) -> Floats:
        """Return the figures of the metric.

        Raises
        ------
        ValueError
            if there is no metric
        """
        if self.judge is None:
            raise ValueError("judge must be given where the quality is asked for")
        return self.judge(outputs)

    @cached_property
    def _whole(self) -> Any:
        return self._session(self.graph.whole())

    @cached_property
    def _server(self) -> Any:
        return self._session(self.graph.server())

    def _session(self, model: bytes) -> Any:
        try:
            import onnxruntime
        except ImportError as error:
            mend = "pip install 'simran[onnx]'"
            raise self._refused(f"running it needs onnxruntime; {mend}") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _QUIET
        try:
            return onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
        except Exception as error:  # its errors share no class but this
            raise self._failed(error) from error

    def _run(self, session: Any, outputs: list[str], feeds: Feeds) -> list[NDArray[Any]]:
        taken = {it.name for it in session.get_inputs()}
        feeds = {name: it for name, it in feeds.items() if name in taken}
        try:
            found: list[NDArray[Any]] = session.run(outputs, feeds)
        except Exception as error:
            raise self._failed(error) from error
        return found

    def _counted(self, sent: NDArray[Any], end: NDArray[Any], items: int) -> None:
        for what, it in (("features", sent), ("outputs", end)):
            if it.ndim == 0 or it.shape[0] != items or it.dtype.kind != "f":
                raise self._refused(
                    f"its {what} must be floating-point numbers, one row for each of {items}"
                    f" items; they have the shape {it.shape} and the type {it.dtype}"
                )

    def _refused(self, message: str) -> InputError:
        path = str(self.graph.path)
        return InputError(f"{path if path.isprintable() else shown(path)}: {message}")

    def _failed(self, error: Exception) -> InputError:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return self._refused(f"onnxruntime cannot run it: {lines[0][:200]}")
