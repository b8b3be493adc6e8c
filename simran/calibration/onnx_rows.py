"""Tensors of an ONNX file as its operators use them: output channels first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from simran.calibration.onnx_graph import OnnxGraph, OnnxWeight
from simran.calibration.tensors import Tensor

__all__ = ["output_channels_first"]


def output_channels_first(tensors: Sequence[Tensor], graph: OnnxGraph) -> list[Tensor]:
    """Return the tensors with rows that are output channels, as the weights of the graph have them.

    A file may hold the weights of a MatMul with the inputs first. With one scale per row these give
    another error than the rows that are quantized when the model is run.

    Parameters
    ----------
    tensors : of the file
    graph : of the same file
    """
    weights = {**graph.weights, **graph.others}
    return [_turned(it, weights[it.name]) if it.name in weights else it for it in tensors]


def _turned(tensor: Tensor, weight: OnnxWeight) -> Tensor:
    return replace(tensor, shape=weight.rows().shape, blocks=_bytes(weight))


def _bytes(weight: OnnxWeight) -> Callable[[], Iterator[bytes]]:
    little = weight.values.dtype.newbyteorder("<")
    return lambda: iter([weight.rows().astype(little).tobytes()])
