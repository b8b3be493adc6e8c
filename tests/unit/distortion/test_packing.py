"""Codes in bytes."""

from __future__ import annotations

import numpy as np
import pytest

from simran.distortion import pack, packed_bytes, unpack


def test_the_first_code_has_the_lowest_bits() -> None:
    assert pack([1, 0, 0, 0, 0, 0, 0, 0, 1], 1).tolist() == [1, 1]
    assert pack([0b101, 0b011, 0b111], 3).tolist() == [0b11_011_101, 0b1]
    assert pack([0x1, 0x2, 0xF], 4).tolist() == [0x21, 0x0F]
    assert pack([0x123, 0xABC], 12).tolist() == [0x23, 0xC1, 0xAB]
    assert pack([0x1234, 0xFEDC], 16).tobytes() == np.array([0x1234, 0xFEDC], "<u2").tobytes()
    assert pack(np.array([[7, 200], [3, 255]], np.uint8), 8).tolist() == [7, 200, 3, 255]


def test_nothing_takes_no_bytes() -> None:
    assert pack(np.zeros(0, np.uint16), 5).shape == (0,)
    assert unpack([], 5, 0).shape == (0,)


@pytest.mark.parametrize("bits", [1, 3, 7, 11, 16])
def test_more_codes_than_one_piece(bits: int) -> None:
    codes = np.random.default_rng(bits).integers(0, 2**bits, 2**19 + 3)
    packed = pack(codes, bits)
    assert len(packed) == packed_bytes(len(codes), bits)
    assert np.array_equal(unpack(packed, bits, len(codes)), codes)


def test_what_is_refused() -> None:
    for bits in (0, 17, 2.5, -1):
        with pytest.raises(ValueError, match="bits must be whole, from 1 to 16"):
            pack([0], bits)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="bits must be whole"):
            unpack([0], bits, 1)  # type: ignore[arg-type]
    for codes in ([8], [-1], [0.5]):
        with pytest.raises(ValueError, match="whole numbers from 0 to 7"):
            pack(codes, 3)
    for data, count in (([0], 3), ([0, 0], 2), ([], -1)):
        with pytest.raises(ValueError, match="packed must hold"):
            unpack(data, 3, count)
