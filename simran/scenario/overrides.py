"""Overrides: single keys of a scenario set to another value, as ``--set`` does."""

from __future__ import annotations

from typing import Any

from simran.catalog import Document, Mark, dotted, key_path, parse_document
from simran.errors import Fault, ScenarioError, hint, word

__all__ = ["SET", "override"]

Key = tuple[str | int, ...]

#: How the place of an override starts.
SET = "--set "

#: Mappings with defaults, which an override may open where a scenario leaves them out.
_OPEN = {
    ("allocator",), ("allocator", "options"), ("outputs",),
    ("agents", "*", "budget"), ("agents", "*", "transmit"),
    ("devices", "*", "power"), ("devices", "*", "switching"),
    ("models", "*", "bits"), ("models", "*", "size"), ("models", "*", "weights"),
}  # fmt: skip


def override(document: Document, text: str) -> list[Fault]:
    """Set one key of a scenario and return what is wrong with that.

    Parameters
    ----------
    document : changed in place
    text : ``path=value``; the path as in ``network.links[0].rate``, the value in YAML. A value takes
        the place of what was there, also of a whole mapping; nothing at all is ``null``
    """
    mark = Mark(f"{SET}{text}", 0, 0)
    path_text, equals, value_text = text.partition("=")
    keys = _fitted(document.data, key_path(path_text.strip()))
    if not equals or not keys:
        return [Fault("expected PATH=VALUE, such as agents.robot.count=3", mark.file)]
    try:
        value = parse_document(value_text, mark.file).data if value_text.strip() else None
        holder = _holder(document, keys, mark)
    except ScenarioError as error:
        return [_without_place(fault, mark) for fault in error.faults]
    last = keys[-1]
    if isinstance(holder, list):
        if not isinstance(last, int) or not 0 <= last < len(holder):
            return [Fault(f"there is no entry {last}", mark.file, path=dotted(keys))]
    elif not isinstance(holder, dict) or isinstance(last, int):
        return [Fault("there is no such key", mark.file, path=dotted(keys))]
    if isinstance(last, int) or last in holder:
        document.forget(keys)
    holder[last] = value
    document.marks[keys] = mark
    return []


def _without_place(fault: Fault, mark: Mark) -> Fault:
    return Fault(fault.message, mark.file, path=fault.path, suggestion=fault.suggestion)


def _fitted(data: Any, keys: Key) -> Key:
    """Return a key path in which names that hold dots themselves are one part again."""
    fitted: list[str | int] = []
    while keys:
        joined = [".".join(map(str, keys[:end])) for end in range(len(keys), 1, -1)]
        name = next((it for it in joined if isinstance(data, dict) and it in data), None)
        fitted.append(keys[0] if name is None else name)
        keys = keys[1:] if name is None else keys[len(keys) - joined.index(name) :]
        try:
            data = data[fitted[-1]]
        except (KeyError, IndexError, TypeError):
            data = None
    return tuple(fitted)


def _holder(document: Document, keys: Key, mark: Mark) -> Any:
    """Return the mapping or list that holds the last key; mappings that may be left out are opened."""
    data = document.data
    for depth, key in enumerate(keys[:-1]):
        at = keys[: depth + 1]
        try:
            inner = data[key]
        except (KeyError, IndexError, TypeError):
            inner = None
        profiled = isinstance(data, dict) and _profile(document.data, at)
        if inner is None and isinstance(keys[depth + 1], int) and profiled:
            where = f"they are in profile {word(profiled)}; a list of a profile is set as a whole"
            fault = Fault("has no entries here", path=dotted(at), suggestion=where)
            raise ScenarioError([fault])
        if inner is None and (profiled or any(_like(at, pattern) for pattern in _OPEN)):
            inner = data[key] = {}
            document.marks[at] = mark
        if inner is None or isinstance(data, str):
            help_ = hint(str(key), map(str, data)) if isinstance(data, dict) else None
            fault = Fault("there is no such key", path=dotted(at), suggestion=help_)
            raise ScenarioError([fault])
        data = inner
    return data


def _profile(data: Any, at: Key) -> str:
    """Return the profile of the model or device that a key lies in; empty if it has none."""
    if len(at) < 3 or at[0] not in {"models", "devices"}:
        return ""
    entry = data[at[0]][at[1]]
    return str(entry.get("profile") or "") if isinstance(entry, dict) else ""


def _like(path: Key, pattern: tuple[str, ...]) -> bool:
    return len(path) == len(pattern) and all(
        part in ("*", key) for key, part in zip(path, pattern, strict=True)
    )
