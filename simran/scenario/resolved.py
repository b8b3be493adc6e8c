"""A scenario as the run reads it: SI units, every name resolved, nothing left to validate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simran.compute import Processor
from simran.distortion import Exponential, GeneralisedNormal, Scheme
from simran.errors import Fault
from simran.scenario.assumptions import Assumption
from simran.scenario.offered import FeatureChoice, PrunedErrors, Pruning
from simran.scenario.varying import Varying

if TYPE_CHECKING:
    import networkx as nx

__all__ = [
    "AgentGroup",
    "AllocatorSpec",
    "Arrivals",
    "Block",
    "Cell",
    "Link",
    "Model",
    "Outputs",
    "QualityCurve",
    "Scenario",
    "Server",
    "SizeLaw",
]


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a model's chain; its end is a split point.

    Parameters
    ----------
    name : unique within the model
    flops : operations of one inference at the reference bit-width [FLOP]
    parameters : number of weights
    features : how what it hands on may be sent, fewest bits first
    law : of its weights
    errors : absolute error per weight at each candidate bit-width of the model [weight unit]
    errors_lower, errors_upper : bounds on them; NaN where none is known
    pruned : the same at each ratio above 0 that the model may be pruned by
    """

    name: str
    flops: float
    parameters: float
    features: tuple[FeatureChoice, ...]
    law: Exponential | GeneralisedNormal
    errors: tuple[float, ...]
    errors_lower: tuple[float, ...]
    errors_upper: tuple[float, ...]
    pruned: tuple[PrunedErrors, ...] = ()

    @property
    def output_bits(self) -> float:
        """Return the size of what it hands on at most, for a request of size 1 [bit]."""
        return self.features[-1].output_bits

    @property
    def rate(self) -> float:
        """Return λ, 1 over the mean magnitude of the weights [1/weight unit]."""
        if isinstance(self.law, Exponential):
            return self.law.rate
        return 1.0 / float(self.law.mean_magnitude)


@dataclass(frozen=True, slots=True)
class SizeLaw:
    """The law of the per-request size factor, mean 1.

    Parameters
    ----------
    law : ``constant``, ``exponential``, ``gamma`` or ``trace``
    cv : coefficient of variation (gamma)
    shared : one factor for all stations of a request; False draws one for each station
    trace : the factors, repeated when they run out (trace)
    """

    law: str = "constant"
    cv: float = 1.0
    shared: bool = True
    trace: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class QualityCurve:
    """Measured task quality by bit-width, for one split and one quantizer.

    Parameters
    ----------
    metric : such as ``CIDEr``
    quantizer : label of what the curve was measured with; it says nothing about others
    points : split name -> ((bits, value), …) ascending in bits
    reference : value of the unquantized model, or NaN
    """

    metric: str
    quantizer: str
    points: Mapping[str, tuple[tuple[float, float], ...]]
    reference: float = math.nan


@dataclass(frozen=True, slots=True)
class Model:
    """A model: a chain of blocks, and how its weights may be quantized.

    Parameters
    ----------
    name : key in the scenario's ``models``
    reference_bits : b_ref, the bit-width at which FLOP and weight bytes were counted [bit]
    bits : candidate bit-widths at which the quantizer's error is known, ascending [bit]
    blocks : the chain, in order
    input_bits : what is sent when nothing runs on the agent, for a request of size 1 [bit]
    quantizer : kind, scale and clip
    output_coefficient : scales the summed weight error to the output error
    split : name of the last block on the agent, or ``auto``
    parameters : all weights of the model, also those outside the blocks
    size : law of the size factor
    quality : measured curves, or None
    pruning : by which ratios the agent's weights may be pruned
    """

    name: str
    reference_bits: float
    bits: tuple[int, ...]
    blocks: tuple[Block, ...]
    input_bits: float
    quantizer: Scheme
    output_coefficient: float
    split: str
    parameters: float
    size: SizeLaw = SizeLaw()
    quality: QualityCurve | None = None
    pruning: Pruning = field(default_factory=Pruning)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """When one agent's requests arrive.

    Parameters
    ----------
    process : ``poisson``, ``periodic``, ``gamma``, ``trace`` or ``closed-loop``
    rate_hz : mean rate per agent [Hz], over time where it varies; NaN for trace and closed-loop
    cv : coefficient of variation of the gaps (gamma)
    phase_s : first periodic arrival [s]; None draws it uniformly over a period
    think_s : closed-loop: the next request comes that long after the last answer [s]
    trace_s : arrival times, ascending [s]; each agent of the group replays them (trace)
    varying : the rate [Hz] where it is not constant
    """

    process: str
    rate_hz: float = math.nan
    cv: float = 1.0
    phase_s: float | None = None
    think_s: float = 0.0
    trace_s: tuple[float, ...] = ()
    varying: Varying | None = None


@dataclass(frozen=True, slots=True)
class AgentGroup:
    """A group of like agents, named ``name/0`` … ``name/count-1``.

    Parameters
    ----------
    name, count : key in the scenario's ``agents``; number of agents, 1 or more
    device, processor : key in ``devices``; what it can do
    model : key in ``models``
    cell, server : nodes of the network
    weight : w_k in joint designs
    placement : ``co-inference``, ``on-device``, ``on-server`` or ``auto``
    arrivals : when requests arrive
    transmit_w : electrical power drawn while sending, power/efficiency + circuit [W]
    delay_budget_s, energy_budget_j : T0 [s] and E0 [J]; inf when left out
    quality_floor : least quality of a design, in the unit of the model's curve; -inf when left out
    on_violation : ``degrade``, ``drop`` or ``fallback-on-device``
    """

    name: str
    count: int
    device: str
    processor: Processor
    model: str
    cell: str
    server: str
    weight: float
    placement: str
    arrivals: Arrivals
    transmit_w: float
    delay_budget_s: float
    energy_budget_j: float
    quality_floor: float
    on_violation: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A radio cell.

    Parameters
    ----------
    name : node of the network
    rate_bps : an agent's rate with the whole cell [bit/s]; inf takes no time and no energy; where it
        varies, 1 over the mean of 1/rate over time, at which designs made without a look at it count
    scheduler : ``equal-share`` or ``allocated``
    sharing : ``time``, or ``frequency`` where shares are of the band
    varying : the rate [bit/s] where it is not constant
    bandwidth_hz : width of the band [Hz]; NaN where shares are of time
    """

    name: str
    rate_bps: float
    scheduler: str = "equal-share"
    sharing: str = "time"
    varying: Varying | None = None
    bandwidth_hz: float = math.nan


@dataclass(frozen=True, slots=True)
class Server:
    """An edge server.

    Parameters
    ----------
    name : node of the network
    device, processor : key in ``devices``; what each worker can do
    discipline : ``fifo``, ``ps``, ``edf`` or ``allocated``
    workers : number of processors, 1 or more
    partition : ``space`` or ``clock`` (allocated)
    """

    name: str
    device: str
    processor: Processor
    discipline: str = "fifo"
    workers: int = 1
    partition: str = "space"


@dataclass(frozen=True, slots=True)
class Link:
    """A transport link, full duplex, first in first out in each direction.

    Parameters
    ----------
    ends : the two nodes it joins
    rate_bps : rate in each direction [bit/s]; may be inf
    delay_s : propagation delay [s]
    """

    ends: tuple[str, str]
    rate_bps: float
    delay_s: float


@dataclass(frozen=True, slots=True)
class AllocatorSpec:
    """Which allocator decides, and when.

    Parameters
    ----------
    name : registered name
    every : ``once``, ``per-request`` or ``periodic``
    period_s : interval of periodic decisions [s]; NaN otherwise
    headroom : part of the delay budget kept for queues, in [0, 1)
    select : ``min-energy`` or ``min-delay`` among designs of equal objective
    decision_time_s : simulated time that a decision takes [s]; NaN for what was measured on the clock
        on the wall
    observation_delay_s : age of the reports that a decision rests on [s]
    observation_noise : standard deviation of the relative error of a reported rate
    time_limit_s : longest time that one decision may take [s], on the clock on the wall
    options : handed to the allocator
    """

    name: str = "exact"
    every: str = "once"
    period_s: float = math.nan
    headroom: float = 0.0
    select: str = "min-energy"
    decision_time_s: float = 0.0
    observation_delay_s: float = 0.0
    observation_noise: float = 0.0
    time_limit_s: float = 60.0
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def measured(self) -> bool:
        """Whether decisions take the time that they take, so that a run cannot be repeated."""
        return math.isnan(self.decision_time_s)


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a run writes: the logs, and the interval of the time series [s], 0 for none."""

    requests: bool = True
    allocations: bool = True
    timeseries_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole scenario.

    Parameters
    ----------
    name, description : for people and for the result folder
    seed : of every random stream
    duration_s : length of the run [s], or None
    requests : number of completed requests that ends the run, or None
    warmup_s : arrivals before it are left out of every statistic [s]
    models, groups, cells, servers : by name
    links : the transport links
    allocator, outputs : as asked for
    document : the scenario after ``extends`` and overrides, as plain data for the manifest
    assumed : what the results rest on that is assumed, one line each
    assumptions : the same, with key paths and values
    notes : what a reader of the results must know, one line each
    doubts : numbers without a unit that hardly mean what they say, and bit-widths that are left out,
        with their places
    """

    name: str
    description: str
    seed: int
    duration_s: float | None
    requests: int | None
    warmup_s: float
    models: Mapping[str, Model]
    groups: Mapping[str, AgentGroup]
    cells: Mapping[str, Cell]
    servers: Mapping[str, Server]
    links: tuple[Link, ...]
    allocator: AllocatorSpec
    outputs: Outputs
    document: Mapping[str, Any]
    assumed: tuple[str, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    notes: tuple[str, ...] = ()
    doubts: tuple[Fault, ...] = ()

    def graph(self) -> nx.Graph[str]:
        """Return the network: cells and servers as nodes, each edge with its :class:`Link`."""
        import networkx as nx

        graph: nx.Graph[str] = nx.Graph()
        graph.add_nodes_from(self.cells)
        graph.add_nodes_from(self.servers)
        for link in self.links:
            graph.add_edge(*link.ends, link=link)
        return graph
