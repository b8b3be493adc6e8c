"""Profiles with measured quality are what their records say."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from measured import BENCHMARKS
from measured_profiles import CATALOGUE, profile
from output_distortion import MODULES

from simran.scenario import load

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
