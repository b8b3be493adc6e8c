"""Why there is no better design, or none at all: a sentence with the figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from simran.allocation.binding import fastest_hz, finer, floor_j, obstacle
from simran.allocation.candidates import Candidates, Restriction, candidates
from simran.allocation.designs import best, solve
from simran.allocation.evaluate import evaluate
from simran.allocation.problem import Allocation, Floats, Problem
from simran.allocation.stages import RELATIVE_TOLERANCE, Shares, waits
from simran.units import compared

__all__ = ["Restrict", "reason"]

Restrict = Callable[[Problem], Restriction]


@dataclass(frozen=True)
class _Candidate:
    """One bit-width under one cut of one agent.

    Parameters
    ----------
    given : the candidates of that agent alone
    cut, bit : columns of them
    """

    given: Candidates
    cut: int
    bit: int

    @property
    def bits(self) -> str:
        """The bit-width in words."""
        count = int(self.given.bits[self.bit])
        return f"{count} bit" if count == 1 else f"{count} bits"

    @property
    def runs_here(self) -> bool:
        """Whether anything runs on the agent, so that the bit-width means anything."""
        return bool(self.given.runs_here[self.cut])


def reason(
    problem: Problem, allocation: Allocation, agent: int, restrict: Restrict | None = None
) -> str:
    """Return what stops a better design of an agent, or why none meets its budgets.

    Where there is none, the sentence is about the fewest bits at full clocks under the cut with the
    least delay, as ``binding`` is; the term that alone exceeds a budget is named.

    Parameters
    ----------
    problem, allocation : what was asked and answered
    agent : row of both
    restrict : what the allocator keeps to; None for every allowed design

    Examples
    --------
    >>> from simran.allocation.exact import Exact
    >>> from simran.allocation.simple import single_agent
    >>> problem = single_agent(1024e9, 0.0, delay_budget_s=2.3, energy_budget_j=100.0)
    >>> reason(problem, Exact().allocate(problem), 0)
    '5 bits would take 2.5 s of 2.3 s even at full clocks'
    """
    alone = problem.select_agents(np.array([agent]))
    restriction = restrict(alone) if restrict else Restriction()
    given = _given(alone, allocation, agent, restriction)
    if not allocation.feasible[agent]:
        return _shortfall(given, restriction, allocation.allocator)
    missed = _missed(problem, allocation, agent)
    return missed or _next(given, allocation, agent)


def _given(
    alone: Problem, allocation: Allocation, agent: int, restriction: Restriction
) -> Candidates:
    """Return the candidates of one agent, under the shares that it has been given."""
    row = np.array([0])
    given = candidates(alone, row, restriction)
    shares = [
        np.where(share > 0, share, restriction.assumed_share)
        for share in (allocation.bandwidth_share[agent], allocation.server_share[agent])
    ]
    return given.with_shares(Shares(*shares))


def _shortfall(given: Candidates, restriction: Restriction, allocator: str) -> str:
    """Say why no candidate is feasible."""
    if best(given).found[0]:
        return f"{allocator} found no design that meets the budgets, although there is one"
    head = _headed(given, restriction, allocator)
    first = given.least_bit[0]
    usable = given.reachable[0]
    if not usable.any():
        return f"{head}: {_poor(given)}"
    tried = [_Candidate(given, it, int(first[it])) for it in range(len(given.cuts))]
    delay_s = np.array([sum(_seconds(it).values()) for it in tried])
    fits = given.fits[0, np.arange(len(first)), first] & usable
    timed = fits & np.isfinite(delay_s)
    where = ""
    if timed.any():
        cut = int(np.argmin(np.where(timed, delay_s, np.inf)))
        if len(given.cuts) > 1:
            where = f" at the fastest cut ({_named(given, cut)})"
        return f"{head}:{where} {_why(tried[cut], False)}{_fewest(tried[cut])}"
    if not fits.any():
        over = [max(_memory(it)[0]) if usable[it.cut] else np.inf for it in tried]
        cut = int(np.argmin(over))
        where = f" at the smallest cut ({_named(given, cut)})" if len(given.cuts) > 1 else ""
        return f"{head}:{where} {_memory(tried[cut])[1]}{_fewest(tried[cut])}"
    return f"{head}: no step of the server's clock is as low as its share asks for"


def _kept(restriction: Restriction) -> bool:
    """Say whether an allocator keeps to less than what the problem allows."""
    chosen = (restriction.placement, restriction.agent_hz, restriction.server_hz)
    return restriction.fixes_bits or any(it is not None for it in chosen)


def _headed(given: Candidates, restriction: Restriction, allocator: str) -> str:
    """Say that there is no design, and what it would have to meet."""
    asked = "budgets" if np.isneginf(_floor(given)) else "budgets and quality floor"
    subject = f"no design that {allocator} may choose" if _kept(restriction) else "no design"
    return f"{subject} meets its {asked}"


def _floor(given: Candidates) -> float:
    return float(given.problem.quality_floor[0])


def _poor(given: Candidates) -> str:
    """Say what the best quality is where none reaches the floor."""
    quality = np.where(
        given.runs_here[:, None] | (np.arange(len(given.bits)) == 0), given.quality, np.nan
    )
    floor = f"the quality floor of {_floor(given):g}"
    if np.isnan(quality).all():
        named = [_named(given, it) for it in range(len(given.cuts))]
        where = named[0] if len(named) == 1 else "any of its cuts"
        return f"no quality was measured at {where}, so {floor} cannot be met"
    cut, bit = np.unravel_index(int(np.nanargmax(quality)), quality.shape)
    it = _Candidate(given, int(cut), int(bit))
    at = f" with {it.bits}" if it.runs_here else ""
    where = f" ({_named(given, it.cut)})" if len(given.cuts) > 1 else ""
    best_, asked = compared(float(quality[cut, bit]), _floor(given), "")
    most = "" if given.restriction.fixes_bits else " at most"
    return f"the quality is {best_}{most}{at}{where}, below the floor of {asked}"


def _fewest(it: _Candidate) -> str:
    """Say so where fewer bits would not reach the floor."""
    if not it.bit or np.isneginf(_floor(it.given)):
        return ""
    return f"; {it.bits} are the fewest that reach the quality floor of {_floor(it.given):g}"


def _named(given: Candidates, cut: int) -> str:
    return given.table.described(int(given.cuts[cut]))


def _next(given: Candidates, allocation: Allocation, agent: int) -> str:
    """Say what stops the next larger bit-width that would distort less."""
    places = np.flatnonzero(given.cuts == allocation.cut[agent])
    known = np.flatnonzero(given.bits == allocation.weight_bits[agent])
    if not places.size or (given.runs_here[places[0]] and not known.size):
        return f"{allocation.allocator}: {allocation.binding[agent]}"
    cut = int(places[0])
    if not given.runs_here[cut]:
        return "nothing runs on the agent, so nothing is quantized"
    return _wider(given, cut, int(known[0]), allocation.allocator)


def _wider(given: Candidates, cut: int, bit: int, allocator: str) -> str:
    """Say what stops the next larger bit-width under a cut, if there is one."""
    row = given.objective[cut]
    if row[bit] <= 0:
        return "the weights are not quantized, so nothing is distorted"
    better = np.flatnonzero(row[bit + 1 :] < row[bit] * (1 - RELATIVE_TOLERANCE))
    if better.size:
        return _why(_Candidate(given, cut, bit + 1 + int(better[0])), True)
    kin = int(finer(given, np.array([cut]), np.array([bit]))[0])
    if kin >= 0:
        return f"{_named(given, kin)}: {_why(_Candidate(given, kin, bit), True)}"
    return _last(given, bit, allocator)


def _last(given: Candidates, bit: int, allocator: str) -> str:
    """Say why no other bit-width would distort less."""
    if given.bits[bit] == given.table.reference_bits:
        return "the weights are not quantized"
    if given.restriction.fixes_bits:
        return f"{allocator} fixes the bit-width"
    if bit == len(given.bits) - 1:
        return f"{given.bits[bit]} is the largest candidate bit-width"
    return "no larger bit-width distorts less"


def _why(it: _Candidate, would: bool) -> str:
    """Say what rules a candidate out; ``would`` speaks of the next larger bit-width."""
    given, rows = it.given, np.array([0])
    word = str(obstacle(given, rows, np.array([it.cut]), np.array([it.bit]))[0])
    if word == "memory":
        return _memory(it)[1]
    if word == "quality":
        return _below(it)
    late = _late(it, would)
    greedy = _greedy(it, would)
    if word == "delay":
        return late
    if word == "energy":
        return greedy
    both_fail = sum(_seconds(it).values()) > _planned_s(given)
    if not both_fail:
        return _torn(it, would)
    subject = late.partition(" take")[0]  # not said twice of one and the same
    return f"{late}, and {greedy.removeprefix(f'{subject} takes ').removeprefix(f'{subject} would take ')}"


def _below(it: _Candidate) -> str:
    """Say that the next larger bit-width would not reach the floor."""
    quality = float(it.given.quality[it.cut, it.bit])
    if np.isnan(quality):
        return f"no quality is known of {it.bits}"
    found, floor = compared(quality, _floor(it.given), "")
    return f"{it.bits} would have a quality of {found}, below the floor of {floor}"


def _seconds(it: _Candidate) -> dict[str, float]:
    """Return the terms of the delay at full clocks [s]."""
    given, cost = it.given, it.given.cost
    rows, cuts = np.array([[0]]), given.cuts[[it.cut]]
    waited = waits(given.problem, given.table, rows, cuts)
    what = "features" if it.runs_here else "input"
    cycles = _at(cost.agent_cycles_per_bit, it.cut) * int(given.bits[it.bit])
    there = _at(cost.server_cycles_in_slice, it.cut)
    full, server = float(fastest_hz(given.agent_box)[0]), float(fastest_hz(given.server_box)[0])
    return {
        "computing on the agent": cycles / full if cycles else 0.0,
        f"sending the {what}": _at(cost.uplink_s, it.cut),
        "the way from the cell to the server": _at(cost.backhaul_s, it.cut),
        "computing on the server": there / server if there else 0.0,
        "the way back to the cell": _at(cost.return_link_s, it.cut),
        "receiving the answer": _at(cost.downlink_s, it.cut),
        "waiting at the agent": float(waited[0].item()),
        "waiting for the cell": float(waited[1].item()),
        "waiting for the server": float(waited[2].item()),
        "the decision": float(given.problem.decision_s[0]),
    }


def _at(values: Floats, cut: int) -> float:
    """Return an entry of (1, C) or of what broadcasts to it."""
    row = np.ravel(values)
    return float(row[cut] if row.size > 1 else row[0])


def _planned_s(given: Candidates) -> float:
    budget_s = float(given.problem.delay_budget_s[0])
    return budget_s * (1.0 - given.problem.headroom) * (1.0 + RELATIVE_TOLERANCE)


def _late(it: _Candidate, would: bool) -> str:
    terms = _seconds(it)
    total_s, budget_s = sum(terms.values()), float(it.given.problem.delay_budget_s[0])
    planned_s = budget_s * (1.0 - it.given.problem.headroom)
    name, largest_s = max(terms.items(), key=lambda term: term[1])
    kept = f" ({compared(budget_s, planned_s, 's')[0]} less the headroom)"
    less = kept if it.given.problem.headroom else ""
    if largest_s > planned_s and not would:
        taken, planned = compared(largest_s, planned_s, "s")
        return f"{name} alone takes {taken} of {planned}{less}{_clocks(it, name)}"
    taken, planned = compared(total_s, planned_s, "s")
    even = "" if it.given.restriction.agent_hz is not None else " even at full clocks"
    if would:
        return f"{it.bits} would take {taken} of {planned}{less}{even}"
    part = compared(largest_s, planned_s, "s")[0]
    at = f" and {it.bits}" if it.runs_here and even else f" at {it.bits}" if it.runs_here else ""
    return f"it takes {taken} of {planned}{less}{even}{at}, {part} of it {name}"


def _clocks(it: _Candidate, name: str) -> str:
    if not name.startswith("computing"):
        return ""
    fixed = it.given.restriction.agent_hz is not None
    at = "the fixed clock" if fixed else "full clock"
    return f" at {at}" + (f" and {it.bits}" if name.endswith("agent") else "")


def _greedy(it: _Candidate, would: bool) -> str:
    given = it.given
    budget_j = float(given.problem.energy_budget_j[0])
    sent_j = _at(given.cost.transmit_j, it.cut)
    if sent_j >= budget_j:
        taken, budget = compared(sent_j, budget_j, "J")
        what = "features" if it.runs_here else "input"
        left = ", which leaves none to compute with" if sent_j == budget_j else ""
        return f"sending the {what} alone takes {taken} of {budget}{left}"
    cycles = np.array([_at(given.cost.agent_cycles_per_bit, it.cut) * int(given.bits[it.bit])])
    there = np.array([_at(given.cost.server_cycles, it.cut)])
    rows = np.array([0])
    here_j = float(floor_j(given.agent_box, rows, cycles)[0][0])
    there_j = float(floor_j(given.server_box, rows, there)[0][0])
    taken, budget = compared(sent_j + here_j + there_j, budget_j, "J")
    if would:
        return f"{it.bits} would take {taken} of {budget} even at the most frugal clocks"
    return f"it takes {taken} of {budget} even at the most frugal clocks"


def _torn(it: _Candidate, would: bool) -> str:
    """Say how much energy a candidate needs within the delay budget, where that is too much."""
    given = it.given
    frugal = replace(given, problem=replace(given.problem, select="min-energy"))
    part = frugal.part(np.array([0]), np.array([it.cut]))
    found = solve(part, np.array([[[it.bit]]]), any_energy=True, any_quality=True)
    planned_s = float(given.problem.delay_budget_s[0]) * (1.0 - given.problem.headroom)
    within = f"within {compared(planned_s, planned_s, 's')[0]}"
    budget_j = float(given.problem.energy_budget_j[0])
    if not found.feasible.any():
        return f"{it.bits}: either budget can be met {within}, but not both by one design"
    needed_j = float(np.min(np.where(found.feasible, found.rank, np.inf)))
    taken, budget = compared(needed_j, budget_j, "J")
    if needed_j <= budget_j:
        return f"{it.bits} would meet both budgets as well, but another design was chosen"
    return (
        f"{it.bits} would take {taken} of {budget} {within}"
        if would
        else f"it takes {taken} of {budget} {within}" + (f" at {it.bits}" if it.runs_here else "")
    )


def _memory(it: _Candidate) -> tuple[tuple[float, float], str]:
    """Return by what factor the weights exceed both memories, and the larger one in words."""
    given, row = it.given, int(it.given.cuts[it.cut])
    needs = (
        float(
            given.table.agent_weight_bytes_per_bit[row] * given.bits[it.bit]
            + given.table.agent_mask_bytes[row]
        ),
        float(given.table.server_weight_bytes[row])
        if given.table.placement[row] != "on-device"
        else 0.0,
    )
    rooms = (
        float(given.problem.agent_memory_bytes[0]),
        float(given.problem.server_memory_bytes[0]),
    )
    over = needs[0] / rooms[0], needs[1] / rooms[1]
    place = int(over[1] > over[0])
    taken, room = compared(needs[place], rooms[place], "B")
    owner = "agent" if place == 0 else "server"
    at = f" at {it.bits}" if place == 0 else ""
    return over, f"the weights take {taken} of the {owner}'s memory of {room}{at}"


def _missed(problem: Problem, allocation: Allocation, agent: int) -> str:
    """Say by how much a design misses a budget under the shares in force; empty if it does not."""
    plan = evaluate(problem, allocation)
    for ok, value, budget, unit in (
        (plan.delay_ok, plan.delay_s, problem.delay_budget_s, "s"),
        (plan.energy_ok, plan.energy_j, problem.energy_budget_j, "J"),
    ):
        if not ok[agent]:
            taken, allowed = compared(float(value[agent]), float(budget[agent]), unit)
            return f"under the shares in force the design takes {taken} of {allowed}"
    if not plan.quality_ok[agent]:
        floor, quality = float(problem.quality_floor[agent]), float(plan.quality[agent])
        if np.isnan(quality):
            return f"no quality is known of the design, which is to reach a floor of {floor:g}"
        found, asked = compared(quality, floor, "")
        return f"the quality of the design is {found}, below the floor of {asked}"
    return ""
