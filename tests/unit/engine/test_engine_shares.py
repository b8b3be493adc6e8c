"""Shares while agents are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from toy import toy

from simran.allocation import ALLOCATORS, Allocation, Problem
from simran.allocation.exact import Exact
from simran.engine import run
from simran.scenario import load


class _Evicts(Exact):
    """At first equal shares; then the first agent is refused and the others get all."""

    name = "evicts"

    def allocate(self, problem: Problem) -> Allocation:
        found = super().allocate(problem)
        count = len(problem.agents)
        shares = np.full(count, 1.0 / count)
        if not hasattr(self, "begun"):
            self.begun = True
            return replace(found, bandwidth_share=shares)
        cut, feasible, fallback = found.cut.copy(), found.feasible.copy(), list(found.fallback)
        cut[0], feasible[0], fallback[0] = -1, False, "drop"
        shares = np.full(count, 1.0 / (count - 1))
        shares[0] = np.nan
        return replace(
            found, cut=cut, feasible=feasible, fallback=tuple(fallback), bandwidth_share=shares
        )


@pytest.fixture
def evicts(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(ALLOCATORS._classes, "evicts", _Evicts)
    return "evicts"


def _allocated(**changes: object) -> dict[str, object]:
    return toy(
        network__cells__cell__uplink_scheduler="allocated",
        agents__a__placement="on-server",
        agents__a__budget__energy="30 J",
        **changes,
    )


@pytest.mark.parametrize("varying", [False, True])
def test_what_a_refused_agent_has_sent_rests(evicts: str, varying: bool) -> None:
    """It has no share beside the others that now have all; a flow that is under way ends where it is."""
    rate = "400 kbit/s"
    channel = {"states": [{"rate": rate, "dwell": "1 s"}]} if varying else {"rate": rate}
    document = _allocated(
        network__cells__cell__channel=channel,
        allocator__name=evicts,
        allocator__every="10 s",
        agents__a__arrivals={"process": "periodic", "rate": 0.2, "phase": 4.0},
        agents__a__budget__delay="500 s",
        duration=60.0,
    )
    result = run(load(document))
    frame = result.requests.set_index("agent")
    first = frame.loc["a/0"].sort_values("arrival_s")
    # A megabit takes 7.5 s at a third of the cell, so the flow of second 4 had 6 s, and the next none.
    assert first["status"].tolist() == ["unfinished"] * 2 + ["dropped"] * 10
    assert first["transmit_j"].iloc[0] == pytest.approx(1.5 * 6.0 / 3.0)
    other = frame.loc["a/1"].sort_values("arrival_s")
    assert other["uplink_end_s"].iloc[0] == pytest.approx(10.0 + (1e6 - 6 * 4e5 / 3) / (4e5 / 2))
    assert all(it["held"] for it in result.summary["invariants"])


@pytest.mark.parametrize("name", ["joint", "greedy"])
def test_agents_may_be_refused_again_and_again(name: str) -> None:
    """Rates change, so the best agents to serve change, and what the others sent before is under way."""
    states = [{"rate": "20 Mbit/s", "dwell": "2 s"}, {"rate": "3 Mbit/s", "dwell": "1 s"}]
    document = _allocated(
        network__cells__cell__channel={"states": states},
        allocator={"name": name, "every": "2 s"},
        agents__a__budget__delay="0.8 s",
        agents__a__on_violation="drop",
        duration=100.0,
    )
    result = run(load(document))
    assert set(result.requests["status"]) >= {"completed", "dropped"}
    assert all(it["held"] for it in result.summary["invariants"])
