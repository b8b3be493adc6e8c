"""Quantizers by hand: codes, levels, blocks, clipping, pruning."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simran.distortion import (
    CODE_BOOKS,
    Clip,
    GeneralisedNormal,
    Kept,
    Pruning,
    Quantizer,
    level_ratios,
    optimal_levels,
    unpack,
)
from simran.distortion.blocks import Blocks


def test_levels_relative_to_the_largest() -> None:
    assert level_ratios("integer", 2).tolist() == [0.0, 1.0]
    assert level_ratios("integer", 8) == pytest.approx(np.arange(128) / 127)
    assert level_ratios("uniform", 2) == pytest.approx([1 / 3, 1.0])
    assert level_ratios("power-of-two", 3).tolist() == [0.125, 0.25, 0.5, 1.0]
    best = optimal_levels(4, 1.0)
    assert level_ratios("lloyd-max", 4) == pytest.approx(best / best[-1])
    for book in CODE_BOOKS:
        for bits in range(2, 17):
            ratios = level_ratios(book, bits)
            assert ratios[-1] == 1.0
            assert np.all(np.diff(ratios) > 0)
            assert len(ratios) == min(2 ** (bits - 1), 80 if book == "power-of-two" else math.inf)


def test_codes_of_integers_are_twos_complements() -> None:
    quantizer = Quantizer("integer", 4)
    encoded = quantizer.encode([7.0, -7.0, 0.49, -0.51, 3.5, -2.0, -0.0])
    assert encoded.codes.tolist() == [7, 9, 0, 15, 4, 14, 0]
    assert quantizer.decode(encoded).tolist() == [7.0, -7.0, 0.0, -1.0, 4.0, -2.0, 0.0]


@pytest.mark.parametrize("book", ["uniform", "power-of-two"])
def test_other_codes_are_a_sign_and_a_place(book: str) -> None:
    quantizer = Quantizer(book, 3)
    encoded = quantizer.encode([8.0, -8.0, 0.0, -0.1, 4.0])
    place = {"uniform": 1, "power-of-two": 2}[book]
    assert encoded.codes.tolist() == [3, 7, 0, 4, place]
    ratios = level_ratios(book, 3)
    values = quantizer.decode(encoded)
    assert values[:2].tolist() == [8.0, -8.0]
    assert values[2] == -values[3] == np.float32(8 * ratios[0])


def test_blocks_have_their_own_scales() -> None:
    weights = np.arange(1.0, 13.0).reshape(2, 6)
    for per, scales in (
        ("tensor", [12]),
        ("row", [6, 12]),
        (4, [4, 6, 10, 12]),
        (3, [3, 6, 9, 12]),
        (100, [6, 12]),
    ):
        encoded = Quantizer("integer", 8, per).encode(weights)
        assert encoded.scales.tolist() == scales
        assert encoded.codes.shape == (2, 6)
        assert encoded.bits_per_weight == pytest.approx(8 + 32 * len(scales) / 12)
    assert Quantizer("integer", 8, "row").encode(weights[0]).scales.tolist() == [6]
    cube = Quantizer("integer", 8, "row").encode(weights.reshape(2, 2, 3))
    assert cube.scales.tolist() == [6, 12]
    assert (
        Quantizer("integer", 4, 32, scale_bits=16).encode(np.ones((4, 64))).bits_per_weight == 4.5
    )


def test_tensors_of_no_weights_and_of_zeros() -> None:
    for per in ("tensor", "row", 32):
        for clip in (Clip(), Clip("mae"), Clip("percentile", 99), Clip("mean", 3)):
            quantizer = Quantizer("uniform", 4, per, clip)
            for shape in ((0,), (3, 0), (0, 3), ()):
                assert quantizer.quantize(np.zeros(shape)).shape == shape
            assert not quantizer.quantize(np.zeros((3, 5))).any()
    assert Quantizer("uniform", 4).error([]) == 0.0


def test_what_no_block_or_quantizer_is() -> None:
    for per in ("column", 0, -1):
        with pytest.raises(ValueError, match="per must be tensor, row or a group"):
            Quantizer("uniform", 4, per)
    with pytest.raises(ValueError, match="book must be one of integer, lloyd-max"):
        Quantizer("int8", 8)
    for book, bits in (("integer", 1), ("uniform", 0), ("lloyd-max", 17)):
        with pytest.raises(ValueError, match="bits must be whole"):
            Quantizer(book, bits)
    with pytest.raises(ValueError, match="scale_bits must be 16 or 32"):
        Quantizer("uniform", 4, scale_bits=8)
    with pytest.raises(ValueError, match="rule must be one of mae"):
        Clip("max")  # type: ignore[arg-type]
    for rule, value in (
        ("mean", 0.0),
        ("percentile", 101.0),
        ("percentile", 0.0),
        ("mean", math.nan),
    ):
        with pytest.raises(ValueError, match="value must be above 0"):
            Clip(rule, value)  # type: ignore[arg-type]
    for weights, scale_bits in (([math.nan], 32), ([math.inf], 32), ([1e39], 32), ([7e4], 16)):
        with pytest.raises(ValueError, match="weights must be finite and at most"):
            Quantizer("uniform", 4, scale_bits=scale_bits).encode(weights)
    with pytest.raises(ValueError, match="kept must have the shape"):
        Quantizer("uniform", 4).encode([1.0, 2.0], [True])
    encoded = Quantizer("uniform", 4).encode(np.ones((2, 2)))
    for other in (Quantizer("uniform", 5), Quantizer("uniform", 4, "row")):
        with pytest.raises(ValueError, match="encoded must be of this quantizer"):
            other.decode(encoded)


def test_where_the_top_is_put() -> None:
    weights = np.array([1.0] * 96 + [-2.0, 2.0, 3.0, 40.0])

    def top(clip: Clip) -> float:
        return float(Quantizer("integer", 8, clip=clip).encode(weights).scales[0])

    assert top(Clip()) == 40.0
    assert top(Clip("percentile", 99)) == 3.0
    assert top(Clip("percentile", 96)) == 1.0
    assert top(Clip("percentile", 96.5)) == 2.0
    mean = float(np.mean(np.abs(weights)))
    assert top(Clip("mean", 2.0)) == np.float32(2 * mean)
    assert top(Clip("mean", 1000.0)) == 40.0


@pytest.mark.parametrize("book", CODE_BOOKS)
@pytest.mark.parametrize("rule", ["mae", "mse"])
def test_the_best_top_is_the_best_of_many(book: str, rule: str) -> None:
    weights = GeneralisedNormal(0.8, 1.0).sample(np.random.default_rng(2), 4000)
    power = 1 if rule == "mae" else 2
    quantizer = Quantizer(book, 4, clip=Clip(rule))  # type: ignore[arg-type]
    found = np.mean(np.abs(weights - quantizer.quantize(weights)) ** power)
    ratios = level_ratios(book, 4)
    borders = (ratios[1:] + ratios[:-1]) / 2
    size = np.abs(weights)
    tried = []
    for top in np.geomspace(0.2, size.max(), 2000):
        tried.append(
            np.mean(np.abs(size - top * ratios[np.searchsorted(borders, size / top)]) ** power)
        )
    assert found <= min(tried) * 1.002


def test_scales_of_16_bits_are_rounded_down() -> None:
    weights = np.array([1 / 3, -0.1])
    scale = Quantizer("integer", 8, scale_bits=16).encode(weights).scales
    assert scale.dtype == np.float16
    assert float(scale[0]) < 1 / 3 < float(np.nextafter(scale[0], np.float16(1)))


def test_pruning_takes_the_smallest_and_the_first_of_equals() -> None:
    weights = np.array([[3.0, -1.0, 1.0], [0.5, -4.0, 1.0]])
    assert Pruning(0.5).kept(weights).tolist() == [[True, False, False], [False, True, True]]
    assert Pruning(0.5).quantize(weights).tolist() == [[3.0, 0.0, 0.0], [0.0, -4.0, 1.0]]
    assert Pruning(0.5).error(weights) == pytest.approx(2.5 / 6)
    assert Pruning(0.5, "row").quantize(weights).tolist() == [[0.0] * 3, [0.5, -4.0, 1.0]]
    assert Pruning(0.0).quantize(weights).tolist() == weights.tolist()
    assert not Pruning(1.0, "row").quantize(weights).any()
    for fraction in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match=r"fraction must be in \[0, 1\]"):
            Pruning(fraction)
    with pytest.raises(ValueError, match="by must be magnitude or row"):
        Pruning(0.5, "column")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="fit a float32"):
        Pruning(0.0).encode([math.inf])


def test_pruned_weights_take_a_bit_and_no_code() -> None:
    weights = np.array([[3.0, -1.0, 0.1], [0.2, -4.0, 1.0]])
    pruning = Pruning(1 / 3, quantizer=Quantizer("uniform", 4, "row"))
    encoded = pruning.encode(weights)
    assert not isinstance(encoded, Kept)
    assert encoded.bits_per_weight == pytest.approx((6 + 4 * 4 + 2 * 32) / 6)
    packed = encoded.packed()
    assert len(packed) == 8 + 1 + 2
    assert np.frombuffer(packed[:8].tobytes(), "<f4").tolist() == [3.0, 4.0]
    assert unpack(packed[8:9], 1, 6).tolist() == [1, 1, 0, 0, 1, 1]
    assert unpack(packed[9:], 4, 4).tolist() == encoded.codes[encoded.codes.nonzero()].tolist()
    assert pruning.decode(encoded)[weights**2 < 0.1].tolist() == [0.0, 0.0]
    bare = Pruning(1 / 3).encode(weights)
    assert bare.bits_per_weight == (6 + 4 * 32) / 6
    assert bare.packed()[1:].tobytes() == np.array([3, -1, -4, 1], "<f4").tobytes()
    with pytest.raises(ValueError, match="encoded must be of this pruning"):
        Pruning(1 / 3).decode(encoded)


def test_blocks_count_what_is_short() -> None:
    assert Blocks((3, 100), 32).count == 12
    assert Blocks((3, 100), "row").count == 3
    assert Blocks((), "row").count == 1
    values = np.arange(7)
    assert Blocks((7,), 4).split(values).tolist() == [[0, 1, 2, 3], [4, 5, 6, 0]]
    assert Blocks((7,), 4).join(Blocks((7,), 4).split(values)).tolist() == values.tolist()
