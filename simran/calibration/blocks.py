"""What a checkpoint cannot tell of a model: its blocks, their FLOP and what they hand on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from simran.calibration.tensors import Tensor
from simran.catalog import KINDS, Document, read_document
from simran.errors import Fault, ScenarioError, hint, shown, word
from simran.units import parse

__all__ = ["Block", "Blocks", "assign", "read_blocks"]

_KEYS = ("blocks", "description", "input", "provenance")
_BLOCK_KEYS = ("flops", "name", "output", "tensors")
_SAID = ("blocks.flops", "blocks.output", "input")


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the chain.

    Parameters
    ----------
    name : of the block
    tensors : patterns of the names of its tensors, with ``*`` and ``?``
    flops : as written; None where it follows from the parameters
    output : as written
    """

    name: str
    tensors: tuple[str, ...]
    flops: Any
    output: Any


@dataclass(frozen=True, slots=True)
class Blocks:
    """The chain of blocks and what is sent where nothing runs on the agent.

    Parameters
    ----------
    blocks : in order; a tensor belongs to the first one whose pattern its name matches
    input : as written
    description : of the model
    provenance : where ``blocks.flops``, ``blocks.output`` and ``input`` come from
    file : that says so, or None where nobody does
    """

    blocks: tuple[Block, ...]
    input: Any
    description: str = ""
    provenance: dict[str, dict[str, str]] = field(default_factory=dict)
    file: str | None = None


def read_blocks(path: Path) -> Blocks:
    """Return the blocks that a YAML file describes.

    Raises
    ------
    ScenarioError
        with every fault of the file
    """
    document = read_document(path)
    data = document.data
    if not isinstance(data, dict):
        raise ScenarioError([document.fault((), "expected a mapping with input and blocks")])
    faults = _unknown(document, data, (), _KEYS)
    rows = data.get("blocks")
    if not isinstance(rows, list) or not rows:
        faults.append(document.fault(("blocks",), "expected a list of blocks"))
        rows = []
    blocks = [_block(document, index, row, faults) for index, row in enumerate(rows)]
    names = [block.name for block in blocks]
    for index, name in enumerate(names):
        if name in names[:index]:
            where = ("blocks", index, "name")
            faults.append(document.fault(where, f"block {shown(name)} is given twice"))
    _quantity(document, ("input",), data.get("input"), "data", faults)
    description = data.get("description", "")
    if not isinstance(description, str):
        faults.append(document.fault(("description",), "expected a text"))
    said = _provenance(document, data.get("provenance") or {}, faults)
    if faults:
        raise ScenarioError(faults)
    return Blocks(tuple(blocks), data["input"], description, said, path.name)


def assign(tensors: Sequence[Tensor], blocks: Blocks) -> list[list[Tensor]]:
    """Return the floating-point tensors of each block.

    Raises
    ------
    ScenarioError
        if a tensor belongs to no block, or a pattern matches no tensor
    """
    found: list[list[Tensor]] = [[] for _ in blocks.blocks]
    lost = []
    floating = [it for it in tensors if it.dtype.floating]
    for tensor in floating:
        for block, held in zip(blocks.blocks, found, strict=True):
            if any(fnmatchcase(tensor.name, pattern) for pattern in block.tensors):
                held.append(tensor)
                break
        else:
            lost.append(tensor.name)
    faults = []
    file = blocks.file or ""
    if lost:
        message = f"{len(lost)} tensors belong to no block, such as {word(lost[0])}"
        faults.append(Fault(message, file, suggestion="add a block, or a pattern to one"))
    for index, block in enumerate(blocks.blocks):
        for pattern in block.tensors:
            if not any(fnmatchcase(it.name, pattern) for it in floating):
                message = f"{shown(pattern)} matches no tensor"
                mend = hint(pattern, [it.name for it in floating])
                path = f"blocks[{index}].tensors"
                faults.append(Fault(message, file, path=path, suggestion=mend))
    if faults:
        raise ScenarioError(faults)
    return found


def _unknown(
    document: Document, data: dict[str, Any], path: tuple[str | int, ...], known: Sequence[str]
) -> list[Fault]:
    return [
        document.fault((*path, key), f"unknown key {shown(key)}", hint(key, known))
        for key in data
        if key not in known
    ]


def _block(document: Document, index: int, row: Any, faults: list[Fault]) -> Block:
    path: tuple[str | int, ...] = ("blocks", index)
    if not isinstance(row, dict):
        faults.append(document.fault(path, "expected name, tensors, flops and output"))
        return Block(f"#{index}", (), None, None)
    faults += _unknown(document, row, path, _BLOCK_KEYS)
    name = row.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"\w[\w ./-]*", name) or name == "auto":
        faults.append(document.fault((*path, "name"), f"expected a name, found {shown(name)}"))
    patterns = row.get("tensors")
    patterns = [patterns] if isinstance(patterns, str) else patterns
    if not isinstance(patterns, list) or not all(isinstance(it, str) for it in patterns):
        message = "expected a pattern of tensor names such as 'encoder.*', or a list of them"
        faults.append(document.fault((*path, "tensors"), message))
        patterns = []
    _quantity(document, (*path, "flops"), row.get("flops"), "flops", faults)
    output = row.get("output")
    if isinstance(output, dict) and set(output) == {"elements"}:
        place = (*path, "output", "elements")
        _quantity(document, place, output["elements"], "number", faults)
    else:
        _quantity(document, (*path, "output"), output, "data", faults)
    return Block(str(name), tuple(patterns), row.get("flops"), output)


def _quantity(
    document: Document, path: tuple[str | int, ...], value: Any, kind: str, faults: list[Fault]
) -> None:
    try:
        if not parse(value, kind) > 0.0:
            raise ValueError(f"expected more than 0, found {shown(value)}")
    except ValueError as error:
        faults.append(document.fault(path, str(error)))


def _provenance(document: Document, said: Any, faults: list[Fault]) -> dict[str, dict[str, str]]:
    if not isinstance(said, dict):
        faults.append(document.fault(("provenance",), f"expected keys of {', '.join(_SAID)}"))
        return {}
    faults += _unknown(document, said, ("provenance",), _SAID)
    for key, entry in said.items():
        sound = isinstance(entry, dict) and set(entry) == {"kind", "source"}
        if not sound or entry["kind"] not in KINDS or not isinstance(entry["source"], str):
            message = f"expected kind ({', '.join(KINDS)}) and source"
            faults.append(document.fault(("provenance", key), message))
    return said
