"""Studies of many runs: replications, verification; and what the command line lists."""

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
