"""Archives of numpy arrays, ``.npz``: plain arrays only, nothing unpickled, bombs refused."""

from __future__ import annotations

import ast
import math
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from simran.calibration.dtypes import Dtype, dtype_of_numpy
from simran.calibration.files import PIECE, CheckpointFile
from simran.calibration.tensors import Tensor, checked_shape
from simran.errors import shown

__all__ = ["read_npz"]

_MOST_HEADER = 10_000
_MOST_MEMBERS = 100_000
_MOST_RATIO = 100  # weights shrink by a tenth; deflate can shrink zeros a thousandfold
_FREE_BYTES = 64 * 2**20  # below this any ratio is harmless
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)
_MEND = "save it again with numpy.savez"
_KEYS = {"descr", "fortran_order", "shape"}


def read_npz(file: CheckpointFile) -> list[Tensor]:
    """Return the arrays of an npz archive in its order.

    Raises
    ------
    InputError
        if the archive is damaged, compressed beyond belief, or holds pickled objects
    """
    try:
        with zipfile.ZipFile(file.path) as archive:
            members = archive.infolist()
            _check_sizes(file, members)
            return [_member(file, archive, it) for it in members]
    except (*_DAMAGE, ValueError, UnicodeError) as error:
        file.refuse(f"is no sound npz archive: {shown(str(error))}", _MEND)


def _check_sizes(file: CheckpointFile, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > _MOST_MEMBERS:
        file.refuse(f"holds more than {_MOST_MEMBERS} arrays", _MEND)
    names = {it.filename for it in members}
    if len(names) < len(members):
        file.refuse("holds an array twice", _MEND)
    total = sum(it.file_size for it in members)
    if total > max(_MOST_RATIO * file.size, _FREE_BYTES):
        mend = "save it uncompressed, with numpy.savez"
        file.refuse(f"unpacks from {file.size} to {total} bytes, which looks like a bomb", mend)


def _member(file: CheckpointFile, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Tensor:
    name = info.filename.removesuffix(".npy")
    called = f"array {shown(name)}"
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        file.refuse(f"{called}: its compression is not read", _MEND)
    with archive.open(info) as stream:
        try:
            shape, raw = _header(stream)
            shape = checked_shape(shape)
        except _DAMAGE:
            raise
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
            file.refuse(f"{called} is no numpy array: {shown(str(error))}", _MEND)
        start = stream.tell()
    if raw.hasobject:
        file.refuse(
            f"{called} holds pickled objects, which could run code", "save plain arrays only"
        )
    dtype = dtype_of_numpy(raw) or Dtype(str(raw), raw.itemsize * 8, False)
    size = math.prod(shape) * raw.itemsize
    if start + size != info.file_size:
        file.refuse(
            f"{called}: holds {info.file_size - start} bytes, its shape needs {size}", _MEND
        )
    return Tensor(name, shape, dtype, lambda: _pieces(file, info.filename, start, size))


def _header(stream: IO[bytes]) -> tuple[Any, np.dtype[Any]]:
    """Return shape and type; numpy's own reader takes the header's length on trust."""
    magic = _exactly(stream, 8)
    if magic[:6] != npy.MAGIC_PREFIX or magic[6] not in {1, 2, 3} or magic[7] != 0:
        raise ValueError("it does not begin as one")
    length = int.from_bytes(_exactly(stream, 2 if magic[6] == 1 else 4), "little")
    if length > _MOST_HEADER:
        raise ValueError(f"its header of {length} bytes is longer than {_MOST_HEADER}")
    text = _exactly(stream, length).decode("utf-8" if magic[6] == 3 else "latin-1")
    header = ast.literal_eval(text)
    if not isinstance(header, dict) or set(header) != _KEYS:
        raise ValueError("its header does not give descr, fortran_order and shape")
    if not isinstance(header["descr"], str):
        raise ValueError("it is structured")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names of types that numpy will drop
        return header["shape"], np.dtype(header["descr"])


def _exactly(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise ValueError("it ends within its header")
    return data


def _pieces(file: CheckpointFile, member: str, start: int, size: int) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(file.path) as archive, archive.open(member) as stream:
            stream.read(start)
            left = size
            while left:
                data = stream.read(min(PIECE, left))
                if len(data) < min(PIECE, left):
                    raise EOFError("it ends early")
                left -= len(data)
                yield data
            stream.read(1)  # the checksum is compared at the end
    except (*_DAMAGE, KeyError) as error:
        file.refuse(f"array {shown(member)} is damaged: {shown(str(error))}", _MEND)
