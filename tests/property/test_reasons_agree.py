"""Whatever the problem, what is said of a design agrees with the design."""

from __future__ import annotations

import math
import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simran.allocation import ALLOCATORS, evaluate
from simran.allocation.reasons import reason
from simran.allocation.simple import clock_set, cut_table, single_agent
from simran.units import parse

_TAKES = re.compile(r"takes? ([\d.e+-]+ \w+) of (?:the \w+'s memory of )?([\d.e+-]+ \w+)")
_DIMENSIONS = {"s": "time", "J": "energy", "B": "memory"}
_PER_AGENT = ["exact", "sca", "fixed-bits", "fixed-frequency", "max-frequency", "full-precision"]


@settings(max_examples=120, deadline=None)
@given(
    name=st.sampled_from(_PER_AGENT),
    delay_s=st.floats(1e-3, 1e2),
    energy_j=st.floats(1e-3, 1e2),
    rate_bps=st.sampled_from([1e5, 1e7, float("inf")]),
    memory_bytes=st.sampled_from([1e7, 5e8, float("inf")]),
    headroom=st.sampled_from([0.0, 0.3]),
    stepped=st.booleans(),
    quality_floor=st.sampled_from([-math.inf, 0.3, 0.72, 0.95]),
)
def test_the_sentence_agrees_with_the_design(
    name: str, delay_s: float, energy_j: float, rate_bps: float, memory_bytes: float,
    headroom: float, stepped: bool, quality_floor: float,
) -> None:  # fmt: skip
    table = cut_table(
        agent_flops=[1e11, 6e11], server_flops=[5e11, 0.0], uplink_bits=[2e6, 1e5],
        agent_weight_bytes_per_bit=1e8, split=("early", "late"),
        quality=[np.linspace(0.1, 0.9, 16), [math.nan] * 4 + [0.7] * 12], reference_quality=0.92,
    )  # fmt: skip
    steps = {"table_hz": [5e8, 1e9, 2e9], "table_w": [0.02, 0.1, 0.9]} if stepped else {}
    problem = single_agent(
        1.0, 1.0, delay_s, energy_j, table=table, rate_bps=rate_bps, transmit_w=0.5,
        agent_memory_bytes=memory_bytes, headroom=headroom, agent_clock=clock_set(1, **steps),
        quality_floor=quality_floor,
    )  # fmt: skip
    allocator = ALLOCATORS.load(name)()
    allocation = allocator.allocate(problem)
    feasible = bool(allocation.feasible[0])
    assert evaluate(problem, allocation).quality_ok[0] or not feasible
    if quality_floor == 0.95:
        assert allocation.binding[0] == "quality"
    for text in (allocator.explain(problem, allocation, 0), reason(problem, allocation, 0)):
        known = " meets its budgets" in text or "found no design" in text
        assert known is not feasible, text
        for taken, budget in _TAKES.findall(text):
            kind = _DIMENSIONS[budget[-1]]
            assert parse(taken, kind) >= parse(budget, kind), text
