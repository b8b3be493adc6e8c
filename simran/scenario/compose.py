"""From files to one document: ``extends``, overrides, profiles; every key keeps its place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from simran.catalog import (
    Document,
    is_file_name,
    merge,
    mode_fault,
    plain,
    profile,
    put,
    read_document,
    with_mode,
)
from simran.errors import Fault, InputError, ScenarioError, shown, word
from simran.scenario.assumptions import Assumption, assumptions, settle
from simran.scenario.homes import Home, at_the_key
from simran.scenario.overrides import override

__all__ = ["Composed", "compose"]

Key = tuple[str | int, ...]

_MOST_PARENTS = 20


class Composed(Document):
    """A whole scenario as one document.

    Attributes
    ----------
    faults : found so far
    broken : models and devices whose profile cannot be read, of which there is no more to say
    profiles : models and devices that have one, with the name or file that they gave
    assumed : of the profiles, as far as the scenario does not say otherwise
    """

    def __init__(self, document: Document, homes: dict[str, Home]) -> None:
        super().__init__(document.data, document.marks)
        self.faults: list[Fault] = []
        self.broken: set[Key] = set()
        self.profiles: dict[Key, str] = {}
        self.assumed: list[Assumption] = []
        self._homes = homes

    def home(self, key: Key) -> Home:
        """Return where the paths start that the file of a key holds."""
        return self._homes.get(self.mark(key).file, Home(self._homes[""].folder))

    def settled(self, file: str, folder: Path) -> None:
        """Note that a file lies in a folder, and that its paths do not leave the scenario's."""
        self._homes.setdefault(file, Home(folder, self._homes[""].root))


def compose(document: Document, home: Home, overrides: Sequence[str]) -> Composed:
    """Return a document with its parents, overrides and profiles worked in.

    Parameters
    ----------
    document : as read
    home : where its relative paths start
    overrides : ``path=value`` strings
    """
    file = document.mark(()).file
    homes = {"": home, file: home}
    whole = Composed(_extended(document, homes, (home.folder / Path(file).name,)), homes)
    for text in overrides:
        whole.faults += override(whole, text)
    for kind in ("models", "devices"):
        entries = whole.data.get(kind)
        for name in list(entries) if isinstance(entries, dict) else ():
            _expand(whole, kind, name)
    return whole


def _extended(document: Document, homes: dict[str, Home], chain: tuple[Path, ...]) -> Document:
    if not isinstance(document.data, dict):
        found = f"expected a mapping of keys, such as simran: 1, found {shown(document.data)}"
        raise ScenarioError([document.fault((), found)])
    parent = document.data.pop("extends", None)
    if parent is None:
        return document
    key = ("extends",)
    if not isinstance(parent, str):
        found = f"expected the name of a file, found {shown(parent)}"
        raise ScenarioError([document.fault(key, found)])
    home = homes[document.mark(key).file]
    try:
        path = home.locate(parent)
    except ValueError as error:
        raise ScenarioError([document.fault(key, str(error))]) from error
    if any(_same(path, other) for other in chain):
        raise ScenarioError([document.fault(key, f"{word(parent)} extends itself in a cycle")])
    if len(chain) > _MOST_PARENTS:
        raise ScenarioError([document.fault(key, f"extends more than {_MOST_PARENTS} files")])
    try:
        base = read_document(path)
    except ScenarioError as error:
        raise ScenarioError(at_the_key(document, key, error, path)) from error
    homes.setdefault(str(path), Home(path.parent, home.root))
    base = _extended(base, homes, (*chain, path))
    merge(base, document)
    return base


def _same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except (OSError, ValueError):
        return False


def _expand(whole: Composed, kind: str, name: str) -> None:
    """Put the profile of a model or device, and its mode, below what the scenario says of it."""
    entry = whole.data[kind][name]
    if not isinstance(entry, dict):
        return
    own = Document(plain(entry), dict(whole.below((kind, name))))
    base = _profile(whole, kind, name) if "profile" in entry else own
    if base is None:
        whole.data[kind][name] = None
        whole.broken.add((kind, name))
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
        whole.assumed += assumptions(own, {}, (kind, name))  # of what the scenario puts over it
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
    key: Key = (kind, name, "profile")
    if not isinstance(asked, str):
        whole.faults.append(whole.fault(key, f"expected a name or a file, found {shown(asked)}"))
        return None
    home = whole.home(key)
    try:
        path = home.locate(asked) if is_file_name(asked) else None
        base = profile(kind, asked, home.folder)
    except ScenarioError as error:
        whole.faults += at_the_key(whole, key, error, home.folder / asked)
        return None
    except (InputError, ValueError) as error:
        whole.faults.append(whole.fault(key, str(error)))
        return None
    whole.profiles[kind, name] = asked
    for odd in ("profile", "extends"):
        if odd in base.data:
            whole.faults.append(base.fault((odd,), f"a profile has no {odd} itself"))
            del base.data[odd]
    if path is not None:
        whole.settled(base.mark(()).file, path.parent)
    return base
