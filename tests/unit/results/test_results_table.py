"""What is derived of a block of requests: stages, flags, and the cause of a miss."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from rows import EVEN, STAGES, cut, refused, request

from simran.results.records import DROPPED, FAILED, Design, Request
from simran.results.table import CAUSES, block

#: Stage of the hand-made requests -> name of the cause.
NAMES = {name: f"{name}_compute" if name in {"agent", "server"} else name for name in STAGES}


def cause(it: Request, end_s: float = 1e6) -> str:
    return CAUSES[int(block([it], end_s)["cause"][0])]


def test_stages_and_delay_of_a_completed_request() -> None:
    columns = block([request(arrival=2.0, uplink=3.0, downlink=0.25)], 1e6)
    expected = dict.fromkeys(NAMES.values(), 1.0) | {"uplink": 3.0, "downlink": 0.25}
    for name, seconds in expected.items():
        assert columns[f"{name}_s"][0] == seconds, name
    assert columns["delay_s"][0] == 8.25
    assert columns["energy_j"][0] == 3.0
    assert columns["uplink_bits"][0] == 1.0
    assert columns["uplink_rate_bps"][0] == pytest.approx(1 / 3)


def test_a_budget_met_to_rounding_is_met() -> None:
    for excess, met in ((0.0, True), (7e-9 * 0.99, True), (7e-9 * 1.01, False)):
        assert block([request(downlink=1.0 + excess)], 1e6)["delay_ok"][0] == met
    for excess, met in ((0.0, True), (3e-9 * 0.99, True), (3e-9 * 1.01, False)):
        it = request(joules=(1.0, 1.0, 1.0 + excess))
        assert block([it], 1e6)["energy_ok"][0] == met


def test_a_request_within_its_budgets_has_no_cause() -> None:
    assert cause(request()) == ""
    assert cause(request(server_wait=1.5, uplink=0.5)) == ""


@pytest.mark.parametrize("stage", STAGES)
def test_the_stage_of_largest_excess_is_the_cause(stage: str) -> None:
    others = dict.fromkeys(STAGES, 1.2)
    assert cause(request(**{**others, stage: 1.7})) == NAMES[stage]


@pytest.mark.parametrize("stage", STAGES[:-1])
@pytest.mark.parametrize("arrival", [0.0, 1000.1, 77777.7])
def test_the_earlier_of_two_stages_of_equal_excess_is_the_cause(stage: str, arrival: float) -> None:
    later = STAGES[STAGES.index(stage) + 1 :]
    for other in later:
        it = request(arrival=arrival, **{stage: 1.5, other: 1.5})
        assert cause(it) == NAMES[stage]
        assert cause(request(arrival=arrival, **{stage: 1.5, other: 1.500001})) == NAMES[other]


def test_excess_counts_from_the_planned_time_of_the_stage() -> None:
    """The longest stage went as planned; a short one did not."""
    plan = replace(EVEN, server_s=60.0, delay_budget_s=66.0)
    assert cause(request(design=plan, server=60.0, uplink=1.5)) == "uplink"


@pytest.mark.parametrize(
    ("place", "name"), [(0, "agent_compute"), (1, "transmit"), (2, "server_compute")]
)
def test_energy_beyond_plan_names_where_it_was_spent(place: int, name: str) -> None:
    joules = [1.1, 1.1, 1.1]
    joules[place] = 1.4
    assert cause(request(joules=(joules[0], joules[1], joules[2]))) == name


def test_a_late_request_that_also_spent_too_much_has_the_cause_of_its_delay() -> None:
    assert cause(request(joules=(9.0, 1.0, 1.0), server_wait=4.0)) == "server_wait"


def test_a_plan_that_violates_is_the_cause_itself() -> None:
    plan = replace(EVEN, plan_ok=False)
    assert cause(request(design=plan, server_wait=5.0)) == "design"
    assert cause(request(design=plan, joules=(9.0, 1.0, 1.0))) == "design"
    assert cause(request(design=plan)) == ""


@pytest.mark.parametrize(("status", "name"), [(DROPPED, "dropped"), (FAILED, "failed")])
def test_what_was_turned_away_missed(status: int, name: str) -> None:
    assert cause(refused(0, 1.0, status)) == name
    assert cause(refused(0, 1.0, status, replace(EVEN, plan_ok=False))) == name
    forever = replace(EVEN, delay_budget_s=math.inf, energy_budget_j=math.inf)
    assert cause(refused(0, 1.0, status, forever)) == name


@pytest.mark.parametrize("stage", STAGES)
def test_an_unfinished_request_past_its_deadline_is_held_up_where_it_is(stage: str) -> None:
    """Every earlier stage took 1.1 s; the one that it is in has taken the rest of 20 s."""
    stages = dict.fromkeys(STAGES, 1.1) | {stage: 1000.0}
    it = cut(request(arrival=3.0, **stages), 23.0)
    columns = block([it], 23.0)
    assert not columns["delay_ok"][0]
    assert CAUSES[int(columns["cause"][0])] == NAMES[stage]


def test_an_unfinished_request_may_be_late_for_what_came_before() -> None:
    it = cut(request(agent_wait=9.0, downlink=1000.0), 15.0)
    assert cause(it, 15.0) == "agent_wait"


def test_an_unfinished_request_before_its_deadline_has_missed_nothing() -> None:
    columns = block([cut(request(server=1000.0), 6.5)], 6.5)
    assert columns["delay_ok"][0]
    assert CAUSES[int(columns["cause"][0])] == ""
    assert np.isnan(columns["delay_s"][0])


def test_a_request_without_work_on_the_agent_waits_for_its_decision_only() -> None:
    plan = replace(EVEN, agent_wait_s=0.0, agent_s=0.0, placement="on-server")
    it = request(design=plan, agent_wait=2.0, agent=0.0, server_wait=3.0)
    it.agent_start = it.agent_end = math.nan
    columns = block([it], 1e6)
    assert columns["agent_wait_s"][0] == 2.0
    assert math.isnan(columns["agent_compute_s"][0])
    assert math.isnan(columns["agent_compute_j"][0])
    assert cause(it) == "agent_wait"  # 2 s beyond plan, and so is the server's wait
    at_once = request(design=plan, agent_wait=0.0, agent=0.0)
    at_once.agent_start = at_once.agent_end = math.nan
    assert math.isnan(block([at_once], 1e6)["agent_wait_s"][0])


def test_a_request_that_stays_on_the_agent_has_no_other_stage() -> None:
    it = request(agent=9.0)
    it.uplink_start = it.uplink_end = math.nan
    it.server_arrival = it.server_start = it.server_end = math.nan
    it.finish = it.end = it.agent_end
    columns = block([it], 1e6)
    assert columns["delay_s"][0] == 10.0
    for name in ("uplink_s", "backhaul_s", "server_wait_s", "server_compute_s", "downlink_s"):
        assert math.isnan(columns[name][0]), name
    assert math.isnan(columns["uplink_bits"][0])
    assert cause(it) == "agent_compute"


def test_every_row_gets_the_plan_that_it_ran_under() -> None:
    plans: list[Design] = [replace(EVEN, id=number, weight_bits=number) for number in (3, 5, 9)]
    rows = [request(number, design=plans[place]) for number, place in enumerate((2, 0, 1, 0, 2))]
    columns = block(rows, 1e6)
    assert columns["plan_weight_bits"].tolist() == [9, 3, 5, 3, 9]
    assert columns["design"].tolist() == [2, 0, 1, 0, 2]
