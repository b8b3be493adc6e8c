"""The schema of rates that vary, of channels and of arrivals."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from simran.scenario.fields import Arrival, Flag, Name, Quantity, Rate, Schema, SecondsOrZero
from simran.scenario.varying import RateStates, RateSteps, Varying

__all__ = ["ArrivalRate", "ChannelSpec", "DemandState", "Dwells", "ScheduleSpec", "states_of"]

#: Shorter ones would come to nothing beside the time of a long run.
Dwell = Annotated[float, BeforeValidator(Quantity("time", least=1e-6, example="5 s"))]
Bitrate = Annotated[float, BeforeValidator(Quantity("rate", above=0.0))]
ArrivalOrZero = Annotated[
    float, BeforeValidator(Quantity("frequency", least=0.0, example="0.05 Hz"))
]
Dwells = Literal["exponential", "constant"]


class ChannelState(Schema):
    """One state of a channel."""

    rate: Bitrate
    dwell: Dwell


class RateTraceSpec(Schema):
    """A course of rates in a CSV file."""

    file: Name
    time: Name
    rate: Name
    period: Dwell | None = None


class ChannelSpec(Schema):
    """Rate of an agent with the whole cell: one for ever, or states, or a trace."""

    rate: Rate | None = None
    states: Annotated[tuple[ChannelState, ...], Field(min_length=1)] | None = None
    dwells: Dwells = "exponential"
    shared: Flag = False
    trace: RateTraceSpec | None = None

    @property
    def unlimited(self) -> bool:
        """Whether sending takes no time and no energy."""
        return self.rate == float("inf")


class DemandState(Schema):
    """One state of a Markov-modulated Poisson process."""

    rate: ArrivalOrZero
    dwell: Dwell


class ScheduleStep(Schema):
    """One step of a schedule."""

    at: SecondsOrZero
    rate: ArrivalOrZero


class ScheduleSpec(Schema):
    """A rate of arrivals that follows a schedule."""

    schedule: Annotated[tuple[ScheduleStep, ...], Field(min_length=1)]
    period: Dwell | None = None

    @property
    def course(self) -> RateSteps:
        """The schedule as the run reads it."""
        return RateSteps(
            tuple(step.at for step in self.schedule),
            tuple(step.rate for step in self.schedule),
            float("inf") if self.period is None else self.period,
        )


def _kind(value: Any) -> str:
    return "a schedule" if isinstance(value, (dict, ScheduleSpec)) else "a constant"


#: A frequency, or a schedule of frequencies.
ArrivalRate = Annotated[
    Annotated[ScheduleSpec, Tag("a schedule")] | Annotated[Arrival, Tag("a constant")],
    Discriminator(_kind),
]


def states_of(
    states: tuple[ChannelState, ...] | tuple[DemandState, ...], dwells: str, shared: bool
) -> Varying:
    """Return states as the run reads them."""
    rates, stays = tuple(it.rate for it in states), tuple(it.dwell for it in states)
    return RateStates(rates, stays, dwells == "constant", shared)
