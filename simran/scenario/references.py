"""Faults of reference: names that lead nowhere, agents that no link leads to their server."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from simran.errors import Fault, hint, shown, word
from simran.registry import Registry
from simran.scenario.compose import Composed
from simran.scenario.schema import AgentsSpec, ServerSpec, SwitchingSpec
from simran.scenario.structure import Parts

__all__ = ["check_references"]

Key = tuple[str | int, ...]

#: Allocators that place everything themselves, whatever the placement that is asked for.
_PLACERS = ("on-device", "on-server")


def check_references(whole: Composed, parts: Parts) -> Iterator[Fault]:
    """Yield every fault of reference; a part that is not sound itself may well be referred to."""
    for name, server in parts.servers.items():
        yield from _server(whole, parts, ("network", "servers", name), server)
    for name in sorted(set(parts.names["cells"]) & set(parts.names["servers"])):
        yield whole.fault(("network", "servers", name), f"{name!r} is a cell too")
    yield from _links(whole, parts)
    graph = _graph(parts)
    for name, group in parts.agents.items():
        yield from _group(whole, parts, graph, ("agents", name), group)
    for name in parts.names["agents"]:
        if "/" in name:
            message = "the name of a group holds no '/', which numbers its agents"
            yield whole.fault(("agents", name), message)
    yield from _allocator(whole, parts)


def _missing(
    whole: Composed, path: Key, kind: str, name: str, known: Collection[str]
) -> Iterator[Fault]:
    if known and name not in known:  # where there are none at all, that is the fault
        yield whole.fault(path, f"there is no {kind} {shown(name)}", hint(name, known))


def _server(whole: Composed, parts: Parts, path: Key, server: ServerSpec) -> Iterator[Fault]:
    devices = parts.names["devices"]
    yield from _missing(whole, (*path, "device"), "device", server.device, devices)
    if server.discipline == "allocated" and server.workers != 1:
        found = f"expected 1, found {server.workers}"
        yield whole.fault((*path, "workers"), f"allocated slices one processor: {found}")
    if server.partition == "clock" and server.discipline != "allocated":
        yield whole.fault((*path, "partition"), "partition belongs to discipline allocated")
    device = parts.devices.get(server.device)
    if server.partition == "clock" and device is not None and device.switching != SwitchingSpec():
        yield whole.fault(
            (*path, "partition"),
            "slices with clocks of their own are a fiction in which switching has no cost, but"
            f" devices.{server.device}.switching gives one",
            "leave switching out, or use partition: space",
        )
    if server.partition == "clock" and device is not None and device.memory_bandwidth is not None:
        yield whole.fault(
            (*path, "partition"),
            "slices with clocks of their own are a fiction in which loading weights has no cost, but"
            f" devices.{server.device}.memory_bandwidth gives one",
            "leave memory_bandwidth out, or use partition: space",
        )


def _links(whole: Composed, parts: Parts) -> Iterator[Fault]:
    nodes = {*parts.names["cells"], *parts.names["servers"]}
    seen: set[frozenset[str]] = set()
    for index, link in parts.links.items():
        path: Key = ("network", "links", index, "between")
        for place, node in enumerate(link.between):
            yield from _missing(whole, (*path, place), "cell or server", node, nodes)
        ends = frozenset(link.between)
        if len(ends) == 1:
            yield whole.fault(path, "a link joins two different nodes")
        elif ends in seen:
            yield whole.fault(path, "these nodes are joined already")
        seen.add(ends)


def _graph(parts: Parts) -> dict[str, int]:
    """Return the part of the network that each node lies in, by number."""
    import networkx as nx

    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from([*parts.names["cells"], *parts.names["servers"]])
    graph.add_edges_from((link.between[0], link.between[1]) for link in parts.links.values())
    return {
        node: number
        for number, nodes in enumerate(nx.connected_components(graph))
        for node in nodes
    }


def _group(
    whole: Composed, parts: Parts, graph: dict[str, int], path: Key, group: AgentsSpec
) -> Iterator[Fault]:
    for key, kind in (("device", "devices"), ("model", "models")):
        yield from _missing(whole, (*path, key), key, getattr(group, key), parts.names[kind])
    yield from _placement(whole, parts, path, group)
    ends: list[str] = []
    for key, kind in (("cell", "cells"), ("server", "servers")):
        nodes, name = parts.names[kind], getattr(group, key)
        if name is None and len(nodes) == 1:
            name = nodes[0]
        if name is None and nodes:
            yield whole.fault(path, f"needs {key}, of which there are several", hint("", nodes))
        elif name is not None:
            yield from _missing(whole, (*path, key), key, name, nodes)
            ends += [name] if name in nodes else []
    if len(ends) == 2 and graph[ends[0]] != graph[ends[1]] and parts.linked:
        yield whole.fault(
            path,
            f"no links lead from cell {shown(ends[0])} to server {shown(ends[1])}",
            f"add - {{between: [{word(ends[0])}, {word(ends[1])}], rate: unlimited}} to network.links",
        )


def _placement(whole: Composed, parts: Parts, path: Key, group: AgentsSpec) -> Iterator[Fault]:
    """Yield a fault where co-inference leaves an agent no split point to choose from."""
    model = parts.models.get(group.model)
    if model is None or group.placement != "co-inference" or model.split != "auto":
        return
    if parts.allocator is not None and parts.allocator.name in _PLACERS:
        return
    if len(model.blocks) == 1:
        yield whole.fault(
            (*path, "placement"),
            f"model {shown(group.model)} has a single block, so split: auto has no point to split it at",
            "use placement on-device, on-server or auto, or give the model two blocks",
        )


def _allocator(whole: Composed, parts: Parts) -> Iterator[Fault]:
    if parts.allocator is None:
        return
    names = Registry[object]("allocator", "simran.allocators").names()
    name = parts.allocator.name
    if ":" in name and name not in names:
        what = "a scenario names no code that a run would execute"
        help_ = f"pass it on the command line: --allocator {word(name)}"
        yield whole.fault(("allocator", "name"), what, help_)
        return
    yield from _missing(whole, ("allocator", "name"), "allocator", name, names)
