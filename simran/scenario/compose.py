"""From files to one document: ``extends``, overrides, profiles; every key keeps its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from simran.catalog import Document, Mark, dotted, parse_document, profile
from simran.catalog import provenance as read_provenance
from simran.catalog.document import plain
from simran.errors import Fault, InputError, ScenarioError, nearest

__all__ = ["Assumption", "Composed", "compose"]

Key = tuple[str | int, ...]
Assumption = tuple[str, str, str]


class Composed(Document):
    """A whole scenario as one document.

    Attributes
    ----------
    folder : where relative paths start
    faults : found so far
    assumed : (what, value key, source) of the assumed numbers of the profiles in use
    """

    def __init__(self, document: Document, folder: Path) -> None:
        super().__init__(document.data, document.marks)
        self.folder = folder
        self.faults: list[Fault] = []
        self.assumed: list[Assumption] = []


def compose(document: Document, folder: Path, overrides: Sequence[str]) -> Composed:
    """Return a document with its parents, overrides and profiles worked in.

    Parameters
    ----------
    document : as read
    folder : of the file, where relative paths start
    overrides : ``path=value`` strings
    """
    whole = Composed(_extended(document, folder, ()), folder)
    for text in overrides:
        _override(whole, text)
    for kind in ("models", "devices"):
        entries = whole.data.get(kind)
        for name in list(entries) if isinstance(entries, dict) else ():
            _expand(whole, kind, name)
    return whole


def _extended(document: Document, folder: Path, chain: tuple[Path, ...]) -> Document:
    if not isinstance(document.data, dict):
        raise ScenarioError([document.fault((), "expected a mapping of keys, as in `simran: 1`")])
    parent = document.data.pop("extends", None)
    if parent is None:
        return document
    if not isinstance(parent, str):
        raise ScenarioError([document.fault(("extends",), "expected the name of a file")])
    path = (folder / parent).resolve()
    if path in chain or len(chain) > 20:
        raise ScenarioError([document.fault(("extends",), f"{parent} extends itself in a cycle")])
    from simran.catalog import read_document

    try:
        base = read_document(path, parent)
    except ScenarioError as error:
        mark = document.mark(("extends",))
        place = f"{mark.file}:{mark.line}" if mark.file else "the scenario"
        hint = f"extended by {place}"
        raise ScenarioError(
            [
                Fault(f.message, f.file, f.line, f.column, f.path, f.suggestion or hint)
                for f in error.faults
            ]
        ) from error
    base = _extended(base, path.parent, (*chain, path))
    _merge(base, (), document, ())
    return base


def _merge(base: Document, at: Key, other: Document, source: Key) -> None:
    """Work ``other`` into ``base``: mappings merge, everything else is replaced."""
    value = _get(other.data, source)
    known = _get(base.data, at)
    if isinstance(value, dict) and isinstance(known, dict):
        for key in value:
            if key in known:
                _merge(base, (*at, key), other, (*source, key))
            else:
                _put(base, (*at, key), value[key], other, (*source, key))
    elif at:
        _put(base, at, value, other, source)
    if source in other.marks and at and not isinstance(value, dict):
        base.marks[at] = other.marks[source]


def _put(base: Document, at: Key, value: Any, other: Document, source: Key) -> None:
    parent = _get(base.data, at[:-1])
    parent[at[-1]] = value
    for place in [it for it in base.marks if it[: len(at)] == at]:
        del base.marks[place]
    for rest, mark in list(other.below(source)):
        base.marks[(*at, *rest)] = mark


def _get(data: Any, path: Key) -> Any:
    for part in path:
        data = data[part]
    return data


def _override(whole: Composed, text: str) -> None:
    """Set one key, as ``--set agents.robot.count=3`` does."""
    mark = Mark(f"--set {text}", 0, 0)
    path_text, equals, value_text = text.partition("=")
    if not equals or not path_text.strip():
        whole.faults.append(Fault("expected PATH=VALUE", mark.file))
        return
    keys = _keys(path_text.strip())
    try:
        value = parse_document(value_text, mark.file).data if value_text.strip() else None
    except ScenarioError as error:
        whole.faults.extend(error.faults)
        return
    data: Any = whole.data
    for depth, key in enumerate(keys[:-1]):
        data = _step(whole, data, key, keys[: depth + 1], mark)
        if data is None:
            return
    last = keys[-1]
    if isinstance(data, list):
        if not isinstance(last, int) or not 0 <= last < len(data):
            whole.faults.append(Fault(f"there is no entry {last}", mark.file, path=dotted(keys)))
            return
    elif not isinstance(data, dict):
        whole.faults.append(Fault("lies below a value", mark.file, path=dotted(keys)))
        return
    data[last] = value
    for place in [it for it in whole.marks if it[: len(keys)] == keys]:
        del whole.marks[place]
    whole.marks[keys] = mark


def _keys(text: str) -> Key:
    parts: list[str | int] = []
    for piece in text.replace("[", ".[").split("."):
        if piece.startswith("[") and piece.endswith("]") and piece[1:-1].isdigit():
            parts.append(int(piece[1:-1]))
        elif piece:
            parts.append(piece)
    return tuple(parts)


_OPEN = {
    ("allocator",), ("outputs",), ("agents", "*", "budget"), ("agents", "*", "transmit"),
    ("models", "*", "size"), ("devices", "*", "switching"), ("allocator", "options"),
    ("devices", "*", "power"), ("models", "*", "weights"), ("models", "*", "bits"),
}  # fmt: skip


def _step(whole: Composed, data: Any, key: str | int, at: Key, mark: Mark) -> Any:
    if isinstance(data, list) and isinstance(key, int) and 0 <= key < len(data):
        return data[key]
    if isinstance(data, dict):
        if key in data and data[key] is not None:
            return data[key]
        if any(_like(at, pattern) for pattern in _OPEN):
            data[key] = {}
            return data[key]
        best = nearest(str(key), map(str, data))
        hint = f"did you mean {best!r}?" if best else f"known: {', '.join(map(str, data))}"
        whole.faults.append(
            Fault("there is no such key", mark.file, path=dotted(at), suggestion=hint)
        )
        return None
    whole.faults.append(Fault("lies below a value", mark.file, path=dotted(at)))
    return None


def _like(path: Key, pattern: tuple[str, ...]) -> bool:
    return len(path) == len(pattern) and all(
        part in ("*", key) for key, part in zip(path, pattern, strict=True)
    )


def _expand(whole: Composed, kind: str, name: str) -> None:
    """Put the profile of a model or device below what the scenario says of it."""
    entry = whole.data[kind][name]
    if not isinstance(entry, dict) or "profile" not in entry:
        return
    asked = entry["profile"]
    if not isinstance(asked, str):
        whole.faults.append(whole.fault((kind, name, "profile"), "expected a name or a file"))
        return
    try:
        base = profile(kind, asked, whole.folder)
        sources = read_provenance(base)
    except ScenarioError as error:
        whole.faults.extend(error.faults)
        whole.data[kind][name] = None
        return
    except InputError as error:
        whole.faults.append(whole.fault((kind, name, "profile"), str(error)))
        whole.data[kind][name] = None
        return
    for source in sources:
        if source.kind == "assumed" and _get_or_none(entry, source.key) is None:
            whole.assumed.append((f"{kind}.{name}.{source.key}", source.key, source.source))
    merged = Document(plain(base.data), dict(base.marks))
    own = Document(plain(entry), dict(whole.below((kind, name))))
    _merge(merged, (), own, ())
    head = whole.marks.get((kind, name))
    _put(whole, (kind, name), merged.data, merged, ())
    if head is not None:
        whole.marks[kind, name] = head


def _get_or_none(data: Mapping[str, Any], key: str) -> Any:
    value: Any = data
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
