"""YAML with the place of every key, read safely: bounded, without tags, nothing turned by guess."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from simran.errors import Fault, ScenarioError

__all__ = [
    "Document",
    "Mark",
    "Path_",
    "dotted",
    "key_path",
    "parse_document",
    "parse_scalar",
    "plain",
    "read_document",
    "read_text",
]

Path_ = tuple[str | int, ...]

_MOST_BYTES = 2_000_000
_MOST_DEPTH = 60
_MOST_NODES = 200_000
_NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
_WHOLE = re.compile(r"^[+-]?\d+$")
_CORE_TAGS = {
    "tag:yaml.org,2002:str",
    "tag:yaml.org,2002:map",
    "tag:yaml.org,2002:seq",
    "!",
    "?",
    "",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int


@dataclass
class Document:
    """Plain data with the place where each key path was written.

    Parameters
    ----------
    data : mappings, lists, strings, numbers, booleans, None
    marks : key path -> place
    """

    data: Any
    marks: dict[Path_, Mark] = field(default_factory=dict)

    def mark(self, path: Path_) -> Mark:
        """Return the place of a key, or of the nearest thing around it that was written."""
        for length in range(len(path), -1, -1):
            found = self.marks.get(path[:length])
            if found is not None:
                return found
        return Mark("", 0, 0)

    def fault(self, path: Path_, message: str, suggestion: str | None = None) -> Fault:
        """Return a fault at the place of a key."""
        mark = self.mark(path)
        return Fault(message, mark.file, mark.line, mark.column, dotted(path), suggestion)

    def below(self, path: Path_) -> Iterator[tuple[Path_, Mark]]:
        """Yield the marks at and below a key, with paths that start there."""
        for place, mark in self.marks.items():
            if place[: len(path)] == path:
                yield place[len(path) :], mark


def dotted(path: Path_) -> str:
    """Return a key path as it is written: ``agents.inspector.budget`` or ``links[0].rate``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def key_path(text: str) -> Path_:
    """Return the key path that a text means, as :func:`dotted` writes it.

    Examples
    --------
    >>> key_path("network.links[0].rate")
    ('network', 'links', 0, 'rate')
    """
    parts: list[str | int] = []
    for piece in text.replace("[", ".[").split("."):
        if piece.startswith("[") and piece.endswith("]") and piece[1:-1].isdigit():
            parts.append(int(piece[1:-1]))
        elif piece:
            parts.append(piece)
    return tuple(parts)


def parse_scalar(text: str) -> Any:
    """Return a plain scalar as YAML 1.2's core schema has it, with all numbers as numbers.

    ``off`` and ``no`` stay words, ``1:30`` stays text, ``1e-28`` is a number.
    """
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE"}:
        return True
    if text in {"false", "False", "FALSE"}:
        return False
    if _WHOLE.match(text):
        # Python limits the digits of an int; what is longer is no sensible quantity.
        return int(text) if len(text) < 400 else float("inf")
    if _NUMBER.match(text):
        return float(text)
    return text


def read_text(path: Path, shown: str | None = None) -> str:
    """Return the text of a file.

    Raises
    ------
    ScenarioError
        if it is missing, a folder, too large or no UTF-8 text
    """
    name = shown or str(path)
    try:
        if path.is_dir():
            raise ScenarioError([Fault("is a folder, expected a file", name)])
        if path.stat().st_size > _MOST_BYTES:
            raise ScenarioError([Fault(f"is larger than {_MOST_BYTES} bytes", name)])
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError([Fault(f"is not UTF-8 text (byte {error.start})", name)]) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ScenarioError([Fault(f"cannot be read: {reason}", name)]) from error


def read_document(path: Path, shown: str | None = None) -> Document:
    """Return a YAML file as data with places.

    Raises
    ------
    ScenarioError
        with every fault of form: syntax, tags, duplicate keys, depth, size
    """
    name = shown or str(path)
    return parse_document(read_text(path, name), name)


def parse_document(text: str, name: str) -> Document:
    """Return YAML text as data with places; ``name`` stands in messages."""
    try:
        _check_depth(text, name)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ScenarioError([_syntax(error, name)]) from error
    except RecursionError as error:
        raise ScenarioError([Fault("is nested too deeply", name)]) from error
    if root is None:
        raise ScenarioError([Fault("is empty, expected a mapping", name, 1, 1)])
    builder = _Builder(name)
    data = builder.build(root, ())
    if builder.faults:
        raise ScenarioError(builder.faults)
    return Document(data, builder.marks)


class _Loader(yaml.SafeLoader):
    """Composes nodes only; scalars are resolved by :func:`parse_scalar`."""


def _check_depth(text: str, name: str) -> None:
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MOST_DEPTH or count > 2 * _MOST_NODES:
            why = f"is nested more than {_MOST_DEPTH} deep or too large"
            line, column = _place(event.start_mark)
            raise ScenarioError([Fault(why, name, line, column)])


def _place(mark: Any) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)


def _syntax(error: yaml.YAMLError, name: str) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    hint = "indent with spaces, not tabs" if "\\t" in str(problem) else None
    line, column = _place(mark)
    return Fault(f"is not valid YAML: {problem}", name, line, column, "", hint)


class _Builder:
    """Turns nodes into data, and notes where each came from."""

    def __init__(self, name: str) -> None:
        self.marks: dict[Path_, Mark] = {}
        self.faults: list[Fault] = []
        self._name = name
        self._nodes = 0

    def build(self, node: yaml.Node, path: Path_) -> Any:
        self._nodes += 1
        place = Mark(self._name, node.start_mark.line + 1, node.start_mark.column + 1)
        self.marks.setdefault(path, place)
        if self._nodes > _MOST_NODES or len(path) > _MOST_DEPTH:
            if not self.faults or self.faults[-1].message != "its aliases grow without bound":
                self._fault(place, path, "its aliases grow without bound")
            return None
        if node.tag not in _CORE_TAGS and not node.tag.startswith("tag:yaml.org,2002:"):
            self._fault(place, path, f"tags such as {node.tag!r} are not part of a scenario")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, (*path, index)) for index, child in enumerate(node.value)]
        plain = getattr(node, "style", None) is None
        if not plain:
            return str(node.value)
        return parse_scalar(str(node.value))

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            mark = Mark(self._name, key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(mark, path, "a key must be a word")
                continue
            key = str(key_node.value)
            if key in data:
                self._fault(mark, (*path, key), "this key is given twice")
                continue
            self.marks[(*path, key)] = mark
            data[key] = self.build(value_node, (*path, key))
        return data

    def _fault(self, mark: Mark, path: Path_, message: str) -> None:
        self.faults.append(Fault(message, mark.file, mark.line, mark.column, dotted(path)))


def plain(value: Any) -> Any:
    """Return a deep copy of mappings and lists as dicts and lists with string keys."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
