"""What a controller is told: reports of some age, with some error, of queues, rates and completions."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from toy import toy

from simran.allocation import ALLOCATORS, Allocation, Problem
from simran.allocation.exact import Exact
from simran.engine import run, solve
from simran.results import Result
from simran.scenario import load

SEEN: list[Problem] = []


class SeeingExact(Exact):
    """Exact, which keeps what it was asked."""

    name = "seeing-exact"
    watches = True

    def allocate(self, problem: Problem) -> Allocation:
        SEEN.append(problem)
        return dataclasses.replace(super().allocate(problem), allocator=self.name)


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ALLOCATORS._classes, "seeing-exact", SeeingExact)


def _seen(every: str | float, **changes: Any) -> tuple[list[Problem], Result]:
    SEEN.clear()
    allocator = {
        "name": "seeing-exact",
        "every": every,
        "observation": changes.pop("observation", {}),
    }
    result = run(load(toy(allocator=allocator, **changes)))
    return list(SEEN), result


def test_without_observation_the_controller_sees_the_truth() -> None:
    seen, _ = _seen(5.0)
    assert seen[0].state.cut.tolist() == [-1] * 3
    for problem in seen[1:]:
        assert problem.rate_bps.tolist() == [20e6] * 3
        assert problem.state.report_age_s.tolist() == [0.0] * 3
        assert problem.state.elapsed_s.tolist() == pytest.approx([5.0] * 3)
        assert (problem.state.cut >= 0).all()
        assert (problem.state.weight_bits > 0).all()


@pytest.mark.parametrize("delay", [0.0, 0.7, 5.0, 12.0])
def test_reports_have_their_age_and_count_every_completion_once(delay: float) -> None:
    seen, result = _seen(5.0, observation={"delay": delay})
    ages = [float(problem.state.report_age_s[0]) for problem in seen]
    early = math.ceil(delay / 5.0)
    assert ages[:early] == [math.inf] * early
    assert ages[early:] == pytest.approx([delay] * (len(ages) - early))
    frame = result.requests
    done = frame[frame["status"] == "completed"]
    last = (len(seen) - 1) * 5.0 - delay
    reported = done[done["finish_s"] <= last]
    for agent in range(3):
        own = reported[reported["agent"] == f"a/{agent}"]
        assert sum(it.state.completed[agent] for it in seen) == len(own)
        spent = sum(it.state.spent_j[agent] for it in seen)
        assert spent == pytest.approx(own["energy_j"].sum())
        assert sum(it.state.delay_s[agent] for it in seen) == pytest.approx(own["delay_s"].sum())


def test_an_old_report_has_the_queues_as_they_were() -> None:
    """The world does not depend on what is observed here, since one design is all that fits."""
    fixed: dict[str, Any] = {"models__m__bits": [4], "agents__a__arrivals": {"rate": 3.0}}
    fixed |= {"devices__robot__frequencies": ["2 GHz"], "devices__edge__frequencies": ["4 GHz"]}
    now, _ = _seen(1.0, **fixed)
    late, _ = _seen(1.0, observation={"delay": 3.0}, **fixed)
    jobs = np.array([problem.state.agent_jobs for problem in now])
    assert jobs.max() > 1
    assert (np.array([problem.state.agent_jobs for problem in late])[3:] == jobs[:-3]).all()


def test_rate_errors_have_mean_one_and_the_deviation_asked_for() -> None:
    seen, result = _seen(0.1, observation={"noise": 0.3}, duration=30.0, agents__a__count=20)
    factors = np.array([problem.rate_bps for problem in seen]) / 20e6
    count = factors.size
    assert count == 300 * 20
    assert abs(factors.mean() - 1) < 3.3 * 0.3 / math.sqrt(count)
    # the fourth moment of this law gives the variance estimate a relative deviation of 1.9/sqrt(count)
    assert factors.var() == pytest.approx(0.09, rel=3.3 * 1.9 / math.sqrt(count))
    assert abs(np.corrcoef(factors[:, 0], factors[:, 1])[0, 1]) < 3.3 / math.sqrt(len(factors))
    sent = result.requests.dropna(subset=["uplink_rate_bps"])
    assert (sent["uplink_rate_bps"] <= 20e6 * (1 + 1e-9)).all()


def test_an_error_of_the_report_does_not_change_what_sending_takes() -> None:
    """The plan is wrong, the cell is not: alone in it, 2 Mbit take a tenth of a second."""
    seen, result = _seen("per-request", observation={"noise": 0.5}, agents__a__count=1)
    assert len({float(problem.rate_bps[0]) for problem in seen}) == len(seen)
    done = result.requests[result.requests["status"] == "completed"]
    assert done["uplink_s"].min() == pytest.approx(0.1)
    assert done["transmit_j"].to_numpy() == pytest.approx(0.1 * 1.5)


def test_another_group_moves_no_error() -> None:
    document = toy(allocator={"name": "seeing-exact", "every": 5.0, "observation": {"noise": 0.2}})
    rates = []
    for more in (False, True):
        if more:
            document["agents"] = {"b": dict(document["agents"]["a"]), **document["agents"]}
        SEEN.clear()
        run(load(document))
        rates.append([problem.rate_bps[-3:].tolist() for problem in SEEN])
    assert rates[0] == rates[1]


def test_decisions_for_requests_rest_on_reports_of_at_most_a_quarter_more_than_the_delay() -> None:
    seen, _ = _seen("per-request", observation={"delay": 0.4})
    ages = np.array([float(problem.state.report_age_s[0]) for problem in seen])
    known = ages[np.isfinite(ages)]
    assert len(known) > 100
    assert (known >= 0.4 - 1e-9).all()
    assert (known <= 0.5 + 1e-9).all()


@pytest.mark.parametrize("delay", [0.0, 6.0])
def test_decisions_for_requests_know_no_completion_that_no_report_has(delay: float) -> None:
    """Of one agent, whose decisions come in the order of its requests."""
    seen, result = _seen("per-request", observation={"delay": delay}, agents__a__count=1)
    frame = result.requests.sort_values("request_id")
    done = frame[frame["status"] == "completed"]
    told = np.cumsum([float(it.state.completed[0]) for it in seen])
    spent = np.cumsum([float(it.state.spent_j[0]) for it in seen])
    assert len(seen) == len(frame)
    assert told[-1] > 50
    for place, arrival_s in enumerate(frame["arrival_s"]):
        age_s = float(seen[place].state.report_age_s[0])
        reported = done[done["finish_s"] <= arrival_s - age_s]
        assert told[place] == len(reported)
        assert spent[place] == pytest.approx(reported["energy_j"].sum())


def test_solve_and_decisions_at_once_see_the_mean_rate() -> None:
    plain = toy()
    blind = toy(allocator__observation={"delay": 1.0, "noise": 0.5})
    designs = [solve(load(it))["agents"] for it in (plain, blind)]
    assert designs[0] == designs[1]
    frames = [run(load(it)).requests for it in (plain, blind)]
    assert frames[0].equals(frames[1])


@pytest.mark.parametrize("every", ["per-request", 2.0])
def test_measured_decision_times_are_stamped(every: str | float) -> None:
    result = run(
        load(toy(allocator={"name": "exact", "every": every, "decision_time": "measured"}))
    )
    assert result.manifest["reproducible"] is False
    assert result.summary["decisions"]["reproducible"] is False
    assert any("NOT REPRODUCIBLE" in note for note in result.summary["notes"])
    assert run(load(toy())).manifest["reproducible"] is True
    if every == "per-request":
        held = result.requests["agent_start_s"] - result.requests["arrival_s"]
        assert held.min() > 0.0
