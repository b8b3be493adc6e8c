"""Which assumed numbers a scenario rests on, and what scaling one of them does."""

from __future__ import annotations

from typing import Any

import pytest
from toy import toy

from simran.scenario import Scenario, load


def _assumed(*changes: str) -> dict[str, Any]:
    scenario = load("paper_blip2_coco", changes)
    assert scenario.assumed == tuple(map(str, scenario.assumptions))
    return {it.path: it for it in scenario.assumptions}


def test_every_assumed_entry_in_use_is_named() -> None:
    assert set(_assumed()) == {
        *(
            f"models.captioner.{it}"
            for it in ("reference_bits", "bits", "weights.rate", "quantizer")
        ),
        *(f"models.captioner.{it}" for it in ("output_coefficient", "feature_bits")),
        *(f"devices.robot.power.{it}" for it in ("dynamic", "static", "idle", "pue")),
        *(f"devices.edge.power.{it}" for it in ("dynamic", "static", "idle", "pue")),
    }


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        ("devices.robot.power.dynamic=2e-28", "devices.robot.power.dynamic"),
        ("models.captioner.weights.rate=50", "models.captioner.weights.rate"),
        ("models.captioner.bits=[4, 8]", "models.captioner.bits"),
        ("models.captioner.quantizer=uniform", "models.captioner.quantizer"),
    ],
)
def test_an_override_removes_exactly_its_own(change: str, gone: str) -> None:
    assert set(_assumed()) - set(_assumed(change)) == {gone}


def test_an_override_of_a_part_leaves_the_rest_assumed() -> None:
    bits = _assumed("models.captioner.bits.max=8")["models.captioner.bits"]
    assert bits.values == {("models", "captioner", "bits", "min"): 1}


def test_a_whole_power_law_of_one_s_own_removes_all_of_the_profile_s() -> None:
    document = load("paper_blip2_coco").document
    device = {"f_max": "2 GHz", "flops_per_cycle": 32, "power": {"dynamic": 1e-28}}
    own = {**document, "devices": {**document["devices"], "robot": device}}
    assert not [it for it in load(own).assumed if it.startswith("devices.robot")]


def test_profiles_that_nobody_uses_do_not_count() -> None:
    document = toy()
    document["devices"]["spare"] = {"profile": "xeon-6246r"}
    assert load(document).assumed == ()
    document["devices"]["edge"] = {"profile": "xeon-6246r"}
    assert {it.owner for it in load(document).assumptions} == {("devices", "edge")}


def test_only_the_mode_in_force_counts() -> None:
    document = toy()
    edge = {"flops_per_cycle": 4, "mode": "a", "power": {"dynamic": 1e-27}}
    entry = {"kind": "assumed", "source": "a guess"}
    edge["modes"] = {
        "a": {"f_max": "1 GHz"},
        "b": {"f_max": "2 GHz", "provenance": {"f_max": entry}},
    }
    document["devices"]["edge"] = edge
    assert load(document).assumed == ()
    edge["mode"] = "b"
    assert load(document).assumed == ("devices.edge.f_max: a guess",)


def test_a_resolved_scenario_rests_on_the_same_and_names_no_profile() -> None:
    first = load(
        "paper_git_vatex", ["devices.robot.power.dynamic=2e-28", "models.captioner.bits.max=9"]
    )
    second = load(first.document)
    assert second.assumed == first.assumed
    assert second.models == first.models
    assert second.groups == first.groups
    assert second.servers == first.servers
    assert "profile" not in second.document["models"]["captioner"]


def _scaled(path: str, factor: float) -> Scenario:
    return load("paper_blip2_coco", scale={path: factor})


def test_scaling_moves_one_number_and_nothing_else() -> None:
    base, scaled = load("paper_blip2_coco"), _scaled("devices.robot.power.dynamic", 2.0)
    robot, before = scaled.groups["robot"].processor, base.groups["robot"].processor
    assert robot.power.dynamic_w(1e9) == 2 * before.power.dynamic_w(1e9)
    assert scaled.servers == base.servers
    assert scaled.models == base.models
    assert _scaled("devices.robot.power.nothing", 2.0) == base


def test_scaling_keeps_units_and_takes_all_numbers_of_an_entry() -> None:
    document = toy()
    states = [{"frequency": f"{it} GHz", "busy": "9 W", "idle": "30 dBm"} for it in (1, 2)]
    entry = {"kind": "assumed", "source": "a guess"}
    document["devices"]["edge"] = {
        "flops_per_cycle": 4,
        "states": states,
        "provenance": {"states.idle": entry, "states.busy": entry},
    }
    processor = load(document, scale={"devices.edge.states.idle": 2.0}).servers["server"].processor
    assert processor.power.idle_at_w(1e9) == pytest.approx(2.0)
    assert processor.power.idle_at_w(2e9) == pytest.approx(2.0)
    processor = load(document, scale={"devices.edge.states.busy": 0.5}).servers["server"].processor
    assert processor.power.dynamic_w(2e9) == pytest.approx(3.5)
