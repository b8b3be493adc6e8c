"""What a run records: typed rows, streaming statistics, the result folder."""

from simran.results.columns import (
    ALLOCATION_COLUMNS,
    CAPACITY_COLUMNS,
    COMPARISON_COLUMNS,
    REQUEST_COLUMNS,
    TIMESERIES_COLUMNS,
    Column,
)
from simran.results.context import RecordContext
from simran.results.folder import Result, ResultFolder
from simran.results.invariants import Invariant
from simran.results.loads import Jobs, StationLoad, worst
from simran.results.parquet import ParquetLog, nullable, strings
from simran.results.recorder import Recorder
from simran.results.records import Design, Request

__all__ = [
    "ALLOCATION_COLUMNS",
    "CAPACITY_COLUMNS",
    "COMPARISON_COLUMNS",
    "REQUEST_COLUMNS",
    "TIMESERIES_COLUMNS",
    "Column",
    "Design",
    "Invariant",
    "Jobs",
    "ParquetLog",
    "RecordContext",
    "Recorder",
    "Request",
    "Result",
    "ResultFolder",
    "StationLoad",
    "nullable",
    "strings",
    "worst",
]
