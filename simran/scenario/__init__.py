"""The scenario language: reading, checking, and the scenario as the run reads it."""

from simran.scenario.draft7 import json_schema
from simran.scenario.load import load, load_with_places
from simran.scenario.offered import FeatureChoice, PrunedErrors, Pruning
from simran.scenario.profile_file import ProfileFile, check_profile, profile_kind
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
from simran.scenario.schema import AllocatorPart, ScenarioSpec
from simran.scenario.source import Source, read_source
from simran.scenario.varying import RateStates, RateSteps, Varying

__all__ = [
    "AgentGroup",
    "AllocatorPart",
    "AllocatorSpec",
    "Arrivals",
    "Block",
    "Cell",
    "FeatureChoice",
    "Link",
    "Model",
    "Outputs",
    "ProfileFile",
    "PrunedErrors",
    "Pruning",
    "QualityCurve",
    "RateStates",
    "RateSteps",
    "Scenario",
    "ScenarioSpec",
    "Server",
    "SizeLaw",
    "Source",
    "Varying",
    "check_profile",
    "json_schema",
    "load",
    "load_with_places",
    "profile_kind",
    "read_source",
]
