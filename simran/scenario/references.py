"""Faults of meaning: names that lead nowhere, numbers that contradict each other."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import networkx as nx

from simran.errors import Fault, nearest
from simran.registry import Registry
from simran.scenario.compose import Composed
from simran.scenario.model_schema import FramesFlops, ModelSpec
from simran.scenario.schema import (
    AgentsSpec,
    ArrivalsSpec,
    DeviceSpec,
    ModeSpec,
    ScenarioSpec,
)

__all__ = ["check_references"]

Key = tuple[str | int, ...]


def check_references(whole: Composed, spec: ScenarioSpec) -> Iterator[Fault]:
    """Yield every fault of meaning of a scenario whose structure is sound."""
    yield from _top(whole, spec)
    for name, model in spec.models.items():
        yield from _model(whole, ("models", name), model)
    for name, device in spec.devices.items():
        yield from _device(whole, ("devices", name), device)
    yield from _network(whole, spec)
    for name, group in spec.agents.items():
        yield from _group(whole, spec, ("agents", name), group)
    yield from _allocator(whole, spec)


def _top(whole: Composed, spec: ScenarioSpec) -> Iterator[Fault]:
    if (spec.duration is None) == (spec.requests is None):
        yield whole.fault((), "expected exactly one of duration and requests")
    if spec.requests is not None and spec.requests < 1:
        yield whole.fault(("requests",), f"expected 1 or more, found {spec.requests}")
    if spec.duration is not None and spec.warmup >= spec.duration:
        yield whole.fault(("warmup",), "expected less than the duration")
    if spec.seed < 0:
        yield whole.fault(("seed",), f"expected 0 or more, found {spec.seed}")


def _missing(whole: Composed, path: Key, kind: str, name: str, known: Iterable[str]) -> Fault:
    names = sorted(known)
    best = nearest(name, names)
    hint = f"did you mean {best!r}?" if best else f"known: {', '.join(names)}"
    return whole.fault(path, f"there is no {kind} {name!r}", hint)


def _model(whole: Composed, path: Key, model: ModelSpec) -> Iterator[Fault]:
    names = [block.name for block in model.blocks]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield whole.fault((*path, "blocks", index, "name"), f"block {name!r} is given twice")
        if name == "auto":
            yield whole.fault((*path, "blocks", index, "name"), "'auto' is not a name for a block")
    yield from _frames(whole, path, model)
    known = split_names(names)
    if model.split != "auto" and model.split not in known:
        yield _missing(whole, (*path, "split"), "split point", model.split, [*known, "auto"])
    total = sum(block.parameters for block in model.blocks)
    if total > model.parameters * (1 + 1e-9):
        yield whole.fault(
            (*path, "parameters"),
            f"the blocks have {total:g} parameters, more than the model's {model.parameters:g}",
        )
    if max(model.bits) > model.reference_bits:
        yield whole.fault(
            (*path, "bits"),
            f"bit-widths above reference_bits ({model.reference_bits:g}) make no sense",
        )
    for curve in model.quality.curves if model.quality else ():
        if curve not in known:
            yield _missing(whole, (*path, "quality", "curves", curve), "split point", curve, known)
    size = model.size
    yield from _needs(whole, (*path, "size"), size.law == "gamma", "cv", size.cv, "gamma")
    for key in ("file", "column"):
        value = getattr(size, key)
        yield from _needs(whole, (*path, "size"), size.law == "trace", key, value, "trace")


def _frames(whole: Composed, path: Key, model: ModelSpec) -> Iterator[Fault]:
    for index, block in enumerate(model.blocks):
        if block.per_frame and isinstance(block.flops, FramesFlops):
            where = (*path, "blocks", index, "flops")
            yield whole.fault(where, "a block that is per_frame has the FLOP of one frame")
    if model.frames < 1:
        yield whole.fault((*path, "frames"), f"expected 1 or more, found {model.frames}")
    known = any(it.per_frame or isinstance(it.flops, FramesFlops) for it in model.blocks)
    if model.frames > 1 and not known:
        yield whole.fault(
            (*path, "frames"),
            "no block of this model says what several frames cost",
            "give blocks per_frame: true, or flops: {base, per_frame, per_frame_squared}",
        )


def split_names(blocks: list[str]) -> dict[str, str]:
    """Return every name of a split point and the block it means; a bare name means the last."""
    names = {}
    for block in blocks:
        head, slash, _ = block.rpartition("/")
        if slash:
            names[head] = block
    return names | {block: block for block in blocks}


def _needs(
    whole: Composed, path: Key, applies: bool, key: str, value: object, choice: str
) -> Iterator[Fault]:
    if applies and value is None:
        yield whole.fault(path, f"{choice} needs {key}")
    if not applies and value is not None:
        yield whole.fault((*path, key), f"{key} belongs to {choice} only")


def _device(whole: Composed, path: Key, device: DeviceSpec) -> Iterator[Fault]:
    power = device.power
    for name, mode in (device.modes or {}).items():
        # The one in force is checked as part of the device.
        if mode.states is not None and name != device.mode:
            yield from _states(whole, (*path, "modes", name), mode)
    if device.states is None:
        if power is None:
            yield whole.fault(path, "needs power, or states")
        if device.f_max is None:
            yield whole.fault(path, "needs f_max, or states")
    else:
        yield from _states(whole, path, device)
    if power is not None:
        if power.exponent <= 1:
            yield whole.fault((*path, "power", "exponent"), "expected above 1")
        if power.pue < 1:
            yield whole.fault((*path, "power", "pue"), "expected 1 or more")
    if device.pue is not None and device.pue < 1:
        yield whole.fault((*path, "pue"), "expected 1 or more")
    steps = device.frequencies
    if steps and device.f_max is not None and steps[-1] > device.f_max * (1 + 1e-9):
        yield whole.fault((*path, "frequencies"), "a clock lies above f_max")


def _states(whole: Composed, path: Key, device: DeviceSpec | ModeSpec) -> Iterator[Fault]:
    states = device.states or ()
    if not states:
        yield whole.fault((*path, "states"), "expected at least one state")
    if device.frequencies is not None:
        yield whole.fault((*path, "frequencies"), "states give the clocks; leave frequencies out")
    if device.power is not None:
        yield whole.fault((*path, "power"), "states give the power; leave power out (pue may stay)")
    for index, state in enumerate(states):
        if state.busy < state.idle:
            yield whole.fault((*path, "states", index, "busy"), "expected no less than idle")
    for index, (low, high) in enumerate(itertools.pairwise(states)):
        if low.frequency >= high.frequency:
            yield whole.fault((*path, "states", index + 1), "expected clocks in ascending order")
    if states and device.f_max is not None and abs(device.f_max / states[-1].frequency - 1) > 1e-9:
        yield whole.fault((*path, "f_max"), "expected the highest state's clock; leave it out")


def _network(whole: Composed, spec: ScenarioSpec) -> Iterator[Fault]:
    cells, servers = spec.network.cells, spec.network.servers
    for name in sorted(set(cells) & set(servers)):
        yield whole.fault(("network", "servers", name), f"{name!r} is a cell too")
    for name, server in servers.items():
        path: Key = ("network", "servers", name)
        if server.device not in spec.devices:
            yield _missing(whole, (*path, "device"), "device", server.device, spec.devices)
        if server.workers < 1:
            yield whole.fault((*path, "workers"), f"expected 1 or more, found {server.workers}")
        if server.discipline == "allocated" and server.workers != 1:
            yield whole.fault((*path, "workers"), "allocated slices one processor: expected 1")
        if server.partition == "clock" and server.discipline != "allocated":
            yield whole.fault((*path, "partition"), "partition belongs to discipline allocated")
    seen: set[frozenset[str]] = set()
    for index, link in enumerate(spec.network.links):
        path = ("network", "links", index, "between")
        for node in link.between:
            if node not in cells and node not in servers:
                yield _missing(whole, path, "cell or server", node, [*cells, *servers])
        ends = frozenset(link.between)
        if len(ends) == 1:
            yield whole.fault(path, "a link joins two different nodes")
        elif ends in seen:
            yield whole.fault(path, "these nodes are joined already")
        seen.add(ends)


def _group(whole: Composed, spec: ScenarioSpec, path: Key, group: AgentsSpec) -> Iterator[Fault]:
    if group.count < 1:
        yield whole.fault((*path, "count"), f"expected 1 or more, found {group.count}")
    for key, known in (("device", spec.devices), ("model", spec.models)):
        name = getattr(group, key)
        if name not in known:
            yield _missing(whole, (*path, key), key, name, known)
    ends = []
    for key, nodes in (("cell", spec.network.cells), ("server", spec.network.servers)):
        name = getattr(group, key)
        if name is None and len(nodes) == 1:
            name = next(iter(nodes))
        if name is None:
            yield whole.fault(path, f"needs {key}: there are {', '.join(sorted(nodes))}")
        elif name not in nodes:
            yield _missing(whole, (*path, key), key, name, nodes)
        else:
            ends.append(name)
    if len(ends) == 2:
        yield from _reachable(whole, spec, path, ends)
    transmit = group.transmit
    if transmit is not None and transmit.efficiency > 1:
        yield whole.fault((*path, "transmit", "efficiency"), "expected at most 1")
    yield from _arrivals(whole, (*path, "arrivals"), group.arrivals)


def _reachable(whole: Composed, spec: ScenarioSpec, path: Key, ends: list[str]) -> Iterator[Fault]:
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(ends)
    graph.add_edges_from((link.between[0], link.between[1]) for link in spec.network.links)
    if not nx.has_path(graph, *ends):
        yield whole.fault(
            path,
            f"no links lead from cell {ends[0]!r} to server {ends[1]!r}",
            f"add - {{between: [{ends[0]}, {ends[1]}], rate: unlimited}} to network.links",
        )


def _arrivals(whole: Composed, path: Key, arrivals: ArrivalsSpec) -> Iterator[Fault]:
    process = arrivals.process
    rated = process in {"poisson", "periodic", "gamma"}
    yield from _needs(whole, path, rated, "rate", arrivals.rate, "poisson, periodic and gamma")
    yield from _needs(whole, path, process == "gamma", "cv", arrivals.cv, "gamma")
    for key in ("file", "column"):
        yield from _needs(whole, path, process == "trace", key, getattr(arrivals, key), "trace")
    if process != "periodic" and arrivals.phase is not None:
        yield whole.fault((*path, "phase"), "phase belongs to periodic only")
    if process != "closed-loop" and arrivals.think is not None:
        yield whole.fault((*path, "think"), "think belongs to closed-loop only")


def _allocator(whole: Composed, spec: ScenarioSpec) -> Iterator[Fault]:
    names = Registry[object]("allocator", "simran.allocators").names()
    if spec.allocator.name not in names:
        yield _missing(whole, ("allocator", "name"), "allocator", spec.allocator.name, names)
    if not 0 <= spec.allocator.headroom < 1:
        yield whole.fault(("allocator", "headroom"), "expected 0 or more and below 1")
