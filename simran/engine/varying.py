"""Rates that vary, from the scenario into the world: courses of cells and times of arrivals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from simran.entities import (
    AllocatedBandCell,
    AllocatedVaryingCell,
    Clock,
    Course,
    EqualShareVaryingBandCell,
    EqualShareVaryingCell,
    Radio,
    Segments,
    VaryingCell,
    arrival_times,
    stepped,
    switching,
    warped,
)
from simran.scenario import AgentGroup, Arrivals, RateSteps, Varying
from simran.scenario import Cell as CellSpec
from simran.streams import Streams

__all__ = ["varying_arrivals", "varying_cell"]


def varying_cell(
    clock: Clock,
    spec: CellSpec,
    names: Sequence[str],
    groups: Sequence[AgentGroup],
    streams: Streams,
) -> VaryingCell:
    """Return a cell of varying rates, or one of fixed rates that gives away parts of its band.

    Parameters
    ----------
    clock : the simulated time
    spec : its scheduler, its band, and how its rates vary
    names, groups : (K,) of all agents; those of other cells are passed over
    streams : an agent's course is drawn from a stream of its own, a shared one from one of the cell
    """
    members = [index for index, group in enumerate(groups) if group.cell == spec.name]
    if spec.varying is None or spec.varying.shared or not members:
        courses = [Course(_shared(spec, streams))]
        course_of = dict.fromkeys(members, 0)
    else:
        courses = [Course(_segments(spec.varying, streams, names[k], "channel")) for k in members]
        course_of = {agent: place for place, agent in enumerate(members)}
    radio = Radio(courses, course_of, {agent: groups[agent].transmit_w for agent in members})
    allocated = spec.scheduler == "allocated" and members
    if spec.sharing == "frequency":
        by_band = AllocatedBandCell if allocated else EqualShareVaryingBandCell
        return by_band(clock, spec.name, radio, spec.bandwidth_hz)
    return (AllocatedVaryingCell if allocated else EqualShareVaryingCell)(clock, spec.name, radio)


def _shared(spec: CellSpec, streams: Streams) -> Segments:
    if spec.varying is None:
        return stepped((0.0,), (spec.rate_bps,))
    return _segments(spec.varying, streams, "cell", spec.name, "channel")


def varying_arrivals(
    spec: Arrivals, name: str, group: str, streams: Streams, end_s: float
) -> Iterator[float]:
    """Return the arrival times of one agent whose rate varies [s].

    They are those of the process with rate 1 in a time that runs at the varying rate. The gaps keep
    their law in that time: of a Poisson process it is exactly the inhomogeneous one.

    Parameters
    ----------
    spec : the process
    name, group : of the agent, which name its streams
    streams : of the run
    end_s : nothing is needed from then on [s]
    """
    assert spec.varying is not None  # the caller has looked
    owner = ("group", group) if spec.varying.shared else (name,)
    phase = None
    if spec.phase_s is not None:
        phase = _passed(_segments(spec.varying, streams, *owner, "demand"), spec.phase_s)
    marks = arrival_times(spec.process, 1.0, spec.cv, phase, streams.generator(name, "arrivals"))
    return warped(marks, _segments(spec.varying, streams, *owner, "demand"), end_s)


def _segments(spec: Varying, streams: Streams, *stream: str) -> Segments:
    if isinstance(spec, RateSteps):
        return stepped(spec.starts_s, spec.rates, spec.period_s)
    return switching(spec.rates, spec.dwells_s, spec.constant, streams.generator(*stream))


def _passed(segments: Segments, time_s: float) -> float:
    """Return the integral of a rate from 0 to a time."""
    total = start_s = 0.0
    for rate, until_s in segments:
        total += rate * (min(until_s, time_s) - start_s)
        if until_s >= time_s or until_s == math.inf:
            break
        start_s = until_s
    return total
