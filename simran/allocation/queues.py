"""Waits that designs themselves bring about: from load to expected wait, and a fixed point of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simran.allocation.band_queue import BandQueue, band_queue
from simran.allocation.evaluate import Evaluation, evaluate
from simran.allocation.problem import Allocation, Bools, Floats, Ints, Problem

__all__ = ["LARGEST_LOAD", "Waits", "expected_waits", "offered_loads", "plan_with_waits"]

#: A station with a larger load is reckoned with this one, where its queue would not end.
LARGEST_LOAD = 0.95
_ROUNDS = 24
_KEPT = 0.01  # how far, relative, expected waits may exceed those that were planned with
_SPARE = 1e-3  # likewise, as a part of the delay budget


@dataclass(frozen=True)
class Waits:
    """(K,) mean waits at each agent, in its cell and at its server [s]."""

    agent: Floats
    uplink: Floats
    server: Floats

    @property
    def total(self) -> Floats:
        """Their sum [s]."""
        total: Floats = self.agent + self.uplink + self.server
        return total


def expected_waits(problem: Problem, allocation: Allocation) -> Waits:
    """Return the mean waits that follow from the load of an allocation.

    Arrivals count as Poisson, except at an agent's own processor, where they are its own: there the
    wait of M/G/1 times (c_a² + c_s²)/(1 + c_s²). A server that serves one by one (fifo, edf) is M/G/c, by
    Pollaczek and Khinchine where c = 1, else Erlang's C times (1 + c_s²)/2. What is shared
    among those present (ps, an equal-share cell) stretches every job alike: by 1/(1 − ρ) where c = 1.
    Allocated shares make a queue of its own for each agent. A load above 0.95 counts as 0.95, but in an
    equal-share cell of the band, which has a mean at any load (:mod:`simran.allocation.band_queue`).

    Parameters
    ----------
    problem, allocation : what was asked and answered
    """
    plan = evaluate(problem, _with_shares(problem, allocation))
    rate = np.where(allocation.cut >= 0, problem.arrival_rate_hz, 0.0)
    scv = problem.size_scv
    here, sent, there = (np.nan_to_num(it) for it in _services(plan))
    own = _one_by_one(rate, here, scv) * (problem.arrival_scv + scv) / (1 + scv)
    uplink, server = np.zeros(len(rate)), np.zeros(len(rate))
    for kinds, index, service, waits, workers in (
        (problem.cell_scheduler, problem.cell_index, sent, uplink, (1,) * len(problem.cell_agents)),
        (
            problem.server_discipline,
            problem.server_index,
            there,
            server,
            problem.server_workers,
        ),
    ):
        for station, rows in _stations(index):
            part = rate[rows], service[rows], scv[rows]
            waits[rows] = _wait(kinds[station], workers[station], *part)
    for rows, queue in _bands(problem, rate, sent):
        uplink[rows] = sent[rows] * (queue.stretch - 1.0)
    return Waits(own, uplink, server)


def offered_loads(problem: Problem, allocation: Allocation) -> Waits:
    """Return the load that an allocation offers to each agent, its cell and its server; 1 is all they can do.

    From 1 on a queue only grows, and what :func:`expected_waits` says of it is no mean. Of an equal-share
    cell of the band, where no queue only grows, it is the part of the time in use.

    Parameters
    ----------
    problem, allocation : what was asked and answered
    """
    plan = evaluate(problem, _with_shares(problem, allocation))
    rate = np.where(allocation.cut >= 0, problem.arrival_rate_hz, 0.0)
    here, sent, there = (rate * np.nan_to_num(it) for it in _services(plan))
    loads = []
    for kinds, index, work, workers in (
        (problem.cell_scheduler, problem.cell_index, sent, (1,) * len(problem.cell_agents)),
        (problem.server_discipline, problem.server_index, there, problem.server_workers),
    ):
        shared = np.bincount(index, weights=work)[index] / np.array(workers)[index]
        allocated = np.array([kind == "allocated" for kind in kinds])[index]
        loads.append(np.where(allocated, work, shared))
    for rows, queue in _bands(problem, rate, np.nan_to_num(plan.uplink_s)):
        loads[0][rows] = queue.in_use
    return Waits(here, loads[0], loads[1])


def _bands(problem: Problem, rate: Floats, sent: Floats) -> Iterator[tuple[Ints, BandQueue]]:
    """Yield the rows of each cell whose band is shared equally, and its queue."""
    efficiency = problem.rate_bps / problem.bandwidth_hz
    for station, rows in _stations(problem.cell_index):
        by_band = problem.cell_sharing[station] == "frequency"
        if by_band and problem.cell_scheduler[station] == "equal-share":
            yield rows, band_queue(rate[rows] * sent[rows], efficiency[rows])


def _services(plan: Evaluation) -> tuple[Floats, Floats, Floats]:
    return plan.agent_s, plan.uplink_s, plan.server_s


def _stations(index: Ints) -> Iterator[tuple[int, Ints]]:
    for station in np.unique(index).tolist():
        yield station, np.flatnonzero(index == station)


def _wait(kind: str, workers: int, rate: Floats, service: Floats, scv: Floats) -> Floats:
    """Return the wait of each agent at one station [s]."""
    if kind == "allocated":
        return _one_by_one(rate, service, scv)
    offered = float((rate * service).sum())
    if offered <= 0:
        return np.zeros(len(rate))
    load = min(offered / workers, LARGEST_LOAD)
    queued = _erlang_c(workers, load * workers) / (workers * (1 - load))
    if kind in {"ps", "equal-share"}:
        return service * queued
    mean = offered / float(rate.sum())
    second = float((rate * service**2 * (1 + scv)).sum()) / float(rate.sum())
    return np.where(service > 0, queued * second / (2 * mean), 0.0)


def _one_by_one(rate: Floats, service: Floats, scv: Floats) -> Floats:
    """Return the wait of M/G/1 for each agent by itself [s]."""
    load = np.minimum(rate * service, LARGEST_LOAD)
    wait: Floats = load * service * (1 + scv) / (2 * (1 - load))
    return wait


def _erlang_c(workers: int, offered: float) -> float:
    """Return the probability that a job of M/M/c has to wait; the load itself where c = 1."""
    blocked = 1.0
    for count in range(1, workers + 1):
        blocked = offered * blocked / (count + offered * blocked)
    return blocked / (1 - offered / workers * (1 - blocked))


def _with_shares(problem: Problem, allocation: Allocation) -> Allocation:
    """Fill in equal shares of what is allocated where an allocator left them open."""

    def filled(share: Floats, index: Ints, kinds: Sequence[str], members: Sequence[int]) -> Floats:
        allocated = np.array([kind == "allocated" for kind in kinds])[index]
        equal = 1.0 / np.array(members, dtype=float)[index]
        return np.where(np.isnan(share) & allocated, equal, share)

    return replace(
        allocation,
        bandwidth_share=filled(
            allocation.bandwidth_share,
            problem.cell_index,
            problem.cell_scheduler,
            problem.cell_agents,
        ),
        server_share=filled(
            allocation.server_share,
            problem.server_index,
            problem.server_discipline,
            problem.server_agents,
        ),
    )


def plan_with_waits(
    allocate: Callable[[Problem], Allocation], problem: Problem
) -> tuple[Problem, Allocation]:
    """Return a problem with expected waits, and designs for it that bring about no longer ones.

    Designs change the load, and so the waits that they were made for. Beginning with those observed, the
    waits planned with are moved half of the way to those expected, later a quarter, 24 times at
    most, and until both agree. Of all designs that keep their promise, that is, whose feasible agents
    expect waits no longer than planned to within 1 % and a thousandth of T0, the one with the most feasible
    agents counts, then the least Σ w D. If none does, it is the one that comes nearest. The same is tried
    with the fastest of equal designs, and counts where it is better: designs of least energy use a station
    as long as they may, and the queue behind them can cost more bits than the speed would.

    Parameters
    ----------
    allocate : what makes designs
    problem : as observed; observed waits stay the least that is planned with
    """
    merit, asked, answer = _settle(allocate, problem)
    if problem.select != "min-delay":
        other = _settle(allocate, replace(problem, select="min-delay"))
        if other[0] < merit:
            _, asked, answer = other
    return asked, answer


def _settle(
    allocate: Callable[[Problem], Allocation], problem: Problem
) -> tuple[tuple[float, ...], Problem, Allocation]:
    """Return the best of the designs tried, after its merit and what was asked."""
    observed = Waits(problem.agent_wait_s, problem.uplink_wait_s, problem.server_wait_s)
    planned = observed
    best: tuple[tuple[float, ...], Problem, Allocation] | None = None
    for number in range(_ROUNDS):
        asked = replace(
            problem,
            agent_wait_s=planned.agent,
            uplink_wait_s=planned.uplink,
            server_wait_s=planned.server,
        )
        answer = allocate(asked)
        expected = _at_least(observed, expected_waits(asked, answer))
        key = _merit(asked, answer, planned, expected)
        if best is None or key < best[0]:
            best = key, asked, answer
        if _agree(planned, expected, asked.delay_budget_s):
            break
        step = 0.5 if number < _ROUNDS // 3 else 0.25
        planned = _moved(planned, expected, step)
    assert best is not None  # there is at least one round
    return best


def _at_least(floor: Waits, waits: Waits) -> Waits:
    return Waits(
        np.maximum(floor.agent, waits.agent),
        np.maximum(floor.uplink, waits.uplink),
        np.maximum(floor.server, waits.server),
    )


def _moved(now: Waits, aim: Waits, step: float) -> Waits:
    return Waits(
        now.agent + step * (aim.agent - now.agent),
        now.uplink + step * (aim.uplink - now.uplink),
        now.server + step * (aim.server - now.server),
    )


def _excess(planned: Waits, expected: Waits, budget_s: Floats) -> Floats:
    """Return by how much expected waits exceed what is tolerated of planned ones [s]."""
    spare = np.where(np.isfinite(budget_s), _SPARE * budget_s, np.inf)
    excess: Floats = expected.total - planned.total * (1 + _KEPT) - spare
    return excess


def _agree(planned: Waits, expected: Waits, budget_s: Floats) -> bool:
    kept: Bools = (_excess(planned, expected, budget_s) <= 0) & (
        _excess(expected, planned, budget_s) <= 0
    )
    return bool(kept.all())


def _merit(
    asked: Problem, answer: Allocation, planned: Waits, expected: Waits
) -> tuple[float, ...]:
    """Return what orders designs, best first."""
    excess = _excess(planned, expected, asked.delay_budget_s)
    broken = float(np.maximum(excess, 0.0)[answer.feasible].sum())
    distortion = evaluate(asked, answer).distortion
    weighted = float(np.nansum((asked.weight * distortion)[answer.feasible]))
    return broken, -float(answer.feasible.sum()), weighted
