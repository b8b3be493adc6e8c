"""Pruning ratios and bits of features as cuts of their own: work, bytes, distortion, quality, words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from toy import toy

import simran
from simran.allocation import CutTable
from simran.distortion import expected_distortion, pruning_distortion
from simran.engine.cuts import cut_table
from simran.scenario import Model, load

BLOCKS = [
    {"name": "head", "flops": 4e9, "parameters": 1e6, "output": {"elements": 1e5}},
    {"name": "body", "flops": 4e9, "parameters": 2e6, "output": "1 Mbit"},
    {"name": "tail", "flops": 2e9, "parameters": 1e6, "output": "1 kbit"},
]
CHOICES: dict[str, Any] = {
    "blocks": BLOCKS,
    "split": "auto",
    "feature_bits": [4, 8],
    "feature_distortion": {4: 0.01, 8: 0.001, 16: 0.5},
    "pruning": {"ratios": [0, 0.25]},
}


def _given(**changes: Any) -> dict[str, Any]:
    return {f"models__m__{key}": value for key, value in (CHOICES | changes).items()}


def _model(**changes: Any) -> Model:
    return load(toy(**_given(**changes))).models["m"]


def _table(placement: str = "auto", **changes: Any) -> CutTable:
    return cut_table(_model(**changes), placement)


def test_every_ratio_and_width_is_a_cut_the_least_distorting_first() -> None:
    table = _table()
    rows = zip(table.split, table.pruning_ratio.tolist(), table.feature_bits.tolist(), strict=True)
    found = [(split, ratio, None if math.isnan(bits) else bits) for split, ratio, bits in rows]
    assert found == [
        *[("head", ratio, bits) for ratio in (0.0, 0.25) for bits in (8.0, 4.0)],
        ("body", 0.0, None),
        ("body", 0.25, None),
        ("tail", 0.0, None),
        ("tail", 0.25, None),
        ("", 0.0, None),
    ]
    assert table.described(3) == "split after head, 25 % pruned, 4-bit features"
    assert table.described(5) == "split after body, 25 % pruned"
    assert table.described(8) == "on-server"


def test_pruning_takes_its_share_of_work_and_bytes_and_stores_a_mask() -> None:
    table = _table()
    assert table.agent_flops.tolist() == [4e9, 4e9, 3e9, 3e9, 8e9, 6e9, 10e9, 7.5e9, 0.0]
    assert table.server_flops[:6].tolist() == [6e9, 6e9, 6e9, 6e9, 2e9, 2e9]
    assert table.agent_weight_bytes_per_bit[:6].tolist() == [
        1e6 / 8, 1e6 / 8, 7.5e5 / 8, 7.5e5 / 8, 3e6 / 8, 2.25e6 / 8
    ]  # fmt: skip
    assert table.agent_mask_bytes.tolist() == [0, 0, 1e6 / 8, 1e6 / 8, 0, 3e6 / 8, 0, 4e6 / 8, 0]
    rows = _table(pruning={"ratios": [0.25], "by": "row"})
    assert not rows.agent_mask_bytes.any()
    assert rows.agent_flops.tolist() == [3e9, 3e9, 6e9, 7.5e9, 0.0]


def test_features_are_sent_with_their_bits() -> None:
    table = _table()
    assert table.uplink_bits.tolist() == [8e5, 4e5, 8e5, 4e5, 1e6, 1e6, 0.0, 0.0, 1e6]
    assert np.unique(table.downlink_bits[table.uplink_bits > 0]).tolist() == [1e3]


def test_distortion_adds_up_from_pruned_weights_and_features() -> None:
    table = _table()
    bits = table.bits
    scale = 1e6 / 4e6
    quantized = expected_distortion("lloyd-max", bits, 10.0)
    loss = float(pruning_distortion(0.25, 10.0))
    expected = [
        scale * quantized + 0.001,
        scale * quantized + 0.01,
        scale * (loss + 0.75 * quantized) + 0.001,
        scale * (loss + 0.75 * quantized) + 0.01,
    ]
    assert table.distortion[:4] == pytest.approx(np.array(expected), rel=1e-13)
    assert table.reference_distortion[:4] == pytest.approx(
        [0.001, 0.01, scale * loss + 0.001, scale * loss + 0.01]
    )
    assert np.all(table.lower <= table.distortion)
    assert np.all(table.distortion <= table.upper)
    assert table.reference_distortion[-1] == 0.0
    assert not table.distortion[-1].any()


def test_a_block_may_say_itself_what_its_features_cost() -> None:
    own = [{**BLOCKS[0], "feature_distortion": {4: 0.2}}, *BLOCKS[1:]]
    table = _table(blocks=own)
    assert table.reference_distortion[:2].tolist() == [0.0, 0.2]


def test_a_block_of_which_nothing_is_known_keeps_to_the_finest_features() -> None:
    body = {**BLOCKS[1], "output": {"elements": 1e4}}
    told = {**BLOCKS[0], "feature_distortion": {4: 0.2}}
    table = _table(blocks=[told, body, BLOCKS[2]], feature_distortion=None, pruning=None)
    assert table.feature_bits[:3].tolist() == [8.0, 4.0, 8.0]
    assert table.reference_distortion[:3].tolist() == [0.0, 0.2, 0.0]
    measured = ["models.captioner.profile=whisper-tiny.en", "models.captioner.split=block/4"]
    scenario = load("paper_blip2_coco", [*measured, "models.captioner.feature_bits=[4,8,16]"])
    widths = cut_table(scenario.models["captioner"], "co-inference").feature_bits[:3]
    assert widths.tolist() == [16.0, 8.0, 4.0]


def test_a_single_width_that_is_said_to_cost_something_does() -> None:
    table = _table(feature_bits=16, pruning=None)
    assert table.reference_distortion.tolist() == [0.5, 0.0, 0.0, 0.0]
    assert table.described(0) == "split after head"


def test_quality_is_known_of_whole_weights_and_the_finest_features_alone() -> None:
    curve = {
        "metric": "score", "quantizer": "lloyd-max, clipped by mae", "reference": 2.0,
        "curves": {"head": {2: 0.5, 16: 1.9}},
    }  # fmt: skip
    table = _table(quality=curve)
    assert table.reference_quality[[0, 4]].tolist() == [2.0, 2.0]
    assert np.isnan(table.reference_quality[[1, 2, 3, 5]]).all()
    assert not np.isnan(table.quality[0]).any()
    assert np.isnan(table.quality[1:4]).all()
    assert table.reference_quality[-1] == 2.0


def test_unquantized_weights_that_are_pruned_are_distorted() -> None:
    document = toy(
        **_given(pruning={"ratios": [0.25]}),
        allocator__name="full-precision",
        agents__a__budget={"delay": "100 s"},
        agents__a__placement="on-device",
    )
    design = simran.solve(load(document))["agents"][0]
    assert design["weight_bits"] == 32
    assert design["pruning_ratio"] == 0.25
    assert design["distortion"] == pytest.approx(float(pruning_distortion(0.25, 10.0)))
    assert design["reason"] == "the weights are not quantized"


def test_a_run_says_what_it_prunes_and_sends() -> None:
    document = toy(**_given(pruning={"ratios": [0.25]}, split="head"), duration=20.0)
    result = simran.run(load(document))
    designs = result.allocations
    assert set(designs["pruning_ratio"]) == {0.25}
    assert set(designs["feature_bits"]) <= {4.0, 8.0}
    requests = result.requests
    sent = requests["uplink_bits"].dropna()
    assert set(sent) == set(1e5 * designs["feature_bits"])
    cuts = result.summary["designs"]["groups"]["a"]["cuts"]
    assert all(cut.startswith("co-inference: head (25 % pruned, ") for cut in cuts)
    notes = " ".join(load(document).notes)
    assert "pruning is taken to save its share" in notes
    assert "feature_distortion is added" in notes
