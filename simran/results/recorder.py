"""The recorder: takes every request that ends, and keeps files and statistics up to date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from simran.results.columns import REQUEST_COLUMNS
from simran.results.context import RecordContext
from simran.results.fairness import AgentSums
from simran.results.invariants import RequestChecks
from simran.results.parquet import ParquetLog, nullable, strings
from simran.results.records import STATUS_NAMES, Design, Request
from simran.results.statistics import GroupStatistics, StationStatistics
from simran.results.table import CAUSES, Columns, add_airtimes, block

__all__ = ["Recorder"]

_FLUSH = 8192


class Recorder:
    """Records requests in blocks, so that memory does not depend on their number.

    Rows are written in the order in which requests end, ties by number. Requests must be recorded
    in order of their end.

    Parameters
    ----------
    context : who the agents are
    path : of ``requests.parquet``; None keeps statistics only
    """

    def __init__(self, context: RecordContext, path: Path | None) -> None:
        self._log = ParquetLog(path, REQUEST_COLUMNS) if path else None
        self._names = _NameColumns(context)
        self._warmup_s = context.warmup_s
        self._airtimes = bool(context.airtimes)
        self._buffer: list[Request] = []
        self._limit = _FLUSH
        self.groups = GroupStatistics(context)
        self.stations = StationStatistics(context)
        self.agents = AgentSums(context)
        self.checks = RequestChecks()

    def record(self, request: Request) -> None:
        """Take a request that has ended."""
        self._buffer.append(request)
        if len(self._buffer) >= self._limit:
            self._flush()

    def close(
        self, end_s: float, unfinished: Iterable[Request], left_s: Mapping[int, float]
    ) -> None:
        """Take the end of the run.

        Parameters
        ----------
        end_s : end of the run [s]
        unfinished : requests that are still inside
        left_s : service that each of those still needs at its station, by number [s]
        """
        self._write(self._buffer, end_s)
        self._buffer = []
        rest = sorted(unfinished, key=lambda request: request.id)
        for request in rest:
            request.end = end_s
        for start in range(0, len(rest), _FLUSH):
            self._write(rest[start : start + _FLUSH], end_s, left_s)
        if self._log:
            self._log.close()

    @property
    def rows(self) -> int:
        """Number of rows written."""
        return self._log.rows if self._log else 0

    def _flush(self) -> None:
        buffer = self._buffer
        last_s = buffer[-1].end
        # Those that end last may yet tie with the next one.
        cut = len(buffer)
        while cut and buffer[cut - 1].end == last_s:
            cut -= 1
        if not cut:
            self._limit *= 2
            return
        self._limit = _FLUSH
        self._buffer = buffer[cut:]
        self._write(buffer[:cut], last_s)

    def _write(
        self, requests: list[Request], now_s: float, left_s: Mapping[int, float] | None = None
    ) -> None:
        if not requests:
            return
        requests.sort(key=lambda request: (request.end, request.id))
        columns = block(requests, now_s)
        if self._airtimes:
            add_airtimes(columns, requests)
        columns["in_warmup"] = columns["arrival"] < self._warmup_s
        self.checks.add(columns)
        self.groups.add(columns, now_s)
        self.stations.add(columns, now_s, left_s)
        self.agents.add(columns)
        if self._log:
            designs = {request.design.id: request.design for request in requests}
            ordered = [designs[key] for key in sorted(designs)]
            self._log.write(self._names.complete(columns, ordered))


class _NameColumns:
    """Turns a block into the columns of the file."""

    def __init__(self, context: RecordContext) -> None:
        self._kinds = {
            kind: context.coded(f"{kind}s") for kind in ("group", "cell", "server", "model")
        }
        self._agents = context.agents

    def complete(self, columns: Columns, designs: list[Design]) -> Mapping[str, Any]:
        """Return the block with the names and the columns of the file."""
        agent, design = columns["agent"], columns["design"]
        named: dict[str, Any] = {
            kind: strings(codes[agent], names) for kind, (names, codes) in self._kinds.items()
        }
        named["agent"] = strings(agent, self._agents)
        for name in ("split", "placement", "allocator"):
            named[name] = strings(design, [getattr(it, name) for it in designs])
        named["status"] = strings(columns["status"], STATUS_NAMES)
        named["miss_cause"] = strings(columns["cause"], CAUSES)
        named["request_id"] = columns["id"].astype(np.int64)
        named["size_factor"] = columns["size"]
        named["weight_bits"] = nullable(columns["plan_weight_bits"])
        for stamp in _STAMPED:
            named[f"{stamp}_s"] = columns[stamp]
        return _Lookup(named, columns)


_STAMPED = (
    "arrival",
    "agent_start",
    "agent_end",
    "uplink_start",
    "uplink_end",
    "server_arrival",
    "server_start",
    "server_end",
    "finish",
)


class _Lookup(dict[str, Any]):
    """The columns of the file by name: own ones first, then those of the block or of the plan."""

    def __init__(self, named: Mapping[str, Any], columns: Columns) -> None:
        super().__init__(named)
        self._columns = columns

    def __missing__(self, name: str) -> Any:
        columns = self._columns
        return columns[name] if name in columns else columns[f"plan_{name}"]
