"""Designs to compare with: one thing fixed, the rest as good as it can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from simran.allocation.base import ALLOCATORS, Option
from simran.allocation.candidates import Candidates, Restriction
from simran.allocation.designs import Choice, best, pick, solve
from simran.allocation.options import read_frequency_hz, read_integer
from simran.allocation.per_agent import PerAgentAllocator
from simran.allocation.problem import Allocation, ClockSet, Floats, Problem
from simran.allocation.stages import RELATIVE_TOLERANCE, server_ceiling_hz
from simran.errors import InputError
from simran.streams import Streams

__all__ = [
    "FixedBits",
    "FixedFrequency",
    "FullPrecision",
    "MaxFrequency",
    "OnDevice",
    "OnServer",
    "RandomFeasible",
]


class _Best(PerAgentAllocator):
    """The best candidate under a restriction."""

    def choose(self, given: Candidates) -> Choice:
        """Return the best candidate of each agent."""
        return best(given)


@ALLOCATORS.register("fixed-bits")
class FixedBits(_Best):
    """The least energy within the delay budget at a given bit-width.

    Where that breaks the energy budget the design is kept and reported as infeasible; where even
    full clocks are too slow, full clocks.
    """

    name: ClassVar[str] = "fixed-bits"
    OPTIONS: ClassVar[Mapping[str, Option]] = {
        **PerAgentAllocator.OPTIONS,
        "bits": Option("bit-width, one of the model's candidates", 8, read_integer),
    }

    def restriction(self, problem: Problem) -> Restriction:
        """Return the restriction to one bit-width."""
        return replace(super().restriction(problem), weight_bits=self.options["bits"])


@ALLOCATORS.register("full-precision")
class FullPrecision(_Best):
    """Unquantized weights: the least energy within the delay budget at the reference bit-width."""

    name: ClassVar[str] = "full-precision"

    def restriction(self, problem: Problem) -> Restriction:
        """Return the restriction to unquantized weights."""
        return replace(super().restriction(problem), unquantized=True)


@ALLOCATORS.register("on-device")
class OnDevice(_Best):
    """The best design with the whole model on the agent, whatever the scenario's placement."""

    name: ClassVar[str] = "on-device"

    def restriction(self, problem: Problem) -> Restriction:
        """Return the restriction to on-device cuts."""
        return replace(super().restriction(problem), placement="on-device")


@ALLOCATORS.register("on-server")
class OnServer(_Best):
    """The best design with the whole model on the server, whatever the scenario's placement."""

    name: ClassVar[str] = "on-server"

    def restriction(self, problem: Problem) -> Restriction:
        """Return the restriction to on-server cuts."""
        return replace(super().restriction(problem), placement="on-server")


@ALLOCATORS.register("fixed-frequency")
class FixedFrequency(_Best):
    """Given clocks, then the least distortion that meets both budgets with them.

    A clock that is left out is half the highest, or the highest step that is no faster, or the
    lowest step. Where nothing is feasible, degraded designs keep these clocks.
    """

    name: ClassVar[str] = "fixed-frequency"
    OPTIONS: ClassVar[Mapping[str, Option]] = {
        **PerAgentAllocator.OPTIONS,
        "agent_frequency": Option("agent clock, such as 1.5 GHz", None, read_frequency_hz),
        "server_frequency": Option("server clock, such as 5 GHz", None, read_frequency_hz),
    }

    def restriction(self, problem: Problem) -> Restriction:
        """Return the restriction to the clocks of the options."""
        agent, server = self.options["agent_frequency"], self.options["server_frequency"]
        return replace(
            super().restriction(problem),
            agent_hz=_wanted_hz(problem, False, agent),
            server_hz=_wanted_hz(problem, True, server),
        )


@ALLOCATORS.register("max-frequency")
class MaxFrequency(_Best):
    """Full clocks, then the least distortion that meets both budgets with them."""

    name: ClassVar[str] = "max-frequency"

    def restriction(self, problem: Problem) -> Restriction:
        """Return the restriction to the highest clocks."""
        return replace(
            super().restriction(problem),
            agent_hz=_highest_hz(problem.agent_clock, problem.agent_clock.f_max_hz),
            server_hz=_highest_hz(problem.server_clock, server_ceiling_hz(problem, 1.0)),
        )


@ALLOCATORS.register("random")
class RandomFeasible(PerAgentAllocator):
    """A cut and a bit-width drawn uniformly from the feasible pairs, with the best clocks for it.

    Each agent has a stream of its own, named after it, of which one number is drawn per decision,
    whatever the outcome: agents do not disturb one another's draws.
    """

    name: ClassVar[str] = "random"
    draws: ClassVar[bool] = True

    def __init__(
        self, options: Mapping[str, Any] | None = None, rng: np.random.Generator | None = None
    ) -> None:
        super().__init__(options, rng)
        self._streams = Streams(int(rng.integers(2**62))) if rng is not None else None
        self._own: dict[str, np.random.Generator] = {}

    def allocate(self, problem: Problem) -> Allocation:
        """Return a random feasible design for every agent.

        Raises
        ------
        ValueError
            if the allocator was made without a generator
        """
        if self._streams is None:
            raise ValueError("rng must be a numpy Generator for allocator 'random', got None")
        for name in problem.agents:
            if name not in self._own:
                self._own[name] = self._streams.generator(name)
        self._draws = np.array([self._own[name].random() for name in problem.agents])
        return super().allocate(problem)

    def choose(self, given: Candidates) -> Choice:
        """Return a random feasible pair of cut and bit-width, with the best clocks."""
        designs = solve(given)
        n, n_cuts, n_bits, *_ = designs.feasible.shape
        per_pair = designs.feasible.reshape(n * n_cuts * n_bits, -1)
        f, g = designs.agent_hz.reshape(per_pair.shape), designs.server_hz.reshape(per_pair.shape)
        rank = designs.rank.reshape(per_pair.shape)
        usable, step = pick(per_pair, ((rank, RELATIVE_TOLERANCE), (f, 0.0), (g, 0.0)))
        usable = usable.reshape(n, -1)
        count = usable.sum(axis=1)
        wanted = np.floor(self._draws[given.agents] * count)
        pair = np.argmax(np.cumsum(usable, axis=1) > wanted[:, None], axis=1)
        row = np.arange(n) * n_cuts * n_bits + pair
        at = (row, step[row])
        return Choice(count > 0, pair // n_bits, pair % n_bits, f[at], g[at])


def _highest_hz(clock: ClockSet, ceiling_hz: Floats) -> Floats:
    """Return (K,) the highest clock up to a ceiling, or the lowest step [Hz]."""
    if not clock.table_hz.shape[1]:
        return ceiling_hz
    steps = clock.table_hz
    low = np.fmin.reduce(steps, axis=1)
    below = np.where(steps <= (ceiling_hz * (1 + RELATIVE_TOLERANCE))[:, None], steps, np.nan)
    found: Floats = np.fmax(np.fmax.reduce(below, axis=1), low)
    return np.where(np.isnan(low), ceiling_hz, found)


def _wanted_hz(problem: Problem, of_server: bool, wanted_hz: float | None) -> Floats:
    clock = problem.server_clock if of_server else problem.agent_clock
    if wanted_hz is None:
        half = clock.f_max_hz / 2
        ceiling = np.minimum(half, server_ceiling_hz(problem, 1.0)) if of_server else half
        return _highest_hz(clock, ceiling)
    steps = clock.table_hz
    near = np.isclose(steps, wanted_hz, rtol=RELATIVE_TOLERANCE, atol=0.0)
    stepped = np.logical_or.reduce(np.isfinite(steps), axis=1)
    wrong = wanted_hz > clock.f_max_hz * (1 + RELATIVE_TOLERANCE)
    wrong |= stepped & ~np.logical_or.reduce(near, axis=1)
    if wrong.any():
        agent, side = problem.agents[int(np.argmax(wrong))], "server" if of_server else "agent"
        raise InputError(f"option '{side}_frequency': {agent!r} cannot have {wanted_hz:g} Hz")
    return np.full(len(problem.agents), wanted_hz)
