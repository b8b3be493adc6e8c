"""Budgets that no design meets, found without a run."""

from __future__ import annotations

from dataclasses import replace
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


def _floored(floor: float, **changes: Any) -> dict[str, Any]:
    curve = {"metric": "score", "quantizer": "uniform", "curves": {"head": {2: 0.2, 16: 0.9}}}
    return toy(
        agents__a__quality_floor=floor,
        models__m__quality=curve,
        models__m__quantizer={"kind": "uniform", "clip": "none"},
        **changes,
    )


def test_a_floor_is_named_by_solve_run_and_validate() -> None:
    scenario = load(_floored(0.95))
    said = (
        "no design meets its budgets and quality floor: the quality is 0.9 at most with 16 bits,"
        " below the floor of 0.95"
    )
    assert shortfalls(scenario) == {"a": said}
    design = solve(scenario)["agents"][0]
    assert (design["feasible"], design["binding"], design["reason"]) == (False, "quality", said)
    assert (design["quality_floor"], design["quality"]) == (0.95, pytest.approx(0.2))
    group = run(scenario).summary["designs"]["groups"]["a"]
    assert (group["binding"], group["reasons"]) == (["quality"], [said])
    assert group["infeasible"] == group["changes"] == 3


def test_a_design_below_the_floor_is_never_called_feasible() -> None:
    """Also not of an allocator that has never heard of floors."""
    from simran.allocation import ALLOCATORS, Allocation, Problem

    @ALLOCATORS.register("one-bit-fewer")
    class Fewer(ALLOCATORS.load("exact")):  # type: ignore[misc]
        name = "one-bit-fewer"

        def allocate(self, problem: Problem) -> Allocation:
            found = super().allocate(problem)
            return replace(found, weight_bits=found.weight_bits - 1)

    held = solve(load(_floored(0.2)))["agents"][0]
    bits, quality = held["weight_bits"], held["quality"]
    assert held["feasible"]
    free = load(_floored(quality))
    assert solve(free)["agents"][0]["weight_bits"] == bits
    below = solve(load(_floored(quality, allocator__name="one-bit-fewer")))["agents"][0]
    assert (below["feasible"], below["weight_bits"]) == (False, bits - 1)
    assert "below the floor of" in below["reason"]
    summary = run(load(_floored(quality, allocator__name="one-bit-fewer"))).summary
    assert summary["designs"]["groups"]["a"]["infeasible"] == 3
    assert run(free).summary["designs"]["groups"]["a"]["infeasible"] == 0
