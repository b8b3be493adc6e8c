"""Budgets that no design meets, found without a run."""

from __future__ import annotations

from typing import Any

import pytest
from toy import toy

from simran.engine import run, shortfalls, solve
from simran.scenario import load

TIGHT = "sending the features alone takes 100 ms of 35 ms (50 ms less the headroom)"


def test_a_sound_scenario_has_none() -> None:
    assert shortfalls(load(toy())) == {}
    assert shortfalls(load(toy(agents__a__budget=None))) == {}


def test_solve_run_and_validate_say_the_same() -> None:
    scenario = load(toy(agents__a__budget__delay="50 ms"))
    said = f"no design meets its budgets: {TIGHT}"
    assert shortfalls(scenario) == {"a": said}
    assert {agent["reason"] for agent in solve(scenario)["agents"]} == {said}
    assert run(scenario).summary["designs"]["groups"]["a"]["reasons"] == [said]


def test_one_agent_has_all_to_itself() -> None:
    """What fails only because the cell is shared is no matter of the budgets."""
    shared: dict[str, Any] = {"network__cells__cell__uplink_scheduler": "allocated"}
    crowd = load(toy(agents__a__count=40, agents__a__budget__delay="1 s", **shared))
    assert not solve(crowd)["feasible"]
    assert shortfalls(crowd) == {}


def test_what_the_allocator_keeps_to_counts() -> None:
    tight = {"agents__a__budget__delay": "450 ms"}
    assert shortfalls(load(toy(**tight))) == {}
    slow = toy(**tight, allocator__name="fixed-bits", allocator__options={"bits": 16})
    (said,) = shortfalls(load(slow)).values()
    assert said.startswith("no design that fixed-bits may choose meets its budgets: ")


@pytest.mark.parametrize(("memory", "feasible"), [("249 kB", False), ("250 kB", True)])
def test_weights_that_do_not_fit(memory: str, feasible: bool) -> None:
    """The head has 1e6 weights of 2 bits at least: 250 kB."""
    found = shortfalls(load(toy(devices__robot__memory=memory)))
    said = "no design meets its budgets: the weights take 250 kB of the agent's memory of 249 kB"
    assert found == ({} if feasible else {"a": f"{said} at 2 bits"})
