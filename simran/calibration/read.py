"""Reading a checkpoint of any known format, without running anything of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from simran.calibration.ctranslate2 import is_ctranslate2, read_ctranslate2
from simran.calibration.files import CheckpointFile
from simran.calibration.npz import read_npz
from simran.calibration.onnx import read_onnx
from simran.calibration.safetensors import read_safetensors
from simran.calibration.tensors import Tensor

__all__ = ["read_tensors"]

_READERS: dict[str, Callable[[CheckpointFile], list[Tensor]]] = {
    ".npz": read_npz,
    ".onnx": read_onnx,
    ".safetensors": read_safetensors,
}
_PICKLES = {".bin", ".ckpt", ".joblib", ".pickle", ".pkl", ".pt", ".pth"}


def read_tensors(path: str | os.PathLike[str]) -> list[Tensor]:
    """Return the tensors of a checkpoint; their elements stay in the file until asked for.

    Parameters
    ----------
    path : of a ``.safetensors``, ``.onnx`` or ``.npz`` file, or CTranslate2's ``model.bin``

    Raises
    ------
    InputError
        if the file cannot be read, is damaged, or is of a format that could run code
    """
    file = CheckpointFile.open(Path(path))
    kind = file.path.suffix.lower()
    if kind == ".bin" and is_ctranslate2(file):
        return read_ctranslate2(file)
    if kind in _PICKLES:
        file.refuse(
            "may hold pickled objects, which could run code", "save the weights as safetensors"
        )
    if kind not in _READERS:
        file.refuse(
            f"expected a checkpoint that ends in {', '.join(_READERS)}",
            "convert it, for instance with the safetensors package",
        )
    return _READERS[kind](file)
