"""Weights of an ONNX model: its initialisers and constants, found without running the graph.

A reader of its own rather than the ``onnx`` package: that one parses the whole model into memory
before any size can be judged, follows external data where the file points, and brings a runtime of
protocol buffers along; of the format only eleven fields matter here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simran.calibration.dtypes import DTYPES, Dtype
from simran.calibration.files import CheckpointFile, Span
from simran.calibration.tensors import Tensor, checked_shape
from simran.calibration.wire import Field, fields, signed, varints
from simran.errors import InputError, shown

__all__ = ["read_onnx"]

_MEND = "export the model again"
_MOST_NAME = 4096
_MOST_DIMS = 64 * 10
_MOST_CODES = 8 * 2**20  # half-precision numbers spelt as integers, decoded in memory
_STRING = 8
_TYPES = {
    1: "F32", 2: "U8", 3: "I8", 4: "U16", 5: "I16", 6: "I32", 7: "I64", 9: "BOOL", 10: "F16",
    11: "F64", 12: "U32", 13: "U64", 14: "C64", 16: "BF16", 17: "F8_E4M3", 19: "F8_E5M2",
}  # fmt: skip


def read_onnx(file: CheckpointFile) -> list[Tensor]:
    """Return the tensors that an ONNX model carries; those of strings are left out.

    Subgraphs of ``If`` and ``Loop`` are not searched.

    Raises
    ------
    InputError
        if the file is no sound ONNX model, or has data outside its folder
    """
    found: dict[str, Tensor] = {}
    for graph in _messages(file, Span(0, file.size), 7):
        for name, span in _tensors(file, graph):
            proto = _Proto.read(file, span, name)
            if proto.kind == _STRING:
                continue
            tensor = proto.tensor(file, f"unnamed/{len(found)}")
            if tensor.name in found:
                file.refuse(f"tensor {shown(tensor.name)} is given twice", _MEND)
            found[tensor.name] = tensor
    return list(found.values())


def _messages(file: CheckpointFile, span: Span, number: int) -> Iterator[Span]:
    for it in fields(file, span):
        if it.number == number and it.value is None:
            yield it.span


def _tensors(file: CheckpointFile, graph: Span) -> Iterator[tuple[str, Span]]:
    """Yield the tensors of a graph, with the name that is not their own: a constant's output."""
    for it in fields(file, graph):
        if it.value is not None:
            continue
        if it.number == 5:
            yield "", it.span
        elif it.number == 1:
            parts = list(fields(file, it.span))
            kind = [_text(file, part) for part in parts if part.number == 4]
            if kind == ["Constant"]:
                name = next((_text(file, part) for part in parts if part.number == 2), "")
                for part in parts:
                    if part.number == 5 and part.value is None:
                        yield from ((name, span) for span in _messages(file, part.span, 5))


def _text(file: CheckpointFile, it: Field) -> str:
    if it.value is not None or it.span.length > _MOST_NAME:
        file.refuse(f"is no sound ONNX file: a name of more than {_MOST_NAME} bytes", _MEND)
    return file.read(it.span).decode("utf-8", "replace")


@dataclass
class _Proto:
    """The message of one tensor, as far as it is needed."""

    name: str = ""
    kind: int = 0
    dims: list[int] = field(default_factory=list)
    spans: dict[int, list[Span]] = field(default_factory=dict)
    external: dict[str, str] = field(default_factory=dict)
    is_external: bool = False

    @classmethod
    def read(cls, file: CheckpointFile, span: Span, name: str) -> _Proto:
        proto = cls(name)
        for it in fields(file, span):
            if it.number == 1:
                proto.dims += [it.value] if it.value is not None else proto._packed(file, it.span)
            elif it.number == 2 and it.value is not None:
                proto.kind = it.value
            elif it.number == 8 and not name:
                proto.name = _text(file, it)
            elif it.number == 14:
                proto.is_external = it.value == 1
            elif it.number == 13 and it.value is None:
                pair = {part.number: _text(file, part) for part in fields(file, it.span)}
                proto.external[pair.get(1, "")] = pair.get(2, "")
            elif it.number in {4, 5, 9, 10}:
                proto.spans.setdefault(it.number, []).append(it.span)
            if len(proto.dims) > _MOST_DIMS:
                file.refuse(f"tensor {shown(proto.name)}: has too many axes", _MEND)
        return proto

    def _packed(self, file: CheckpointFile, span: Span) -> list[int]:
        try:
            if span.length > _MOST_DIMS:
                raise ValueError("has too many axes")
            return varints(file.read(span))
        except ValueError as error:
            file.refuse(f"tensor {shown(self.name)}: {error}", _MEND)

    def tensor(self, file: CheckpointFile, otherwise: str) -> Tensor:
        """Return the tensor, its elements checked against its shape."""
        name = self.name or otherwise
        called = f"tensor {shown(name)}"
        dtype = DTYPES.get(_TYPES.get(self.kind, ""))
        if dtype is None:
            file.refuse(f"{called}: element type {self.kind} is not read", "convert it to float32")
        try:
            shape = checked_shape([signed(it) for it in self.dims])
        except ValueError as error:
            file.refuse(f"{called}: {error}", _MEND)
        needed = math.prod(shape) * dtype.width
        if self.is_external:
            home, spans = self._outside(file, called, needed)
        else:
            home, spans = file, self.spans.get(_home(dtype, self.spans), [])
            if dtype.floating and not spans and 5 in self.spans and dtype.width <= 2:
                return self._spelt(file, name, shape, dtype)
        held = sum(it.length for it in spans)
        if not dtype.floating and 9 not in self.spans and not self.is_external:
            return Tensor(name, shape, dtype, lambda: iter(()))  # integers, spelt as such
        if held != needed or any(it.length % dtype.width for it in spans):
            file.refuse(f"{called}: holds {held} bytes, its shape needs {needed}", _MEND)
        return Tensor(name, shape, dtype, home.stream(spans))

    def _outside(
        self, file: CheckpointFile, called: str, needed: int
    ) -> tuple[CheckpointFile, list[Span]]:
        """Return where external data lie: in a file of the same folder and nowhere else."""
        place = self.external.get("location", "")
        inside = place and place not in {".", ".."} and not set(place) & {"/", "\\", "\0", ":"}
        path = file.path.parent / place
        if not inside or path.is_symlink():
            file.refuse(
                f"{called}: its data lie in {shown(place)}, outside the folder of the model",
                "put both files in one folder",
            )
        try:
            start = int(self.external.get("offset") or 0)
            length = int(self.external.get("length") or needed)
        except ValueError:
            file.refuse(f"{called}: offset or length of its data is no number", _MEND)
        try:
            home = CheckpointFile.open(path)
        except InputError as error:
            file.refuse(f"{called}: {error}", "put both files in one folder")
        if not (0 <= start <= start + length <= home.size):
            file.refuse(f"{called}: its data lie outside {shown(place)}", _MEND)
        return home, [Span(start, start + length)]

    def _spelt(
        self, file: CheckpointFile, name: str, shape: tuple[int, ...], dtype: Dtype
    ) -> Tensor:
        """Return a tensor of short numbers whose bits are spelt as integers."""
        called, spans = f"tensor {shown(name)}", self.spans[5]
        if sum(it.length for it in spans) > _MOST_CODES:
            file.refuse(f"{called}: its numbers are spelt out", "save it with raw_data")

        codes = _codes(b"".join(file.pieces(spans)))
        if codes is None or len(codes) != math.prod(shape):
            file.refuse(f"{called}: its numbers are not those of its shape", _MEND)
        return Tensor(
            name, shape, dtype, lambda: iter([codes.astype(f"<u{dtype.width}").tobytes()])
        )


def _codes(data: bytes) -> NDArray[np.uint32] | None:
    """Return packed numbers below 2^21; None if they are not sound."""
    raw = np.frombuffer(data, dtype=np.uint8)
    last = np.flatnonzero(raw < 128)
    first = np.concatenate((np.zeros(1, dtype=np.int64), last[:-1] + 1))[: len(last)]
    length = last - first + 1
    if not len(last) or last[-1] != len(raw) - 1 or length.max() > 3:
        return None if len(raw) else np.empty(0, dtype=np.uint32)
    codes = np.zeros(len(last), dtype=np.uint32)
    for place in range(3):
        more = length > place
        codes[more] |= (raw[first[more] + place] & np.uint32(127)) << np.uint32(7 * place)
    return codes


def _home(dtype: Dtype, spans: dict[int, list[Span]]) -> int:
    """Return the field that holds the elements: raw bytes, or numbers packed the same way."""
    if 9 in spans:
        return 9
    return {"F32": 4, "F64": 10}.get(dtype.name, 9)
