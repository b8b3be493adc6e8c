"""Profiles with measured quality are what their records say."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from measured import BENCHMARKS
from measured_profiles import CATALOGUE, profile
from output_distortion import MODULES

from simran.distortion import Quantizer, Scheme
from simran.engine.cuts import cut_table
from simran.scenario import Model, load

RECORDS = sorted(
    name for name in MODULES if (BENCHMARKS / "results" / f"output_{name}.json").is_file()
)
PROFILES = [name for name in RECORDS if (CATALOGUE / f"{name}.yaml").is_file()]


def _record(name: str) -> dict[str, Any]:
    path = BENCHMARKS / "results" / f"output_{name}.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def test_there_are_records() -> None:
    assert "fcdnn-16" in PROFILES


@pytest.mark.parametrize("name", PROFILES)
def test_the_committed_profile_is_what_the_script_writes(name: str) -> None:
    assert (CATALOGUE / f"{name}.yaml").read_text(encoding="utf-8") == profile(name)


@pytest.mark.parametrize("name", RECORDS)
def test_what_is_fitted_follows_from_the_points(name: str) -> None:
    for split in _record(name)["splits"].values():
        for row in split["quantizers"].values():
            fit = row["coefficient"]
            if fit is None:
                continue
            points = [it for it in row["points"] if it["bits"] in fit["bits"]]
            x = np.array([it["parameter_distortion"] for it in points])
            y = np.array([it["end_error"] for it in points])
            assert fit["value"] == pytest.approx(x @ y / (x @ x), rel=1e-4)
            residual = np.sqrt(np.mean((fit["value"] * x / y - 1.0) ** 2))
            assert fit["residual"] == pytest.approx(residual, abs=1e-4)


@pytest.mark.parametrize("name", RECORDS)
def test_curves_and_knees_follow_from_the_points(name: str) -> None:
    for split in _record(name)["splits"].values():
        for row in split["quantizers"].values():
            if row["curve"] is None:
                continue
            better = 1.0 if split["metric"]["better"] == "higher" else -1.0
            fitted = better * np.array(row["curve"]["fitted"])
            assert np.all(np.diff(fitted) >= 0.0)
            assert fitted[-1] <= better * row["curve"]["reference"]
            losses = {it["bits"]: it["loss"]["value"] for it in row["points"]}
            fine = [b for b in losses if max(losses[c] for c in losses if c >= b) <= 0.01 + 1e-9]
            if split["tolerance"] == 0.01:
                assert row["knee"]["bits"] == min(fine, default=None)


def test_the_rigorous_bound_holds_at_every_point() -> None:
    shares = [
        point["bound"]["largest_share"]
        for split in _record("fcdnn-16")["splits"].values()
        for row in split["quantizers"].values()
        for point in row["points"]
    ]
    assert 0.0 < min(shares) <= max(shares) <= 1.0


def test_a_scenario_runs_on_the_profile() -> None:
    changes = ["models.captioner.profile=fcdnn-16", "models.captioner.split=layer/8"]
    model = load("paper_blip2_coco", changes).models["captioner"]
    assert model.quality is not None
    assert model.quality.metric == "top-1 accuracy"


def _fcdnn(split: str = "layer/8") -> Model:
    changes = ["models.captioner.profile=fcdnn-16", f"models.captioner.split={split}"]
    return load("paper_blip2_coco", changes).models["captioner"]


def test_the_errors_of_the_blocks_are_those_of_their_weights() -> None:
    """They are differences of sums that the record has to six digits; here each is measured anew."""
    with np.load(BENCHMARKS / "data" / "fcdnn-16.npz") as held:
        matrices = [held[name] for name in held.files]
    model = _fcdnn()
    assert model.quantizer == Scheme("uniform", "row", "none")
    assert model.bits == tuple(range(1, 9))
    for block, matrix in zip(model.blocks, matrices, strict=True):
        assert block.parameters == matrix.size
        direct = [Quantizer("uniform", bits, "row").error(matrix) for bits in model.bits]
        assert block.errors == pytest.approx(direct, rel=2e-3), block.name


@pytest.mark.parametrize("split", ["layer/1", "layer/8", "layer/16"])
def test_the_distortion_of_a_split_is_what_was_measured_there(split: str) -> None:
    """Before the coefficient, it is the record's summed weight error over all parameters."""
    model = _fcdnn(split)
    table = cut_table(model, "co-inference")
    row = table.split.index(split)
    record = _record("fcdnn-16")["splits"][split]
    points = record["quantizers"]["uniform per row"]["points"]
    weights = np.array([it["parameter_distortion"] for it in points])
    features = {it["bits"]: it["end_error"] for it in record["feature_bits"]}
    # The last layer's output is the answer, sent as a byte.
    sent = 0.0 if split == "layer/16" else features.get(16, 0.0)
    assert table.reference_distortion[row] == pytest.approx(sent, rel=2e-5)
    of_weights = (table.distortion[row] - sent) / model.output_coefficient
    assert of_weights == pytest.approx(weights, rel=2e-5)
    assert np.isnan(table.lower[row]).all()
    assert np.isnan(table.upper[row]).all()


def test_the_coefficient_turns_it_into_the_measured_output_error() -> None:
    """At the split that it was fitted at, as closely as the record says."""
    model = _fcdnn()
    table = cut_table(model, "co-inference")
    held = _record("fcdnn-16")["splits"]["layer/8"]["quantizers"]["uniform per row"]
    fit = held["coefficient"]
    measured = {it["bits"]: it["end_error"] for it in held["points"]}
    predicted = dict(zip(model.bits, table.distortion[table.split.index("layer/8")], strict=True))
    ratios = np.array([predicted[b] / measured[b] for b in fit["bits"]])
    assert np.sqrt(np.mean((ratios - 1.0) ** 2)) == pytest.approx(fit["residual"], abs=1e-3)
    assert fit["residual"] < 0.25


def test_blip2_has_its_published_quality_with_the_quantizer_that_it_was_measured_with() -> None:
    change = "models.captioner.quantizer={kind: uniform, clip: none}"
    split = "models.captioner.split=vision-encoder"
    scenario = load("paper_blip2_coco", [change, split])
    model = scenario.models["captioner"]
    table = cut_table(model, "co-inference")
    quality = dict(zip(model.bits, table.quality[table.split.index(model.split)], strict=True))
    assert (quality[5], quality[6], quality[8]) == (0.0276, 1.0171, 1.2695)
    assert np.isnan(quality[3])
    assert any("CIDEr) was measured with uniform, and is given" in it for it in scenario.notes)
    other = load("paper_blip2_coco", [split])
    assert np.isnan(cut_table(other.models["captioner"], "co-inference").quality).all()
    assert any("not with lloyd-max, clipped by mae" in it for it in other.notes)
