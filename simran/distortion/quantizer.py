"""Quantizers as users have them: weights to codes and scales, and back, bit by bit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simran.distortion.blocks import Blocks
from simran.distortion.clipping import Clip
from simran.distortion.code_books import level_ratios
from simran.distortion.packing import pack

__all__ = ["Encoded", "Quantizer"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Singles = NDArray[np.float32]

_AT_ONCE = 1 << 13  # weights whose scales are searched together: what a cache holds
_SCALES: dict[int, type[np.floating]] = {16: np.float16, 32: np.float32}


@dataclass(frozen=True)
class Encoded:
    """Codes of a tensor.

    Parameters
    ----------
    codes : like the weights; 0 where ``kept`` is not
    scales : (blocks,) the largest level of each block, float16 or float32 [weight unit]
    kept : like the weights: which have a code, the others being 0; None if all have
    bits : of a code
    """

    codes: NDArray[np.uint16]
    scales: NDArray[np.floating]
    kept: NDArray[np.bool_] | None
    bits: int

    def packed(self) -> NDArray[np.uint8]:
        """Return the bytes: scales (little-endian), the mask of what is kept if any, then the codes.

        The mask is one bit per weight and, like the codes, has its least significant bit first; each
        of the three begins at a byte.
        """
        kept = np.ones(self.codes.shape, bool) if self.kept is None else self.kept
        scales = self.scales.astype(self.scales.dtype.newbyteorder("<"))
        mask = [] if self.kept is None else [pack(kept.astype(np.uint8), 1)]
        parts = [
            np.frombuffer(scales.tobytes(), np.uint8),
            *mask,
            pack(self.codes[kept], self.bits),
        ]
        return np.concatenate(parts)

    @property
    def bits_per_weight(self) -> float:
        """Return the bits of codes, scales and mask over the number of weights."""
        count = self.codes.size
        held = count if self.kept is None else int(self.kept.sum())
        mask = 0 if self.kept is None else count
        scales = self.scales.size * self.scales.dtype.itemsize * 8
        return (held * self.bits + mask + scales) / max(count, 1)


@dataclass(frozen=True)
class Quantizer:
    """A code book with a scale per block of weights.

    The levels of a block are ``±scale · r`` with r of :func:`simran.distortion.level_ratios`, rounded
    to float32; the scale is the largest of them. A weight takes the nearest; half way it is the
    larger magnitude. Codes of ``integer`` are its multiple of the least step as a two's complement of
    b bits (the least value is never used); of the other books the lowest b − 1 bits are the place of
    the magnitude, ascending, and bit b − 1 is 1 below 0; 0 counts as above.

    A block that is representable as it is keeps its values, so quantizing twice changes nothing.

    Parameters
    ----------
    book : one of :data:`simran.distortion.CODE_BOOKS`
    bits : b, 1 or more (2 for ``integer``) to 16
    per : ``tensor``, ``row`` or the weights of a group, such as 32, 64 or 128
    clip : where the largest level lies
    scale_bits : 32 or 16, of the float that a scale is kept as, rounded down
    shape : of the generalised normal law that ``lloyd-max`` is made for; 1 is Laplace

    Raises
    ------
    ValueError
        for an unknown book, bits that it does not have or another size of scale

    Examples
    --------
    >>> quantizer = Quantizer("integer", 3)
    >>> encoded = quantizer.encode([3.0, -1.2, 0.4])
    >>> encoded.codes.tolist(), encoded.scales.tolist(), quantizer.decode(encoded).tolist()
    ([3, 7, 0], [3.0], [3.0, -1.0, 0.0])
    """

    book: str
    bits: int
    per: str | int = "tensor"
    clip: Clip = field(default_factory=Clip)
    scale_bits: int = 32
    shape: float = 1.0

    def __post_init__(self) -> None:
        _ = self._ratios
        Blocks((1,), self.per)
        if self.scale_bits not in _SCALES:
            raise ValueError(f"scale_bits must be 16 or 32, got {self.scale_bits!r}")

    @property
    def _ratios(self) -> Floats:
        return level_ratios(self.book, self.bits, float(self.shape))

    def encode(self, weights: ArrayLike, kept: ArrayLike | None = None) -> Encoded:
        """Return the codes of some weights.

        Parameters
        ----------
        weights : any shape [weight unit]
        kept : like ``weights``: which of them are quantized, the others become 0; all if None

        Raises
        ------
        ValueError
            for weights that a float32 (a float16 for scales of 16 bits) does not hold, or a mask of
            another shape
        """
        w = np.asarray(weights, dtype=float)
        mask = None if kept is None else np.asarray(kept, dtype=bool)
        most = float(np.finfo(_SCALES[self.scale_bits]).max)
        if not np.all(np.abs(w) <= most):  # so is NaN
            raise ValueError(f"weights must be finite and at most {most:g} in magnitude")
        if mask is not None and mask.shape != w.shape:
            raise ValueError(f"kept must have the shape {w.shape}, got {mask.shape}")
        blocks = Blocks(w.shape, self.per)
        held = blocks.split(np.ones(w.shape, bool) if mask is None else mask)
        table = np.where(held, blocks.split(w), 0.0)
        scales = self._scales(table, held)
        codes = np.where(held, self._codes(table, scales), 0).astype(np.uint16)
        return Encoded(blocks.join(codes), scales, mask, self.bits)

    def decode(self, encoded: Encoded) -> Singles:
        """Return the weights that codes stand for.

        Raises
        ------
        ValueError
            for codes of other bits or blocks
        """
        blocks = Blocks(encoded.codes.shape, self.per)
        if encoded.bits != self.bits or encoded.scales.shape != (blocks.count,):
            raise ValueError("encoded must be of this quantizer")
        values = self._values(blocks.split(encoded.codes), encoded.scales)
        joined: Singles = blocks.join(values)
        return joined if encoded.kept is None else np.where(encoded.kept, joined, np.float32(0.0))

    def quantize(self, weights: ArrayLike, kept: ArrayLike | None = None) -> Singles:
        """Return the weights as they are after encoding and decoding."""
        return self.decode(self.encode(weights, kept))

    def error(self, weights: ArrayLike, kept: ArrayLike | None = None) -> float:
        """Return the mean absolute error per weight, measured [weight unit]."""
        w = np.asarray(weights, dtype=float)
        return float(np.mean(np.abs(w - self.quantize(w, kept)))) if w.size else 0.0

    def _scales(self, table: Floats, held: NDArray[np.bool_]) -> NDArray[np.floating]:
        largest = self._stored(np.abs(table).max(axis=1, initial=0.0))
        if self.clip.rule == "none":
            return largest
        found = largest.copy()
        some = max(_AT_ONCE // max(table.shape[1], 1), 1)
        for first in range(0, len(table), some):
            part = slice(first, first + some)
            found[part] = self._searched(table[part], held[part])
        as_it_is = self._values(self._codes(table, largest), largest) == table
        return np.where(np.all(as_it_is | ~held, axis=1), largest, found)

    def _searched(self, table: Floats, held: NDArray[np.bool_]) -> NDArray[np.floating]:
        sizes, whole = np.abs(table), bool(held.all())

        def errors(tops: Floats, power: int) -> Floats:
            top = tops[:, None]
            apart = self._nearest(_shares(sizes, top))
            apart *= top
            np.subtract(sizes, apart, out=apart)
            np.abs(apart, out=apart)
            if not whole:
                apart[~held] = 0.0
            total: Floats = np.sum(apart**power if power > 1 else apart, axis=1)
            return total

        return self._stored(self.clip.tops(sizes, held, errors))

    def _stored(self, tops: Floats) -> NDArray[np.floating]:
        kind = _SCALES[self.scale_bits]
        near = tops.astype(kind)
        down = np.where(near.astype(float) > tops, np.nextafter(near, kind(0.0)), near)
        result: NDArray[np.floating] = down.astype(kind)
        return result

    def _codes(self, table: Floats, scales: NDArray[np.floating]) -> Places:
        tops = scales.astype(float)[:, None]
        place = self._places(_shares(np.abs(table), tops))
        if self.book == "integer":
            signed: Places = np.where(table < 0.0, -place, place)
            return signed & np.int64(2**self.bits - 1)
        above: Places = np.where(table < 0.0, 2 ** (self.bits - 1), 0)
        return above + place

    def _places(self, share: Floats) -> Places:
        """Return the places of the nearest levels, by arithmetic where they are equally spaced."""
        last = len(self._ratios) - 1
        if self.book == "integer":
            return np.floor(share * last + 0.5).astype(np.int64)
        if self.book == "uniform":
            return np.minimum(share * (last + 0.5), last).astype(np.int64)
        borders = (self._ratios[1:] + self._ratios[:-1]) / 2.0
        places: Places = np.searchsorted(borders, share, side="right")
        return places

    def _nearest(self, share: Floats) -> Floats:
        """Return the nearest levels: those of :meth:`_places`, by arithmetic where it is faster."""
        last = len(self._ratios) - 1
        if self.book == "integer":
            share *= last
            share += 0.5
            np.floor(share, out=share)
            share /= last
        elif self.book == "uniform":
            share *= last + 0.5
            np.floor(share, out=share)
            np.minimum(share, last, out=share)
            share += 0.5
            share /= last + 0.5
        elif self.book == "power-of-two":
            mantissa, exponent = np.frexp(share)  # the border of two levels lies at three quarters
            exponent[mantissa == 0.0] = -last
            exponent -= mantissa < 0.75
            np.ldexp(1.0, np.minimum(np.maximum(exponent, -last), 0), out=share)
        else:
            share = self._ratios[self._places(share)]
        return share

    def _values(self, codes: NDArray[np.integer], scales: NDArray[np.floating]) -> Singles:
        code = codes.astype(np.int64)
        half = 2 ** (self.bits - 1)
        below = code >= half
        place = np.where(below, 2 * half - code if self.book == "integer" else code - half, code)
        size = self._ratios[place] * scales.astype(float)[:, None]
        values: Singles = np.where(below, -size, size).astype(np.float32)
        return values


def _shares(sizes: Floats, tops: Floats) -> Floats:
    """Return magnitudes over the top of their block, 1 at most and 0 where that is 0."""
    if np.all(tops > 0.0):
        share = sizes / tops
    else:
        share = np.divide(sizes, tops, out=np.zeros_like(sizes), where=tops > 0.0)
    return np.minimum(share, 1.0, out=share)
