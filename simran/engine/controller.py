"""The controller: it looks at the world, asks the allocator, and puts its answer into force."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from simpy.events import Event

from simran.allocation import ALLOCATORS, Allocation, Allocator, Problem, refuse_impossible
from simran.engine.designs import designs, with_equal_shares
from simran.engine.observation import observe
from simran.engine.waits import ObservedWaits, waits_now
from simran.engine.world import World
from simran.errors import AllocationError, RunError
from simran.results.records import Design, Request
from simran.scenario import Scenario
from simran.streams import Streams

__all__ = ["Controller", "make_allocator"]

#: Takes the time [s], the agent, its design, and what says why there is no better one.
Log = Callable[[float, int, Design, Callable[[], str]], None]
#: An allocator, what it was asked and what it answered.
Answer = tuple[Allocator, Problem, Allocation]

_KEY = (
    "placement",
    "split",
    "weight_bits",
    "agent_frequency_hz",
    "server_frequency_hz",
    "bandwidth_share",
    "server_share",
    "feasible",
    "binding",
)


def make_allocator(scenario: Scenario, streams: Streams, *name: str) -> Allocator:
    """Return the scenario's allocator, with a random stream named after it and ``name``.

    Raises
    ------
    UnknownNameError, InputError
        for a name or an option that the allocator does not know
    """
    spec = scenario.allocator
    rng = streams.generator("allocator", spec.name, *name)
    return ALLOCATORS.load(spec.name)(spec.options, rng)


class Controller:
    """Decides once, periodically or for each request, as the scenario asks.

    An answer that is physically impossible is refused: it is counted, and the design before it
    stays in force. One over budget is legal.

    Parameters
    ----------
    scenario, world, streams : what to control
    log : called with time [s], agent, design and what explains it whenever an agent's design changes

    Attributes
    ----------
    decisions, refused : numbers of them
    refusals : why, the first few
    clock_faults : designs that came into force with a clock that the processor cannot take
    wall_s : wall-clock time spent in allocators [s]
    """

    def __init__(
        self,
        scenario: Scenario,
        world: World,
        streams: Streams,
        log: Log,
    ) -> None:
        self._spec = scenario.allocator
        self._world = world
        self._log = log
        self._streams = streams
        self._scenario = scenario
        self._problem = observe(scenario)
        self._allocator = make_allocator(scenario, streams)
        self._single: dict[int, tuple[Problem, Allocator]] = {}
        self._waits = ObservedWaits(world)
        self._keys: list[tuple[object, ...] | None] = [None] * len(world.agents)
        self._designs = 0
        self.decisions = self.refused = 0
        self.refusals: list[str] = []
        self.wall_s = 0.0
        self._largest_planned = 0.0
        self.clock_faults = 0

    @property
    def largest_share(self) -> float:
        """Largest sum of the shares of one cell or server that was in force, or in use.

        A refused agent takes no share, but what it has sent before still has its old one.
        """
        in_use = [cell.largest_share for cell in self._world.cells.values()]
        in_use += [server.largest_share for server in self._world.servers.values()]
        return max(self._largest_planned, *in_use)

    @property
    def shares_ok(self) -> bool:
        """Whether no cell or server ever gave away more than all of itself."""
        return self.largest_share <= 1.0 + 1e-9

    @property
    def observes(self) -> Callable[[Request], None] | None:
        """What wants to see every completed request, or None."""
        return self._waits.note if self._spec.every == "periodic" else None

    def start(self) -> None:
        """Decide before the first arrival, and arrange for the decisions to come."""
        world, spec = self._world, self._spec
        if spec.every == "per-request":
            for agent in world.agents:
                agent.decision_s = spec.decision_time_s
                agent.decide = self._decide_one
            return
        self._decide_all(self._problem)
        if spec.every == "periodic":
            world.clock.start(self._live())

    def _live(self) -> Generator[Event, None, None]:
        clock, period_s = self._world.clock, self._spec.period_s
        for tick in range(1, 2**62):
            yield clock.at(tick * period_s)
            if self._world.finished:
                clock.halted = True
                return
            agent, uplink, server = self._waits.means()
            self._decide_all(
                replace(
                    self._problem, agent_wait_s=agent, uplink_wait_s=uplink, server_wait_s=server
                )
            )

    def _decide_all(self, problem: Problem) -> None:
        everyone = range(len(problem.agents))
        asked = self._ask(problem, self._allocator)
        if asked is None:
            if self._keys[0] is None:
                raise self._no_design()
            return
        problem, allocation = asked
        made = designs(problem, allocation, self._designs, everyone)
        answer = self._allocator, problem, allocation
        self._designs += len({design.id for design in made.values()})
        delay_s = self._spec.decision_time_s
        if delay_s and self._keys[0] is not None:
            clock = self._world.clock
            clock.call_at(
                clock.now + delay_s, lambda event: self._adopt(*event._value), (made, answer)
            )
        else:
            self._adopt(made, answer)

    def _adopt(self, made: dict[int, Design], answer: Answer) -> None:
        world = self._world
        for agent, design in made.items():
            group = world.groups[agent]
            world.agents[agent].design = design
            if design.placement:
                world.cells[group.cell].adopt(agent, design)
                world.servers[group.server].adopt(agent, design)
            self._note(agent, design, answer, agent)
        self._count_shares()

    def _decide_one(self, agent: int, sizes: tuple[float, float, float]) -> Design:
        if agent not in self._single:
            name = self._world.names[agent]
            allocator = make_allocator(self._scenario, self._streams, name)
            self._single[agent] = self._problem.select_agents(np.array([agent])), allocator
        template, allocator = self._single[agent]
        waits = waits_now(self._world, agent)
        names = ("size", "uplink_size", "server_size", "agent_wait_s", "uplink_wait_s")
        values = dict(zip((*names, "server_wait_s"), (*sizes, *waits), strict=True))
        problem = replace(template, **{name: np.array([it]) for name, it in values.items()})  # type: ignore[arg-type]
        asked = self._ask(problem, allocator)
        if asked is None:
            if self._keys[agent] is None:
                raise self._no_design()
            return self._world.agents[agent].design
        problem, allocation = asked
        design = designs(problem, allocation, self._designs, (0,))[0]
        self._designs += 1
        self._world.agents[agent].design = design
        self._note(agent, design, (allocator, problem, allocation), 0)
        return design

    def _ask(self, problem: Problem, allocator: Allocator) -> tuple[Problem, Allocation] | None:
        began = time.perf_counter()
        problem, allocation = allocator.decide(problem)
        self.wall_s += time.perf_counter() - began
        self.decisions += 1
        try:
            if self._spec.every == "per-request":
                _refuse_shares(problem.agents, allocation)
            allocation = with_equal_shares(problem, allocation)
            refuse_impossible(problem, allocation)
        except AllocationError as error:
            self.refused += 1
            if len(self.refusals) < 10:
                self.refusals.append(f"at {self._world.clock.now:g} s: {error}")
            return None
        return problem, allocation

    def _note(self, agent: int, design: Design, answer: Answer, row: int) -> None:
        key = tuple(repr(getattr(design, name)) for name in _KEY)
        if key != self._keys[agent]:
            self._keys[agent] = key
            self._check_clocks(agent, design)
            allocator, problem, allocation = answer
            explain = partial(allocator.explain, problem, allocation, row)
            self._log(self._world.clock.now, agent, design, explain)

    def _check_clocks(self, agent: int, design: Design) -> None:
        group = self._world.groups[agent]
        server = self._world.servers[group.server].processor
        for processor, flops, clock_hz in (
            (group.processor, design.agent_flops, design.agent_frequency_hz),
            (server, design.server_flops, design.server_frequency_hz),
        ):
            self.clock_faults += bool(flops) and not processor.can_run_at(clock_hz)

    def _count_shares(self) -> None:
        """Add up what is in force now, independently of the check of each decision."""
        sums: dict[tuple[str, str], list[float]] = {}
        for agent, group in zip(self._world.agents, self._world.groups, strict=True):
            design = agent.design
            sums.setdefault(("cell", group.cell), []).append(design.bandwidth_share)
            sums.setdefault(("server", group.server), []).append(design.server_share)
        for shares in sums.values():
            total = math.fsum(share for share in shares if not math.isnan(share))
            self._largest_planned = max(self._largest_planned, total)

    def _no_design(self) -> RunError:
        why = self.refusals[-1] if self.refusals else "no design"
        return RunError(f"allocator {self._spec.name!r}: its first decision was refused: {why}")


def _refuse_shares(agents: Sequence[str], allocation: Allocation) -> None:
    given = ~np.isnan(allocation.bandwidth_share) | ~np.isnan(allocation.server_share)
    if given.any():
        raise AllocationError(
            f"agent {agents[0]!r}: a decision for one request cannot change shares;"
            " use a periodic decision"
        )
