"""Profiles of models, devices and scenarios as data, and the YAML reader that keeps places."""

from simran.catalog.describe import describe
from simran.catalog.document import Document, Mark, dotted, key_path, plain
from simran.catalog.merging import merge, put
from simran.catalog.modes import mode_fault, with_mode
from simran.catalog.profiles import (
    LATER,
    device_names,
    is_file_name,
    model_names,
    profile,
    scenario_names,
    scenario_path,
)
from simran.catalog.reader import parse_document, parse_scalar, read_document, read_text
from simran.catalog.sources import KINDS, Provenance, covering, is_number, leaves, provenance

__all__ = [
    "KINDS",
    "LATER",
    "Document",
    "Mark",
    "Provenance",
    "covering",
    "describe",
    "device_names",
    "dotted",
    "is_file_name",
    "is_number",
    "key_path",
    "leaves",
    "merge",
    "mode_fault",
    "model_names",
    "parse_document",
    "parse_scalar",
    "plain",
    "profile",
    "provenance",
    "put",
    "read_document",
    "read_text",
    "scenario_names",
    "scenario_path",
    "with_mode",
]
