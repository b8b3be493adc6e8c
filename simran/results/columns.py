"""The columns of every result file: the one place that writers, readers and `list` take them from."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ALLOCATION_COLUMNS",
    "CAPACITY_COLUMNS",
    "COMPARISON_COLUMNS",
    "REQUEST_COLUMNS",
    "TIMESERIES_COLUMNS",
    "Column",
]


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Parameters
    ----------
    name : as in the file
    type : ``float``, ``int``, ``bool`` or ``string``; ``int?`` may be null
    unit : ``s``, ``J``, ``bit``, ``bit/s``, ``Hz``, ``W`` or ``""``
    meaning : one line
    """

    name: str
    type: str
    unit: str
    meaning: str


_REQUESTS = """
request_id|int||number in order of arrival over all agents, from 0
agent|string||name of the agent
group|string||group of the agent
cell|string||cell that it sends over
server|string||server that it uses
model|string||model that it runs
split|string||last block on the agent; empty when nothing runs there
placement|string||co-inference, on-device or on-server; empty when refused
allocator|string||who designed it
in_warmup|bool||arrived before the end of the warm-up, so left out of every statistic
status|string||completed, dropped (refused on arrival), failed (nothing fits) or unfinished
size_factor|float||size of the request, mean 1
arrival_s|float|s|when the request arose
agent_start_s|float|s|start of computing on the agent
agent_end_s|float|s|end of computing on the agent
uplink_start_s|float|s|when the features were handed to the cell
uplink_end_s|float|s|when the last bit had been sent
server_arrival_s|float|s|arrival at the server
server_start_s|float|s|start of service
server_end_s|float|s|end of service
finish_s|float|s|when the answer was back at the agent
delay_s|float|s|finish - arrival
agent_wait_s|float|s|decision and queue before the agent's processor
agent_compute_s|float|s|computing on the agent
uplink_s|float|s|uplink_end - uplink_start, contention included
backhaul_s|float|s|uplink_end to server_arrival
server_wait_s|float|s|queue at the server; 0 under ps
server_compute_s|float|s|service; the whole sojourn under ps
downlink_s|float|s|server_end to finish, the links back included
agent_compute_j|float|J|dynamic energy on the agent, PUE included
transmit_j|float|J|electrical energy of sending: power times airtime, of a band times the time of sending
server_compute_j|float|J|dynamic energy on the server, PUE included
energy_j|float|J|sum of the three: what the energy budget is about
weight_bits|int?|bit|bit-width of the weights on the agent; null when nothing runs there
agent_frequency_hz|float|Hz|clock on the agent
server_frequency_hz|float|Hz|clock asked for at the server
uplink_bits|float|bit|size of what was sent
uplink_rate_bps|float|bit/s|uplink_bits over uplink_s; inf in a cell of unlimited rate
distortion|float||expected output distortion (see the documentation)
distortion_lower|float||its lower bound, row L
distortion_upper|float||its upper bound where there is one
quality|float||measured quality at these bits, where the curve applies
delay_budget_s|float|s|T0
energy_budget_j|float|J|E0
delay_ok|bool||within T0 to 1e-9 relative; of an unfinished request, so far
energy_ok|bool||within E0 to 1e-9 relative; of an unfinished request, so far
miss_cause|string||why a budget was missed: design, dropped, failed or the stage of largest excess
"""

_ALLOCATIONS = """
time_s|float|s|when the design came into force
decision|int||number of the design within the run, from 0
agent|string||name of the agent
group|string||group of the agent
allocator|string||who decided
placement|string||co-inference, on-device or on-server; empty when refused
split|string||last block on the agent; empty when nothing runs there
weight_bits|int?|bit|bit-width on the agent; null when nothing runs there
pruning_ratio|float||share of the agent's weights that is set to 0
feature_bits|float|bit|bits of an element of the features that are sent; NaN where none are
agent_frequency_hz|float|Hz|clock on the agent
server_frequency_hz|float|Hz|clock asked for at the server
bandwidth_share|float||share of the cell, of its time or its band; NaN for equal sharing
server_share|float||share of the server; NaN where it is not allocated
feasible|bool||within both budgets as planned
binding|string||the constraint that stops a better design; allocator where it failed and there was none before
fallback|string||what was done where nothing was feasible
agent_s|float|s|planned time on the agent
uplink_s|float|s|planned time of sending
backhaul_s|float|s|planned time on the links
server_s|float|s|planned time at the server
downlink_s|float|s|planned time of the way back
agent_wait_s|float|s|decision and wait planned for at the agent
uplink_wait_s|float|s|wait planned for in the cell
server_wait_s|float|s|wait planned for at the server
agent_j|float|J|planned energy on the agent
transmit_j|float|J|planned energy of sending
server_j|float|J|planned energy on the server
delay_budget_s|float|s|T0
energy_budget_j|float|J|E0
distortion|float||expected output distortion
distortion_lower|float||its lower bound, row L
distortion_upper|float||its upper bound where there is one
quality|float||measured quality where the curve applies
"""

_TIMESERIES = """
time_s|float|s|end of the interval
station|string||agents/<group>, cell, server or link
kind|string||agents, cell, server or link
utilisation|float||busy part of the capacity over the interval
mean_in_system|float||mean number of requests at the station over the interval
power_w|float|W|mean power drawn over the interval; NaN where none is accounted
"""

_COMPARISON = """
allocator|string||label of the allocator
replication|int||number of the replication, from 0
group|string||group of the agents, or total
metric|string||what was measured
value|float||its value in SI units; NaN where there is none
"""

_CAPACITY = """
allocator|string||label of the allocator
value|float||of the key that was varied, in the scenario's own unit
met|bool||whether the target is met
sure|bool||whether the interval is clear of the bound
mean|float||of the target's figure over replications
low|float||lower end of its interval at the error that this look has
high|float||upper end
replications|int||number of runs at this value
overloaded|int||number of them that were overloaded
"""


def _columns(text: str) -> tuple[Column, ...]:
    return tuple(Column(*line.split("|")) for line in text.strip().splitlines())


REQUEST_COLUMNS = _columns(_REQUESTS)
ALLOCATION_COLUMNS = _columns(_ALLOCATIONS)
CAPACITY_COLUMNS = _columns(_CAPACITY)
COMPARISON_COLUMNS = _columns(_COMPARISON)
TIMESERIES_COLUMNS = _columns(_TIMESERIES)
