"""Faults of meaning within one part: numbers that contradict each other, files that do not serve."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from simran.errors import Fault, ScenarioError, hint, shown
from simran.scenario.bands import check_band
from simran.scenario.choices import check_choices
from simran.scenario.compose import Composed
from simran.scenario.homes import at_the_key
from simran.scenario.model_schema import FramesFlops, ModelSpec, SizeSpec, split_names
from simran.scenario.quality import check_floor
from simran.scenario.schema import ArrivalsSpec, DeviceSpec, ModeSpec
from simran.scenario.structure import Parts
from simran.scenario.traces import read_trace
from simran.scenario.varying_checks import check_channel, check_varying_arrivals
from simran.scenario.weight_errors import check_weights

__all__ = ["check_consistency"]

Key = tuple[str | int, ...]


def check_consistency(whole: Composed, parts: Parts) -> Iterator[Fault]:
    """Yield every fault of meaning of the sound parts; the traces are read and kept in them."""
    yield from _length(whole, parts)
    for name, model in parts.models.items():
        yield from _model(whole, ("models", name), model)
        yield from _size(whole, parts, ("models", name, "size"), model.size)
    for name, device in parts.devices.items():
        yield from _device(whole, ("devices", name), device)
    for name, cell in parts.cells.items():
        channel = ("network", "cells", name, "channel")
        yield from check_channel(whole, parts, channel, cell.channel)
        yield from check_band(whole, channel[:-1], cell)
    for name, group in parts.agents.items():
        path = ("agents", name, "arrivals")
        yield from _arrivals(whole, parts, path, group.arrivals)
        yield from check_varying_arrivals(whole, path, group.arrivals)
        yield from check_floor(whole, parts, ("agents", name), group)
    yield from _enough(whole, parts)


def _length(whole: Composed, parts: Parts) -> Iterator[Fault]:
    length = parts.length
    if length is None:
        return
    if length.duration is None and length.requests is None:
        yield whole.fault((), "needs duration or requests, to say when a run ends")
    if length.duration is not None and length.requests is not None:
        yield whole.fault(("requests",), "expected either duration or requests, found both")
    if length.duration is not None and length.warmup >= length.duration:
        found = f"{length.warmup:g} s, which is no less than {length.duration:g} s"
        yield whole.fault(("warmup",), f"expected less than the duration, found {found}")


def _model(whole: Composed, path: Key, model: ModelSpec) -> Iterator[Fault]:
    names = [block.name for block in model.blocks]
    for index, name in enumerate(names):
        if name in names[:index]:
            message = f"block {shown(name)} is given twice"
            yield whole.fault((*path, "blocks", index, "name"), message)
        if name == "auto":
            yield whole.fault((*path, "blocks", index, "name"), "'auto' is not a name for a block")
    yield from _frames(whole, path, model)
    known = split_names(names)
    if model.split != "auto" and model.split not in known:
        message = f"there is no split point {shown(model.split)}"
        yield whole.fault((*path, "split"), message, hint(model.split, [*known, "auto"]))
    total = math.fsum(block.parameters for block in model.blocks)
    if total > model.parameters * (1 + 1e-9):
        yield whole.fault(
            (*path, "parameters"),
            f"the blocks have {total:g} parameters, more than the model's {model.parameters:g}",
        )
    if max(model.bits) > model.reference_bits:
        yield whole.fault(
            (*path, "bits"),
            f"bit-width {max(model.bits)} lies above reference_bits, {model.reference_bits:g}",
        )
    yield from _curves(whole, (*path, "quality", "curves"), model, known)
    wrong = list(check_weights(whole, path, model))
    yield from wrong or check_choices(whole, path, model)


def _frames(whole: Composed, path: Key, model: ModelSpec) -> Iterator[Fault]:
    for index, block in enumerate(model.blocks):
        if block.per_frame and isinstance(block.flops, FramesFlops):
            where = (*path, "blocks", index, "flops")
            yield whole.fault(where, "a block that is per_frame has the FLOP of one frame")
    known = any(it.per_frame or isinstance(it.flops, FramesFlops) for it in model.blocks)
    if model.frames > 1 and not known:
        yield whole.fault(
            (*path, "frames"),
            "no block of this model says what several frames cost",
            "give blocks per_frame: true, or flops: {base, per_frame, per_frame_squared}",
        )


def _curves(whole: Composed, path: Key, model: ModelSpec, known: dict[str, str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for curve in model.quality.curves if model.quality else ():
        if curve not in known:
            message = f"there is no split point {shown(curve)}"
            yield whole.fault((*path, curve), message, hint(curve, known))
        elif known[curve] in seen:
            yield whole.fault((*path, curve), f"split point {known[curve]!r} has two curves")
        else:
            seen.add(known[curve])


def _device(whole: Composed, path: Key, device: DeviceSpec) -> Iterator[Fault]:
    for name, mode in (device.modes or {}).items():
        # The one in force is checked as part of the device.
        if mode.states is not None and name != device.mode:
            yield from _states(whole, (*path, "modes", name), mode)
    if device.states is not None:
        yield from _states(whole, path, device)
        return
    if device.power is None:
        yield whole.fault(path, "needs power, or states")
    if device.f_max is None:
        yield whole.fault(path, "needs f_max, or states")
        return
    steps = device.frequencies
    if steps and steps[-1] > device.f_max * (1 + 1e-9):
        message = f"clock {steps[-1]:g} Hz lies above f_max, {device.f_max:g} Hz"
        yield whole.fault((*path, "frequencies"), message)
    power = device.power
    if power is not None:
        try:
            drawn = power.dynamic * device.f_max**power.exponent
        except OverflowError:
            drawn = math.inf
        if not math.isfinite(drawn):
            yield whole.fault((*path, "power"), "the power at f_max is beyond all numbers")


def _states(whole: Composed, path: Key, device: DeviceSpec | ModeSpec) -> Iterator[Fault]:
    states = device.states or ()
    if device.frequencies is not None:
        yield whole.fault((*path, "frequencies"), "states give the clocks; leave frequencies out")
    if device.power is not None:
        yield whole.fault((*path, "power"), "states give the power; leave power out (pue may stay)")
    for index, state in enumerate(states):
        if state.busy < state.idle:
            message = f"expected no less than idle, {state.idle:g} W, found {state.busy:g} W"
            yield whole.fault((*path, "states", index, "busy"), message)
    for index, (low, high) in enumerate(itertools.pairwise(states)):
        if low.frequency >= high.frequency:
            where = (*path, "states", index + 1, "frequency")
            found = f"{high.frequency:g} Hz after {low.frequency:g} Hz"
            yield whole.fault(where, f"expected clocks in ascending order, found {found}")
    if states and device.f_max is not None and abs(device.f_max / states[-1].frequency - 1) > 1e-9:
        yield whole.fault((*path, "f_max"), "expected the highest state's clock; leave it out")


def _needs(
    whole: Composed, path: Key, key: str, value: object, choices: tuple[str, ...], choice: str
) -> Iterator[Fault]:
    """Yield a fault where a key is missing that a choice needs, or given that belongs to others."""
    if choice in choices and value is None:
        yield whole.fault(path, f"{choice} needs {key}")
    if choice not in choices and value is not None:
        words = " and ".join([", ".join(choices[:-1]), choices[-1]] if choices[1:] else choices)
        yield whole.fault((*path, key), f"{key} belongs to {words}, not to {choice}")


def _size(whole: Composed, parts: Parts, path: Key, size: SizeSpec) -> Iterator[Fault]:
    yield from _needs(whole, path, "cv", size.cv, ("gamma",), size.law)
    for key in ("file", "column"):
        yield from _needs(whole, path, key, getattr(size, key), ("trace",), size.law)
    if size.law == "trace" and size.file is not None and size.column is not None:
        yield from _trace(whole, parts, path, (size.file, size.column), False)


def _arrivals(whole: Composed, parts: Parts, path: Key, arrivals: ArrivalsSpec) -> Iterator[Fault]:
    process = arrivals.process
    rated = ("poisson", "periodic", "gamma")
    if process != "poisson" or arrivals.states is None:
        yield from _needs(whole, path, "rate", arrivals.rate, rated, process)
    yield from _needs(whole, path, "cv", arrivals.cv, ("gamma",), process)
    for key in ("file", "column"):
        yield from _needs(whole, path, key, getattr(arrivals, key), ("trace",), process)
    for key, owner in (("phase", "periodic"), ("think", "closed-loop")):
        if process != owner:
            yield from _needs(whole, path, key, getattr(arrivals, key), (owner,), process)
    if process == "trace" and arrivals.file is not None and arrivals.column is not None:
        yield from _trace(whole, parts, path, (arrivals.file, arrivals.column), True)


def _trace(
    whole: Composed, parts: Parts, path: Key, source: tuple[str, str], ascending: bool
) -> Iterator[Fault]:
    """Read a trace into the parts, or yield what is wrong with it."""
    file, column = source
    key = (*path, "file")
    try:
        place = whole.home(key).locate(file)
    except ValueError as error:
        yield whole.fault(key, str(error))
        return
    try:
        parts.traces[path] = read_trace(place, column, ascending)
    except ScenarioError as error:
        yield from at_the_key(whole, key, error, place)


def _enough(whole: Composed, parts: Parts) -> Iterator[Fault]:
    """Yield a fault where traces alone cannot bring about the requests that are asked for."""
    asked = parts.length.requests if parts.length else None
    if asked is None or not parts.traces:
        return
    paths = {name: ("agents", name, "arrivals") for name in parts.names["agents"]}
    if any(path not in parts.traces for path in paths.values()):
        return
    held = sum(parts.agents[name].count * len(parts.traces[path]) for name, path in paths.items())
    if held < asked:
        yield whole.fault(("requests",), f"expected at most {held}, which the traces hold in all")
