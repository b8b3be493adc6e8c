"""Files in CTranslate2's format, byte by byte."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["model_bytes", "number", "tensor_bytes", "text"]

_CODES = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}


def number(value: int, length: int = 4) -> bytes:
    return value.to_bytes(length, "little")


def text(value: bytes | str) -> bytes:
    held = (value.encode() if isinstance(value, str) else value) + b"\0"
    return number(len(held), 2) + held


def tensor_bytes(name: str, values: np.ndarray, code: int | None = None, version: int = 6) -> bytes:
    axes = b"".join(number(it) for it in values.shape)
    kind = _CODES[str(values.dtype)] if code is None else code
    length = values.size if version < 4 else values.nbytes
    head = text(name) + number(values.ndim, 1) + axes + number(kind, 1) + number(length)
    return head + values.tobytes()


def model_bytes(
    tensors: Sequence[bytes],
    aliases: Sequence[tuple[str, str]] = (),
    version: int = 6,
    count: int | None = None,
) -> bytes:
    head = number(version) + text("WhisperSpec") + number(3)
    further = b"".join(text(alias) + text(name) for alias, name in aliases)
    held = number(len(tensors) if count is None else count) + b"".join(tensors)
    return head + held + number(len(aliases)) + further
