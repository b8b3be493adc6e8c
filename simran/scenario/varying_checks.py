"""Faults of meaning of rates that vary, and the traces that they name."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from simran.errors import Fault, ScenarioError
from simran.scenario.compose import Composed
from simran.scenario.homes import at_the_key
from simran.scenario.schema import ArrivalsSpec
from simran.scenario.structure import Parts
from simran.scenario.traces import read_trace
from simran.scenario.varying import RateSteps
from simran.scenario.varying_schema import ChannelSpec, RateTraceSpec, ScheduleSpec

__all__ = ["check_channel", "check_varying_arrivals"]

Key = tuple[str | int, ...]


def check_channel(
    whole: Composed, parts: Parts, path: Key, channel: ChannelSpec
) -> Iterator[Fault]:
    """Yield what is wrong with a channel; its trace is read and kept in the parts."""
    given = [name for name in ("rate", "states", "trace") if getattr(channel, name) is not None]
    if not given:
        yield whole.fault(path, "needs rate, states or trace")
    if len(given) > 1:
        message = f"expected one of rate, states and trace, found {' and '.join(given)}"
        yield whole.fault((*path, given[-1]), message, "null takes back what another file gives")
    yield from _only_states(whole, path, channel)
    if channel.trace is not None:
        yield from _rates(whole, parts, (*path, "trace"), channel.trace)


def check_varying_arrivals(whole: Composed, path: Key, arrivals: ArrivalsSpec) -> Iterator[Fault]:
    """Yield what is wrong with a schedule or with states of arrivals."""
    if arrivals.states is not None:
        if arrivals.process != "poisson":
            message = f"states belong to poisson, not to {arrivals.process}"
            yield whole.fault((*path, "states"), message)
        elif arrivals.rate is not None:
            message = "expected either rate or states, found both"
            yield whole.fault((*path, "states"), message, "null takes back what another file gives")
        if not any(state.rate for state in arrivals.states):
            yield whole.fault((*path, "states"), "expected a state whose rate is above 0")
    yield from _only_states(whole, path, arrivals)
    if isinstance(arrivals.rate, ScheduleSpec):
        yield from _schedule(whole, (*path, "rate"), arrivals.rate)


def _only_states(whole: Composed, path: Key, spec: ChannelSpec | ArrivalsSpec) -> Iterator[Fault]:
    if spec.states is None:
        for name, given in (("dwells", spec.dwells != "exponential"), ("shared", spec.shared)):
            if given:
                yield whole.fault((*path, name), f"{name} belongs to states")


def _schedule(whole: Composed, path: Key, schedule: ScheduleSpec) -> Iterator[Fault]:
    steps = schedule.schedule
    if not any(step.rate for step in steps):
        yield whole.fault((*path, "schedule"), "expected a step whose rate is above 0")
    starts = [step.at for step in steps]
    for place, message in _out_of_order(starts):
        yield whole.fault((*path, "schedule", place, "at"), message)
    yield from _period(whole, path, starts, schedule.period)


def _out_of_order(starts_s: Sequence[float]) -> Iterator[tuple[int, str]]:
    """Yield the place and the words for each time that cannot stand where it does."""
    if starts_s[0] != 0.0:
        yield 0, f"expected 0 s, where the run begins, found {starts_s[0]:g} s"
    for place, (before, after) in enumerate(itertools.pairwise(starts_s), 1):
        if after <= before:
            yield place, f"expected times in ascending order, found {after:g} s after {before:g} s"


def _period(
    whole: Composed, path: Key, starts_s: Sequence[float], period_s: float | None
) -> Iterator[Fault]:
    if period_s is not None and period_s <= max(starts_s):
        message = f"expected more than the last time, {max(starts_s):g} s, found {period_s:g} s"
        yield whole.fault((*path, "period"), message)


def _rates(whole: Composed, parts: Parts, path: Key, trace: RateTraceSpec) -> Iterator[Fault]:
    key = (*path, "file")
    try:
        place = whole.home(key).locate(trace.file)
    except ValueError as error:
        yield whole.fault(key, str(error))
        return
    try:
        starts_s = read_trace(place, trace.time, True)
        rates_bps = read_trace(place, trace.rate, False)
    except ScenarioError as error:
        yield from at_the_key(whole, key, error, place)
        return
    wrong = next(_out_of_order(starts_s), None)
    if wrong is not None:
        yield whole.fault(key, f"value {wrong[0] + 1} of {trace.time!r}: {wrong[1]}")
    yield from _period(whole, path, starts_s, trace.period)
    period_s = float("inf") if trace.period is None else trace.period
    parts.courses[path] = RateSteps(starts_s, rates_bps, period_s)
