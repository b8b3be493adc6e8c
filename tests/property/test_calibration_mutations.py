"""Whatever bytes of a checkpoint are changed: it is read, or refused with an InputError."""

from __future__ import annotations

import io
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
from checkpoints import constant_node, external_tensor, onnx_model, raw_tensor, safetensors_bytes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simran.calibration import read_tensors, statistics
from simran.errors import InputError

W = np.random.default_rng(1).laplace(0.0, 0.1, (4, 6)).astype(np.float32)
ARRAYS = {"w": W, "half": W.astype(np.float16), "bias": W[0], "codes": np.arange(4, dtype=np.int8)}


@cache
def _sound(kind: str) -> bytes:
    if kind == "safetensors":
        return safetensors_bytes(ARRAYS)
    if kind == "onnx":
        tensors = [raw_tensor(name, array) for name, array in ARRAYS.items()]
        outside = external_tensor("far", 4, {"location": "beside"})
        return onnx_model(*tensors, outside, nodes=(constant_node("c", raw_tensor("", W)),))
    out = io.BytesIO()
    (np.savez_compressed if kind == "deflated" else np.savez)(out, **ARRAYS)  # type: ignore[arg-type]
    return out.getvalue()


@cache
def _folder() -> Path:
    folder = tempfile.TemporaryDirectory()
    _folder.keep = folder  # type: ignore[attr-defined]
    (Path(folder.name) / "beside").write_bytes(bytes(16))
    return Path(folder.name)


def _read(kind: str, data: bytes) -> None:
    suffix = "npz" if kind == "deflated" else kind
    path = _folder() / f"mutant.{suffix}"
    path.write_bytes(data)
    with suppress(InputError):
        statistics(read_tensors(path), settings=())


def _mutated(data: bytes, changes: list[tuple[int, int]], cut: int | None) -> bytes:
    out = bytearray(data)
    for place, value in changes:
        out[place % len(out)] = value
    return bytes(out[: cut % len(out)] if cut is not None else out)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(["safetensors", "onnx", "npz", "deflated"]),
    changes=st.lists(
        st.tuples(
            st.integers(0, 2**16), st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | st.integers(0, 255)
        ),
        max_size=6,
    ),
    cut=st.none() | st.integers(0, 2**16),
)
def test_changed_bytes(kind: str, changes: list[tuple[int, int]], cut: int | None) -> None:
    _read(kind, _mutated(_sound(kind), changes, cut))


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(["safetensors", "onnx", "npz"]), data=st.binary(max_size=200))
def test_any_bytes(kind: str, data: bytes) -> None:
    _read(kind, data)


@settings(max_examples=150, deadline=None)
@given(
    text=st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**70), 2**70)
        | st.text(max_size=5)
        | st.just("F32"),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["dtype", "shape", "data_offsets", "w"]), inner)
        ),
        max_leaves=12,
    )
)
def test_any_json_as_a_header(text: object) -> None:
    import json

    head = json.dumps({"w": text}).encode()
    _read("safetensors", len(head).to_bytes(8, "little") + head + bytes(16))
