"""What a run records: requests, and the designs that they ran under."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["COMPLETED", "DROPPED", "FAILED", "STATUS_NAMES", "UNFINISHED", "Design", "Request"]

COMPLETED, DROPPED, FAILED, UNFINISHED = range(4)
STATUS_NAMES = ("completed", "dropped", "failed", "unfinished")


@dataclass(frozen=True, slots=True)
class Design:
    """One agent's design, with every term of delay and energy.

    Work is per request of size 1; times and energies are as planned, that is for the size that the
    allocator saw; what is ``unit`` is again for size 1.

    Parameters
    ----------
    id : number of the design within the run, from 0
    allocator : who decided
    split, placement : the cut; both ``""`` for a refused request
    feasible : whether the allocator found it within both budgets
    binding : the constraint that stops a better one
    fallback : what was done where nothing was feasible, ``""`` otherwise
    weight_bits : bit-width on the agent, 0 where nothing runs there
    pruning_ratio : share of the agent's weights that is set to 0
    feature_bits : bits of an element of the features that are sent; NaN where none are
    agent_frequency_hz, server_frequency_hz : clocks [Hz], NaN where nothing runs
    bandwidth_share, server_share : β, φ as planned, NaN for equal shares
    agent_flops, server_flops : work at size 1 and this bit-width [FLOP]
    uplink_bits, downlink_bits : sent and received at size 1 [bit]
    agent_s, uplink_s, backhaul_s, server_s, downlink_s : planned stage times [s]; the downlink
        includes the way back over the transport links
    agent_wait_s, uplink_wait_s, server_wait_s : waits planned for, the first with the time of the
        decision [s]
    agent_j, transmit_j, server_j : planned energies [J]
    distortion, distortion_lower, distortion_upper, quality : of its output
    delay_budget_s, energy_budget_j : T0, E0
    plan_ok : whether the plan, with its waits, meets both budgets
    variant : pruning and features in words, where the model offers a choice
    agent_unit_s, uplink_unit_s, server_unit_s : times at size 1, the whole cell and server [s]
    agent_unit_j, transmit_unit_j, server_unit_j : energies at size 1 [J]
    """

    id: int
    allocator: str
    split: str
    placement: str
    feasible: bool
    binding: str
    fallback: str
    weight_bits: int
    pruning_ratio: float
    feature_bits: float
    agent_frequency_hz: float
    server_frequency_hz: float
    bandwidth_share: float
    server_share: float
    agent_flops: float
    server_flops: float
    uplink_bits: float
    downlink_bits: float
    agent_s: float
    uplink_s: float
    backhaul_s: float
    server_s: float
    downlink_s: float
    agent_wait_s: float
    uplink_wait_s: float
    server_wait_s: float
    agent_j: float
    transmit_j: float
    server_j: float
    distortion: float
    distortion_lower: float
    distortion_upper: float
    quality: float
    delay_budget_s: float
    energy_budget_j: float
    plan_ok: bool
    variant: str = ""
    agent_unit_s: float = 0.0
    uplink_unit_s: float = 0.0
    server_unit_s: float = 0.0
    agent_unit_j: float = 0.0
    transmit_unit_j: float = 0.0
    server_unit_j: float = 0.0


class Request:
    """One request on its way: stamps [s], energies [J], NaN where a stage did not happen.

    Parameters
    ----------
    id : number in order of arrival, over all agents
    agent : index of its agent
    design : what it runs under
    size : size factor of the agent's work; of all stations unless the others are set
    arrival : time of arrival [s]

    Attributes
    ----------
    follower : the request behind it at its agent's processor, while it is there
    callbacks : what is called with it at its next scheduled time, while it is on a link; so a request
        is its own SimPy event there, and no other object is made
    airtime_s : airtime of the whole cell that its upload takes [s]; set only where its design does not say
    """

    __slots__ = (
        "agent",
        "agent_end",
        "agent_j",
        "agent_start",
        "airtime_s",
        "arrival",
        "callbacks",
        "design",
        "end",
        "finish",
        "follower",
        "id",
        "server_arrival",
        "server_end",
        "server_j",
        "server_size",
        "server_start",
        "size",
        "status",
        "transmit_j",
        "uplink_end",
        "uplink_size",
        "uplink_start",
    )

    _ok = True
    callbacks: tuple[Callable[[Any], None], ...] | None
    airtime_s: float

    def __init__(self, id: int, agent: int, design: Design, size: float, arrival: float) -> None:
        nan = math.nan
        self.id = id
        self.agent = agent
        self.design = design
        self.size = self.uplink_size = self.server_size = size
        self.arrival = arrival
        self.agent_start = self.agent_end = self.uplink_start = self.uplink_end = nan
        self.server_arrival = self.server_start = self.server_end = nan
        self.finish = self.end = nan
        self.agent_j = self.transmit_j = self.server_j = 0.0
        self.follower: Request | None = None
        self.callbacks = None
        self.status = UNFINISHED
