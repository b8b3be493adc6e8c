"""The schema of the scenario language: frozen, inert, one class for each mapping of the file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from simran.scenario.fields import (
    Data,
    Flops,
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
from simran.units import parse

__all__ = [
    "AgentsSpec",
    "ArrivalsSpec",
    "DeviceSpec",
    "ModelSpec",
    "ScenarioSpec",
]


class WeightsSpec(Schema):
    """Law of the weight magnitudes."""

    law: Literal["exponential"] = "exponential"
    rate: PositiveNumber = Field(description="λ, 1 over the mean magnitude")


class Elements(Schema):
    """An output given by its number of elements, sent at ``feature_bits`` each."""

    elements: PositiveNumber


def _output(value: Any) -> Any:
    if isinstance(value, dict):
        unknown = sorted(set(value) - {"elements"})
        if unknown or "elements" not in value:
            raise ValueError("expected an amount of data such as '350 KiB' or {elements: 180000}")
        number = parse(value["elements"], "number")
        if number <= 0:
            raise ValueError(f"expected elements above 0, found {value['elements']!r}")
        return Elements(elements=number)
    number = parse(value, "data")
    if number <= 0:
        raise ValueError(f"expected above 0, found {value!r}")
    return number


Output = Annotated[Elements | float, BeforeValidator(_output)]


class BlockSpec(Schema):
    """One block of the chain; its end is a split point."""

    name: Name
    flops: Flops
    parameters: PositiveNumber
    output: Output
    weights: WeightsSpec | None = None


def _bits(value: Any) -> Any:
    if isinstance(value, dict):
        if not set(value) <= {"min", "max"}:
            raise ValueError(f"expected {{min: 1, max: 16}} or a list, found {value!r}")
        ends = [parse(value.get(key, other), "number") for key, other in (("min", 1), ("max", 16))]
        if any(end != int(end) for end in ends) or not 1 <= ends[0] <= ends[1] <= 64:
            raise ValueError(f"expected whole numbers 1 <= min <= max <= 64, found {value!r}")
        return tuple(range(int(ends[0]), int(ends[1]) + 1))
    items = value if isinstance(value, list) else [value]
    widths = []
    for item in items:
        width = parse(item, "number")
        if width != int(width) or not 1 <= width <= 64:
            raise ValueError(f"expected whole bit-widths from 1 to 64, found {item!r}")
        widths.append(int(width))
    if not widths or widths != sorted(set(widths)):
        raise ValueError("expected bit-widths in ascending order, each once")
    return tuple(widths)


Bits = Annotated[tuple[int, ...], BeforeValidator(_bits)]


class SizeSpec(Schema):
    """Law of the per-request size factor."""

    law: Literal["constant", "exponential", "gamma", "trace"] = "constant"
    cv: PositiveNumber | None = None
    shared: bool = True
    file: Name | None = None
    column: Name | None = None


def _curve(value: Any) -> Any:
    if not isinstance(value, dict) or not value:
        raise ValueError("expected bit-widths with values, such as {4: 0.0, 8: 1.27}")
    points = sorted(
        (parse(bits, "number"), parse(score, "number")) for bits, score in value.items()
    )
    return tuple(points)


Curve = Annotated[tuple[tuple[float, float], ...], BeforeValidator(_curve)]


class QualitySpec(Schema):
    """Measured task quality."""

    metric: Name
    quantizer: Name
    curves: dict[str, Curve]
    reference: Number | None = None


class ModelSpec(Schema):
    """A model: a chain of blocks."""

    profile: Name | None = None
    description: str = ""
    parameters: PositiveNumber
    reference_bits: PositiveNumber = 32.0
    bits: Bits = tuple(range(1, 17))
    weights: WeightsSpec
    quantizer: Literal["lloyd-max", "uniform", "power-of-two", "rate-distortion"] = "lloyd-max"
    output_coefficient: PositiveNumber = 1.0
    split: Name = "auto"
    input: Data
    blocks: Annotated[tuple[BlockSpec, ...], Field(min_length=1)]
    feature_bits: PositiveNumber = 16.0
    size: SizeSpec = SizeSpec()
    cost: Literal["linear-in-bits"] = "linear-in-bits"
    quality: QualitySpec | None = None
    provenance: dict[str, Any] | None = None


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
