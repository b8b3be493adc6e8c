"""Studies of many runs: replications, verification; and what the command line lists."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simran.experiments.capacity import Capacity, capacity
    from simran.experiments.catalogue import listing
    from simran.experiments.checks import Check
    from simran.experiments.compare import Comparison, compare
    from simran.experiments.conforming import conformance
    from simran.experiments.design_curves import design_curves, design_gaps
    from simran.experiments.replications import run_replications
    from simran.experiments.sensitivity import sensitivity
    from simran.experiments.starting import new_scenario
    from simran.experiments.study_folder import Place, StudyInterrupted
    from simran.experiments.validation import Validation, load_checked, validate_files
    from simran.experiments.variants import Variant
    from simran.experiments.verify import verify

__all__ = [
    "Capacity",
    "Check",
    "Comparison",
    "Place",
    "StudyInterrupted",
    "Validation",
    "Variant",
    "capacity",
    "compare",
    "conformance",
    "design_curves",
    "design_gaps",
    "listing",
    "load_checked",
    "new_scenario",
    "run_replications",
    "sensitivity",
    "validate_files",
    "verify",
]

_HOME = {
    "Capacity": "capacity",
    "Check": "checks",
    "Comparison": "compare",
    "Place": "study_folder",
    "StudyInterrupted": "study_folder",
    "Validation": "validation",
    "Variant": "variants",
    "capacity": "capacity",
    "compare": "compare",
    "conformance": "conforming",
    "design_curves": "design_curves",
    "design_gaps": "design_curves",
    "listing": "catalogue",
    "load_checked": "validation",
    "new_scenario": "starting",
    "run_replications": "replications",
    "sensitivity": "sensitivity",
    "validate_files": "validation",
    "verify": "verify",
}


def __getattr__(name: str) -> Any:
    # Loaded on first use: a file that is refused does not wait for what runs need.
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
