"""An ONNX graph whose weights and features can be given from outside."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simran.calibration.files import CheckpointFile
from simran.calibration.onnx import read_onnx
from simran.errors import InputError, hint, shown

__all__ = ["OnnxGraph", "OnnxWeight", "read_graph"]

Singles = NDArray[np.float32]

#: Operators with weights, and the places of these among their inputs.
_WEIGHTS = {
    "Conv": (1,), "ConvTranspose": (1,), "Gather": (0,), "Gemm": (1,), "GRU": (1, 2),
    "LSTM": (1, 2), "MatMul": (0, 1), "RNN": (1, 2),
}  # fmt: skip
_FLOATS = (1, 10, 11)  # TensorProto.FLOAT, FLOAT16, DOUBLE


@dataclass(frozen=True)
class OnnxWeight:
    """A weight as the quantizer sees it, output channels first, and as the graph does.

    Parameters
    ----------
    name : of the tensor in the graph
    operator : that uses it
    transposed : whether the graph has the inputs first
    values : in the graph's order and element type
    """

    name: str
    operator: str
    transposed: bool
    values: NDArray[np.floating]

    def rows(self) -> Singles:
        """Return the values in single precision, output channels on the first axis."""
        values = self._turned(self.values)
        if self.operator in {"GRU", "LSTM", "RNN"} or (self.operator == "MatMul"):
            values = values.reshape(-1, values.shape[-1])
        return np.ascontiguousarray(values, dtype=np.float32)

    def fed(self, rows: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return such values as the graph takes them."""
        shape = self._turned(self.values).shape
        values = self._turned(rows.reshape(shape))
        return np.ascontiguousarray(values, dtype=self.values.dtype)

    def _turned(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        if not self.transposed:
            return values
        axes = (0, 1) if self.operator == "ConvTranspose" else (-1, -2)
        return np.swapaxes(values, *axes)


@dataclass(frozen=True)
class OnnxGraph:
    """A model cut at a tensor.

    Parameters
    ----------
    path : of the file
    proto : the model as the ``onnx`` package reads it, its weights turned into inputs
    inputs : what the model itself takes
    output : the end of the model, its first output
    split : the tensor that is sent
    weights : of the agent's part, which ``split`` depends on, by name in the order of use
    others : of the server's part
    parameters : elements of all floating-point tensors of the file
    """

    path: Path
    proto: Any
    inputs: tuple[str, ...]
    output: str
    split: str
    weights: dict[str, OnnxWeight]
    others: dict[str, OnnxWeight]
    parameters: int

    def whole(self) -> bytes:
        """Return the model with the split and the end as its outputs."""
        return _bytes(self.proto, sorted({self.split, self.output}))

    def server(self) -> bytes:
        """Return the model that takes the features instead of computing them."""
        from onnx import TensorProto, helper

        proto = type(self.proto)()
        proto.CopyFrom(self.proto)
        for node in proto.graph.node:
            for place, name in enumerate(node.output):
                if name == self.split:
                    node.output[place] = f"{name}/computed"
        taken = helper.make_tensor_value_info(self.split, TensorProto.FLOAT, None)
        proto.graph.input.append(taken)
        return _bytes(proto, [self.output])


def read_graph(path: Path, split: str | None = None) -> OnnxGraph:
    """Return the graph of an ONNX model, cut at a tensor.

    The file is checked as every checkpoint is before the ``onnx`` package parses it.

    Parameters
    ----------
    path : of the ``.onnx`` file
    split : name of a tensor; the model's first output if left out, all being the agent's part

    Raises
    ------
    InputError
        if the file is refused, has no weights before the split, or no such tensor
    """
    file = CheckpointFile.open(path)
    tensors = read_onnx(file)
    onnx = _package(file)
    try:
        proto = onnx.load(str(path))
    except Exception as error:  # whatever its parser meets
        file.refuse(f"is no sound ONNX file: {str(error).splitlines()[0]}", "export it again")
    graph = proto.graph
    if not graph.output:
        file.refuse("has no output", "export the model again")
    output = str(graph.output[0].name)
    place = output if split is None else split
    made = {name for node in graph.node for name in node.output if name}
    if place not in made:
        mend = hint(place, sorted(made)) or "name a tensor that a node computes"
        file.refuse(f"has no tensor {shown(place)}", mend)
    given = {it.name for it in graph.initializer}
    inputs = tuple(str(it.name) for it in graph.input if it.name not in given)
    weights = _weights(proto)
    _as_inputs(proto, set(weights))
    before = _needed(graph, place)
    agent = {name: it for name, it in weights.items() if name in before}
    if not agent:
        file.refuse(f"has no weights before {shown(place)}", "choose a later tensor")
    others = {name: it for name, it in weights.items() if name not in before}
    count = sum(it.count for it in tensors if it.dtype.floating)
    return OnnxGraph(path, proto, inputs, output, place, agent, others, count)


def _package(file: CheckpointFile) -> Any:
    try:
        import onnx
    except ImportError as error:
        message = f"{file.path}: running it needs onnx and onnxruntime"
        raise InputError(f"{message}; pip install 'simran[onnx]'") from error
    return onnx


def _constants(graph: Any) -> Iterator[tuple[str, Any]]:
    """Yield the tensors that a graph holds: initialisers, and the values of Constant nodes."""
    yield from ((str(it.name), it) for it in graph.initializer)
    for node in graph.node:
        if node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value":
                    yield str(node.output[0]), attribute.t


def _weights(proto: Any) -> dict[str, OnnxWeight]:
    from onnx import numpy_helper

    held = dict(_constants(proto.graph))
    found: dict[str, OnnxWeight] = {}
    for node in proto.graph.node:
        for place in _WEIGHTS.get(node.op_type, ()):
            name = str(node.input[place]) if place < len(node.input) else ""
            tensor = held.get(name)
            if name in found or tensor is None or tensor.data_type not in _FLOATS:
                continue
            if len(tensor.dims) > 1 and math.prod(tensor.dims):
                values = numpy_helper.to_array(tensor)
                found[name] = OnnxWeight(name, node.op_type, _transposed(node, place), values)
    return found


def _transposed(node: Any, place: int) -> bool:
    if node.op_type == "MatMul":
        return place == 1
    if node.op_type == "Gemm":
        return not any(it.name == "transB" and it.i for it in node.attribute)
    return bool(node.op_type == "ConvTranspose")


def _as_inputs(proto: Any, names: set[str]) -> None:
    """Turn tensors that the graph holds into inputs of it."""
    from onnx import helper

    graph = proto.graph
    kinds = {name: (it.data_type, list(it.dims)) for name, it in _constants(graph) if name in names}
    nodes = [it for it in graph.node if it.op_type != "Constant" or it.output[0] not in names]
    kept = [it for it in graph.initializer if it.name not in names]
    declared = [it for it in graph.input if it.name not in names]
    for field, values in (("node", nodes), ("initializer", kept), ("input", declared)):
        copies = [type(it).FromString(it.SerializeToString()) for it in values]
        del getattr(graph, field)[:]
        getattr(graph, field).extend(copies)
    for name, (kind, shape) in kinds.items():
        graph.input.append(helper.make_tensor_value_info(name, kind, shape))


def _needed(graph: Any, place: str) -> set[str]:
    """Return the names that a tensor depends on."""
    maker = {name: node for node in graph.node for name in node.output}
    found, todo = set(), [place]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        if name in maker:
            todo += [it for it in maker[name].input if it]
    return found


def _bytes(proto: Any, outputs: list[str]) -> bytes:
    """Return the model with some tensors as its outputs."""
    from onnx import TensorProto, helper

    copy = type(proto)()
    copy.CopyFrom(proto)
    kinds = {it.name: it for it in proto.graph.output}
    wanted = [
        kinds.get(name) or helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in outputs
    ]
    del copy.graph.output[:]
    copy.graph.output.extend(wanted)
    data: bytes = copy.SerializeToString()
    return data
