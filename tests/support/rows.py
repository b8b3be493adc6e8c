"""Hand-made requests, by the duration of their stages."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

from tiny import PLAN

from simran.results import RecordContext, Request
from simran.results.records import COMPLETED, DROPPED, FAILED, UNFINISHED, Design

#: Every stage takes its second, so the plan of 7 s is met to the last second.
STAGES = ("agent_wait", "agent", "uplink", "backhaul", "server_wait", "server", "downlink")
EVEN = replace(
    PLAN,
    agent_wait_s=1.0,
    agent_s=1.0,
    uplink_s=0.5,
    uplink_wait_s=0.5,
    backhaul_s=1.0,
    server_wait_s=1.0,
    server_s=1.0,
    downlink_s=1.0,
    delay_budget_s=7.0,
    energy_budget_j=3.0,
)
_STARTS = ("arrival", "agent_start", "uplink_start", "uplink_end", "server_arrival", "server_start")


def context(groups: tuple[str, ...] = ("a",), warmup_s: float = 0.0) -> RecordContext:
    """Return one agent of each group, all in one cell and at one server."""
    count = len(groups)
    return RecordContext(
        agents=tuple(f"{name}/0" for name in groups),
        groups=groups,
        cells=("cell",) * count,
        servers=("server",) * count,
        models=("model",) * count,
        delay_budget_s=(7.0,) * count,
        workers={"server": 1},
        warmup_s=warmup_s,
    )


def request(
    number: int = 0,
    arrival: float = 0.0,
    design: Design = EVEN,
    who: int = 0,
    joules: tuple[float, float, float] = (1.0, 1.0, 1.0),
    **stages: float,
) -> Request:
    """Return a completed request; each stage takes 1 s unless it is given."""
    it = Request(number, who, design, 1.0, arrival)
    ends = list(itertools.accumulate((stages.get(name, 1.0) for name in STAGES), initial=arrival))
    for name, time in zip(_STARTS, ends[:6], strict=True):
        setattr(it, name, time)
    it.agent_end, it.server_end, it.finish = ends[2], ends[6], ends[7]
    it.end = it.finish
    it.agent_j, it.transmit_j, it.server_j = joules
    it.status = COMPLETED
    return it


def cut(it: Request, end_s: float) -> Request:
    """Return the request as it stands at that time, unfinished."""
    for name in Request.__slots__:
        value: Any = getattr(it, name, math.nan)  # airtime_s is set only where rates vary
        if name in _STAMPS and value > end_s:
            setattr(it, name, float("nan"))
    it.status, it.end = UNFINISHED, end_s
    return it


_STAMPS = (*_STARTS, "agent_end", "server_end", "finish")


def refused(number: int, arrival: float, status: int = DROPPED, design: Design = EVEN) -> Request:
    """Return a request that was turned away on arrival."""
    assert status in {DROPPED, FAILED}
    nowhere = replace(design, placement="", agent_unit_s=0.0, uplink_unit_s=0.0, server_unit_s=0.0)
    it = Request(number, 0, replace(nowhere, id=design.id + 1), 1.0, arrival)
    it.end, it.status = arrival, status
    return it
