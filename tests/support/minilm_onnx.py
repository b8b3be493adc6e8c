"""MiniLM-L6 as an ONNX graph from its checkpoint, for onnxruntime; shares no code with benchmarks/minilm.py.

Sentences of any length are padded and masked here, norms, softmax and GELU are the runtime's own
operators, and the checkpoint is read with the package safetensors.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

_HEADS, _SIZE = 12, 32


class _Graph:
    """Collects nodes; each step returns the name of what it makes."""

    def __init__(self, held: dict[str, np.ndarray], gelu: str) -> None:
        self.held, self.gelu = held, gelu
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: np.ndarray) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def do(self, kind: str, *inputs: str, **attributes: object) -> str:
        name = f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def dense(self, x: str, name: str) -> str:
        product = self.do("MatMul", x, self.constant(self.held[f"{name}.weight"].T))
        return self.do("Add", product, self.constant(self.held[f"{name}.bias"]))

    def norm(self, x: str, name: str) -> str:
        weight, bias = (self.constant(self.held[f"{name}.{it}"]) for it in ("weight", "bias"))
        return self.do("LayerNormalization", x, weight, bias, axis=-1, epsilon=1e-12)

    def heads(self, x: str, name: str, order: list[int]) -> str:
        shape = self.constant(np.array([0, 0, _HEADS, _SIZE]))
        return self.do("Transpose", self.do("Reshape", self.dense(x, name), shape), perm=order)

    def layer(self, x: str, name: str, hidden: str) -> str:
        own = f"{name}.attention.self"
        query = self.heads(x, f"{own}.query", [0, 2, 1, 3])
        key = self.heads(x, f"{own}.key", [0, 2, 3, 1])
        value = self.heads(x, f"{own}.value", [0, 2, 1, 3])
        root = self.constant(np.float32(_SIZE**-0.5))
        scores = self.do("Add", self.do("Mul", self.do("MatMul", query, key), root), hidden)
        mixed = self.do("MatMul", self.do("Softmax", scores, axis=-1), value)
        shape = self.constant(np.array([0, 0, _HEADS * _SIZE]))
        joined = self.do("Reshape", self.do("Transpose", mixed, perm=[0, 2, 1, 3]), shape)
        summed = self.do("Add", self.dense(joined, f"{name}.attention.output.dense"), x)
        x = self.norm(summed, f"{name}.attention.output.LayerNorm")
        wide = self.do("Gelu", self.dense(x, f"{name}.intermediate.dense"), approximate=self.gelu)
        summed = self.do("Add", self.dense(wide, f"{name}.output.dense"), x)
        return self.norm(summed, f"{name}.output.LayerNorm")


def build(checkpoint: Path, tokens: int, gelu: str = "none") -> bytes:
    """Return the model: token numbers and a mask of ones in, each layer and the embedding out."""
    graph = _Graph(load_file(checkpoint), gelu)
    tables = {it: graph.held[f"embeddings.{it}_embeddings.weight"] for it in ("word", "position")}
    kind = graph.held["embeddings.token_type_embeddings.weight"][0]
    words = graph.do("Gather", graph.constant(tables["word"]), "tokens")
    added = graph.do("Add", words, graph.constant(tables["position"][:tokens] + kind))
    x = graph.norm(added, "embeddings.LayerNorm")
    axes = graph.constant(np.array([1, 2]))
    off = graph.do("Sub", graph.do("Unsqueeze", "mask", axes), graph.constant(np.float32(1.0)))
    hidden = graph.do("Mul", off, graph.constant(np.float32(1e9)))
    layers = [x]
    for k in range(6):
        layers.append(graph.layer(layers[-1], f"encoder.layer.{k}", hidden))
    column = graph.do("Unsqueeze", "mask", graph.constant(np.array([2])))
    kept = graph.do("Mul", layers[-1], column)
    summed = graph.do("ReduceSum", kept, graph.constant(np.array([1])), keepdims=0)
    last = graph.do("LpNormalization", summed, axis=-1, p=2)
    return _model(graph, [*layers, last], tokens)


def _model(graph: _Graph, outputs: list[str], tokens: int) -> bytes:
    inputs = [
        helper.make_tensor_value_info("tokens", TensorProto.INT64, ["items", tokens]),
        helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["items", tokens]),
    ]
    told = [helper.make_tensor_value_info(it, TensorProto.FLOAT, None) for it in outputs]
    body = helper.make_graph(graph.nodes, "minilm", inputs, told, graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    return model.SerializeToString()
