"""The entities of a scenario, built and wired."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from simran.engine.varying import varying_arrivals, varying_cell
from simran.entities import (
    Agent,
    AllocatedCell,
    Cell,
    Clock,
    ClockPartitionServer,
    Demand,
    Direction,
    EarliestDeadlineServer,
    EqualShareBandCell,
    EqualShareCell,
    FifoServer,
    Path,
    ProcessorSharingServer,
    Server,
    SpacePartitionServer,
    UnlimitedCell,
    VaryingCell,
    VaryingPath,
    arrival_times,
    request_sizes,
)
from simran.results.records import Request
from simran.scenario import AgentGroup, Arrivals, Scenario, SizeLaw
from simran.scenario import Cell as CellSpec
from simran.scenario import Server as ServerSpec
from simran.streams import Streams

__all__ = ["World", "agent_names", "build"]


def agent_names(scenario: Scenario) -> tuple[tuple[str, AgentGroup], ...]:
    """Return the name and the group of every agent, in the order of the scenario."""
    return tuple(
        (f"{group.name}/{number}", group)
        for group in scenario.groups.values()
        for number in range(group.count)
    )


@dataclass(frozen=True)
class World:
    """Everything that lives on the simulated clock.

    Parameters
    ----------
    clock : the simulated time
    names, groups : (K,) of every agent
    agents : (K,) entities
    cells, servers : entities by name
    directions : each direction of each transport link, by ``from>to``
    present : requests in the system by number
    number : gives each request its number
    endless : whether the run has no set duration, so that it ends when nothing can happen any more
    """

    clock: Clock
    names: tuple[str, ...]
    groups: tuple[AgentGroup, ...]
    agents: tuple[Agent, ...]
    cells: dict[str, Cell]
    servers: dict[str, Server]
    directions: dict[str, Direction]
    present: dict[int, Request]
    number: Iterator[int]
    endless: bool

    @property
    def finished(self) -> bool:
        """Whether the run is to end because no request is inside and none will come."""
        return self.endless and not self.present and all(it.exhausted for it in self.agents)

    def arrivals(self) -> int:
        """Return how many requests have arisen; to be asked once, at the end of the run."""
        return next(self.number)

    def wire(self, ended: Callable[[Request], None], paths: dict[tuple[str, str], Path]) -> None:
        """Join the entities; ``ended`` is called with every request that ends."""
        routes = [paths[group.cell, group.server] for group in self.groups]
        for path in paths.values():
            path.ended = ended
        for (_, server_name), path in paths.items():
            path.accept = self.servers[server_name].accept
        for name, cell in self.cells.items():
            own = [path for (of, _), path in paths.items() if of == name]
            if len(own) == 1:  # without a call to look it up
                cell.sent = own[0].forward
            else:
                cell.sent = lambda request: routes[request.agent].forward(request)
        for name, server in self.servers.items():
            own = [path for (_, of), path in paths.items() if of == name]
            if len(own) == 1:
                server.served = own[0].answer
            else:
                server.served = lambda request: routes[request.agent].answer(request)
        for agent, group in zip(self.agents, self.groups, strict=True):
            agent.ended = ended
            agent.send = self.cells[group.cell].send

    def close(self, now: float) -> None:
        """Settle every entity at the end of the run [s]."""
        self.clock.close(now)
        for agent in self.agents:
            agent.close(now)
        for cell in self.cells.values():
            cell.close(now)
        for server in self.servers.values():
            server.close(now)


def build(scenario: Scenario, streams: Streams, ended: Callable[[Request], None]) -> World:
    """Build the world of a scenario.

    Parameters
    ----------
    scenario : what to build
    streams : the random streams of this replication
    ended : called with every request that ends
    """
    clock = Clock()
    members = agent_names(scenario)
    present: dict[int, Request] = {}
    number = itertools.count()
    agents = tuple(
        Agent(
            clock,
            index,
            group.processor,
            _demand(scenario, name, group, streams),
            number.__next__,
            present,
        )
        for index, (name, group) in enumerate(members)
    )
    names = tuple(name for name, _ in members)
    groups = tuple(group for _, group in members)
    cells = {
        name: varying_cell(clock, cell, names, groups, streams)
        if _follows_rates(cell)
        else _cell(clock, cell, groups)
        for name, cell in scenario.cells.items()
    }
    directions = _directions(scenario)
    world = World(
        clock=clock,
        names=names,
        groups=groups,
        agents=agents,
        cells=cells,
        servers={name: _server(clock, it, groups) for name, it in scenario.servers.items()},
        directions=directions,
        present=present,
        number=number,
        endless=scenario.duration_s is None,
    )
    world.wire(ended, _paths(scenario, clock, directions, cells))
    return world


def _demand(scenario: Scenario, name: str, group: AgentGroup, streams: Streams) -> Demand:
    spec = group.arrivals
    sizes = _sizes(scenario.models[group.model].size, name, streams)
    if spec.process == "closed-loop":
        return Demand(iter([0.0]), sizes, spec.think_s)
    if spec.varying is not None:
        end_s = math.inf if scenario.duration_s is None else scenario.duration_s
        return Demand(varying_arrivals(spec, name, group.name, streams, end_s), sizes)
    return Demand(_arrivals(spec, name, streams), sizes)


def _arrivals(spec: Arrivals, name: str, streams: Streams) -> Iterator[float]:
    if spec.process == "trace":
        return iter(spec.trace_s)
    rng = streams.generator(name, "arrivals")
    return arrival_times(spec.process, spec.rate_hz, spec.cv, spec.phase_s, rng)


def _sizes(law: SizeLaw, name: str, streams: Streams) -> Iterator[tuple[float, float, float]]:
    def draws(station: str) -> Iterator[float]:
        return request_sizes(law.law, law.cv, law.trace, streams.generator(name, "size", station))

    if law.law == "constant":
        return itertools.repeat((1.0, 1.0, 1.0))
    if law.shared:
        return ((size, size, size) for size in draws("request"))
    return zip(draws("agent"), draws("uplink"), draws("server"), strict=False)


def _members(groups: tuple[AgentGroup, ...], kind: str, name: str) -> list[int]:
    return [index for index, group in enumerate(groups) if getattr(group, kind) == name]


def _follows_rates(spec: CellSpec) -> bool:
    """Tell whether flows of a cell go at rates that no design foresees: of the moment, or of a part of it."""
    parts = spec.sharing == "frequency" and spec.scheduler == "allocated"
    return parts or spec.varying is not None


def _cell(clock: Clock, spec: CellSpec, groups: tuple[AgentGroup, ...]) -> Cell:
    if spec.rate_bps == math.inf:
        return UnlimitedCell(clock, spec.name)
    members = _members(groups, "cell", spec.name)
    if spec.scheduler == "allocated" and members:
        return AllocatedCell(clock, spec.name, members, spec.rate_bps)
    if spec.sharing == "frequency":
        powers = {agent: groups[agent].transmit_w for agent in members}
        return EqualShareBandCell(clock, spec.name, spec.rate_bps, spec.bandwidth_hz, powers)
    return EqualShareCell(clock, spec.name, spec.rate_bps)


def _server(clock: Clock, spec: ServerSpec, groups: tuple[AgentGroup, ...]) -> Server:
    if spec.discipline == "ps":
        return ProcessorSharingServer(clock, spec.name, spec.processor, spec.workers)
    if spec.discipline == "edf":
        return EarliestDeadlineServer(clock, spec.name, spec.processor, spec.workers)
    members = _members(groups, "server", spec.name)
    if spec.discipline == "allocated" and members:
        kind = ClockPartitionServer if spec.partition == "clock" else SpacePartitionServer
        return kind(clock, spec.name, spec.processor, members)
    return FifoServer(clock, spec.name, spec.processor, spec.workers)


def _directions(scenario: Scenario) -> dict[str, Direction]:
    return {
        f"{here}>{there}": Direction(link.rate_bps, link.delay_s)
        for link in scenario.links
        for here, there in (link.ends, link.ends[::-1])
    }


def route(scenario: Scenario, cell: str, server: str) -> list[str]:
    """Return the nodes from a cell to a server: fewest hops, then least delay, then by name."""
    import networkx as nx

    graph = scenario.graph()
    options = nx.all_shortest_paths(graph, cell, server)

    def cost(nodes: list[str]) -> tuple[float, list[str]]:
        hops = itertools.pairwise(nodes)
        return sum(graph.edges[hop]["link"].delay_s for hop in hops), nodes

    return min(options, key=cost)


def _paths(
    scenario: Scenario,
    clock: Clock,
    directions: dict[str, Direction],
    cells: Mapping[str, Cell],
) -> dict[tuple[str, str], Path]:
    pairs = {(group.cell, group.server) for group in scenario.groups.values()}
    paths: dict[tuple[str, str], Path] = {}
    for cell, server in sorted(pairs):
        nodes = route(scenario, cell, server)
        out = [directions[f"{a}>{b}"] for a, b in itertools.pairwise(nodes)]
        back = [directions[f"{a}>{b}"] for a, b in itertools.pairwise(nodes[::-1])]
        entity = cells[cell]
        if isinstance(entity, VaryingCell):
            paths[cell, server] = VaryingPath(clock, out, back, entity.received_s)
        else:
            paths[cell, server] = Path(clock, out, back, scenario.cells[cell].rate_bps)
    return paths
