"""How the design moves with what is assumed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from toy import toy

from simran.errors import UnknownNameError
from simran.experiments import sensitivity
from simran.reports import render_sensitivity
from simran.scenario import load


@pytest.fixture(scope="module")
def study() -> dict[str, Any]:
    return sensitivity("paper_blip2_coco")


def _row(study: dict[str, Any], assumed: str, factor: float) -> dict[str, Any]:
    (row,) = [it for it in study["rows"] if (it["assumed"], it["factor"]) == (assumed, factor)]
    return row


def test_the_base_is_the_design_itself(study: dict[str, Any]) -> None:
    (agent,) = study["base"]["agents"]
    assert (agent["weight_bits"], agent["count"], agent["feasible"]) == (11, 1, True)


@pytest.mark.parametrize(("factor", "bits"), [(0.5, 13), (2.0, 8)])
def test_a_thirstier_robot_gets_fewer_bits(study: dict[str, Any], factor: float, bits: int) -> None:
    row = _row(study, "devices.robot.power.dynamic", factor)
    assert row["agents"][0]["weight_bits"] == bits
    assert row["changes"]
    again = load("paper_blip2_coco", [f"devices.robot.power.dynamic={1e-28 * factor}"])
    from simran.engine import solve

    assert solve(again)["agents"][0]["energy_j"] == row["agents"][0]["energy_j"]


def test_lambda_scales_the_distortion_and_nothing_else(study: dict[str, Any]) -> None:
    base, row = study["base"], _row(study, "models.captioner.weights.rate", 2.0)
    assert row["objective"] == pytest.approx(base["objective"] / 2)
    keys = ("weight_bits", "agent_frequency_hz", "server_frequency_hz", "energy_j")
    assert [row["agents"][0][it] for it in keys] == [base["agents"][0][it] for it in keys]


def test_every_assumed_number_is_moved_or_left_out_with_a_reason(study: dict[str, Any]) -> None:
    assumed = {it.path for it in load("paper_blip2_coco").assumptions}
    left_out = {it["assumed"] for it in study["left_out"]}
    assert {row["assumed"] for row in study["rows"]} | left_out == assumed
    reasons = {(it["assumed"], it["factor"]): it["why"] for it in study["left_out"]}
    assert "0 or no number" in reasons["devices.robot.power.idle", None]
    assert "1" in reasons["devices.edge.power.pue", 0.5]


def test_what_does_not_matter_changes_nothing(study: dict[str, Any]) -> None:
    assert not _row(study, "models.captioner.feature_bits", 2.0)["changes"]  # an unlimited channel


def test_the_study_is_plain_json_and_its_text_fits(study: dict[str, Any]) -> None:
    assert json.loads(json.dumps(study, allow_nan=False)) == study
    text = render_sensitivity(study)
    assert max(map(len, text.splitlines())) <= 100
    assert "devices.robot.power.dynamic = 1e-28" in text
    assert "neither half nor double changes the design" in text


def test_a_budget_that_doubling_breaks_is_shown_as_such() -> None:
    changes = ["agents.robot.budget.energy=0.15", "agents.robot.budget.delay=1 s"]
    study = sensitivity("paper_blip2_coco", changes, "robot")
    assert study["base"]["feasible"]
    assert not _row(study, "devices.robot.power.dynamic", 2.0)["feasible"]
    assert _row(study, "devices.robot.power.dynamic", 0.5)["feasible"]
    assert "no" in render_sensitivity(study).split()


def test_a_scenario_without_assumptions_has_nothing_to_move() -> None:
    study = sensitivity(toy())
    assert study["rows"] == study["left_out"] == []
    assert "as it is" in render_sensitivity(study)


def test_an_unknown_agent_is_refused() -> None:
    with pytest.raises(UnknownNameError):
        sensitivity(toy(), agent="nobody")


def test_an_exponent_does_not_move_alone() -> None:
    document = toy()
    document["devices"]["edge"] = {"profile": "xeon-6246r"}
    study = sensitivity(document)
    assert "devices.edge.power.exponent" in {it["assumed"] for it in study["left_out"]}


def test_of_an_infeasible_design_only_what_makes_it_feasible_is_shown() -> None:
    hopeless = ["agents.robot.budget={delay: 10 ms, energy: 2 J}"]
    study = sensitivity("paper_blip2_coco", hopeless)
    assert not study["base"]["feasible"]
    assert not any(row["changes"] for row in study["rows"])
    text = render_sensitivity(study)
    assert "robot: no design meets its budgets: computing on the agent alone takes" in text
    assert "neither half nor double makes it feasible: " in text
    assert "× 0.5" not in text
    assert len(text.splitlines()) < 15


def test_what_would_make_a_design_feasible_is_shown() -> None:
    narrow = ["agents.robot.budget={delay: 0.5 s, energy: 0.4 J}", "allocator.name=exact"]
    study = sensitivity("paper_blip2_coco", narrow)
    assert not study["base"]["feasible"]
    helpful = {row["assumed"]: row["factor"] for row in study["rows"] if row["changes"]}
    assert helpful["devices.robot.power.dynamic"] == 0.5
    assert all(row["feasible"] for row in study["rows"] if row["changes"])
    assert "devices.robot.power.dynamic = 1e-28" in render_sensitivity(study)
