"""A world in a few lines: one design, hand-made arrivals, and the log of what happened."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

from simran.compute import PowerLaw, Processor
from simran.entities import (
    Agent,
    Cell,
    Clock,
    Demand,
    Direction,
    FifoServer,
    Path,
    Server,
    UnlimitedCell,
)
from simran.results.records import Design, Request

#: A processor on which one FLOP takes one second at full clock and one joule.
UNIT = Processor(f_max_hz=1.0, flops_per_cycle=1.0, power=PowerLaw(1.0))

PLAN = Design(
    id=0,
    allocator="test",
    split="head",
    placement="co-inference",
    feasible=True,
    binding="bits",
    fallback="",
    weight_bits=8,
    pruning_ratio=0.0,
    feature_bits=16.0,
    agent_frequency_hz=1.0,
    server_frequency_hz=1.0,
    bandwidth_share=math.nan,
    server_share=math.nan,
    agent_flops=1.0,
    server_flops=1.0,
    uplink_bits=1.0,
    downlink_bits=0.0,
    agent_s=1.0,
    uplink_s=1.0,
    backhaul_s=0.0,
    server_s=1.0,
    downlink_s=0.0,
    agent_wait_s=0.0,
    uplink_wait_s=0.0,
    server_wait_s=0.0,
    agent_j=1.0,
    transmit_j=1.0,
    server_j=1.0,
    distortion=0.1,
    distortion_lower=0.05,
    distortion_upper=0.2,
    quality=math.nan,
    delay_budget_s=100.0,
    energy_budget_j=100.0,
    plan_ok=True,
    agent_unit_s=1.0,
    uplink_unit_s=1.0,
    server_unit_s=1.0,
    agent_unit_j=1.0,
    transmit_unit_j=1.0,
    server_unit_j=1.0,
)


def on_server(frequency_hz: float = 1.0, **changes: object) -> Design:
    """Return a design whose only work is one FLOP on a unit server at that clock."""
    return replace(
        PLAN,
        placement="on-server",
        split="",
        agent_flops=0.0,
        uplink_bits=0.0,
        server_frequency_hz=frequency_hz,
        server_unit_s=1.0 / frequency_hz,
        server_unit_j=frequency_hz**2,
        **changes,  # type: ignore[arg-type]
    )


class Tiny:
    """A few agents, one cell, at most one link, one server; everything that ended, in order."""

    def __init__(
        self,
        arrivals: Sequence[Sequence[float]],
        sizes: Sequence[Sequence[float]] | None = None,
        design: Design | Sequence[Design] = PLAN,
        cell: type[Cell] | None = None,
        server: Server | None = None,
        clock: Clock | None = None,
        processor: Processor = UNIT,
        link: tuple[float, float] | None = None,
        downlink_bps: float = math.inf,
        think_s: float | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.log: list[Request] = []
        self.present: dict[int, Request] = {}
        number = itertools.count().__next__
        sizes = sizes or [[1.0] * 1000 for _ in arrivals]
        self.agents = [
            Agent(
                self.clock,
                index,
                processor,
                Demand(iter(times), iter([(x, x, x) for x in factors]), think_s),
                number,
                self.present,
            )
            for index, (times, factors) in enumerate(zip(arrivals, sizes, strict=True))
        ]
        self.cell = (cell or UnlimitedCell)(self.clock, "cell")
        self.server = server or FifoServer(self.clock, "server", UNIT)
        out = [Direction(*link)] if link else []
        back = [Direction(*link)] if link else []
        self.path = Path(self.clock, out, back, downlink_bps)
        self.cell.sent = self.path.forward
        self.path.accept = self.server.accept
        self.server.served = self.path.answer
        self.path.ended = self._ended
        designs = [design] * len(arrivals) if isinstance(design, Design) else design
        for agent, own in zip(self.agents, designs, strict=True):
            agent.design = own
            agent.send = self.cell.send
            agent.ended = self._ended

    def _ended(self, request: Request) -> None:
        request.finish = request.end = self.clock.now
        del self.present[request.id]
        self.log.append(request)
        self.agents[request.agent].answered(request.status)

    def run(self, until_s: float = 1e9) -> list[Request]:
        """Run to the end and settle what is unfinished."""
        while self.clock.advance(until_s, 1000):
            pass
        self.clock.close(until_s)
        for agent in self.agents:
            agent.close(until_s)
        self.cell.close(until_s)
        self.server.close(until_s)
        return self.log
