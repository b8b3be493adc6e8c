"""Why there is no better design, one sentence for each cause, with figures worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from simran.allocation import Allocator
from simran.allocation.baselines import FixedBits, FixedFrequency, FullPrecision, OnServer
from simran.allocation.exact import Exact
from simran.allocation.reasons import reason
from simran.allocation.simple import clock_set, cut_table, single_agent

N = 1024e9  # FLOP at 32 bits: 1 Gcycle per bit, 0.5 s at the full clock of 2 GHz
SENT = {"table": cut_table(agent_flops=N, uplink_bits=1e6), "rate_bps": 1e6, "transmit_w": 2.0}
WEIGHTS = cut_table(agent_flops=N, agent_weight_bytes_per_bit=1e8)
STEP = clock_set(1, table_hz=[1e9], table_w=[0.4])  # 0.4 J per bit
NONE = "no design meets its budgets: "


def why(delay_s: float, energy_j: float, allocator: Allocator | None = None, **columns: Any) -> str:
    """Return what is said of the one agent's design."""
    problem = single_agent(N, 0.0, delay_s, energy_j, **columns)
    chosen = allocator or Exact()
    return chosen.explain(problem, chosen.allocate(problem), 0)


@pytest.mark.parametrize(
    ("delay_s", "energy_j", "columns", "said"),
    [
        (
            0.2,
            9.0,
            {},
            "computing on the agent alone takes 500 ms of 200 ms at full clock and 1 bit",
        ),
        (0.5, 9.0, SENT, "sending the features alone takes 1 s of 500 ms"),
        (
            1.2,
            9.0,
            SENT,
            "it takes 1.5 s of 1.2 s even at full clocks and 1 bit, 1 s of it sending the features",
        ),
        (9.0, 1.9, SENT, "sending the features alone takes 2 J of 1.9 J"),
        (
            9.0,
            2.0,
            SENT,
            "sending the features alone takes 2 J of 2 J, which leaves none to compute with",
        ),
        (0.5, 1.0, SENT, "sending the features alone takes 1 s of 500 ms, and 2 J of 1 J"),
        (
            9.0,
            0.1,
            {"agent_clock": STEP},
            "it takes 400 mJ of 100 mJ even at the most frugal clocks",
        ),
        (0.5, 0.05, {}, "it takes 400 mJ of 50 mJ within 500 ms at 1 bit"),
        (
            9.0,
            9.0,
            {"table": WEIGHTS, "agent_memory_bytes": 5e7},
            "the weights take 100 MB of the agent's memory of 50 MB at 1 bit",
        ),
    ],
)
def test_why_there_is_no_design(
    delay_s: float, energy_j: float, columns: dict[str, Any], said: str
) -> None:
    assert why(delay_s, energy_j, **columns) == NONE + said


@pytest.mark.parametrize(
    ("delay_s", "energy_j", "columns", "said"),
    [
        (99.0, 99.0, {}, "16 is the largest candidate bit-width"),
        (2.3, 99.0, {}, "5 bits would take 2.5 s of 2.3 s even at full clocks"),
        (2.0, 1.0, {}, "4 bits would take 1.6 J of 1 J within 2 s"),
        (
            99.0,
            1.6,
            {"agent_clock": STEP},
            "5 bits would take 2 J of 1.6 J even at the most frugal clocks",
        ),
        (
            99.0,
            99.0,
            {"table": WEIGHTS, "agent_memory_bytes": 6.5e8},
            "the weights take 700 MB of the agent's memory of 650 MB at 7 bits",
        ),
        (
            2.3,
            99.0,
            {"headroom": 0.2},
            "4 bits would take 2 s of 1.84 s (2.3 s less the headroom) even at full clocks",
        ),
    ],
)
def test_what_stops_the_next_larger_bit_width(
    delay_s: float, energy_j: float, columns: dict[str, Any], said: str
) -> None:
    assert why(delay_s, energy_j, **columns) == said


def test_a_budget_that_is_missed_by_a_hair_shows_it() -> None:
    text = why(0.5 * (1 - 1e-6), 9.0)
    assert text == NONE + (
        "computing on the agent alone takes 500 ms of 499.999 ms at full clock and 1 bit"
    )


@pytest.mark.parametrize(
    ("allocator", "said"),
    [
        (FixedFrequency({"agent_frequency": "1 GHz"}), "3 bits would take 3 s of 2.3 s"),
        (FixedBits({"bits": 2}), "fixed-bits fixes the bit-width"),
        (
            FixedBits({"bits": 8}),
            "no design that fixed-bits may choose meets its budgets: computing on the agent alone"
            " takes 4 s of 2.3 s at full clock and 8 bits",
        ),
        (
            FullPrecision(),
            "no design that full-precision may choose meets its budgets: computing on the agent alone"
            " takes 16 s of 2.3 s at full clock and 32 bits",
        ),
    ],
)
def test_an_allocator_answers_for_what_it_keeps_to(allocator: Allocator, said: str) -> None:
    assert why(2.3, 99.0, allocator) == said


def test_what_runs_on_the_server_is_not_quantized() -> None:
    table = cut_table(agent_flops=[0.0], server_flops=[1e9], placement=("on-server",), split=("",))
    assert why(9.0, 9.0, OnServer(), table=table) == (
        "nothing runs on the agent, so nothing is quantized"
    )
    tight = {"table": replace(table, uplink_bits=np.array([1e6])), "rate_bps": 1e6}
    assert why(0.5, 9.0, OnServer(), **tight).endswith(
        "sending the input alone takes 1 s of 500 ms"
    )


def test_of_several_cuts_the_fastest_is_named() -> None:
    table = cut_table(agent_flops=[N, N], uplink_bits=[2e6, 1e6], split=("early", "late"))
    assert why(0.7, 99.0, table=table, rate_bps=1e6) == (
        "no design meets its budgets: at the fastest cut (split after late) sending the features alone"
        " takes 1 s of 700 ms"
    )


def test_shares_in_force_are_counted() -> None:
    problem = single_agent(N, 0.0, 2.0, 99.0, **SENT)
    whole = Exact().allocate(problem)
    assert whole.weight_bits[0] == 2
    half = replace(whole, bandwidth_share=np.array([0.5]))
    assert reason(problem, half, 0) == "under the shares in force the design takes 3 s of 2 s"
    none = replace(half, feasible=np.array([False]))
    text = reason(problem, none, 0)
    assert text == (
        "no design meets its budgets: it takes 2.5 s of 2 s even at full clocks and 1 bit, 2 s of it"
        " sending the features"
    )


def test_a_design_that_was_overlooked_is_not_called_impossible() -> None:
    problem = single_agent(N, 0.0, 2.0, 99.0)
    given_up = replace(Exact().allocate(problem), allocator="idle", feasible=np.array([False]))
    assert reason(problem, given_up, 0) == (
        "idle found no design that meets the budgets, although there is one"
    )
    fewer = replace(Exact().allocate(problem), weight_bits=np.array([2]))
    assert reason(problem, fewer, 0) == (
        "3 bits would meet both budgets as well, but another design was chosen"
    )
