"""Plain data with the place where each key was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from numbers import Integral, Real
from pathlib import PurePath
from typing import Any, NamedTuple

from simran.errors import Fault, shown, word

__all__ = ["Document", "Mark", "Path_", "dotted", "key_path", "plain"]

Path_ = tuple[str | int, ...]

_MOST_DEPTH = 60


class Mark(NamedTuple):
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
        value: Any = self.data
        for part in path:
            value = value[part]
        for rest in _paths(value, ()):
            mark = self.marks.get((*path, *rest))
            if mark is not None:
                yield rest, mark

    def copy(self) -> Document:
        """Return a document that can be changed without changing this one."""
        return Document(_copied(self.data), dict(self.marks))

    def forget(self, path: Path_) -> None:
        """Take away the marks at and below a key, whose value is about to be replaced."""
        for rest, _ in list(self.below(path)):
            del self.marks[(*path, *rest)]


def _paths(value: Any, at: Path_) -> Iterator[Path_]:
    yield at
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _paths(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _paths(item, (*at, index))


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def dotted(path: Path_) -> str:
    """Return a key path as it is written: ``agents.inspector.budget`` or ``links[0].rate``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        text += f".{word(part)}" if text else word(part)
    return text


@lru_cache(maxsize=4096)
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


def plain(value: Any, depth: int = 0) -> Any:
    """Return a deep copy of plain data, as dicts, lists, texts and Python's own numbers.

    Raises
    ------
    ValueError
        if it holds what is no data, or is nested too deeply
    """
    if depth > _MOST_DEPTH:
        raise ValueError(f"is nested more than {_MOST_DEPTH} deep")
    if isinstance(value, Mapping):
        return {_key(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, depth + 1) for item in value]
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, PurePath):
        return str(value)
    raise ValueError(f"expected numbers, texts, lists and mappings, found {shown(value)}")


def _key(key: Any) -> str:
    if isinstance(key, bool) or not isinstance(key, (str, Real)):
        raise ValueError(f"expected a text as a key, found {shown(key)}")
    return str(key)
