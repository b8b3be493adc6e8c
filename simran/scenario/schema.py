"""The schema of the scenario language: frozen, inert, one class for each mapping of the file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from simran.errors import shown
from simran.scenario.fields import (
    Bandwidth,
    Count,
    Efficiency,
    Energy,
    Exponent,
    Flag,
    Frequency,
    Joules,
    Memory,
    Name,
    Number,
    NumberOrZero,
    Overhead,
    PositiveNumber,
    Power,
    Quantity,
    RadioPower,
    Rate,
    Schema,
    Seconds,
    SecondsOrZero,
    Share,
    Text,
    Variation,
    Whole,
)
from simran.scenario.model_schema import ModelSpec
from simran.scenario.varying_schema import ArrivalRate, ChannelSpec, DemandState, Dwells
from simran.units import parse_power_law

__all__ = [
    "AgentsSpec",
    "AllocatorPart",
    "ArrivalsSpec",
    "CellSpec",
    "DeviceSpec",
    "LengthSpec",
    "LinkSpec",
    "ModeSpec",
    "ScenarioSpec",
    "ServerSpec",
]


class PowerSpec(Schema):
    """Power as a law of the clock."""

    exponent: Exponent = 3.0
    dynamic: float = Field(description="ψ in W/Hz^exponent; busy adds ψ f^exponent")
    static: Power = 0.0
    idle: Power = 0.0
    pue: Overhead = 1.0

    @field_validator("dynamic", mode="before")
    @classmethod
    def _dynamic(cls, value: Any, info: ValidationInfo) -> float:
        exponent = info.data.get("exponent")
        if exponent is None:  # wrong itself, so there is nothing to compare a unit with
            return 0.0
        number = parse_power_law(value, exponent)
        if number < 0.0:
            raise ValueError(f"expected at least 0, found {shown(value)}")
        return number


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
        steps = [Quantity("frequency", above=0.0)(item) for item in value]
        if steps != sorted(set(steps)):
            raise ValueError("expected clocks in ascending order, each once")
        return tuple(steps)
    raise ValueError(f"expected 'continuous' or a list of clocks, found {shown(value)}")


class PowerPart(Schema):
    """Keys of a power law that a mode replaces; the law is checked as a whole when in force."""

    exponent: Exponent | None = None
    dynamic: Any = None
    static: Power | None = None
    idle: Power | None = None
    pue: Overhead | None = None


class ModeSpec(Schema):
    """Keys of a device that hold while the mode of that name is in force."""

    description: Text = ""
    f_max: Frequency | None = None
    flops_per_cycle: PositiveNumber | None = None
    memory: Memory | None = None
    memory_bandwidth: Bandwidth | None = None
    power: PowerPart | None = None
    pue: Overhead | None = None
    frequencies: Annotated[tuple[float, ...] | None, BeforeValidator(_frequencies)] = None
    states: Annotated[tuple[StateSpec, ...], Field(min_length=1)] | None = None
    switching: SwitchingSpec | None = None
    provenance: dict[str, Any] | None = None


class DeviceSpec(Schema):
    """A processor."""

    profile: Name | None = None
    description: Text = ""
    f_max: Frequency | None = None
    flops_per_cycle: PositiveNumber
    memory: Memory | None = None
    memory_bandwidth: Bandwidth | None = None
    power: PowerSpec | None = None
    pue: Overhead | None = None
    frequencies: Annotated[tuple[float, ...] | None, BeforeValidator(_frequencies)] = None
    states: Annotated[tuple[StateSpec, ...], Field(min_length=1)] | None = None
    switching: SwitchingSpec = SwitchingSpec()
    mode: Name | None = Field(default=None, description="which of the modes is in force")
    modes: dict[Name, ModeSpec] | None = None
    provenance: dict[str, Any] | None = None


class CellSpec(Schema):
    """A radio cell."""

    channel: ChannelSpec
    uplink_scheduler: Literal["equal-share", "allocated"] = "equal-share"
    sharing: Literal["time", "frequency"] = "time"
    bandwidth: Frequency | None = None


class ServerSpec(Schema):
    """An edge server."""

    device: Name
    discipline: Literal["fifo", "ps", "edf", "allocated"] = "fifo"
    workers: Count = 1
    partition: Literal["space", "clock"] = "space"


class LinkSpec(Schema):
    """A transport link."""

    between: Annotated[tuple[Name, ...], Field(min_length=2, max_length=2)]
    rate: Rate = float("inf")
    delay: SecondsOrZero = 0.0


class NetworkSpec(Schema):
    """Cells, servers and the links between them."""

    cells: Annotated[dict[Name, CellSpec], Field(min_length=1)]
    servers: Annotated[dict[Name, ServerSpec], Field(min_length=1)]
    links: tuple[LinkSpec, ...] = ()


class ArrivalsSpec(Schema):
    """When requests arrive."""

    process: Literal["poisson", "periodic", "gamma", "trace", "closed-loop"] = "poisson"
    rate: ArrivalRate | None = None
    states: Annotated[tuple[DemandState, ...], Field(min_length=1)] | None = None
    dwells: Dwells = "exponential"
    shared: Flag = False
    cv: Variation | None = None
    phase: SecondsOrZero | None = None
    think: SecondsOrZero | None = None
    file: Name | None = None
    column: Name | None = None


class TransmitSpec(Schema):
    """What an agent draws while it sends."""

    power: RadioPower = 0.0
    efficiency: Efficiency = 1.0
    circuit: Power = 0.0


class BudgetSpec(Schema):
    """Budgets of one request."""

    delay: Seconds | None = None
    energy: Energy | None = None


class AgentsSpec(Schema):
    """A group of like agents."""

    count: Count = 1
    device: Name
    model: Name
    cell: Name | None = None
    server: Name | None = None
    weight: PositiveNumber = 1.0
    placement: Literal["co-inference", "on-device", "on-server", "auto"] = "co-inference"
    arrivals: ArrivalsSpec
    transmit: TransmitSpec | None = None
    budget: BudgetSpec = BudgetSpec()
    quality_floor: Number | None = None
    on_violation: Literal["degrade", "drop", "fallback-on-device"] = "degrade"


def _every(value: Any) -> Any:
    if isinstance(value, str) and value in {"once", "per-request"}:
        return value
    try:
        return Quantity("time", above=0.0)(value)
    except ValueError as error:
        wanted = "'once', 'per-request' or a time above 0 such as '1 s'"
        raise ValueError(f"expected {wanted}, found {shown(value)}") from error


class ObservationSpec(Schema):
    """What stands between the truth and the controller."""

    delay: SecondsOrZero = 0.0
    noise: NumberOrZero = 0.0


def _decision_time(value: Any) -> Any:
    if value == "measured":
        return value
    try:
        return Quantity("time", least=0.0)(value)
    except ValueError as error:
        raise ValueError(f"{error}; or 'measured'") from error


class AllocatorPart(Schema):
    """Which allocator decides, and when."""

    name: Name = "exact"
    every: Annotated[str | float, BeforeValidator(_every)] = "once"
    headroom: Share = 0.0
    select: Literal["min-energy", "min-delay"] = "min-energy"
    decision_time: Annotated[str | float, BeforeValidator(_decision_time)] = 0.0
    observation: ObservationSpec = ObservationSpec()
    time_limit: Seconds = 60.0
    options: dict[Name, Any] = Field(default_factory=dict)


class OutputsSpec(Schema):
    """What a run writes."""

    requests: Flag = True
    allocations: Flag = True
    timeseries: SecondsOrZero = 0.0


def _version(value: Any) -> int:
    if isinstance(value, bool) or value != 1:
        raise ValueError(f"expected 1, the language that this version reads, found {shown(value)}")
    return 1


class LengthSpec(Schema):
    """How long a run is."""

    duration: Seconds | None = None
    requests: Count | None = None
    warmup: SecondsOrZero = 0.0


class ScenarioSpec(LengthSpec):
    """A whole scenario file."""

    simran: Annotated[int, BeforeValidator(_version)]
    name: Name
    description: Text = ""
    seed: Whole = 0
    models: Annotated[dict[Name, ModelSpec], Field(min_length=1)]
    devices: Annotated[dict[Name, DeviceSpec], Field(min_length=1)]
    network: NetworkSpec
    agents: Annotated[dict[Name, AgentsSpec], Field(min_length=1)]
    allocator: AllocatorPart = AllocatorPart()
    outputs: OutputsSpec = OutputsSpec()
