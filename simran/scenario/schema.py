"""The schema of the scenario language: frozen, inert, one class for each mapping of the file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from simran.scenario.fields import (
    Frequency,
    Joules,
    Memory,
    Name,
    Number,
    PositiveNumber,
    Power,
    Rate,
    Schema,
    Seconds,
    SecondsOrZero,
    Whole,
)
from simran.scenario.model_schema import ModelSpec
from simran.units import parse

__all__ = [
    "AgentsSpec",
    "ArrivalsSpec",
    "DeviceSpec",
    "ModeSpec",
    "ScenarioSpec",
]


class PowerSpec(Schema):
    """Power as a law of the clock."""

    dynamic: Any = Field(description="ψ in W/Hz^exponent; busy adds ψ f^exponent")
    exponent: PositiveNumber = 3.0
    static: Power = 0.0
    idle: Power = 0.0
    pue: PositiveNumber = 1.0


class StateSpec(Schema):
    """Power as measured at one clock."""

    frequency: Frequency
    busy: Power
    idle: Power = 0.0


class SwitchingSpec(Schema):
    """Cost of one change of clock."""

    delay: SecondsOrZero = 0.0
    energy: Joules = 0.0


def _frequencies(value: Any) -> Any:
    if value == "continuous":
        return None
    if isinstance(value, list) and value:
        steps = [parse(item, "frequency") for item in value]
        if any(step <= 0 for step in steps) or steps != sorted(set(steps)):
            raise ValueError("expected clocks above 0 in ascending order, each once")
        return tuple(steps)
    raise ValueError(f"expected 'continuous' or a list of clocks, found {value!r}")


class ModeSpec(Schema):
    """Keys of a device that hold while the mode of that name is in force."""

    description: str = ""
    f_max: Frequency | None = None
    flops_per_cycle: PositiveNumber | None = None
    memory: Memory | None = None
    power: PowerSpec | None = None
    pue: PositiveNumber | None = None
    frequencies: Annotated[tuple[float, ...] | None, BeforeValidator(_frequencies)] = None
    states: tuple[StateSpec, ...] | None = None
    switching: SwitchingSpec | None = None
    provenance: dict[str, Any] | None = None


class DeviceSpec(Schema):
    """A processor."""

    profile: Name | None = None
    description: str = ""
    f_max: Frequency | None = None
    flops_per_cycle: PositiveNumber
    memory: Memory | None = None
    power: PowerSpec | None = None
    pue: PositiveNumber | None = None
    frequencies: Annotated[tuple[float, ...] | None, BeforeValidator(_frequencies)] = None
    states: tuple[StateSpec, ...] | None = None
    switching: SwitchingSpec = SwitchingSpec()
    mode: Name | None = Field(default=None, description="which of the modes is in force")
    modes: dict[str, ModeSpec] | None = None
    provenance: dict[str, Any] | None = None


class ChannelSpec(Schema):
    """Rate of an agent with the whole cell."""

    rate: Rate


class CellSpec(Schema):
    """A radio cell."""

    channel: ChannelSpec
    uplink_scheduler: Literal["equal-share", "allocated"] = "equal-share"
    sharing: Literal["time"] = "time"


class ServerSpec(Schema):
    """An edge server."""

    device: Name
    discipline: Literal["fifo", "ps", "edf", "allocated"] = "fifo"
    workers: Whole = 1
    partition: Literal["space", "clock"] = "space"


class LinkSpec(Schema):
    """A transport link."""

    between: Annotated[tuple[Name, ...], Field(min_length=2, max_length=2)]
    rate: Rate = float("inf")
    delay: SecondsOrZero = 0.0


class NetworkSpec(Schema):
    """Cells, servers and the links between them."""

    cells: Annotated[dict[str, CellSpec], Field(min_length=1)]
    servers: Annotated[dict[str, ServerSpec], Field(min_length=1)]
    links: tuple[LinkSpec, ...] = ()


class ArrivalsSpec(Schema):
    """When requests arrive."""

    process: Literal["poisson", "periodic", "gamma", "trace", "closed-loop"] = "poisson"
    rate: Frequency | None = None
    cv: PositiveNumber | None = None
    phase: SecondsOrZero | None = None
    think: SecondsOrZero | None = None
    file: Name | None = None
    column: Name | None = None


class TransmitSpec(Schema):
    """What an agent draws while it sends."""

    power: Power = 0.0
    efficiency: PositiveNumber = 1.0
    circuit: Power = 0.0


def _budget(value: Any) -> float:
    number = parse(value, "energy")
    if number <= 0:
        raise ValueError(f"expected above 0, found {value!r}")
    return number


EnergyBudget = Annotated[float, BeforeValidator(_budget)]


class BudgetSpec(Schema):
    """Budgets of one request."""

    delay: Seconds | None = None
    energy: EnergyBudget | None = None


class AgentsSpec(Schema):
    """A group of like agents."""

    count: Whole = 1
    device: Name
    model: Name
    cell: Name | None = None
    server: Name | None = None
    weight: PositiveNumber = 1.0
    placement: Literal["co-inference", "on-device", "on-server", "auto"] = "co-inference"
    arrivals: ArrivalsSpec
    transmit: TransmitSpec | None = None
    budget: BudgetSpec = BudgetSpec()
    on_violation: Literal["degrade", "drop", "fallback-on-device"] = "degrade"


def _every(value: Any) -> Any:
    if value in {"once", "per-request"}:
        return value
    number = parse(value, "time")
    if number <= 0:
        raise ValueError(f"expected a time above 0, 'once' or 'per-request', found {value!r}")
    return number


class AllocatorPart(Schema):
    """Which allocator decides, and when."""

    name: Name = "exact"
    every: Annotated[str | float, BeforeValidator(_every)] = "once"
    headroom: Number = 0.0
    select: Literal["min-energy", "min-delay"] = "min-energy"
    decision_time: SecondsOrZero = 0.0
    options: dict[str, Any] = Field(default_factory=dict)


class OutputsSpec(Schema):
    """What a run writes."""

    requests: bool = True
    allocations: bool = True
    timeseries: SecondsOrZero = 0.0


class ScenarioSpec(Schema):
    """A whole scenario file."""

    simran: Literal[1]
    name: Name
    description: str = ""
    seed: Whole = 0
    duration: Seconds | None = None
    requests: Whole | None = None
    warmup: SecondsOrZero = 0.0
    models: Annotated[dict[str, ModelSpec], Field(min_length=1)]
    devices: Annotated[dict[str, DeviceSpec], Field(min_length=1)]
    network: NetworkSpec
    agents: Annotated[dict[str, AgentsSpec], Field(min_length=1)]
    allocator: AllocatorPart = AllocatorPart()
    outputs: OutputsSpec = OutputsSpec()
