"""Decisions: from what the controller has observed to cuts, bit-widths, clocks and shares."""

from __future__ import annotations

from simran.allocation.base import ALLOCATORS, Allocator, Option
from simran.allocation.conformance import refuse_impossible
from simran.allocation.evaluate import Evaluation, evaluate
from simran.allocation.problem import Allocation, ClockSet, CutTable, Problem

__all__ = [
    "ALLOCATORS",
    "Allocation",
    "Allocator",
    "ClockSet",
    "CutTable",
    "Evaluation",
    "Option",
    "Problem",
    "evaluate",
    "refuse_impossible",
]
