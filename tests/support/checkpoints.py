"""Checkpoints written byte by byte, so that tests can break them where they like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

__all__ = [
    "constant_node",
    "external_tensor",
    "message",
    "onnx_model",
    "packed_varints",
    "raw_tensor",
    "safetensors_bytes",
    "safetensors_header",
    "varint",
    "weights",
    "written",
]

NAMES = {"float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int8": "I8"}
CODES = {"float32": 1, "int8": 3, "int64": 7, "float16": 10, "float64": 11}


def weights(rate: float, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Return Laplace weights, whose magnitudes are exponential with that λ."""
    return np.random.default_rng(seed).laplace(0.0, 1.0 / rate, shape).astype(np.float32)


def safetensors_header(header: Any, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def safetensors_bytes(arrays: dict[str, np.ndarray]) -> bytes:
    header, data = {}, b""
    for name, array in arrays.items():
        start = len(data)
        data += array.tobytes()
        header[name] = {
            "dtype": NAMES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [start, len(data)],
        }
    return safetensors_header(header, data)


def varint(value: int) -> bytes:
    out = b""
    while value >= 128:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def packed_varints(values: list[int]) -> bytes:
    return b"".join(varint(value % 2**64) for value in values)


def message(*parts: tuple[int, int | bytes | str]) -> bytes:
    """Return a protocol buffer: numbers as varints, all else with its length."""
    out = b""
    for number, value in parts:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def raw_tensor(name: str, array: np.ndarray) -> bytes:
    dims = [(1, length) for length in array.shape]
    return message(*dims, (2, CODES[array.dtype.name]), (8, name), (9, array.tobytes()))


def external_tensor(name: str, count: int, places: dict[str, str]) -> bytes:
    pairs = [(13, message((1, key), (2, value))) for key, value in places.items()]
    return message((1, count), (2, 1), (8, name), *pairs, (14, 1))


def constant_node(output: str, tensor: bytes, kind: str = "Constant") -> bytes:
    return message((2, output), (4, kind), (5, message((1, "value"), (5, tensor), (20, 4))))


def onnx_model(*tensors: bytes, nodes: tuple[bytes, ...] = ()) -> bytes:
    graph = message((2, "graph"), *((1, it) for it in nodes), *((5, it) for it in tensors))
    return message((1, 8), (2, "a test"), (7, graph))


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path
