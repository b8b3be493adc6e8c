"""A small ONNX model with a weight in each layout, and its inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["BIAS", "DENSE", "IMAGES", "KERNEL", "LAST", "small_onnx"]

GENERATOR = np.random.default_rng(8)
KERNEL = GENERATOR.normal(size=(3, 1, 2, 2)).astype(np.float32)
DENSE = GENERATOR.normal(size=(12, 5)).astype(np.float32)
LAST = GENERATOR.normal(size=(4, 5)).astype(np.float32)
BIAS = np.arange(4, dtype=np.float32)
IMAGES = GENERATOR.normal(size=(7, 1, 3, 3)).astype(np.float32)


def small_onnx(path: Path) -> Path:
    """Write conv (initialiser), matmul (constant), gemm with transB: three layouts of a weight."""
    constant = helper.make_node("Constant", [], ["dense"], value=numpy_helper.from_array(DENSE))
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["conv"]),
        helper.make_node("Relu", ["conv"], ["first"]),
        constant,
        helper.make_node("Flatten", ["first"], ["flat"]),
        helper.make_node("MatMul", ["flat", "dense"], ["second"]),
        helper.make_node("Gemm", ["second", "last", "bias"], ["y"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 3, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])],
        [
            numpy_helper.from_array(it, name)
            for name, it in (("kernel", KERNEL), ("last", LAST), ("bias", BIAS))
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))
    return path
