"""The controller: it looks at the world, asks the allocator, and puts its answer into force."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from simpy.events import Event

from simran.allocation import Allocation, Allocator, ControlState, Problem
from simran.allocation.guard import explained
from simran.engine.asking import Asking
from simran.engine.consulting import Consultation, make_allocator
from simran.engine.designs import designs
from simran.engine.in_force import InForce
from simran.engine.observation import observe
from simran.engine.reporter import Report, Reporter
from simran.engine.world import World
from simran.results.records import Design, Request
from simran.scenario import Scenario
from simran.streams import Streams

__all__ = ["Controller"]

#: Takes the time [s], the agent, its design, and what says why there is no better one.
Log = Callable[[float, int, Design, Callable[[], str]], None]
#: An allocator, what it was asked and what it answered; None where it failed.
Answer = tuple[Allocator | None, Problem, Allocation]

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


class Controller:
    """Decides once, periodically or for each request, as the scenario asks.

    A failure of the allocator, an answer that is physically impossible among them, is counted, and the
    design before it stays in force; failing the first, each agent's ``on_violation`` is. A design over
    budget is legal.

    Parameters
    ----------
    scenario, world, streams : what to control
    log : called with time [s], agent, design and what explains it whenever an agent's design changes
    asking : who is asked in the place of the scenario's allocator, with a pause before each decision

    Attributes
    ----------
    asked : what became of the decisions
    clock_faults : designs that came into force with a clock that the processor cannot take
    """

    def __init__(
        self,
        scenario: Scenario,
        world: World,
        streams: Streams,
        log: Log,
        asking: Asking | None = None,
    ) -> None:
        self._spec = scenario.allocator
        self._world = world
        self._log = log
        self._streams = streams
        self._scenario = scenario
        self._problem = observe(scenario)
        self._asking = asking
        self._allocator = asking.allocator if asking else make_allocator(scenario, streams)
        self._opening: Problem | None = None
        self._held: Problem | None = None
        self._single: dict[int, tuple[Problem, Allocator]] = {}
        self._reporter = Reporter(self._spec, world, streams)
        self._in_force = InForce(world, self._problem)
        self._decided_s = [math.nan] * len(world.agents)
        self._keys: list[tuple[object, ...] | None] = [None] * len(world.agents)
        self._designs = 0
        self._asked_last = self._newest = 0
        self.asked = Consultation(self._spec)
        self._largest_planned = 0.0
        self.clock_faults = 0

    @property
    def largest_share(self) -> float:
        """Largest sum of the shares of one cell or server that was in force, or in use."""
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
        if self._spec.every == "periodic":
            return self._reporter.note
        watching = self._spec.every == "per-request" and self._allocator.watches
        return self._reporter.add if watching else None

    def start(self) -> None:
        """Decide before the first arrival, and arrange for the decisions to come."""
        world, spec = self._world, self._spec
        if spec.every == "per-request":
            self._reporter.start()
            for agent in world.agents:
                agent.decision_s = 0.0 if spec.measured else spec.decision_time_s
                agent.decide = self._decide_one
                if self._asking:
                    agent.pause_with(self._hold)
            return
        self._decide_all(self.opening())
        if spec.every == "periodic":
            world.clock.start(self._live())

    def opening(self) -> Problem:
        """Return the problem of the first decision, which is made for all agents before any arrival."""
        if self._spec.every != "periodic":
            return self._problem
        if self._opening is None:
            self._reporter.start()
            self._opening = self._observed(self._reporter.arrived(0))
        return self._opening

    def closing(self) -> Problem | None:
        """Return what a decision at the end of a periodic run would rest on; None for another run."""
        if self._spec.every != "periodic":
            return None
        return self._observed(self._reporter.arrived(2**62))

    def _live(self) -> Generator[Event, None, None]:
        clock, period_s = self._world.clock, self._spec.period_s
        for tick in range(1, 2**62):
            yield clock.at(tick * period_s)
            if self._world.finished:
                clock.halted = True
                return
            problem = self._observed(self._reporter.arrived(tick))
            if self._asking:
                yield self._asking.pause(problem, None)
            self._decide_all(problem)

    def _hold(self, agent: int, sizes: tuple[float, float, float]) -> Event:
        self._held = self._observed_of(agent, self._single_of(agent)[0], sizes)
        return self._asking.pause(self._held, agent)  # type: ignore[union-attr]

    def _observed(self, report: Report | None) -> Problem:
        """Return the problem of all agents as the last report that has arrived has it."""
        everyone = slice(None)
        if report is None:
            return replace(self._problem, state=self._state(self._problem.state, None, everyone))
        agent, uplink, server = report.waits_s
        return replace(
            self._problem,
            rate_bps=report.rate_bps,
            agent_wait_s=agent,
            uplink_wait_s=uplink,
            server_wait_s=server,
            state=self._state(self._problem.state, report, everyone),
        )

    def _state(self, state: ControlState, report: Report | None, agents: slice) -> ControlState:
        """Return the state as reported, with what the controller itself has put into force."""
        now = self._world.clock.now
        count = len(state.cut)
        then_s = np.array(self._decided_s[agents])
        known: dict[str, Any] = {
            name: column[agents].copy() for name, column in self._in_force.columns.items()
        }
        known["elapsed_s"] = np.nan_to_num(now - then_s)
        self._decided_s[agents] = [now] * count
        age_s = math.inf if report is None else now - report.time_s
        known["report_age_s"] = np.full(count, age_s)
        if report is not None:
            stations = ("agent", "cell", "server")
            known |= {f"{it}_jobs": row for it, row in zip(stations, report.jobs, strict=True)}
            waiting = zip(stations, report.backlogs_s, strict=True)
            known |= {f"{it}_backlog_s": row for it, row in waiting}
            known |= {name: getattr(report, name) for name in ("completed", "spent_j", "delay_s")}
        return replace(state, **known)

    def _decide_all(self, problem: Problem) -> None:
        everyone = range(len(problem.agents))
        asked = self.asked.ask(self._allocator, problem, self._world.clock.now)
        if asked is None and self._keys[0] is not None:
            return
        problem, allocation = asked or self.asked.instead(self._allocator, problem)
        made = designs(problem, allocation, self._designs, everyone, self._problem.rate_bps)
        answer = self._allocator if asked else None, problem, allocation
        self._designs += len({design.id for design in made.values()})
        delay_s = self.asked.took_s if self._spec.measured else self._spec.decision_time_s
        self._asked_last += 1
        if delay_s and self._keys[0] is not None:
            clock = self._world.clock
            late = made, answer, self._asked_last
            clock.call_at(clock.now + delay_s, lambda event: self._adopt(*event._value), late)
        else:
            self._adopt(made, answer, self._asked_last)

    def _adopt(self, made: dict[int, Design], answer: Answer, number: int) -> None:
        """Put an answer into force, unless that of a later decision has come before it."""
        if number < self._newest:
            return
        self._newest = number
        world = self._world
        for agent, design in made.items():
            group = world.groups[agent]
            world.agents[agent].design = design
            world.cells[group.cell].adopt(agent, design)
            world.servers[group.server].adopt(agent, design)
            self._note(agent, design, answer, agent)
        self._in_force.adopt({agent: agent for agent in made}, answer[2])
        self._count_shares()

    def _decide_one(self, agent: int, sizes: tuple[float, float, float]) -> Design:
        template, allocator = self._single_of(agent)
        problem = self._held or self._observed_of(agent, template, sizes)
        self._held = None
        asked = self.asked.ask(allocator, problem, self._world.clock.now)
        if asked is None and self._keys[agent] is not None:
            return self._world.agents[agent].design
        problem, allocation = asked or self.asked.instead(allocator, problem)
        design = designs(problem, allocation, self._designs, (0,), template.rate_bps)[0]
        self._designs += 1
        if self._spec.measured:
            self._world.agents[agent].decision_s = self.asked.took_s
        self._in_force.adopt({agent: 0}, allocation)
        self._world.agents[agent].design = design
        self._note(agent, design, (allocator if asked else None, problem, allocation), 0)
        return design

    def _single_of(self, agent: int) -> tuple[Problem, Allocator]:
        """Return the problem of one agent alone, and who decides for it."""
        if agent not in self._single:
            name = self._world.names[agent]
            own = self._asking and self._asking.allocator
            allocator = own or make_allocator(self._scenario, self._streams, name)
            self._single[agent] = self._problem.select_agents(np.array([agent])), allocator
        return self._single[agent]

    def _observed_of(
        self, agent: int, template: Problem, sizes: tuple[float, float, float]
    ) -> Problem:
        """Return the problem of one agent's request, as the last report that has arrived has it."""
        report = self._reporter.arrived_of(agent)
        values: dict[str, Any] = {
            name: np.array([size])
            for name, size in zip(("size", "uplink_size", "server_size"), sizes, strict=True)
        }
        if report is not None:
            names = ("agent_wait_s", "uplink_wait_s", "server_wait_s")
            values |= dict(zip(names, report.waits_s, strict=True))
            values["rate_bps"] = report.rate_bps
        if self._spec.measured:
            values["decision_s"] = np.array([self._world.agents[agent].decision_s])
        mine = slice(agent, agent + 1)
        return replace(template, **values, state=self._state(template.state, report, mine))

    def _note(self, agent: int, design: Design, answer: Answer, row: int) -> None:
        key = tuple(repr(getattr(design, name)) for name in _KEY)
        if key != self._keys[agent]:
            self._keys[agent] = key
            self._check_clocks(agent, design)
            explain = partial(_explained, *answer, row, self._spec.time_limit_s)
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


def _explained(
    allocator: Allocator | None,
    problem: Problem,
    allocation: Allocation,
    row: int,
    limit_s: float,
) -> str:
    """Return what stops a better design, in the allocator's words."""
    if allocator is None:
        return "the allocator failed, and there was no design before"
    return explained(allocator, problem, allocation, row, limit_s)
