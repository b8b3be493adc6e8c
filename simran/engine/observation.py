"""What the controller sees of a scenario and its world, as a problem for an allocator."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simran.allocation import ClockSet, ControlState, Problem, idle_state
from simran.compute import PowerLaw, Processor
from simran.engine.cuts import cut_table
from simran.engine.modulation import varying_gap_scv
from simran.engine.world import agent_names, route
from simran.scenario import AgentGroup, Arrivals, Scenario, SizeLaw

__all__ = ["observe"]


def observe(scenario: Scenario) -> Problem:
    """Return the design problem of all agents for empty queues and requests of mean size."""
    members = agent_names(scenario)
    groups = [group for _, group in members]
    kinds = list(dict.fromkeys((group.model, group.placement) for group in groups))
    tables = tuple(cut_table(scenario.models[model], placement) for model, placement in kinds)
    cells, servers = list(scenario.cells), list(scenario.servers)
    ways = dict.fromkeys((group.cell, group.server) for group in groups)
    link = {way: _link(scenario, *way) for way in ways}
    links = [link[group.cell, group.server] for group in groups]
    server_of = [scenario.servers[group.server] for group in groups]
    zeros, ones = np.zeros(len(groups)), np.ones(len(groups))
    return Problem(
        agents=tuple(name for name, _ in members),
        groups=tuple(group.name for group in groups),
        tables=tables,
        table_index=np.array([kinds.index((it.model, it.placement)) for it in groups]),
        agent_clock=_clocks([group.processor for group in groups]),
        server_clock=_clocks([server.processor for server in server_of]),
        agent_memory_bytes=np.array([group.processor.memory_bytes for group in groups]),
        server_memory_bytes=np.array([server.processor.memory_bytes for server in server_of]),
        size=ones,
        uplink_size=ones,
        server_size=ones,
        rate_bps=np.array([scenario.cells[group.cell].rate_bps for group in groups]),
        bandwidth_hz=np.array([scenario.cells[group.cell].bandwidth_hz for group in groups]),
        transmit_w=np.array([group.transmit_w for group in groups]),
        link_s_per_bit=np.array([seconds for seconds, _ in links]),
        link_delay_s=np.array([delay for _, delay in links]),
        agent_wait_s=zeros,
        uplink_wait_s=zeros,
        server_wait_s=zeros,
        decision_s=zeros + _decision_s(scenario),
        arrival_rate_hz=np.array([_rate_hz(group) for group in groups]),
        arrival_scv=np.array([_gap_scv(group.arrivals, scenario.duration_s) for group in groups]),
        size_scv=np.array([_size_scv(scenario.models[group.model].size) for group in groups]),
        delay_budget_s=np.array([group.delay_budget_s for group in groups]),
        energy_budget_j=np.array([group.energy_budget_j for group in groups]),
        quality_floor=np.array([group.quality_floor for group in groups]),
        weight=np.array([group.weight for group in groups]),
        cell_index=np.array([cells.index(group.cell) for group in groups]),
        server_index=np.array([servers.index(group.server) for group in groups]),
        cell_scheduler=tuple(cell.scheduler for cell in scenario.cells.values()),
        cell_sharing=tuple(cell.sharing for cell in scenario.cells.values()),
        cell_agents=tuple(sum(it.cell == name for it in groups) for name in cells),
        server_discipline=tuple(server.discipline for server in scenario.servers.values()),
        server_partition=tuple(server.partition for server in scenario.servers.values()),
        server_agents=tuple(sum(it.server == name for it in groups) for name in servers),
        server_workers=tuple(server.workers for server in scenario.servers.values()),
        headroom=scenario.allocator.headroom,
        select=scenario.allocator.select,
        on_violation=tuple(group.on_violation for group in groups),
        state=_state([group.processor for group in groups], [it.processor for it in server_of]),
    )


def _state(agents: Sequence[Processor], servers: Sequence[Processor]) -> ControlState:
    """Return the state at the start, with what changes cost on each device."""
    costs = {
        f"{side}_{name}": np.array(
            [getattr(it, of) * (it.pue if name == "switch_j" else 1.0) for it in devices]
        )
        for side, devices in (("agent", agents), ("server", servers))
        for name, of in (("switch_s", "switching_delay_s"), ("switch_j", "switching_energy_j"))
    }
    for side, devices in (("agent", agents), ("server", servers)):
        costs[f"{side}_load_s_per_byte"] = np.array([1.0 / it.memory_bytes_per_s for it in devices])
    return idle_state(len(agents), **costs)


def _rate_hz(group: AgentGroup) -> float:
    """Return the mean rate of an agent's requests [Hz].

    In a closed loop it depends on the answers: one per thinking time and delay budget is counted on.
    Of a trace it is the number of gaps over the time that they span, and of a rate that varies its mean
    over time.
    """
    arrivals = group.arrivals
    if arrivals.process == "closed-loop":
        return 1.0 / (arrivals.think_s + group.delay_budget_s)
    if arrivals.process == "trace":
        span_s = arrivals.trace_s[-1] - arrivals.trace_s[0]
        return (len(arrivals.trace_s) - 1) / span_s if span_s > 0 else 0.0
    return arrivals.rate_hz


def _gap_scv(arrivals: Arrivals, span_s: float | None) -> float:
    """Return the squared coefficient of variation of the gaps between arrivals."""
    if arrivals.varying is not None:
        return varying_gap_scv(arrivals, span_s)
    if arrivals.process == "gamma":
        return arrivals.cv**2
    if arrivals.process == "trace":
        return _scv(np.diff(arrivals.trace_s))
    return 1.0 if arrivals.process == "poisson" else 0.0


def _size_scv(size: SizeLaw) -> float:
    """Return the squared coefficient of variation of a request's size."""
    if size.law == "trace":
        return _scv(np.array(size.trace))
    return {"constant": 0.0, "exponential": 1.0}.get(size.law, size.cv**2)


def _scv(values: NDArray[np.float64]) -> float:
    mean = float(values.mean()) if values.size else 0.0
    return float(values.var()) / mean**2 if mean else 0.0


def _decision_s(scenario: Scenario) -> float:
    # Only a request that is decided on arrival waits for its decision.
    spec = scenario.allocator
    # What will be measured is not known beforehand.
    if spec.every != "per-request" or spec.measured:
        return 0.0
    return spec.decision_time_s


def _link(scenario: Scenario, cell: str, server: str) -> tuple[float, float]:
    nodes = route(scenario, cell, server)
    graph = scenario.graph()
    links = [graph.edges[hop]["link"] for hop in itertools.pairwise(nodes)]
    return sum(1.0 / link.rate_bps for link in links), sum(link.delay_s for link in links)


def _clocks(processors: Sequence[Processor]) -> ClockSet:
    steps = max(len(it.frequencies_hz or ()) for it in processors)
    table_hz = np.full((len(processors), steps), np.nan)
    table_w = np.full((len(processors), steps), np.nan)
    for row, processor in enumerate(processors):
        for column, step_hz in enumerate(processor.frequencies_hz or ()):
            table_hz[row, column] = step_hz
            table_w[row, column] = processor.power.dynamic_w(step_hz)
    laws = [it.power if isinstance(it.power, PowerLaw) else PowerLaw(0.0) for it in processors]
    return ClockSet(
        f_max_hz=np.array([it.f_max_hz for it in processors]),
        flops_per_cycle=np.array([it.flops_per_cycle for it in processors]),
        dynamic=np.array([law.dynamic for law in laws]),
        exponent=np.array([law.exponent for law in laws]),
        pue=np.array([it.pue for it in processors]),
        table_hz=table_hz,
        table_w=table_w,
    )
