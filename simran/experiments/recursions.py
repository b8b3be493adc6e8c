"""Every stamp of a run against a recursion that needs no simulator."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simran.engine import run
from simran.experiments.checks import Check
from simran.experiments.queueing import queue_cases
from simran.scenario import load

__all__ = ["first_come_first_served", "processor_sharing", "recursion_checks"]

Floats = NDArray[np.float64]

_LOAD, _REQUESTS = 0.8, 3000


def first_come_first_served(arrival_s: Floats, service_s: Floats, workers: int = 1) -> Floats:
    """Return (n,) when each job begins: Lindley's recursion, Kiefer and Wolfowitz' for several.

    Parameters
    ----------
    arrival_s, service_s : (n,) in order of arrival [s]
    workers : number of servers

    Examples
    --------
    >>> first_come_first_served(np.array([0.0, 1.0]), np.array([3.0, 1.0])).tolist()
    [0.0, 3.0]
    """
    free_s = [0.0] * workers
    starts = np.empty(len(arrival_s))
    for place, (arrival, service) in enumerate(zip(arrival_s, service_s, strict=True)):
        first = min(range(workers), key=free_s.__getitem__)
        starts[place] = max(arrival, free_s[first])
        free_s[first] = starts[place] + service
    return starts


def processor_sharing(arrival_s: Floats, work_s: Floats) -> Floats:
    """Return (n,) when each job ends, by taking every job forward at every event.

    Parameters
    ----------
    arrival_s, work_s : (n,) in order of arrival; the work in seconds of the whole server [s]

    Examples
    --------
    >>> processor_sharing(np.array([0.0, 1.0]), np.array([2.0, 2.0])).tolist()
    [3.0, 4.0]
    """
    left = np.array(work_s, dtype=float)
    ends = np.full(len(left), np.inf)
    present: list[int] = []
    now, place = 0.0, 0
    while present or place < len(left):
        due = now + left[present].min() * len(present) if present else np.inf
        arrival = arrival_s[place] if place < len(left) else np.inf
        step = min(due, arrival) - now
        left[present] -= step / max(len(present), 1)
        now = min(due, arrival)
        if due <= arrival:
            first = min(present, key=left.__getitem__)
            ends[first] = now
            present.remove(first)
        else:
            present.append(place)
            place += 1
    return ends


def recursion_checks() -> Iterator[Check]:
    """Yield the largest difference between a run's stamps and the recursion's [s]."""
    cases = {case.name.split(",")[0]: case for case in queue_cases(_LOAD)}
    for name, workers in (("M/M/1 server", 1), ("M/M/3 server", 3)):
        frame = run(load({**cases[name].document, "requests": _REQUESTS})).requests
        jobs = frame[frame["server_arrival_s"].notna()]
        jobs = jobs.sort_values(["server_arrival_s", "request_id"])
        arrival, service = jobs["server_arrival_s"], jobs["size_factor"]
        starts = first_come_first_served(arrival.to_numpy(), service.to_numpy(), workers)
        gap = float(np.abs(starts - jobs["server_start_s"]).max())
        yield Check(f"{name}: start of every job [s]", 0.0, gap, 1e-8, "Lindley's recursion")
    for name, column in (("M/M/1-PS server", "server_end_s"), ("M/M/1-PS cell", "uplink_end_s")):
        frame = run(load({**cases[name].document, "requests": _REQUESTS})).requests
        jobs = frame.sort_values(["arrival_s", "request_id"])
        ends = processor_sharing(jobs["arrival_s"].to_numpy(), jobs["size_factor"].to_numpy())
        known = jobs[column].notna().to_numpy()
        gap = float(np.abs(ends - jobs[column])[known].max())
        yield Check(f"{name}: end of every job [s]", 0.0, gap, 1e-8, "job by job at every event")
