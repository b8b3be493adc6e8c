"""Decisions: from what the controller has observed to cuts, bit-widths, clocks and shares."""

from __future__ import annotations

from simran.allocation.base import ALLOCATORS, Allocator, Option
from simran.allocation.check import Check, check_allocator
from simran.allocation.conformance import refuse_impossible
from simran.allocation.evaluate import Evaluation, evaluate
from simran.allocation.lookup import find_allocator
from simran.allocation.problem import Allocation, ClockSet, CutTable, Problem
from simran.allocation.state import ControlState, idle_state

__all__ = [
    "ALLOCATORS",
    "Allocation",
    "Allocator",
    "Check",
    "ClockSet",
    "ControlState",
    "CutTable",
    "Evaluation",
    "Option",
    "Problem",
    "check_allocator",
    "evaluate",
    "find_allocator",
    "idle_state",
    "refuse_impossible",
]
