"""Profiles of models, devices and scenarios as data, and the YAML reader that keeps places."""

from simran.catalog.document import (
    Document,
    Mark,
    dotted,
    parse_document,
    parse_scalar,
    read_document,
    read_text,
)
from simran.catalog.profiles import (
    LATER,
    Provenance,
    describe,
    device_names,
    model_names,
    profile,
    provenance,
    scenario_names,
    scenario_path,
)

__all__ = [
    "LATER",
    "Document",
    "Mark",
    "Provenance",
    "describe",
    "device_names",
    "dotted",
    "model_names",
    "parse_document",
    "parse_scalar",
    "profile",
    "provenance",
    "read_document",
    "read_text",
    "scenario_names",
    "scenario_path",
]
