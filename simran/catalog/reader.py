"""Reading YAML safely: bounded, without tags, every key with its place, nothing turned by guess."""

from __future__ import annotations

import math
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from simran.catalog.document import Document, Mark, Path_, dotted
from simran.errors import Fault, ScenarioError, shown

__all__ = ["parse_document", "parse_scalar", "read_document", "read_text"]

_MOST_BYTES = 1_000_000
_MOST_DEPTH = 60
_MOST_VALUES = 100_000
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NUMERIC = frozenset("+-.0123456789")  # what a number starts with
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE = re.compile(r"[+-]?\d{1,40}", re.ASCII)  # not by way of a float, which would round a seed
_UNPRINTABLE = re.compile(r"[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_scalar(text: str) -> Any:
    """Return a plain scalar as YAML 1.2's core schema has it, with all decimal numbers as numbers.

    ``off`` and ``no`` stay words, ``1:30``, ``1_000``, ``0x10``, ``.inf`` and ``.nan`` stay text, of
    which no quantity can be made; ``1e-28`` is a number. So is ``010``, which is ten.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:
        return text
    if _WHOLE.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def read_text(path: Path, name: str | None = None, most_bytes: int = _MOST_BYTES) -> str:
    """Return the text of a file.

    Parameters
    ----------
    path : of the file
    name : what messages call it
    most_bytes : longest file that is read

    Raises
    ------
    ScenarioError
        if it is missing, a folder, a pipe or device, too large or no UTF-8 text
    """
    called = name or str(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            run = "manifest.json" if (path / "manifest.json").is_file() else None
            help_ = f"the scenario of that run is read from {called}/{run}" if run else None
            raise ScenarioError([Fault("is a folder, expected a file", called, suggestion=help_)])
        if not stat.S_ISREG(mode):
            raise ScenarioError([Fault("is a pipe or device, expected a file", called)])
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ScenarioError([Fault(f"cannot be read: {reason}", called)]) from error
    if len(content) > most_bytes:
        raise ScenarioError([Fault(f"is larger than {most_bytes} bytes", called)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        place = _position(before, len(before))
        raise ScenarioError([Fault("is not UTF-8 text", called, *place)]) from error


def read_document(path: Path, name: str | None = None) -> Document:
    """Return a YAML file as data with places.

    Raises
    ------
    ScenarioError
        with every fault of form: syntax, tags, duplicate keys, depth, size
    """
    called = name or str(path)
    return parse_document(read_text(path, called), called)


def parse_document(text: str, name: str) -> Document:
    """Return YAML text as data with places; ``name`` stands in messages."""
    odd = _UNPRINTABLE.search(text)
    if odd is not None:
        place = _position(text, odd.start())
        raise ScenarioError([Fault(f"holds the control character {odd[0]!r}", name, *place)])
    builder = _Builder(name)
    try:
        data = builder.document(yaml.parse(text, Loader=_Loader))
    except yaml.YAMLError as error:
        raise ScenarioError([*builder.faults, _syntax(error, name, text)]) from error
    if builder.faults:
        raise ScenarioError(builder.faults)
    return Document(data, builder.marks)


def _position(text: str, index: int) -> tuple[int, int]:
    before = text[:index]
    return before.count("\n") + 1, index - before.rfind("\n")


#: What the parser says where a line is indented unlike its neighbours.
_OF_INDENTATION = ("not allowed", "expected <block end>", "expected key")


def _syntax(error: yaml.YAMLError, name: str, text: str) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    written = (text.splitlines() or [""])[min(line, text.count("\n") + 1) - 1 :][:1] or [""]
    tabbed = "\t" in written[0][: max(column, len(written[0]) - len(written[0].lstrip()))]
    indented = any(it in str(problem) for it in _OF_INDENTATION)
    help_ = "look at the indentation of this line and of the one before" if indented else None
    help_ = "indent with spaces, not tabs" if tabbed else help_
    return Fault(f"is not valid YAML: {problem}", name, line, column, "", help_)


class _Builder:
    """Turns the parser's events into data, and notes where each value came from."""

    def __init__(self, name: str) -> None:
        self.marks: dict[Path_, Mark] = {}
        self.faults: list[Fault] = []
        self._name = name
        self._events: Iterator[Any] = iter(())
        self._anchors: dict[str, tuple[Any, Path_]] = {}
        self._values = 0

    def document(self, events: Iterator[Any]) -> Any:
        """Return the data of the one document of a stream."""
        self._events = events
        data, found = None, 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                found += 1
                if found > 1:
                    self._stop(event, (), "holds several documents, expected one")
                data = self._value(next(events), ())
        if not found:
            raise ScenarioError([Fault("is empty, expected a mapping", self._name, 1, 1)])
        return data

    def _value(self, event: Any, path: Path_) -> Any:
        self._values += 1
        if self._values > _MOST_VALUES:
            self._stop(event, path, f"holds more than {_MOST_VALUES} values")
        if len(path) > _MOST_DEPTH:
            self._stop(event, path[:3], f"is nested more than {_MOST_DEPTH} deep")
        if path not in self.marks:  # a key has marked its value
            self.marks[path] = self._mark(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path)
        if event.tag is not None:
            tag = shown(str(event.tag).replace("tag:yaml.org,2002:", "!!"))
            self._fault(self._mark(event), path, f"tags such as {tag} are not part of a scenario")
        data: Any
        if isinstance(event, yaml.ScalarEvent):
            data = self._scalar(event, path)
        elif isinstance(event, yaml.MappingStartEvent):
            data = self._mapping(path)
        else:
            data = self._sequence(path)
        if event.anchor is not None:
            self._anchors[event.anchor] = data, path
        return data

    def _scalar(self, event: Any, path: Path_) -> Any:
        text: str = event.value
        if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
            self._fault(self._mark(event), path, "holds half of a surrogate pair, which is no text")
            return ""
        return parse_scalar(text) if event.implicit[0] else text

    def _sequence(self, path: Path_) -> list[Any]:
        data: list[Any] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            data.append(self._value(event, (*path, len(data))))
        return data

    def _mapping(self, path: Path_) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            mark = self._mark(event)
            if not isinstance(event, yaml.ScalarEvent) or event.tag is not None:
                self._fault(mark, path, "a key must be a word")
                self._value(event, (*path, "?"))
                self._value(next(self._events), (*path, "?"))
                continue
            key = event.value
            here = (*path, key)
            if not key.isascii():
                self._scalar(event, here)
            if key in data:
                first = self.marks[here].line
                self._fault(mark, here, f"this key is given twice, first in line {first}")
                self._value(next(self._events), (*path, "?"))
                continue
            self.marks[here] = mark
            data[key] = self._value(next(self._events), here)
        return data

    def _alias(self, event: Any, path: Path_) -> Any:
        if event.anchor not in self._anchors:
            self._fault(self._mark(event), path, f"there is no anchor {event.anchor!r} before it")
            return None
        data, source = self._anchors[event.anchor]
        return self._copy(event, data, source, path)

    def _copy(self, event: Any, data: Any, source: Path_, path: Path_) -> Any:
        """Return what an alias stands for, as a copy of its own; aliases of aliases add up."""
        self._values += 1
        if self._values > _MOST_VALUES or len(path) > _MOST_DEPTH:
            self._stop(event, path[:3], f"its aliases make more than {_MOST_VALUES} values")
        if source in self.marks:
            self.marks[path] = self.marks[source]
        if isinstance(data, dict):
            return {
                key: self._copy(event, item, (*source, key), (*path, key))
                for key, item in data.items()
            }
        if isinstance(data, list):
            return [
                self._copy(event, item, (*source, index), (*path, index))
                for index, item in enumerate(data)
            ]
        return data

    def _mark(self, event: Any) -> Mark:
        start = event.start_mark
        return Mark(self._name, start.line + 1, start.column + 1)

    def _fault(self, mark: Mark, path: Path_, message: str) -> None:
        self.faults.append(Fault(message, mark.file, mark.line, mark.column, dotted(path)))

    def _stop(self, event: Any, path: Path_, message: str) -> None:
        self._fault(self._mark(event), path, message)
        raise ScenarioError(self.faults)
