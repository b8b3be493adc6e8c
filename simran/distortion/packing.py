"""Codes of b bits in bytes, without gaps, the least significant bit first."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["pack", "packed_bytes", "unpack"]

_PIECE = 2**18  # codes at a time, a multiple of 8


def packed_bytes(count: int, bits: int) -> int:
    """Return the bytes that some codes of b bits take, the last one filled up with zeros."""
    return (count * bits + 7) // 8


def pack(codes: ArrayLike, bits: int) -> NDArray[np.uint8]:
    """Return codes as bytes: bit j of code k is bit ``(kb + j) mod 8`` of byte ``(kb + j) div 8``.

    Bits count from the least significant one, as in Arrow and GGUF; for b = 4 the first code of a
    byte is its low half, for b = 8 and 16 the bytes are those of little-endian integers.

    Parameters
    ----------
    codes : whole numbers from 0 to 2^b − 1, of any shape, taken in C order
    bits : b, 1 to 16

    Raises
    ------
    ValueError
        for bits out of range or codes that they cannot hold

    Examples
    --------
    >>> pack([1, 2, 3, 4], 4).tolist()
    [33, 67]
    """
    _checked(bits)
    flat = np.asarray(codes).ravel()
    if flat.size and not (flat.dtype.kind in "ui" and 0 <= flat.min() <= flat.max() < 2**bits):
        raise ValueError(f"codes must be whole numbers from 0 to {2**bits - 1}")
    parts = [
        _packed(flat[at : at + _PIECE].astype("<u2"), bits) for at in range(0, flat.size, _PIECE)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.uint8)


def unpack(packed: ArrayLike, bits: int, count: int) -> NDArray[np.uint16]:
    """Return the codes that :func:`pack` has packed.

    Parameters
    ----------
    packed : (bytes,) of type uint8
    bits : b, 1 to 16
    count : codes

    Raises
    ------
    ValueError
        for bits out of range or another number of bytes than the codes take
    """
    _checked(bits)
    data = np.asarray(packed, dtype=np.uint8)
    if count < 0 or data.shape != (packed_bytes(count, bits),):
        raise ValueError(f"packed must hold {packed_bytes(count, bits)} bytes, got {data.shape}")
    codes = np.empty(count, np.uint16)
    for at in range(0, count, _PIECE):
        held = min(_PIECE, count - at)
        piece = data[at * bits // 8 : packed_bytes(at + held, bits)]
        codes[at : at + held] = _unpacked(piece, bits, held)
    return codes


def _checked(bits: int) -> None:
    if not 1 <= bits <= 16 or bits != int(bits):
        raise ValueError(f"bits must be whole, from 1 to 16, got {bits!r}")


def _packed(codes: NDArray[np.uint16], bits: int) -> NDArray[np.uint8]:
    planes = np.unpackbits(codes.view(np.uint8).reshape(-1, 2), axis=1, bitorder="little")
    return np.packbits(planes[:, :bits].ravel(), bitorder="little")


def _unpacked(data: NDArray[np.uint8], bits: int, count: int) -> NDArray[np.uint16]:
    planes = np.zeros((count, 16), np.uint8)
    stream = np.unpackbits(data, count=count * bits, bitorder="little")
    planes[:, :bits] = stream.reshape(count, bits)
    return np.packbits(planes, axis=1, bitorder="little").view("<u2").ravel().astype(np.uint16)
