"""Allocators of a user's own, most of them wrong: read as a file by the tests beside it."""

import time
from contextlib import suppress
from dataclasses import replace

import numpy as np

from simran.allocation import Allocation, Allocator, Problem, find_allocator


class TwoFewer(Allocator):
    """The exact design with two bits fewer, at the same clocks."""

    name = "two-fewer"

    def allocate(self, problem: Problem) -> Allocation:
        best = find_allocator("exact")().allocate(problem)
        bits = np.where(best.weight_bits > 2, best.weight_bits - 2, best.weight_bits)
        return replace(best, allocator=self.name, weight_bits=bits)


class _Wrong(Allocator):
    """Right the first time, wrong ever after."""

    def __init__(self, options=None, rng=None):
        super().__init__(options, rng)
        self.calls = 0

    def allocate(self, problem: Problem) -> Allocation:
        self.calls += 1
        best = find_allocator("exact")().allocate(problem)
        return best if self.calls == 1 else self.spoil(problem, best)


class Raises(_Wrong):
    """Raises what is no error of ours."""

    name = "raises"

    def spoil(self, problem, best):
        return {}["nothing here"]


class NotANumber(_Wrong):
    """Clocks that are no numbers."""

    name = "not-a-number"

    def spoil(self, problem, best):
        return replace(best, agent_frequency_hz=np.full(len(best.cut), np.nan))


class Greedy(_Wrong):
    """Gives each agent the whole cell."""

    name = "gives-too-much"

    def spoil(self, problem, best):
        return replace(best, bandwidth_share=np.ones(len(best.cut)))


class Starves(_Wrong):
    """Gives the first agent the whole cell, and so the others nothing."""

    name = "starves"

    def spoil(self, problem, best):
        share = np.full(len(best.cut), np.nan)
        share[0] = 1.0
        return replace(best, bandwidth_share=share)


class Texts(_Wrong):
    """Answers in words."""

    name = "texts"

    def spoil(self, problem, best):
        return replace(best, agent_frequency_hz=np.array(["fast"] * len(best.cut)))


class Nothing(_Wrong):
    """Forgets to answer."""

    name = "nothing"

    def spoil(self, problem, best):
        return None


class Meddles(_Wrong):
    """Writes into the problem."""

    name = "meddles"

    def spoil(self, problem, best):
        problem.tables[0].agent_flops[0] = 1.0
        return best


class Endless(_Wrong):
    """Never ends, and hears no reason."""

    name = "endless"

    def spoil(self, problem, best):
        while True:
            with suppress(Exception):
                sum(range(100))


class Mumbles(_Wrong):
    """Designs well and cannot say why."""

    name = "mumbles"

    def spoil(self, problem, best):
        return best

    def explain(self, problem, allocation, agent):
        raise RuntimeError("no words")


class Leaves(_Wrong):
    """Ends the program, or so it thinks."""

    name = "leaves"

    def spoil(self, problem, best):
        raise SystemExit(3)


class Speechless(_Wrong):
    """Raises what cannot be told."""

    name = "speechless"

    def spoil(self, problem, best):
        class UntellableError(Exception):
            def __str__(self):
                raise RuntimeError("no words")

        raise UntellableError


class Complex(_Wrong):
    """Clocks with an imaginary part."""

    name = "complex"

    def spoil(self, problem, best):
        return replace(best, agent_frequency_hz=best.agent_frequency_hz + 1j)


class Masks(_Wrong):
    """Bits behind a mask."""

    name = "masks"

    def spoil(self, problem, best):
        return replace(best, weight_bits=np.ma.masked_array(best.weight_bits, mask=True))


class Numbered(_Wrong):
    """Gives a number for a name."""

    name = "numbered"

    def spoil(self, problem, best):
        return replace(best, allocator=5)


class Forces(_Wrong):
    """Gives itself other budgets, with force."""

    name = "forces"

    def spoil(self, problem, best):
        problem.delay_budget_s.setflags(write=True)
        problem.delay_budget_s[:] = 1e-3
        return best


class Sleeps(_Wrong):
    """Waits for what does not come."""

    name = "sleeps"

    def spoil(self, problem, best):
        time.sleep(100.0)


class Reuses(_Wrong):
    """Fills the arrays of its last answer again, which are none of its business any more."""

    name = "reuses"

    def allocate(self, problem):
        self.calls += 1
        if self.calls == 1:
            self.kept = find_allocator("exact")().allocate(problem)
            return self.kept
        self.kept.weight_bits[:] = 1
        raise RuntimeError("after the deed")


class Rings(_Wrong):
    """Leaves numpy's errors fatal for all who come after."""

    name = "rings"

    def spoil(self, problem, best):
        np.seterr(all="raise")
        return best


class LeavesUnexplained(_Wrong):
    """Designs well and goes when asked why."""

    name = "leaves-unexplained"

    def spoil(self, problem, best):
        return best

    def explain(self, problem, allocation, agent):
        raise SystemExit(4)


class Ponders(LeavesUnexplained):
    """Designs well and never comes to say why."""

    name = "ponders"

    def explain(self, problem, allocation, agent):
        time.sleep(100.0)


class AlwaysRaises(Allocator):
    """Never has a design."""

    name = "always-raises"

    def allocate(self, problem: Problem) -> Allocation:
        raise RuntimeError("not today")


class CannotBeMade(Allocator):
    """Fails before it is asked."""

    name = "cannot-be-made"

    def __init__(self, options=None, rng=None):
        raise RuntimeError("no such luck")

    def allocate(self, problem: Problem) -> Allocation: ...


class Nameless(Allocator):
    """Has no name."""

    def allocate(self, problem: Problem) -> Allocation: ...


class NoMethod(Allocator):
    """Has no method."""

    name = "no-method"


class NoAllocator:
    """Is something else."""
