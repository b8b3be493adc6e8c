"""What holds of every quantizer, on any weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simran.distortion import (
    CLIP_RULES,
    CODE_BOOKS,
    Clip,
    GeneralisedNormal,
    Pruning,
    Quantizer,
    law_distortion,
    level_ratios,
    pack,
    packed_bytes,
    unpack,
)

UNHURRIED = settings(deadline=None)  # the machine may be busy
WEIGHTS = st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=40)
CLIPS = st.sampled_from(
    [Clip(rule, {"mean": 3.0, "percentile": 90.0}.get(rule, 0.0)) for rule in CLIP_RULES]  # type: ignore[arg-type]
)
QUANTIZERS = st.builds(
    Quantizer,
    st.sampled_from(CODE_BOOKS),
    st.integers(2, 10),
    st.sampled_from(["tensor", "row", 4, 32]),
    CLIPS,
    st.sampled_from([16, 32]),
    st.sampled_from([0.7, 1.0, 2.0]),
)


@pytest.mark.parametrize("bits", range(1, 17))
@given(data=st.data())
@settings(deadline=None, max_examples=15)
def test_codes_survive_packing(bits: int, data: st.DataObject) -> None:
    codes = data.draw(st.lists(st.integers(0, 2**bits - 1), max_size=50))
    packed = pack(np.array(codes, np.int64), bits)
    assert packed.dtype == np.uint8
    assert len(packed) == packed_bytes(len(codes), bits)
    assert unpack(packed, bits, len(codes)).tolist() == codes
    whole = sum(code << (place * bits) for place, code in enumerate(codes))
    assert int.from_bytes(packed.tobytes(), "little") == whole


@UNHURRIED
@given(QUANTIZERS, WEIGHTS, st.integers(1, 3))
def test_quantizing_twice_changes_nothing(
    quantizer: Quantizer, weights: list[float], rows: int
) -> None:
    table = np.resize(np.array(weights), (rows, -(-len(weights) // rows)))
    once = quantizer.quantize(table)
    assert np.array_equal(quantizer.quantize(once), once)


@UNHURRIED
@given(QUANTIZERS, WEIGHTS, st.floats(0, 1), st.sampled_from(["magnitude", "row"]))
def test_pruned_weights_stay_zero_and_twice_changes_nothing(
    quantizer: Quantizer, weights: list[float], fraction: float, by: str
) -> None:
    table = np.resize(np.array(weights), (2, len(weights)))
    pruning = Pruning(fraction, by, quantizer)  # type: ignore[arg-type]
    once = pruning.quantize(table)
    assert not once[~pruning.kept(table)].any()
    assert np.array_equal(pruning.quantize(once), once)


@UNHURRIED
@given(QUANTIZERS, WEIGHTS)
def test_every_weight_goes_to_the_nearest_level(quantizer: Quantizer, weights: list[float]) -> None:
    """By brute force over all levels of its block, so no format errs by less than it can."""
    encoded = quantizer.encode(weights)
    values = quantizer.decode(encoded)
    size = len(weights) if isinstance(quantizer.per, str) else quantizer.per
    ratios = level_ratios(quantizer.book, quantizer.bits, quantizer.shape)
    for block, scale in enumerate(encoded.scales.astype(float)):
        part = slice(block * size, (block + 1) * size)
        levels = np.concatenate((-ratios, ratios)) * scale
        w = np.array(weights)[part]
        least = np.min(np.abs(w[:, None] - levels), axis=1)
        apart = np.abs(w - values[part])
        assert np.all(np.isin(values[part], levels.astype(np.float32)))
        assert apart == pytest.approx(least, rel=1e-6, abs=1e-6 * scale + 1e-44)


@UNHURRIED
@given(QUANTIZERS, WEIGHTS, st.integers(-8, 4))
def test_a_change_of_unit_changes_the_scales_alone(
    quantizer: Quantizer, weights: list[float], power: int
) -> None:
    """By powers of two, which floats take exactly, within the range of normal float16."""
    table = np.where(np.abs(weights) < 2.0**-3, 0.0, weights)
    one = quantizer.encode(table)
    other = quantizer.encode(table * 2.0**power)
    assert np.array_equal(one.codes, other.codes)
    assert other.scales == pytest.approx(one.scales.astype(float) * 2.0**power, rel=1e-12)


@UNHURRIED
@given(st.sampled_from(CODE_BOOKS), st.integers(2, 11), st.floats(0.5, 3.0), st.floats(1e-3, 1e3))
def test_the_law_expects_less_of_more_bits(
    book: str, bits: int, shape: float, scale: float
) -> None:
    shape = round(shape, 1)
    law = GeneralisedNormal(shape, scale)
    fewer, more = law_distortion(book, [bits, bits + 1], law)
    assert more < fewer or (book == "power-of-two" and more <= fewer * (1 + 1e-9))
    assert fewer == pytest.approx(scale * law_distortion(book, bits, GeneralisedNormal(shape, 1.0)))


@pytest.mark.parametrize("book", CODE_BOOKS)
@pytest.mark.parametrize("shape", [0.7, 1.0, 2.0])
def test_finer_blocks_never_err_more_on_average(book: str, shape: float) -> None:
    """With tops of least error, over tensors whose rows differ in scale as those of networks do."""
    errors = dict.fromkeys(("tensor", "row", 32), 0.0)
    for seed in range(4):
        draw = np.random.default_rng(seed)
        rows = np.exp(draw.normal(size=(16, 1)))
        weights = rows * GeneralisedNormal(shape, 1.0).sample(draw, (16, 128))
        for per in errors:
            errors[per] += Quantizer(book, 4, per, Clip("mae"), shape=shape).error(weights)
    assert errors[32] <= errors["row"] <= errors["tensor"]
