"""The bound on distortion."""

from __future__ import annotations

import pytest
from toy import toy

import simran
from simran.experiments.oracle import oracle, outside


def test_of_requests_of_one_size_it_is_the_design_of_an_agent_alone() -> None:
    scenario = simran.load(toy())
    alone = simran.load(toy(agents__a__count=1, allocator__headroom=0.0))
    found = oracle(scenario)
    assert found["a"]["distortion"] == simran.solve(alone)["agents"][0]["distortion"]
    assert found["a"] == found["total"]
    assert found["a"]["feasible"] == 1.0


@pytest.mark.parametrize("name", ["exact", "sca", "joint", "greedy", "max-frequency"])
@pytest.mark.parametrize("delay", [0.8, 1.2])
def test_no_design_within_the_budgets_is_better(name: str, delay: float) -> None:
    scenario = simran.load(
        toy(agents__a__budget__delay=delay, allocator__headroom=0.0, allocator__name=name)
    )
    bound = oracle(scenario)["a"]["distortion"]
    for agent in simran.solve(scenario)["agents"]:
        assert not agent["feasible"] or agent["distortion"] >= bound * (1 - 1e-12)


def test_requests_that_cannot_meet_their_budgets_are_told() -> None:
    some = oracle(simran.load(toy(models__m__size={"law": "exponential"})))["a"]
    assert 0.1 < some["feasible"] < 1.0
    none = oracle(simran.load(toy(agents__a__budget__delay=1e-3)))
    assert none["a"] == {"distortion": None, "feasible": 0.0}
    assert none["total"]["distortion"] is None


def test_the_total_weighs_groups_with_their_rates() -> None:
    document = toy()
    document["agents"]["b"] = {
        **document["agents"]["a"], "count": 1, "budget": {"delay": 0.7, "energy": 3.0},
        "arrivals": {"process": "poisson", "rate": 1.6},
    }  # fmt: skip
    found = oracle(simran.load(document))
    expected = (2.4 * found["a"]["distortion"] + 1.6 * found["b"]["distortion"]) / 4.0
    assert found["total"]["distortion"] == pytest.approx(expected, rel=1e-12)


def test_a_fallback_counts_where_what_is_asked_for_is_too_slow() -> None:
    slow = {
        "network__cells__cell__channel__rate": 1e3,
        "agents__a__budget": {"delay": 3.0, "energy": 9.0},
        "agents__a__on_violation": "fallback-on-device",
    }
    scenario = simran.load(toy(**slow, agents__a__count=1, allocator__headroom=0.0))
    agent = simran.solve(scenario)["agents"][0]
    assert agent["fallback"] == "fallback-on-device"
    assert agent["delay_s"] <= 3.0
    assert agent["energy_j"] <= 9.0
    assert oracle(scenario)["a"] == {"distortion": agent["distortion"], "feasible": 1.0}
    slow["agents__a__on_violation"] = "degrade"
    assert oracle(simran.load(toy(**slow)))["a"]["feasible"] == 0.0


def test_it_has_the_whole_clock_of_a_server_with_slices_by_clock() -> None:
    sliced = {
        "network__servers__server": {
            "device": "edge", "discipline": "allocated", "partition": "clock",
        },
    }  # fmt: skip
    for count in (1, 3):
        found = oracle(simran.load(toy(**sliced, agents__a__count=count)))
        assert found == oracle(simran.load(toy()))


def test_baselines_outside_of_what_the_scenario_allows_are_outside_of_the_bound() -> None:
    scenario = simran.load(toy())
    names = ("exact", "on-device", "on-server", "full-precision")
    assert [outside(scenario, it) for it in names] == [False, True, True, True]
    free = simran.load(toy(agents__a__placement="auto", models__m__bits=[8, 32]))
    assert [outside(free, it) for it in names] == [False, False, False, False]
