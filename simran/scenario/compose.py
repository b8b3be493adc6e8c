"""From files to one document: ``extends``, overrides, profiles; every key keeps its place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simran.catalog import (
    Document,
    Mark,
    dotted,
    key_path,
    merge,
    mode_fault,
    parse_document,
    profile,
    put,
    with_mode,
)
from simran.catalog.document import plain
from simran.errors import Fault, InputError, ScenarioError, nearest
from simran.scenario.assumptions import Assumption, assumptions, settle

__all__ = ["Composed", "compose"]

Key = tuple[str | int, ...]


class Composed(Document):
    """A whole scenario as one document.

    Attributes
    ----------
    folder : where relative paths start
    faults : found so far
    assumed : of the profiles, as far as the scenario does not say otherwise
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
    merge(base, document)
    return base


def _override(whole: Composed, text: str) -> None:
    """Set one key, as ``--set agents.robot.count=3`` does."""
    mark = Mark(f"--set {text}", 0, 0)
    path_text, equals, value_text = text.partition("=")
    if not equals or not path_text.strip():
        whole.faults.append(Fault("expected PATH=VALUE", mark.file))
        return
    keys = key_path(path_text.strip())
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
    """Put the profile of a model or device, and its mode, below what the scenario says of it."""
    entry = whole.data[kind][name]
    if not isinstance(entry, dict):
        return
    own = Document(plain(entry), dict(whole.below((kind, name))))
    base = _profile(whole, kind, name) if "profile" in entry else own
    if base is None:
        whole.data[kind][name] = None
        return
    own = Document({}) if base is own else own
    base = Document(plain(base.data), dict(base.marks))
    if kind == "devices":
        # A mode takes the place of the profile's keys, and gives way to the scenario's.
        for key in {"mode", "modes"} & set(own.data):
            marks = {path: mark for path, mark in own.marks.items() if path[:1] == (key,)}
            merge(base, Document({key: own.data[key]}, marks))
        base = _in_force(base)
    merged = Document(plain(base.data), dict(base.marks))
    merge(merged, own)
    try:
        whole.assumed += assumptions(base, own.data, (kind, name))
        settle(merged, base, own.data)
    except ScenarioError as error:
        whole.faults.extend(error.faults)
    head = whole.marks.get((kind, name))
    put(whole, (kind, name), merged.data, merged, ())
    if head is not None:
        whole.marks[kind, name] = head
    wrong = mode_fault(merged) if kind == "devices" else None
    if wrong is not None:
        key, message, hint = wrong
        whole.faults.append(whole.fault((kind, name, key), message, hint))


def _in_force(base: Document) -> Document:
    """Return a device with its mode, or with its first one where it names none that exists."""
    modes = base.data.get("modes")
    if mode_fault(base) is None or not isinstance(modes, dict) or not modes:
        return with_mode(base)
    return with_mode(base, str(next(iter(modes))))


def _profile(whole: Composed, kind: str, name: str) -> Document | None:
    asked = whole.data[kind][name]["profile"]
    if not isinstance(asked, str):
        whole.faults.append(whole.fault((kind, name, "profile"), "expected a name or a file"))
        return None
    try:
        return profile(kind, asked, whole.folder)
    except ScenarioError as error:
        whole.faults.extend(error.faults)
    except InputError as error:
        whole.faults.append(whole.fault((kind, name, "profile"), str(error)))
    return None
