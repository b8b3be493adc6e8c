"""What an allocator is: options in, a problem in, a design out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from simran.allocation.options import read_flag
from simran.allocation.problem import Allocation, Problem
from simran.allocation.queues import plan_with_waits
from simran.allocation.reasons import reason
from simran.errors import InputError, UnknownNameError
from simran.registry import Registry

__all__ = ["ALLOCATORS", "Allocator", "Option"]


@dataclass(frozen=True, slots=True)
class Option:
    """One option of an allocator.

    Parameters
    ----------
    description : one line, with the unit
    default : the value if it is left out
    read : turns what the user wrote into the value; raises ValueError if it cannot
    """

    description: str
    default: Any
    read: Callable[[Any], Any]


_EVERY: Mapping[str, Option] = MappingProxyType(
    {
        "queue_aware": Option(
            "true or false: whether to plan with the waits that the load lets expect",
            False,
            read_flag,
        )
    }
)


class Allocator(ABC):
    """Decides cuts, bit-widths, clocks and shares from what the controller has observed.

    Parameters
    ----------
    options : values by name; what is left out takes its default
    rng : random generator, for allocators that draw

    Raises
    ------
    InputError
        if an option is unknown, with the nearest name, or its value is of no use
    """

    name: ClassVar[str]
    OPTIONS: ClassVar[Mapping[str, Option]] = MappingProxyType({})
    draws: ClassVar[bool] = False  # whether designs are random
    #: Whether it reads what requests have spent also where it decides for each request.
    watches: ClassVar[bool] = False

    def __init__(
        self, options: Mapping[str, Any] | None = None, rng: np.random.Generator | None = None
    ) -> None:
        given = dict(options or {})
        known = self.all_options()
        for key in given:
            if key not in known:
                raise UnknownNameError("option", key, known, f"allocator {self.name!r}")
        self.rng = rng
        self.options: dict[str, Any] = {
            key: _read(self.name, key, option, given.get(key, option.default))
            for key, option in known.items()
        }

    @classmethod
    def all_options(cls) -> dict[str, Option]:
        """Return its own options, and those that every allocator has."""
        return {**cls.OPTIONS, **_EVERY}

    def decide(self, problem: Problem) -> tuple[Problem, Allocation]:
        """Return what was asked in the end, and the answer; this is what runs and ``solve`` call.

        With ``queue_aware``, waits are planned with that the load of the designs lets expect.

        Parameters
        ----------
        problem : as observed
        """
        self.observe(problem)
        if getattr(self, "options", {}).get("queue_aware"):
            return plan_with_waits(self.allocate, problem)
        return problem, self.allocate(problem)

    def observe(self, problem: Problem) -> None:  # noqa: B027
        """Take note of what was observed, once before each decision.

        An allocator with a memory updates it here, so that ``allocate`` stays a function of the problem and
        that memory, however often it is called; this one remembers nothing.

        Parameters
        ----------
        problem : as observed; ``problem.state`` has what has happened since the last decision
        """

    @abstractmethod
    def allocate(self, problem: Problem) -> Allocation:
        """Return a design for every agent of ``problem``, which must not be changed."""

    def explain(self, problem: Problem, allocation: Allocation, agent: int) -> str:
        """Return a sentence on what stops a better design of an agent, or any at all.

        Parameters
        ----------
        problem, allocation : what this allocator was asked and answered
        agent : row of both
        """
        return reason(problem, allocation, agent)

    def remark(self, problem: Problem, allocation: Allocation) -> str:
        """Return what is to be known of the answer as a whole, such as how far it may be from the best.

        Nothing, unless an allocator says otherwise.

        Parameters
        ----------
        problem, allocation : what this allocator was asked and answered
        """
        return ""


def _read(allocator: str, key: str, option: Option, value: Any) -> Any:
    try:
        return option.read(value)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"option {key!r} of allocator {allocator!r}: {error}; expected {option.description}"
        ) from error


#: All allocators by name; third-party packages add theirs by entry point.
ALLOCATORS: Registry[Allocator] = Registry("allocator", "simran.allocators")
