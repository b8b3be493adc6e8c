"""Cuts of a model: work, features, weights, distortion and quality."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from toy import toy

from simran.distortion import bounds, expected_distortion
from simran.engine.cuts import cut_table
from simran.scenario import Model, load

CURVE = {
    "metric": "score",
    "quantizer": "lloyd-max, clipped by mae",
    "reference": 2.0,
    "curves": {},
}


def _model(**changes: Any) -> Model:
    return load(toy(**{f"models__m__{key}": value for key, value in changes.items()})).models["m"]


def _row(model: Model, placement: str, split: str) -> tuple[Any, int]:
    table = cut_table(model, placement)
    pairs = list(zip(table.placement, table.split, strict=True))
    return table, pairs.index((placement if placement != "auto" else "co-inference", split))


def test_auto_lists_every_split_and_both_ends() -> None:
    table = cut_table(_model(split="auto"), "auto")
    pairs = list(zip(table.placement, table.split, strict=True))
    assert pairs == [
        ("co-inference", "head"),
        ("co-inference", "body"),
        ("on-device", "tail"),
        ("on-server", ""),
    ]
    assert table.allowed.all()


def test_a_named_split_is_the_only_one_allowed() -> None:
    table = cut_table(_model(split="body"), "co-inference")
    allowed = [table.split[row] for row in np.flatnonzero(table.allowed)]
    assert allowed == ["body"]


def test_work_features_and_weights_of_a_cut() -> None:
    table, row = _row(_model(split="body"), "co-inference", "body")
    assert table.agent_flops[row] == 8e9
    assert table.server_flops[row] == 2e9
    assert table.uplink_bits[row] == 1e6
    assert table.downlink_bits[row] == 1e3
    assert table.agent_weight_bytes_per_bit[row] == 3e6 / 8
    assert table.server_weight_bytes[row] == 1e6 * 4
    table, row = _row(_model(), "on-server", "")
    assert (table.agent_flops[row], table.server_flops[row]) == (0.0, 10e9)
    assert table.uplink_bits[row] == 1e6
    table, row = _row(_model(), "on-device", "tail")
    assert (table.uplink_bits[row], table.downlink_bits[row]) == (0.0, 0.0)
    assert table.server_weight_bytes[row] == 0.0


@pytest.mark.parametrize("quantizer", ["lloyd-max", "uniform", "power-of-two", "rate-distortion"])
def test_distortion_is_per_weight_of_the_whole_model(quantizer: str) -> None:
    """Three of four million weights quantized, the body's with a law of its own."""
    blocks = toy()["models"]["m"]["blocks"]
    blocks[1]["weights"] = {"law": "exponential", "rate": 20.0}
    model = _model(split="body", quantizer=quantizer, blocks=blocks, output_coefficient=3.0)
    table, row = _row(model, "co-inference", "body")
    bits = np.arange(2, 17)
    mean = [expected_distortion(quantizer, bits, rate) for rate in (10.0, 20.0)]
    assert table.distortion[row] == pytest.approx(3.0 * (1e6 * mean[0] + 2e6 * mean[1]) / 4e6)
    edges = [bounds(quantizer, bits, rate) for rate in (10.0, 20.0)]
    for got, side in ((table.lower, 0), (table.upper, 1)):
        expected = 3.0 * (1e6 * edges[0][side] + 2e6 * edges[1][side]) / 4e6
        assert got[row] == pytest.approx(expected, nan_ok=True)
    assert not table.distortion[_row(model, "on-server", "")[1]].any()


def test_the_reference_width_is_unquantized() -> None:
    table, row = _row(_model(bits=[8, 32]), "co-inference", "head")
    assert table.distortion[row, 0] > 0
    assert table.distortion[row, 1] == table.lower[row, 1] == table.upper[row, 1] == 0.0


def test_quality_between_above_and_below_the_points() -> None:
    curve = CURVE | {"curves": {"head": {4: 1.0, 8: 1.8}}}
    table, row = _row(_model(quality=curve, bits=[2, 4, 6, 8, 16, 32]), "co-inference", "head")
    assert table.quality[row] == pytest.approx([np.nan, 1.0, 1.4, 1.8, 1.8, 2.0], nan_ok=True)
    table, row = _row(_model(quality=curve), "on-server", "")
    assert (table.quality[row] == 2.0).all()
    table, row = _row(_model(quality=curve), "on-device", "tail")
    assert np.isnan(table.quality[row]).all()


def test_quality_of_another_quantizer_says_nothing() -> None:
    curve = CURVE | {"curves": {"head": {4: 1.0, 8: 1.8}}}
    model = _model(quality=curve, quantizer="uniform")
    for placement, split in (("co-inference", "head"), ("on-server", "")):
        table, row = _row(model, placement, split)
        assert np.isnan(table.quality[row]).all()
        assert np.isnan(table.reference_quality[row])
