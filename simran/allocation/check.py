"""The conformance check: what must hold for an allocator before it is trusted with a run."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from simran.allocation.base import Allocator
from simran.allocation.changes import changed
from simran.allocation.conformance import refuse_impossible
from simran.allocation.evaluate import evaluate
from simran.allocation.guard import AllocatorFault, ask, said
from simran.allocation.problem import Allocation, Problem
from simran.allocation.samples import sample_problem
from simran.errors import AllocationError, InputError

__all__ = ["Check", "check_allocator"]

_SEED = 20260213
_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Check:
    """One named check.

    Parameters
    ----------
    name : what must hold
    passed : whether it did
    detail : what was found where it did not
    """

    name: str
    passed: bool
    detail: str = ""


def check_allocator(cls: type[Allocator], options: Mapping[str, Any] | None = None) -> list[Check]:
    """Return the verdict of every check on an allocator.

    Parameters
    ----------
    cls : the class
    options : what to make it with

    Notes
    -----
    The problems have continuous and stepped clocks, distortions that fall and that stop to fall, both
    ways to select, agents with and without a feasible design, and with and without a quality floor. A
    claim of feasibility speaks of the budgets: who ignores the floors conforms, and runs and ``solve``
    report his designs below them as infeasible all the same. An allocator that draws at random
    (``draws``) is exempt from the check on the order of agents.
    """
    checks: list[tuple[str, Callable[[type[Allocator], Mapping[str, Any]], str]]] = [
        ("designs are physically possible", _possible),
        ("claims of feasibility hold", _feasible),
        ("same seed, same design", _deterministic),
        ("order of agents does not matter", _equivariant),
        ("the problem is left unchanged", _no_mutation),
        ("unknown options are refused", _refuses_options),
    ]
    verdicts = []
    for name, check in checks:
        try:
            detail = check(cls, options or {})
        except AllocatorFault as fault:
            detail = f"{fault.kind}: {fault}"
        except (Exception, SystemExit) as error:  # a broken allocator must not break the check
            detail = said(error)
        verdicts.append(Check(name, not detail, detail))
    return verdicts


def _problems() -> Iterator[Problem]:
    rng = np.random.default_rng(_SEED)
    yield sample_problem(rng)
    yield sample_problem(rng, stepped=True, select="min-delay")
    yield sample_problem(rng, floor=0.17, same_exponents=False)
    yield sample_problem(rng, 1, delay_budget_s=np.inf)
    yield sample_problem(rng, energy_budget_j=np.inf, headroom=0.2, select="min-delay")
    yield sample_problem(rng, floors=True)
    yield sample_problem(rng, stepped=True, floors=True, floor=0.17)


def _design(cls: type[Allocator], options: Mapping[str, Any], problem: Problem) -> Allocation:
    made = cls(options, np.random.default_rng(_SEED))
    return ask(made, problem, _LIMIT_S, read_only=False).allocation


def _possible(cls: type[Allocator], options: Mapping[str, Any]) -> str:
    for problem in _problems():
        try:
            refuse_impossible(problem, _design(cls, options, problem))
        except AllocationError as error:
            return str(error)
    return ""


def _feasible(cls: type[Allocator], options: Mapping[str, Any]) -> str:
    for problem in _problems():
        design = _design(cls, options, problem)
        cost = evaluate(problem, design)
        wrong = design.feasible & ~(cost.delay_ok & cost.energy_ok)
        if wrong.any():
            row = int(np.argmax(wrong))
            return (
                f"{problem.agents[row]}: claimed feasible, but {cost.delay_s[row]:g} s of "
                f"{problem.delay_budget_s[row]:g} s and {cost.energy_j[row]:g} J of "
                f"{problem.energy_budget_j[row]:g} J"
            )
    return ""


def _deterministic(cls: type[Allocator], options: Mapping[str, Any]) -> str:
    for problem in _problems():
        first, second = _design(cls, options, problem), _design(cls, options, problem)
        name = _difference(first, second)
        if name:
            return f"{name} differs between two calls with the same seed"
    return ""


def _equivariant(cls: type[Allocator], options: Mapping[str, Any]) -> str:
    if cls.draws:
        return ""
    for problem in _problems():
        order = np.random.default_rng(_SEED).permutation(len(problem.agents))
        turned = _design(cls, options, problem.select_agents(order))
        name = _difference(_turn(_design(cls, options, problem), order), turned)
        if name:
            return f"{name} changes when the agents are listed in another order"
    return ""


def _no_mutation(cls: type[Allocator], options: Mapping[str, Any]) -> str:
    for problem in _problems():
        before = copy.deepcopy(problem)
        _design(cls, options, problem)
        name = changed(before, problem)
        if name:
            return f"{name} was changed"
    return ""


def _refuses_options(cls: type[Allocator], options: Mapping[str, Any]) -> str:
    try:
        cls({**options, "no such option": 1})
    except InputError:
        return ""
    return "an unknown option was accepted"


def _turn(design: Allocation, order: np.ndarray[Any, np.dtype[np.int64]]) -> Allocation:
    values = {f.name: getattr(design, f.name) for f in fields(design)}
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            values[name] = value[order]
        elif isinstance(value, tuple) and value:
            values[name] = tuple(value[row] for row in order.tolist())
    return Allocation(**values)


def _difference(first: Allocation, second: Allocation) -> str:
    for name in (f.name for f in fields(Allocation)):
        one, other = getattr(first, name), getattr(second, name)
        if isinstance(one, np.ndarray):
            # vectorised arithmetic may differ in the last bits with the place in the array
            if not np.allclose(one, other, rtol=1e-12, atol=0.0, equal_nan=True):
                return name
        elif one != other:
            return name
    return ""
