"""From the schema to what the run reads: SI units, defaults, profiles, traces."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from simran.compute import PowerLaw, PowerStates, Processor
from simran.errors import Fault
from simran.scenario.assumptions import Assumption
from simran.scenario.bands import band_doubts, band_notes
from simran.scenario.choices import choice_notes, feature_choices, pruned_rows, pruning_of
from simran.scenario.compose import Composed
from simran.scenario.doubts import doubts
from simran.scenario.model_schema import (
    ModelSpec,
    SizeSpec,
    block_flops,
    split_names,
)
from simran.scenario.resolved import (
    AgentGroup,
    AllocatorSpec,
    Arrivals,
    Block,
    Cell,
    Link,
    Model,
    Outputs,
    QualityCurve,
    Scenario,
    Server,
    SizeLaw,
)
from simran.scenario.schema import (
    AgentsSpec,
    AllocatorPart,
    ArrivalsSpec,
    CellSpec,
    DeviceSpec,
    ScenarioSpec,
    ServerSpec,
)
from simran.scenario.varying import RateSteps, Varying, harmonic_mean, mean
from simran.scenario.varying_schema import ScheduleSpec, states_of
from simran.scenario.weight_errors import candidate_bits, error_rows, law_of, left_out, narrowed

__all__ = ["resolve"]

Key = tuple[str | int, ...]
Traces = Mapping[Key, tuple[float, ...]]
Courses = Mapping[Key, RateSteps]


def resolve(whole: Composed, spec: ScenarioSpec, traces: Traces, courses: Courses) -> Scenario:
    """Return the scenario that a sound specification means.

    Parameters
    ----------
    whole : the document
    spec : what the schema made of it
    traces : key of the mapping that names a trace -> its values
    courses : likewise of rates that vary
    """
    devices = {name: _processor(device) for name, device in spec.devices.items()}
    models = {
        name: _model(name, model, traces.get(("models", name, "size"), ()))
        for name, model in spec.models.items()
    }
    groups = {
        name: _group(
            name, group, spec, devices[group.device], traces.get(("agents", name, "arrivals"), ())
        )
        for name, group in spec.agents.items()
    }
    cells = {
        name: _cell(name, cell, courses, spec.duration) for name, cell in spec.network.cells.items()
    }
    assumed = tuple(_assumed(whole, spec))
    doubtful = (*doubts(whole), *band_doubts(whole, cells))
    narrow = tuple(narrowed(whole, spec.models))
    return Scenario(
        name=spec.name,
        description=spec.description,
        seed=spec.seed,
        duration_s=spec.duration,
        requests=spec.requests,
        warmup_s=spec.warmup,
        models=models,
        groups=groups,
        cells=cells,
        servers={
            name: _server(name, server, devices[server.device])
            for name, server in spec.network.servers.items()
        },
        links=tuple(
            Link((link.between[0], link.between[1]), link.rate, link.delay)
            for link in spec.network.links
        ),
        allocator=_allocator(spec.allocator),
        outputs=Outputs(spec.outputs.requests, spec.outputs.allocations, spec.outputs.timeseries),
        document=whole.data,
        assumed=tuple(str(it) for it in assumed),
        assumptions=assumed,
        notes=(
            *_notes(spec),
            *band_notes(cells),
            *_varying_notes(groups, cells),
            *(_noted(fault) for fault in doubtful),
        ),
        doubts=(*doubtful, *narrow),
    )


def _noted(doubt: Fault) -> str:
    return f"{doubt.path}: {doubt.message} ({doubt.suggestion})"


def _cell(name: str, spec: CellSpec, courses: Courses, span_s: float | None) -> Cell:
    channel = spec.channel
    varying: Varying | None = courses.get(("network", "cells", name, "channel", "trace"))
    if channel.states is not None:
        varying = states_of(channel.states, channel.dwells, channel.shared)
    rate_bps = channel.rate or math.nan
    if varying is not None:
        rate_bps = harmonic_mean(varying.fractions(span_s))
    bandwidth_hz = math.nan if spec.bandwidth is None else spec.bandwidth
    return Cell(name, rate_bps, spec.uplink_scheduler, spec.sharing, varying, bandwidth_hz)


def _server(name: str, spec: ServerSpec, processor: Processor) -> Server:
    return Server(name, spec.device, processor, spec.discipline, spec.workers, spec.partition)


def _allocator(spec: AllocatorPart) -> AllocatorSpec:
    every = spec.every
    return AllocatorSpec(
        name=spec.name,
        every=every if isinstance(every, str) else "periodic",
        period_s=math.nan if isinstance(every, str) else every,
        headroom=spec.headroom,
        select=spec.select,
        decision_time_s=math.nan if isinstance(spec.decision_time, str) else spec.decision_time,
        observation_delay_s=spec.observation.delay,
        observation_noise=spec.observation.noise,
        time_limit_s=spec.time_limit,
        options=spec.options,
    )


def _processor(spec: DeviceSpec) -> Processor:
    switching = {
        "memory_bytes": math.inf if spec.memory is None else spec.memory,
        "memory_bytes_per_s": math.inf if spec.memory_bandwidth is None else spec.memory_bandwidth,
        "switching_delay_s": spec.switching.delay,
        "switching_energy_j": spec.switching.energy,
    }
    if spec.states is not None:
        clocks = tuple(state.frequency for state in spec.states)
        states = PowerStates(
            clocks,
            tuple(state.busy for state in spec.states),
            tuple(state.idle for state in spec.states),
        )
        pue = spec.pue or 1.0
        return Processor(clocks[-1], spec.flops_per_cycle, states, clocks, pue=pue, **switching)
    power = spec.power
    assert power is not None and spec.f_max is not None  # noqa: PT018 - checked before
    law = PowerLaw(power.dynamic, power.exponent, power.static, power.idle)
    pue = spec.pue or power.pue
    # Of a stepped clock the highest step is the highest clock, whatever f_max would allow.
    highest_hz = min(spec.f_max, spec.frequencies[-1]) if spec.frequencies else spec.f_max
    return Processor(highest_hz, spec.flops_per_cycle, law, spec.frequencies, pue=pue, **switching)


def _model(name: str, spec: ModelSpec, trace: tuple[float, ...]) -> Model:
    splits = split_names([block.name for block in spec.blocks])
    rows = zip(spec.blocks, error_rows(spec), strict=True)
    return Model(
        name=name,
        reference_bits=spec.reference_bits,
        bits=candidate_bits(spec),
        blocks=tuple(
            Block(
                block.name,
                block_flops(block, spec.frames),
                block.parameters,
                feature_choices(spec, block),
                law_of(spec, block),
                row.mean,
                row.lower,
                row.upper,
                pruned_rows(spec, block),
            )
            for block, row in rows
        ),
        input_bits=spec.input * spec.frames,
        quantizer=spec.quantizer.scheme,
        output_coefficient=spec.output_coefficient,
        split=splits.get(spec.split, spec.split),
        parameters=spec.parameters,
        size=_size(spec.size, trace),
        quality=_quality(spec, splits),
        pruning=pruning_of(spec),
    )


def _size(spec: SizeSpec, trace: tuple[float, ...]) -> SizeLaw:
    mean = math.fsum(trace) / len(trace) if trace else 1.0
    return SizeLaw(spec.law, spec.cv or 1.0, spec.shared, tuple(value / mean for value in trace))


def _quality(spec: ModelSpec, splits: dict[str, str]) -> QualityCurve | None:
    quality = spec.quality
    if quality is None:
        return None
    points = {splits[name]: curve for name, curve in quality.curves.items()}
    ends = {curve[-1][1] for curve in points.values()}
    # Without a value of its own, the unquantized model has that of the widest bits measured.
    reference = quality.reference if quality.reference is not None else max(ends)
    return QualityCurve(quality.metric, quality.quantizer, points, reference)


def _group(
    name: str, spec: AgentsSpec, whole: ScenarioSpec, processor: Processor, trace: tuple[float, ...]
) -> AgentGroup:
    transmit = spec.transmit
    return AgentGroup(
        name=name,
        count=spec.count,
        device=spec.device,
        processor=processor,
        model=spec.model,
        cell=spec.cell or next(iter(whole.network.cells)),
        server=spec.server or next(iter(whole.network.servers)),
        weight=spec.weight,
        placement=spec.placement,
        arrivals=_arrivals(spec.arrivals, trace, whole.duration),
        transmit_w=transmit.power / transmit.efficiency + transmit.circuit if transmit else 0.0,
        delay_budget_s=spec.budget.delay or math.inf,
        energy_budget_j=spec.budget.energy or math.inf,
        quality_floor=-math.inf if spec.quality_floor is None else spec.quality_floor,
        on_violation=spec.on_violation,
    )


def _arrivals(spec: ArrivalsSpec, trace: tuple[float, ...], span_s: float | None) -> Arrivals:
    varying: Varying | None = None
    rate_hz = math.nan
    if spec.states is not None:
        varying = states_of(spec.states, spec.dwells, spec.shared)
    elif isinstance(spec.rate, ScheduleSpec):
        varying = spec.rate.course
    elif spec.rate is not None:
        rate_hz = spec.rate
    if varying is not None:
        rate_hz = mean(varying.fractions(span_s))
    return Arrivals(
        spec.process, rate_hz, spec.cv or 1.0, spec.phase, spec.think or 0.0, trace, varying
    )


def _assumed(whole: Composed, spec: ScenarioSpec) -> list[Assumption]:
    used: set[Key] = {("models", group.model) for group in spec.agents.values()}
    used |= {("devices", group.device) for group in spec.agents.values()}
    used |= {("devices", server.device) for server in spec.network.servers.values()}
    return [assumption for assumption in whole.assumed if assumption.owner in used]


def _notes(spec: ScenarioSpec) -> list[str]:
    notes = [
        "bits scale the agent's operations linearly, the paper's convention (cost: linear-in-bits)"
    ]
    for name, group in spec.agents.items():
        cell = spec.network.cells[group.cell or next(iter(spec.network.cells))]
        if group.transmit is None and not cell.channel.unlimited:
            notes.append(f"agents.{name}: no transmit power is given, so sending costs no energy")
    for name, server in spec.network.servers.items():
        if server.partition == "clock":
            notes.append(
                f"servers.{name}: partition clock gives slices energy for free; for reproducing papers"
            )
        on = {it.model for it in spec.agents.values() if it.server in (name, None)}
        if len(on) > 1 and spec.devices[server.device].memory is not None:
            notes.append(
                f"servers.{name}: its memory is checked for each model by itself, not in sum"
            )
    for name, model in spec.models.items():
        if model.size.law == "trace":
            notes.append(
                f"models.{name}: trace sizes are divided by their mean, so their mean is 1"
            )
        if model.quality is not None:
            notes.append(
                f"models.{name}: quality ({model.quality.metric}) was measured with"
                f" {model.quality.quantizer}, and is given for that quantizer"
                if model.quality.quantizer == model.quantizer.scheme.label
                else f"models.{name}: quality ({model.quality.metric}) was measured with"
                f" {model.quality.quantizer}, not with {model.quantizer.scheme.label}, so none is given"
            )
        notes += filter(None, [left_out(name, model), _borrowed(name, model)])
        notes += choice_notes(name, model)
    return notes + list(_device_notes(spec)) + list(_unsourced(spec))


def _varying_notes(groups: Mapping[str, AgentGroup], cells: Mapping[str, Cell]) -> Iterator[str]:
    """Say which figure stands in for a rate that varies, where only one can."""
    for name, cell in cells.items():
        if cell.varying is not None:
            yield (
                f"cells.{name}: its rate varies; designs that do not see it count on"
                f" {cell.rate_bps:.6g} bit/s, 1 over the mean of 1/rate over time"
            )
    for name, group in groups.items():
        if group.arrivals.varying is not None:
            yield (
                f"agents.{name}: their rate of arrivals varies; waits that a design expects count on its mean"
                f" over time, {group.arrivals.rate_hz:.6g} Hz, and busy spells have longer ones"
            )
    if any(isinstance(it, RateSteps) for it in _varying(groups, cells)):
        yield (
            "a rate follows a schedule or a trace: where a run ends busier than it began, the verdict may be"
            " backlogged though the station keeps up"
        )


def _varying(
    groups: Mapping[str, AgentGroup], cells: Mapping[str, Cell]
) -> Iterator[Varying | None]:
    yield from (cell.varying for cell in cells.values())
    yield from (group.arrivals.varying for group in groups.values())


def _borrowed(name: str, model: ModelSpec) -> str:
    """Return the note on an output coefficient that was measured with another quantizer."""
    said = (model.provenance or {}).get("output_coefficient")
    if model.quality is None or not isinstance(said, dict) or said.get("kind") != "measured":
        return ""
    label = model.quantizer.scheme.label
    if model.quality.quantizer == label:
        return ""
    return (
        f"models.{name}: output_coefficient was measured, as far as is known with the quantizer of the"
        f" quality curve; for {label} it is a guess, and so is the scale of the distortion"
    )


def _unsourced(spec: ScenarioSpec) -> Iterator[str]:
    """Name what gives no sources: without them nothing can be listed as assumed."""
    models = [it.model for it in spec.agents.values()]
    bare = [f"models.{it}" for it in dict.fromkeys(models) if not spec.models[it].provenance]
    bare += [f"devices.{it}" for it in _devices(spec) if not spec.devices[it].provenance]
    if bare:
        yield f"no sources are given for the numbers of {', '.join(bare)} (key: provenance)"


def _devices(spec: ScenarioSpec) -> Iterable[str]:
    used = [group.device for group in spec.agents.values()]
    return dict.fromkeys([*used, *(server.device for server in spec.network.servers.values())])


def _device_notes(spec: ScenarioSpec) -> Iterator[str]:
    for name in _devices(spec):
        device = spec.devices[name]
        if device.power is not None and device.power.static < device.power.idle:
            yield (
                f"devices.{name}: a busy processor draws {device.power.static:g} W besides its dynamic"
                f" power, less than the {device.power.idle:g} W of an idle one"
            )
        sources = device.provenance or {}
        source = str((sources.get("flops_per_cycle") or {}).get("source", ""))
        if source.startswith("peak"):
            yield (
                f"devices.{name}: flops_per_cycle is the peak of the data sheet; real networks reach"
                " less, so set what you measure"
            )
