"""Accounts that must be exact: energy by states, Little's law, the paper's closed forms."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from tiny import UNIT, Tiny, on_server
from toy import toy

from simran.allocation import ALLOCATORS, Allocation, Allocator, Problem
from simran.engine import run
from simran.entities import Clock, ProcessorSharingServer
from simran.results import Result
from simran.scenario import load

STATES = [
    {"frequency": 2e7, "busy": "105 W", "idle": "90 W"},
    {"frequency": 1e8, "busy": "120 W", "idle": "100 W"},
]


class _AsTold(Allocator):
    """The first group at the upper server clock, the second one at the lower."""

    name: ClassVar[str] = "as-told"

    def allocate(self, problem: Problem) -> Allocation:
        base = ALLOCATORS.load("on-server")().allocate(problem)
        clocks = np.where(np.array(problem.groups) == "quick", 1e8, 2e7)
        return replace(base, allocator="on-server", server_frequency_hz=clocks)


@pytest.fixture
def as_told() -> Iterator[None]:
    ALLOCATORS.register("as-told")(_AsTold)
    yield
    del ALLOCATORS._classes["as-told"]


def _golden(folder: Path, discipline: str) -> Result:
    """One job of 1e8 FLOP at 10 s, one at 11 s, on a server that has run 20 s in the end."""
    for name, time in (("quick", 10.0), ("slow", 11.0)):
        (folder / f"{name}.csv").write_text(f"t\n{time}\n")
    document = toy(duration=20.0)
    document["models"]["m"]["blocks"] = [
        {"name": "head", "flops": 5e7, "parameters": 1e6, "output": "1 kbit"},
        {"name": "tail", "flops": 5e7, "parameters": 1e6, "output": "1 kbit"},
    ]
    document["devices"]["edge"] = {"flops_per_cycle": 1, "states": STATES}
    document["devices"]["robot"]["power"] |= {"static": 0, "idle": 0}
    document["network"] = {
        "cells": {"cell": {"channel": {"rate": "unlimited"}}},
        "servers": {"server": {"device": "edge", "discipline": discipline}},
        "links": [{"between": ["cell", "server"], "rate": "unlimited", "delay": 0}],
    }
    group = document["agents"].pop("a") | {"count": 1, "placement": "on-server"}
    for name in ("quick", "slow"):
        arrivals = {"process": "trace", "file": str(folder / f"{name}.csv"), "column": "t"}
        document["agents"][name] = group | {"arrivals": arrivals}
    document["allocator"] = {"name": "as-told"}
    return run(load(document))


@pytest.mark.parametrize("discipline", ["fifo", "edf", "ps"])
@pytest.mark.usefixtures("as_told")
def test_the_golden_case_of_energy_by_states(tmp_path: Path, discipline: str) -> None:
    """Idle 10 s at 100 W, 1 s busy at 120 W, 5 s busy at 105 W, idle 4 s at 90 W: 2005 J in all."""
    result = _golden(tmp_path, discipline)
    account = result.summary["energy"]["devices"]["server"]
    assert account["idle_j"] == pytest.approx(10 * 100 + 4 * 90, rel=1e-12)
    assert account["static_j"] == pytest.approx(1 * 100 + 5 * 90, rel=1e-12)
    assert account["dynamic_j"] == pytest.approx(1 * 20 + 5 * 15, rel=1e-12)
    assert account["total_j"] == pytest.approx(2005.0, rel=1e-12)
    frame = result.requests.set_index("group")
    assert frame["server_compute_s"].to_dict() == pytest.approx({"quick": 1.0, "slow": 5.0})
    assert frame["energy_j"].to_dict() == pytest.approx({"quick": 20.0, "slow": 75.0})
    assert result.summary["energy"]["total_per_completed_j"] == pytest.approx(2005.0 / 2)


WORLDS = [
    {},
    {"network__servers__server": {"device": "edge", "workers": 2}},
    {"network__servers__server": {"device": "edge", "discipline": "ps", "workers": 2}},
    {"network__servers__server": {"device": "edge", "discipline": "edf"}},
    {"network__servers__server": {"device": "edge", "discipline": "allocated"}},
    {"network__cells__cell": {"channel": {"rate": "9 Mbit/s"}, "uplink_scheduler": "allocated"}},
]


@pytest.mark.parametrize("changes", WORLDS)
def test_little_s_law_is_exact_on_every_station(changes: dict[str, object]) -> None:
    """∫ number present dt equals the sum of the times spent there, cut at the end of the run."""
    size = {"law": "exponential", "shared": False}
    result = run(load(toy(**changes, models__m__size=size, agents__a__arrivals__rate=1.5)))
    frame, end_s = result.requests, result.summary["end_s"]
    stays = {
        "agents/a": ("arrival_s", "agent_end_s"),
        "cell": ("uplink_start_s", "uplink_end_s"),
        "server": ("server_arrival_s", "server_end_s"),
    }
    for station, (start, end) in stays.items():
        inside = frame[frame[start].notna()]
        spent = (inside[end].fillna(end_s) - inside[start]).sum()
        mean = result.summary["stations"][station]["mean_in_system"]
        assert mean * end_s == pytest.approx(spent, rel=1e-9), station


def test_the_paper_s_closed_forms_hold_on_every_request() -> None:
    """Communication unlimited: delay and energy to floating-point accuracy, whatever the sizes."""
    document = toy(
        agents__a__count=1,
        agents__a__arrivals={"process": "closed-loop", "think": 0.0},
        models__m__size={"law": "gamma", "cv": 0.7},
        network__cells__cell__channel__rate="unlimited",
        network__links=[{"between": ["cell", "server"], "rate": "unlimited", "delay": 0}],
    )
    frame = run(load(document)).requests
    done = frame[frame["status"] == "completed"]
    assert len(done) > 50
    b, f, g = (done[it] for it in ("weight_bits", "agent_frequency_hz", "server_frequency_hz"))
    n, m = 4e9 * done["size_factor"], 6e9 * done["size_factor"]
    agent_s, server_s = b / 32 * n / (f * 4), m / (g * 16)
    # a delay is the difference of two stamps of the clock, which ends at 200 s
    rounding = 4 * np.spacing(200.0)
    _equal(done["delay_s"], agent_s + server_s, rounding)
    agent_j = 1.1 * 1e-27 * (b / 32) * (n / 4) * f**2
    server_j = 1.2 * 1e-28 * (m / 16) * g**2
    _equal(done["agent_compute_j"], agent_j)
    _equal(done["server_compute_j"], server_j)
    _equal(done["energy_j"], agent_j + server_j)


def _equal(got: pd.Series, expected: pd.Series, rounding: float = 0.0) -> None:
    assert got.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-12, abs=rounding)


def test_sending_costs_the_electrical_power_of_its_own_airtime() -> None:
    """(0.5 W / 0.5 + 0.5 W) × bits / rate, however long the flow had to share."""
    frame = run(load(toy(agents__a__arrivals__rate=1.5))).requests
    done = frame[frame["status"] == "completed"]
    _equal(done["transmit_j"], 1.5 * done["uplink_bits"] / 20e6)
    assert (done["uplink_s"] > done["uplink_bits"] / 20e6 * 1.01).any()


def test_decision_time_is_part_of_the_plan() -> None:
    """A plan that counts on the decision's time is not missed because of it."""
    document = toy(
        agents__a__count=1,
        agents__a__arrivals={"process": "closed-loop", "think": 0.5},
        allocator={"name": "exact", "every": "per-request", "decision_time": "50 ms"},
    )
    result = run(load(document))
    assert result.summary["total"]["violation_rate"] == 0.0
    assert result.allocations["agent_wait_s"].to_numpy() == pytest.approx(0.05)
    done = result.requests[result.requests["status"] == "completed"]
    assert done["delay_s"].to_numpy() == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize("every", ["once", "per-request"])
def test_allocated_slices_are_planned_for_as_they_are(every: str) -> None:
    """Three agents get a third each; a design that counts on the whole is a miss by design."""
    document = toy(
        network__servers__server={"device": "edge", "discipline": "allocated"},
        network__cells__cell={"channel": {"rate": "20 Mbit/s"}, "uplink_scheduler": "allocated"},
        agents__a__arrivals__rate=0.01,
        duration=2000.0,
        allocator={"name": "exact", "every": every},
    )
    result = run(load(document))
    log = result.allocations
    assert log["bandwidth_share"].to_numpy() == pytest.approx(1 / 3)
    assert log["server_share"].to_numpy() == pytest.approx(1 / 3)
    assert not log["feasible"].any()
    assert set(result.summary["total"]["violations"]["causes"]) == {"design"}
    document["allocator"]["options"] = {"assumed_share": 1 / 3}
    result = run(load(document))
    assert result.allocations["feasible"].all()
    assert math.isclose(result.allocations["uplink_s"].iloc[0], 2e6 / 20e6 * 3)
    assert result.summary["total"]["violation_rate"] < 0.05


def test_traces_that_end_too_early_are_said(tmp_path: Path) -> None:
    """Drops count as no completions, so this shows only in the run."""
    (tmp_path / "t.csv").write_text("t\n1\n2\n3\n4\n")
    arrivals = {"process": "trace", "file": str(tmp_path / "t.csv"), "column": "t"}
    document = toy(
        duration=None,
        requests=4,
        outputs={},
        agents__a={**toy()["agents"]["a"], "count": 1, "arrivals": arrivals},
        agents__b={
            **toy()["agents"]["a"],
            "count": 1,
            "arrivals": arrivals,
            "budget": {"delay": 0.01},
            "on_violation": "drop",
        },
    )
    document["requests"] = 6
    summary = run(load(document)).summary
    assert summary["total"]["completed"] == summary["total"]["dropped"] == 4
    assert any("ended after 4 completed" in note for note in summary["notes"])


@pytest.mark.parametrize("changes", [{"allocator__every": 1.0}, {"outputs__timeseries": 7.0}, {}])
def test_decisions_and_samples_do_not_keep_a_run_alive(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    """Every request is dropped, the traces end at 6 s, and nothing else is to come."""
    (tmp_path / "t.csv").write_text("t\n1\n2\n3\n4\n5\n6\n")
    document = toy(
        duration=None,
        requests=12,
        outputs={},
        agents__a__count=2,
        agents__a__arrivals={"process": "trace", "file": str(tmp_path / "t.csv"), "column": "t"},
        agents__a__budget={"delay": 0.01},
        agents__a__on_violation="drop",
        **changes,
    )
    summary = run(load(document)).summary
    assert summary["total"]["dropped"] == 12
    assert 6.0 <= summary["end_s"] <= 7.0
    assert any("requests: 12 was not reached" in note for note in summary["notes"])


@pytest.mark.parametrize("discipline", ["fifo", "edf", "ps", "allocated"])
def test_the_time_series_holds_every_joule_of_a_switch(discipline: str) -> None:
    """Switches take long enough that many samples, and the end of the run, fall into one."""
    switching = {"delay": "0.3 s", "energy": "2 J"}
    document = toy(
        duration=41.7,
        outputs__timeseries=0.37,
        models__m__size={"law": "exponential"},
        agents__a__budget={"delay": 5.0, "energy": 30.0},
        allocator={"name": "exact", "every": "per-request"},
        devices__robot__switching=switching,
        devices__edge__switching=switching,
        network__servers__server={"device": "edge", "discipline": discipline},
    )
    for seed in range(6):
        result = run(load(document), seed=seed)
        frame = result.timeseries
        lengths = frame.groupby("station")["time_s"].transform(lambda t: t.diff().fillna(t.iloc[0]))
        for device, account in result.summary["energy"]["devices"].items():
            drawn = (frame["power_w"] * lengths)[frame["station"] == device].sum()
            assert drawn == pytest.approx(account["total_j"] - account["transmit_j"], rel=1e-9)
            assert account["switching_j"] > 0


@pytest.mark.parametrize("discipline", ["fifo", "edf", "ps", "allocated"])
def test_every_device_draws_static_power_while_it_loads_weights(discipline: str) -> None:
    """Random designs change cuts and bits at every decision, so that both sides load."""
    document = toy(
        duration=60.3,
        outputs__timeseries=0.37,
        models__m__split="auto",
        models__m__bits=[4, 8, 12],
        agents__a__budget={"delay": 5.0, "energy": 30.0},
        allocator={"name": "random", "every": 1.5},
        devices__robot__memory_bandwidth="10 MB/s",
        devices__edge__memory_bandwidth="50 MB/s",
        network__servers__server={"device": "edge", "discipline": discipline},
    )
    result = run(load(document))
    summary, frame = result.summary, result.timeseries
    lengths = frame.groupby("station")["time_s"].transform(lambda t: t.diff().fillna(t.iloc[0]))
    watts = {"agents/a": (3, 0.5 * 1.1, 0.2 * 1.1), "server": (1, 3.0 * 1.2, 1.0 * 1.2)}
    for name, (workers, static_w, idle_w) in watts.items():
        account, loads = summary["energy"]["devices"][name], summary["switching"][name]
        assert loads["weight_loads"] > 4
        assert loads["loading_j"] == pytest.approx(static_w * loads["loading_s"])
        assert account["switching_j"] == pytest.approx(loads["loading_j"])
        busy_s = account["static_j"] / static_w
        idle_s = workers * summary["end_s"] - busy_s - loads["loading_s"]
        assert account["idle_j"] == pytest.approx(idle_w * idle_s)
        drawn = (frame["power_w"] * lengths)[frame["station"] == name].sum()
        assert drawn == pytest.approx(account["total_j"] - account["transmit_j"], rel=1e-9)


def test_jobs_that_end_together_cause_no_switch_for_those_without_work() -> None:
    """Two jobs at 2 Hz and 1 Hz of equal work join at once: the second has nothing left to slow for."""
    processor = replace(UNIT, f_max_hz=2.0, switching_delay_s=0.25, switching_energy_j=1.0)
    clock = Clock()
    server = ProcessorSharingServer(clock, "server", processor)
    plans = [on_server(2.0), replace(on_server(1.0), id=1), replace(on_server(2.0), id=2)]
    world = Tiny([[0.0], [0.0], [3.0]], design=plans, server=server, clock=clock)
    log = world.run(10.0)
    assert [it.server_end for it in log] == pytest.approx([1.0, 1.0, 3.5])
    assert server.meters[0].switching_j == 0.0
