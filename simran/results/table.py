"""A block of requests as columns, everything derived at once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simran.results.records import COMPLETED, DROPPED, FAILED, Request

__all__ = ["CAUSES", "add_airtimes", "block"]

Floats = NDArray[np.float64]
Columns = dict[str, NDArray[Any]]

_TOLERANCE = 1.0 + 1e-9

_STAMPS = (
    "arrival",
    "agent_start",
    "agent_end",
    "uplink_start",
    "uplink_end",
    "server_arrival",
    "server_start",
    "server_end",
    "finish",
)
_FIELDS = (
    "id",
    "agent",
    "status",
    "size",
    "uplink_size",
    "server_size",
    "end",
    "agent_j",
    "transmit_j",
    "server_j",
    *_STAMPS,
)
_read = attrgetter(*_FIELDS, "design.id")

_DESIGN = (
    "id",
    "weight_bits",
    "agent_frequency_hz",
    "server_frequency_hz",
    "uplink_bits",
    "agent_s",
    "uplink_s",
    "backhaul_s",
    "server_s",
    "downlink_s",
    "agent_wait_s",
    "uplink_wait_s",
    "server_wait_s",
    "agent_j",
    "transmit_j",
    "server_j",
    "distortion",
    "distortion_lower",
    "distortion_upper",
    "quality",
    "delay_budget_s",
    "energy_budget_j",
    "plan_ok",
    "agent_unit_s",
    "uplink_unit_s",
    "server_unit_s",
)
_read_design = attrgetter(*_DESIGN)

_STAGES = (
    "agent_wait",
    "agent_compute",
    "uplink",
    "backhaul",
    "server_wait",
    "server_compute",
    "downlink",
)
_ENERGIES = ("agent_compute", "transmit", "server_compute")

#: Why a budget was missed, by code; 0 is not missed.
CAUSES = ("", "design", "dropped", "failed", *_STAGES, "transmit")


def block(requests: Sequence[Request], end_s: float) -> Columns:
    """Return the columns of some requests, and the plans that they ran under as ``plan_…``.

    Parameters
    ----------
    requests : ended, or unfinished at the end of the run
    end_s : now [s], to which an unfinished stage counts
    """
    width = len(_FIELDS) + 1
    flat = itertools.chain.from_iterable(map(_read, requests))
    values = np.fromiter(flat, dtype=float, count=width * len(requests))
    values = np.ascontiguousarray(values.reshape(-1, width).T)
    columns: Columns = dict(zip(_FIELDS, values, strict=False))
    designs = {request.design.id: request.design for request in requests}
    plans = np.array([_read_design(designs[key]) for key in sorted(designs)], dtype=float).T
    which = np.searchsorted(plans[0], values[-1])
    single = len(designs) == 1  # one design for all needs no copies
    columns |= {
        f"plan_{name}": np.broadcast_to(row[0], which.shape) if single else row[which]
        for name, row in zip(_DESIGN, plans, strict=True)
    }
    columns["design"] = which
    columns["status"] = columns["status"].astype(np.int64)
    columns["agent"] = columns["agent"].astype(np.int64)
    _stages(columns)
    _energies(columns)
    _flags(columns, end_s)
    columns["cause"] = _causes(columns, end_s)
    return columns


def add_airtimes(columns: Columns, requests: Sequence[Request]) -> None:
    """Add ``airtime_s``, what each upload took of the whole cell: as noted where its design does not say."""
    nan = float("nan")
    noted = np.array([getattr(request, "airtime_s", nan) for request in requests])
    planned = columns["plan_uplink_unit_s"] * columns["uplink_size"]
    columns["airtime_s"] = np.where(np.isnan(noted), planned, noted)


def _stages(columns: Columns) -> None:
    start = columns["agent_start"]
    idle = np.isnan(start) & (columns["uplink_start"] > columns["arrival"])
    columns["delay_s"] = columns["finish"] - columns["arrival"]
    # A request that runs nothing on the agent may still have waited for its decision.
    begun = np.where(idle, columns["uplink_start"], start)
    columns["agent_wait_s"] = begun - columns["arrival"]
    columns["agent_compute_s"] = columns["agent_end"] - start
    columns["uplink_s"] = columns["uplink_end"] - columns["uplink_start"]
    columns["backhaul_s"] = columns["server_arrival"] - columns["uplink_end"]
    columns["server_wait_s"] = columns["server_start"] - columns["server_arrival"]
    columns["server_compute_s"] = columns["server_end"] - columns["server_start"]
    columns["downlink_s"] = columns["finish"] - columns["server_end"]
    sent = columns["plan_uplink_bits"] * columns["uplink_size"]
    columns["uplink_bits"] = np.where(np.isnan(columns["uplink_start"]), np.nan, sent)
    with np.errstate(divide="ignore", invalid="ignore"):
        columns["uplink_rate_bps"] = columns["uplink_bits"] / columns["uplink_s"]


def _energies(columns: Columns) -> None:
    columns["energy_j"] = columns["agent_j"] + columns["transmit_j"] + columns["server_j"]
    for stage, source, begun in (
        ("agent_compute", "agent_j", "agent_start"),
        ("transmit", "transmit_j", "uplink_start"),
        ("server_compute", "server_j", "server_start"),
    ):
        happened = ~np.isnan(columns[begun])
        columns[f"{stage}_j"] = np.where(happened, columns[source], np.nan)


def _flags(columns: Columns, end_s: float) -> None:
    status = columns["status"]
    refused = (status == DROPPED) | (status == FAILED)
    taken = np.where(status == COMPLETED, columns["delay_s"], end_s - columns["arrival"])
    columns["delay_ok"] = (taken <= columns["plan_delay_budget_s"] * _TOLERANCE) & ~refused
    columns["energy_ok"] = columns["energy_j"] <= columns["plan_energy_budget_j"] * _TOLERANCE


def _causes(columns: Columns, end_s: float) -> NDArray[np.int64]:
    """Return the code of why a budget was missed: the stage of largest excess over its plan."""
    status = columns["status"]
    cause = np.zeros(len(status), dtype=np.int64)
    late, over = ~columns["delay_ok"], ~columns["energy_ok"]
    missed = np.flatnonzero(late | over)
    if not len(missed):
        return cause
    part = {name: values[missed] for name, values in columns.items()}
    excess = _delay_excess(part, end_s)
    # Stages are differences of two stamps; what differs by their rounding is a tie.
    rounding = 8.0 * np.spacing(np.fmin(part["finish"], end_s))
    largest = excess >= excess.max(axis=0) - rounding
    delay = CAUSES.index("agent_wait") + np.argmax(largest, axis=0)
    worst = np.argmax(_energy_excess(part), axis=0)
    energy = np.array([CAUSES.index(name) for name in _ENERGIES])[worst]
    found = np.where(late[missed], delay, energy)
    found = np.where(part["plan_plan_ok"] == 0.0, CAUSES.index("design"), found)
    for code, name in ((DROPPED, "dropped"), (FAILED, "failed")):
        found = np.where(part["status"] == code, CAUSES.index(name), found)
    cause[missed] = found
    return cause


def _delay_excess(part: Columns, end_s: float) -> Floats:
    """Return (stages, n) time beyond plan; the stage that the end of the run cut counts up to it."""
    planned = (
        part["plan_agent_wait_s"],
        part["plan_agent_s"],
        part["plan_uplink_s"] + part["plan_uplink_wait_s"],
        part["plan_backhaul_s"],
        part["plan_server_wait_s"],
        part["plan_server_s"],
        part["plan_downlink_s"],
    )
    taken = np.array([part[f"{stage}_s"] for stage in _STAGES])
    cut = np.flatnonzero(np.isnan(part["finish"]))
    if len(cut):
        stamps = np.array([part[name][cut] for name in _STAMPS])
        reached = len(_STAMPS) - 1 - np.argmax(~np.isnan(stamps[::-1]), axis=0)
        # stamp -> the stage that follows it; handing over to the cell follows at once
        follows = np.array([0, 1, 2, 2, 3, 4, 5, 6, 6])[reached]
        taken[follows, cut] = end_s - stamps[reached, np.arange(len(cut))]
    excess: Floats = np.nan_to_num(taken - np.array(planned), nan=-np.inf)
    return excess


def _energy_excess(part: Columns) -> Floats:
    planned = np.array([part["plan_agent_j"], part["plan_transmit_j"], part["plan_server_j"]])
    spent = np.array([part[f"{stage}_j"] for stage in _ENERGIES])
    excess: Floats = np.nan_to_num(spent - planned, nan=-np.inf)
    return excess
