"""What a run has found, put together: the summary and the invariants."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simran.engine.controller import Controller
from simran.engine.stations import Station
from simran.engine.world import World
from simran.entities import Meter
from simran.results import Invariant, Recorder, StationLoad, worst
from simran.results.statistics import number
from simran.scenario import Scenario

__all__ = ["Ledger", "summarise"]

_CLOSE = 1e-9


@dataclass(frozen=True)
class Ledger:
    """Everything that a finished run leaves behind for its summary.

    Parameters
    ----------
    scenario, seed, replication : what was run
    world, recorder, controller : what ran it
    loads : of the stations, by name
    designs : what was in force, by group
    watched : the stations
    warm : integrals of the stations at the end of the warm-up, in their order
    left_s : service that unfinished requests still need, by station [s]
    end_s, truncated : when it ended, and whether before its time
    arrivals : number of requests that arose
    """

    scenario: Scenario
    seed: int
    replication: int
    world: World
    recorder: Recorder
    loads: Mapping[str, StationLoad]
    controller: Controller
    designs: dict[str, Any]
    watched: list[Station]
    warm: list[tuple[float, float]]
    left_s: dict[str, float]
    end_s: float
    truncated: bool
    arrivals: int


def summarise(ledger: Ledger) -> dict[str, Any]:
    """Return the summary of a run as ``summary.json`` holds it."""
    scenario, recorder = ledger.scenario, ledger.recorder
    found = _stations(ledger)
    controller = ledger.controller
    return {
        "name": scenario.name,
        "seed": ledger.seed,
        "replication": ledger.replication,
        "end_s": ledger.end_s,
        "warmup_s": scenario.warmup_s,
        "truncated": ledger.truncated,
        "verdict": worst([station["verdict"] for station in found.values()]),
        **recorder.groups.as_dict(ledger.end_s, scenario.warmup_s),
        "fairness": recorder.agents.as_dict(),
        "designs": {"allocator": scenario.allocator.name, "groups": ledger.designs},
        "stations": found,
        "energy": _energy(ledger),
        "switching": _switching(ledger),
        "decisions": {
            "count": controller.asked.decisions,
            "refused": controller.asked.refused,
            "failures": dict(sorted(controller.asked.failures.items())),
            "refusals": controller.asked.refusals,
            "reproducible": controller.asked.reproducible,
        },
        "invariants": [it.as_dict() for it in _invariants(ledger)],
        "assumed": list(scenario.assumed),
        "notes": [*scenario.notes, *_measured(ledger), *_ended_early(ledger)],
    }


def _measured(ledger: Ledger) -> Iterator[str]:
    """Say so where figures depend on how fast this machine was."""
    if ledger.scenario.allocator.measured:
        yield (
            "NOT REPRODUCIBLE: decisions took the time that they took on this machine"
            " (decision_time: measured), so another run gives other figures"
        )
    elif not ledger.controller.asked.reproducible:
        yield (
            "NOT REPRODUCIBLE: decisions took longer than allocator.time_limit on this machine, so a run on a"
            " faster or slower one may give other figures"
        )


def _ended_early(ledger: Ledger) -> Iterator[str]:
    """Say so where the traces held too few arrivals for the completions that were asked for."""
    if ledger.end_s <= ledger.scenario.warmup_s:
        yield "the whole run lies within the warm-up, so there are no statistics"
    asked, done = ledger.scenario.requests, ledger.recorder.groups.completed_in_all
    if asked is not None and done < asked and not ledger.truncated:
        yield f"requests: {asked} was not reached: the arrivals ended after {done} completed"


def _stations(ledger: Ledger) -> dict[str, Any]:
    span_s = ledger.end_s - ledger.scenario.warmup_s
    found = {}
    for station, warm in zip(ledger.watched, ledger.warm, strict=True):
        occupancy, busy = (
            now - then for now, then in zip(station.integrals(ledger.end_s), warm, strict=True)
        )
        backlog_s = ledger.left_s.get(station.name, 0.0) / station.capacity
        entry: dict[str, Any] = {
            "kind": station.kind,
            "capacity": station.capacity,
            "utilisation": number(busy / (station.capacity * span_s)) if span_s > 0 else None,
            "mean_in_system": number(occupancy / span_s) if span_s > 0 else None,
            "end_backlog_s": backlog_s,
        }
        load = ledger.loads.get(station.name)
        if load is None:  # nobody uses it
            verdict = "stable" if span_s > 0 else "unknown"
            entry |= {"offered_load": 0.0, "offered_load_low": None, "verdict": verdict}
        else:
            offered, low = load.offered_load(ledger.end_s)
            entry |= {"offered_load": number(offered), "offered_load_low": number(low)}
            entry["verdict"] = load.verdict(ledger.end_s, backlog_s)
        found[station.name] = entry
    return found


def _states(meters: Sequence[Meter], transmit_j: float) -> dict[str, float]:
    states = {
        f"{name}_j": math.fsum(getattr(meter, f"{name}_j") for meter in meters)
        for name in ("idle", "static", "dynamic", "switching")
    }
    return {**states, "transmit_j": transmit_j}


def _members(ledger: Ledger, group: str) -> list[int]:
    return [k for k, own in enumerate(ledger.world.groups) if own.name == group]


def _switching(ledger: Ledger) -> dict[str, Any]:
    """Return how often each device changed its clock or loaded weights, warm-up included."""
    world = ledger.world
    meters: dict[str, Sequence[Meter]] = {
        f"agents/{name}": [world.agents[k].worker for k in _members(ledger, name)]
        for name in ledger.scenario.groups
    }
    meters |= {name: server.meters for name, server in world.servers.items()}
    return {
        name: {
            "clock_changes": sum(meter.switches for meter in of),
            "weight_loads": sum(meter.loads for meter in of),
            "loading_s": math.fsum(meter.loading_s for meter in of),
            "loading_j": math.fsum(meter.loading_j for meter in of),
            "switching_j": math.fsum(meter.switching_j for meter in of),
        }
        for name, of in meters.items()
    }


def _energy(ledger: Ledger) -> dict[str, Any]:
    """Return the account of the whole run, warm-up included: joules have no warm-up."""
    world, recorder = ledger.world, ledger.recorder
    sent = _padded(recorder.checks.transmit_j, len(world.agents))
    devices: dict[str, dict[str, Any]] = {}
    for name in ledger.scenario.groups:
        chosen = _members(ledger, name)
        meters = [world.agents[k].worker for k in chosen]
        devices[f"agents/{name}"] = {"kind": "agents", **_states(meters, float(sent[chosen].sum()))}
    for name, server in world.servers.items():
        devices[name] = {"kind": "server", **_states(server.meters, 0.0)}
    for device in devices.values():
        device["total_j"] = math.fsum(v for key, v in device.items() if key.endswith("_j"))
    total = math.fsum(device["total_j"] for device in devices.values())
    done = recorder.groups.completed_in_all
    budgeted = recorder.groups.energy_in_all_j
    return {
        "devices": devices,
        "total_j": total,
        "budgeted_j": budgeted,
        "budgeted_unfinished_j": budgeted - recorder.groups.energy_completed_j,
        "rest_j": math.fsum(
            device[f"{state}_j"]
            for device in devices.values()
            for state in ("idle", "static", "switching")
        ),
        "total_per_completed_j": total / done if done else None,
        "budgeted_per_completed_j": recorder.groups.energy_completed_j / done if done else None,
    }


def _padded(values: Any, count: int) -> Any:
    return np.concatenate((values, np.zeros(count - len(values))))


def _invariants(ledger: Ledger) -> list[Invariant]:
    controller = ledger.controller
    return [
        *ledger.recorder.checks.invariants(ledger.arrivals),
        _conserved(ledger),
        Invariant(
            "shares at most one",
            controller.shares_ok,
            f"largest sum of shares in force {controller.largest_share:.12g}",
        ),
        Invariant(
            "clocks in range",
            not controller.clock_faults,
            f"{controller.clock_faults} designs in force ask for an impossible clock",
        ),
    ]


def _conserved(ledger: Ledger) -> Invariant:
    """Compare the dynamic energy that meters integrated with what requests were charged.

    They must agree to 1e-9 relative, or to what the simulated clock can resolve: a job's time is a
    difference of two stamps, each rounded to a spacing of floating-point numbers.
    """
    world, checks = ledger.world, ledger.recorder.checks
    count = len(world.agents)
    rows, by_agent = _padded(checks.rows, count), _padded(checks.server_j, count)
    charged = _padded(checks.agent_j, count)
    meters: list[Sequence[Meter]] = [[agent.worker] for agent in world.agents]
    for name, server in world.servers.items():
        mine = [k for k, group in enumerate(world.groups) if group.server == name]
        charged = np.append(charged, by_agent[mine].sum())
        rows = np.append(rows, rows[mine].sum())
        meters.append(server.meters)
    metered = np.array([math.fsum(meter.dynamic_j for meter in of) for of in meters])
    full_w = np.array([of[0].processor.full_dynamic_w for of in meters])
    rounding = rows * full_w * 2.0 * np.spacing(ledger.end_s)
    scale = np.maximum(np.maximum(charged, metered), 1e-30)
    excess = np.maximum(np.abs(charged - metered) - rounding, 0.0)
    gap = float(np.max(excess / scale, initial=0.0))
    return Invariant("energy conserved", gap <= _CLOSE, f"largest relative difference {gap:.2g}")
