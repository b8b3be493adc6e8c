"""CTranslate2's model.bin: what is read of it; the hostile ones are with those of other formats."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from ctranslate2_files import model_bytes, tensor_bytes

from simran.calibration import read_tensors
from simran.errors import InputError


@pytest.mark.parametrize("version", [3, 4, 6])
def test_names_shapes_and_elements_come_back(tmp_path: Path, version: int) -> None:
    whole = np.arange(6, dtype=np.float32).reshape(2, 3)
    half = np.array([[0.5, -2.0]], dtype=np.float16)
    scalar = np.array(7, dtype=np.int8)
    parts = [("a/weight", whole), ("b/weight", half), ("heads", scalar)]
    tensors = [tensor_bytes(name, values, version=version) for name, values in parts]
    path = tmp_path / "model.bin"
    path.write_bytes(model_bytes(tensors, [("c/weight", "a/weight")], version))
    found = {it.name: it for it in read_tensors(path)}
    assert list(found) == ["a/weight", "b/weight", "heads"]
    assert np.array_equal(found["a/weight"].values().reshape(found["a/weight"].shape), whole)
    assert found["b/weight"].values().tolist() == [0.5, -2.0]
    assert [it.role for it in found.values()] == ["weight", "weight", "integer"]
    assert found["heads"].shape == ()


def test_another_bin_is_refused_as_what_may_run_code(tmp_path: Path) -> None:
    path = tmp_path / "pytorch_model.bin"
    path.write_bytes(pickle.dumps({"w": [1.0]}))
    with pytest.raises(InputError, match="could run code"):
        read_tensors(path)
    path.write_bytes(b"\x06")
    with pytest.raises(InputError, match="could run code"):
        read_tensors(path)
