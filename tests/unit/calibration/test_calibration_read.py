"""Readers of checkpoints: what the formats' own packages write is read back, element by element."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
import safetensors.numpy
from checkpoints import (
    constant_node,
    external_tensor,
    message,
    onnx_model,
    raw_tensor,
    weights,
    written,
)
from onnx import helper, numpy_helper

from simran.calibration import read_tensors
from simran.calibration.dtypes import DTYPES
from simran.errors import InputError

W = weights(20.0, (30, 40))
ARRAYS: dict[str, Any] = {
    "layer.weight": W,
    "layer.bias": W[0],
    "half": W.astype(np.float16),
    "double": W.astype(np.float64),
    "bfloat": W.astype(ml_dtypes.bfloat16),
    "codes": np.arange(12, dtype=np.int8).reshape(3, 4),
    "scalar": np.array(3.0, dtype=np.float32),
    "empty": np.zeros((0, 4), dtype=np.float32),
    "position_ids": np.arange(5, dtype=np.int64),
}


def _check(tensors: list[Any], arrays: dict[str, Any]) -> None:
    found = {it.name: it for it in tensors}
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        tensor = found[name]
        assert tensor.shape == array.shape
        assert tensor.count == array.size
        if tensor.dtype.floating:
            assert np.array_equal(tensor.values(), array.astype(np.float32).ravel())


def test_safetensors_as_its_package_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    safetensors.numpy.save_file(ARRAYS, path, metadata={"format": "pt"})
    _check(read_tensors(path), ARRAYS)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_as_numpy_writes_it(tmp_path: Path, save: Any) -> None:
    arrays = {key: it for key, it in ARRAYS.items() if key != "bfloat"}
    arrays |= {"big-endian": W.astype(">f4"), "words": np.array(["a", "bc"])}
    save(tmp_path / "model.npz", **arrays)
    _check(read_tensors(tmp_path / "model.npz"), arrays)


def test_onnx_as_its_package_writes_it(tmp_path: Path) -> None:
    tensors = [numpy_helper.from_array(array, name) for name, array in ARRAYS.items()]
    spelt = {"float_data": W, "double_data": ARRAYS["double"], "int32_data": ARRAYS["half"]}
    kinds = {"float_data": 1, "double_data": 11, "int32_data": 10}
    for name, array in spelt.items():
        tensors.append(helper.make_tensor(name, kinds[name], array.shape, array.ravel()))
    words = helper.make_tensor("words", onnx.TensorProto.STRING, [1], [b"a"])
    value = numpy_helper.from_array(W[:2], "")
    nodes = [helper.make_node("Constant", [], ["constant"], value=value)]
    graph = helper.make_graph(nodes, "g", [], [], [*tensors, words])
    onnx.save(helper.make_model(graph), tmp_path / "model.onnx")
    _check(read_tensors(tmp_path / "model.onnx"), ARRAYS | spelt | {"constant": W[:2]})


def test_onnx_with_data_in_a_file_beside_it(tmp_path: Path) -> None:
    tensors = [numpy_helper.from_array(W, "w"), numpy_helper.from_array(W[:3] * 2.0, "v")]
    model = helper.make_model(helper.make_graph([], "g", [], [], tensors))
    onnx.save(
        model, tmp_path / "m.onnx", save_as_external_data=True, location="m.data", size_threshold=0
    )
    assert (tmp_path / "m.data").is_file()
    _check(read_tensors(tmp_path / "m.onnx"), {"w": W, "v": W[:3] * 2.0})


def test_our_own_writer_of_onnx_agrees_with_the_package(tmp_path: Path) -> None:
    data = onnx_model(raw_tensor("w", W), nodes=(constant_node("c", raw_tensor("", W[:2])),))
    graph = onnx.load(io.BytesIO(data)).graph
    assert np.array_equal(numpy_helper.to_array(graph.initializer[0]), W)
    _check(read_tensors(written(tmp_path, "m.onnx", data)), {"w": W, "c": W[:2]})


@pytest.mark.parametrize(
    ("places", "words"),
    [
        ({"location": "../secret"}, "outside the folder"),
        ({"location": "/etc/hostname"}, "outside the folder"),
        ({"location": ".."}, "outside the folder"),
        ({"location": "link"}, "outside the folder"),
        ({"location": ""}, "outside the folder"),
        ({}, "outside the folder"),
        ({"location": "missing"}, "cannot be read"),
        ({"location": "data", "offset": "-4"}, "lie outside 'data'"),
        ({"location": "data", "offset": "20", "length": "16"}, "lie outside 'data'"),
        ({"location": "data", "length": str(2**63)}, "lie outside 'data'"),
        ({"location": "data", "length": "8"}, "holds 8 bytes, its shape needs 16"),
        ({"location": "data", "offset": "four"}, "is no number"),
    ],
)
def test_external_data_stay_in_the_folder(
    tmp_path: Path, places: dict[str, str], words: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    written(tmp_path, "secret", bytes(16))
    written(home, "data", bytes(32))
    (home / "link").symlink_to(tmp_path / "secret")
    path = written(home, "m.onnx", onnx_model(external_tensor("w", 4, places)))
    with pytest.raises(InputError, match=words):
        read_tensors(path)


def test_subgraphs_and_fields_of_other_kinds_are_passed_over(tmp_path: Path) -> None:
    inner = message((1, "then_branch"), (6, onnx_model(raw_tensor("hidden", W))))
    node = message((2, "out"), (4, "If"), (5, inner))
    data = onnx_model(raw_tensor("w", W), nodes=(node,)) + b"\x85\x01abcd" + b"\x89\x01abcdefgh"
    _check(read_tensors(written(tmp_path, "m.onnx", data)), {"w": W})


def test_roles_follow_from_rank_and_type(tmp_path: Path) -> None:
    arrays = {
        "encoder.weight": W,
        "conv.weight": W.reshape(30, 10, 2, 2),
        "encoder.bias": W[0],
        "scale": np.float32(1.0).reshape(()),
        "embeddings.word_embeddings.weight": W,
        "transformer.wte.weight": W,
        "model.embed_tokens.weight": W,
        "embeddings.LayerNorm.weight": W[0],
        "position_ids": np.arange(3),
    }
    np.savez(tmp_path / "m.npz", **arrays)
    roles = {it.name: it.role for it in read_tensors(tmp_path / "m.npz")}
    assert list(roles.values()) == [
        *("weight", "weight", "vector", "vector"),
        *("embedding", "embedding", "embedding", "vector", "integer"),
    ]


@pytest.mark.parametrize(("name", "theirs"), [("F8_E4M3", "e4m3fn"), ("F8_E5M2", "e5m2")])
def test_eight_bit_numbers_decode_as_elsewhere(name: str, theirs: str) -> None:
    codes = np.arange(256, dtype=np.uint8)
    expected = codes.view(getattr(ml_dtypes, f"float8_{theirs}")).astype(np.float32)
    assert np.array_equal(DTYPES[name].decode(codes.tobytes()), expected, equal_nan=True)


@pytest.mark.parametrize("name", ["model.pt", "model.bin", "m.PKL", "model.txt", "model"])
def test_other_formats_are_refused_with_a_mend(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"safetensors") as caught:
        read_tensors(written(tmp_path, name, b"anything"))
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_file(tmp_path: Path) -> None:
    import os

    (tmp_path / "folder.npz").mkdir()
    os.mkfifo(tmp_path / "pipe.npz")
    for name, words in (
        ("missing.npz", "No such file"),
        ("folder.npz", "no regular file|Is a directory"),
        ("pipe.npz", "no regular file"),
        ("a\0b.npz", "cannot be read"),
    ):
        with pytest.raises(InputError, match=words):
            read_tensors(tmp_path / name)


def test_a_file_that_shrinks_after_it_was_opened(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    safetensors.numpy.save_file({"w": W}, path)
    (tensor,) = read_tensors(path)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(InputError, match="ends before its tensors do"):
        tensor.values()
