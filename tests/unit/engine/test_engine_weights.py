"""Which changes of design load weights, how many bytes, and who waits for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from toy import toy

from simran.allocation import ALLOCATORS, Allocation, Allocator, Problem
from simran.engine import run
from simran.engine.consulting import vetted
from simran.results import Result
from simran.scenario import load


class Scripted(Allocator):
    """Cuts and bits from a list, one entry for each decision, at full clocks."""

    name = "scripted"
    script: tuple[tuple[str | int, int], ...] = ()
    asked: tuple[Problem, ...] = ()

    def allocate(self, problem: Problem) -> Allocation:
        type(self).asked = (*self.asked, problem)
        split, bits = self.script[min(len(self.asked), len(self.script)) - 1]
        count = len(problem.agents)
        table = problem.tables[0]
        nan = np.full(count, np.nan)
        return Allocation(
            allocator=self.name,
            cut=np.full(count, split if isinstance(split, int) else table.split.index(split)),
            weight_bits=np.full(count, bits),
            agent_frequency_hz=problem.agent_clock.f_max_hz,
            server_frequency_hz=problem.server_clock.f_max_hz,
            bandwidth_share=nan,
            server_share=nan,
            feasible=np.ones(count, dtype=bool),
            binding=("none",) * count,
        )


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ALLOCATORS._classes, "scripted", Scripted)


def _run(*script: tuple[str | int, int], **changes: Any) -> Result:
    Scripted.script, Scripted.asked = script, ()
    document = toy(
        duration=10.0,
        models__m__split="auto",
        models__m__bits=[4, 8, 16],
        agents__a__count=2,
        agents__a__arrivals={"process": "periodic", "rate": 1.0, "phase": 0.5},
        allocator={"name": "scripted", "every": 3.0},
        **changes,
    )
    return run(load(document))


@pytest.mark.parametrize(
    ("script", "agent_bytes", "server_bytes"),
    [
        ([("head", 8), ("head", 8)], 0.0, 0.0),
        ([("head", 8), ("head", 4)], 1e6 * 0.5, 0.0),  # all at the new width
        ([("head", 8), ("body", 8)], 2e6 * 1.0, 0.0),  # what was not there
        ([("body", 8), ("head", 8)], 0.0, 2e6 * 4.0),  # the server takes the body, unquantized
        ([("body", 8), ("head", 16)], 1e6 * 2.0, 2e6 * 4.0),
        ([("body", 8), ("head", 8), ("body", 8), ("head", 8)], 2e6 * 2.0 / 2, 2e6 * 4.0 * 2),
    ],
)
def test_bytes_follow_from_the_change(
    script: list[tuple[str, int]], agent_bytes: float, server_bytes: float
) -> None:
    """Two agents with one model: the server loads for both at once."""
    result = _run(
        *script,
        devices__robot__memory_bandwidth="10 MB/s",
        devices__edge__memory_bandwidth="1 GB/s",
    )
    switching = result.summary["switching"]
    assert switching["agents/a"]["loading_s"] == pytest.approx(2 * agent_bytes / 10e6)
    assert switching["server"]["loading_s"] == pytest.approx(server_bytes / 1e9)
    assert all(it["held"] for it in result.summary["invariants"])


@pytest.mark.parametrize(
    ("script", "agent_bytes"),
    [
        ([(0, 8), (1, 8)], 0.75e6 + 1e6 / 8),  # another code book: all of it, and the mask
        ([(1, 8), (0, 8)], 1e6),
        ([(1, 8), (1, 8)], 0.0),
        ([(1, 8), (3, 8)], 2 * (0.75e6 + 1e6 / 8)),  # the same ratio: what the body adds
    ],
)
def test_a_change_of_pruning_loads_anew(script: list[tuple[int, int]], agent_bytes: float) -> None:
    """Cuts 0 and 1 are the head, whole and a quarter pruned, 2 and 3 head and body likewise."""
    result = _run(
        *script,
        models__m__pruning={"ratios": [0, 0.25]},
        devices__robot__memory_bandwidth="10 MB/s",
    )
    assert result.summary["switching"]["agents/a"]["loading_s"] == pytest.approx(
        2 * agent_bytes / 10e6
    )


def test_a_request_waits_until_the_weights_are_there() -> None:
    """1 MB of weights at 400 kB/s take 2.5 s from the decision at 3 s, so the request of 3.5 s waits."""
    result = _run(("head", 4), ("head", 8), devices__robot__memory_bandwidth="400 kB/s")
    frame = result.requests.sort_values(["agent", "arrival_s"])
    starts = frame[frame["agent"] == "a/0"].set_index("arrival_s")["agent_start_s"]
    assert starts[2.5] == 2.5
    assert starts[3.5] == pytest.approx(5.5)


def test_unlimited_bandwidth_loads_in_no_time() -> None:
    result = _run(("head", 8), ("body", 4))
    assert result.summary["switching"]["agents/a"]["weight_loads"] == 0


def test_allocators_see_what_a_change_costs_and_what_is_in_force() -> None:
    _run(
        ("head", 8),
        ("body", 4),
        devices__robot__memory_bandwidth="10 MB/s",
        devices__robot__switching={"delay": "1 ms", "energy": "2 J"},
    )
    first, second = Scripted.asked[0].state, Scripted.asked[1].state
    assert first.cut.tolist() == [-1, -1]
    assert (second.cut >= 0).all()
    assert second.weight_bits.tolist() == [8, 8]
    assert second.agent_frequency_hz.tolist() == [2e9, 2e9]
    assert second.agent_load_s_per_byte.tolist() == [1e-7, 1e-7]
    assert second.server_load_s_per_byte.tolist() == [0.0, 0.0]
    assert second.agent_switch_s.tolist() == [1e-3, 1e-3]
    assert second.agent_switch_j.tolist() == pytest.approx([2.2, 2.2])  # with the PUE


def test_an_answer_that_comes_after_a_newer_one_is_too_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Decisions every 3 s of which the second takes 4 s: the third is in force before it."""
    took = iter([0.0, 4.0, 0.5, 0.5])

    def measured(*given: Any) -> Any:
        return (*vetted(*given)[:2], next(took))

    monkeypatch.setattr("simran.engine.consulting.vetted", measured)
    Scripted.script, Scripted.asked = (("head", 4), ("head", 8), ("head", 16), ("head", 16)), ()
    document = toy(
        duration=10.0,
        models__m__split="auto",
        models__m__bits=[4, 8, 16],
        agents__a__count=1,
        allocator={"name": "scripted", "every": 3.0, "decision_time": "measured"},
    )
    designs = run(load(document)).allocations
    assert designs["time_s"].tolist() == [0.0, 6.5]
    assert designs["weight_bits"].tolist() == [4, 16]
