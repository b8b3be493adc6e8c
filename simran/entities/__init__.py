"""The world in SimPy: agents, the shared cell, transport links, servers.

Agents, cells and servers are one long-lived process each; requests are plain records that move
between them by callbacks.
"""

from simran.entities.agent import Agent, Demand
from simran.entities.arrivals import arrival_times, request_sizes
from simran.entities.band_cell import (
    AllocatedBandCell,
    EqualShareBandCell,
    EqualShareVaryingBandCell,
)
from simran.entities.cell import AllocatedCell, Cell, EqualShareCell, UnlimitedCell
from simran.entities.clock import Clock
from simran.entities.course import Course, Segments, stepped, switching, warped
from simran.entities.meter import Meter
from simran.entities.path import Path, VaryingPath
from simran.entities.server import EarliestDeadlineServer, FifoServer, Server
from simran.entities.shared_server import (
    ClockPartitionServer,
    ProcessorSharingServer,
    SpacePartitionServer,
)
from simran.entities.transport import Direction
from simran.entities.varying_cell import (
    AllocatedVaryingCell,
    EqualShareVaryingCell,
    Radio,
    VaryingCell,
)

__all__ = [
    "Agent",
    "AllocatedBandCell",
    "AllocatedCell",
    "AllocatedVaryingCell",
    "Cell",
    "Clock",
    "ClockPartitionServer",
    "Course",
    "Demand",
    "Direction",
    "EarliestDeadlineServer",
    "EqualShareBandCell",
    "EqualShareCell",
    "EqualShareVaryingBandCell",
    "EqualShareVaryingCell",
    "FifoServer",
    "Meter",
    "Path",
    "ProcessorSharingServer",
    "Radio",
    "Segments",
    "Server",
    "SpacePartitionServer",
    "UnlimitedCell",
    "VaryingCell",
    "VaryingPath",
    "arrival_times",
    "request_sizes",
    "stepped",
    "switching",
    "warped",
]
