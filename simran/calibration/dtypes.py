"""Element types of checkpoints, and how their bytes become single-precision numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["DTYPES", "Dtype", "dtype_of_numpy"]

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Dtype:
    """One element type.

    Parameters
    ----------
    name : as safetensors spells it, such as ``BF16``
    bits : of one element
    floating : whether the elements are weights; integers are codes or indices
    order : ``<`` or ``>``, the order of the bytes
    """

    name: str
    bits: int
    floating: bool
    order: str = "<"

    @property
    def width(self) -> int:
        """Bytes of one element."""
        return self.bits // 8

    def decode(self, data: bytes) -> Floats:
        r"""Return the elements as single precision; what is beyond its range becomes infinite.

        Raises
        ------
        ValueError
            if the elements are no floating-point numbers

        Examples
        --------
        >>> [float(it) for it in DTYPES["BF16"].decode(b"\\x80\\x3f\\x00\\xc0")]
        [1.0, -2.0]
        """
        if not self.floating:
            raise ValueError(f"{self.name} holds no floating-point numbers")
        if self.name == "BF16":
            upper = np.frombuffer(data, dtype=f"{self.order}u2").astype(np.uint32)
            return (upper << np.uint32(16)).view(np.float32)
        if self.name.startswith("F8"):
            table: Floats = _eight_bits(self.name)[np.frombuffer(data, dtype=np.uint8)]
            return table
        with np.errstate(over="ignore", invalid="ignore"):
            raw = np.frombuffer(data, dtype=f"{self.order}f{self.width}")
            return raw.astype(np.float32, copy=False)


@lru_cache(maxsize=2)
def _eight_bits(name: str) -> Floats:
    codes = np.arange(256, dtype=np.uint16)
    if name == "F8_E5M2":  # the upper byte of half precision
        return (codes << np.uint16(8)).view(np.float16).astype(np.float32)
    exponent, mantissa = (codes >> 3 & 15).astype(np.float64), (codes & 7).astype(np.float64)
    normal = np.exp2(exponent - 7.0) * (1.0 + mantissa / 8.0)
    size = np.where(exponent == 0.0, mantissa * 2.0**-9, normal)
    size[(codes & 127) == 127] = np.nan
    return (np.where(codes < 128, 1.0, -1.0) * size).astype(np.float32)


_FLOATS = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8}
_OTHERS = {"I64": 64, "U64": 64, "I32": 32, "U32": 32, "I16": 16, "U16": 16, "I8": 8, "U8": 8}

#: Element types by name.
DTYPES: dict[str, Dtype] = {
    **{name: Dtype(name, bits, True) for name, bits in _FLOATS.items()},
    **{name: Dtype(name, bits, False) for name, bits in _OTHERS.items()},
    "BOOL": Dtype("BOOL", 8, False),
    "C64": Dtype("C64", 64, False),
}


def dtype_of_numpy(dtype: np.dtype[np.generic]) -> Dtype | None:
    """Return the element type of a numpy type, or None where there is none.

    Examples
    --------
    >>> dtype_of_numpy(np.dtype(">f4")), dtype_of_numpy(np.dtype("O"))
    (Dtype(name='F32', bits=32, floating=True, order='>'), None)
    """
    order = ">" if dtype.str.startswith(">") else "<"
    name = {"f": "F", "i": "I", "u": "U", "c": "C"}.get(dtype.kind, "") + str(dtype.itemsize * 8)
    found = DTYPES["BOOL"] if dtype.kind == "b" else DTYPES.get(name)
    return found and Dtype(found.name, found.bits, found.floating, order)
