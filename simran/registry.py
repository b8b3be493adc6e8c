"""Plug-in names: from a name to a class, by decorator or by Python entry point."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from simran.errors import InputError, UnknownNameError

__all__ = ["Registry"]

T = TypeVar("T")

#: Classes by group and name: whoever asks for a group sees what was registered in it.
_REGISTERED: dict[str, dict[str, Any]] = {}


class Registry(Generic[T]):
    """Classes of one kind by name.

    Names come from :meth:`register` and from the entry-point group, so a third-party package adds
    one without touching this repository. Entry points are loaded only when asked for by name.

    Parameters
    ----------
    kind : what is registered, for messages, such as ``"allocator"``
    group : entry-point group, such as ``"simran.allocators"``
    """

    def __init__(self, kind: str, group: str) -> None:
        self.kind = kind
        self.group = group
        self._classes: dict[str, type[T]] = _REGISTERED.setdefault(group, {})

    def register(self, name: str) -> Callable[[type[T]], type[T]]:
        """Return a decorator that registers a class under ``name``.

        Raises
        ------
        InputError
            if another class already has the name
        """

        def add(cls: type[T]) -> type[T]:
            known = self._classes.get(name)
            if known is not None and known is not cls:
                raise InputError(f"{self.kind} {name!r} is already registered as {known!r}")
            self._classes[name] = cls
            return cls

        return add

    def offer(self, name: str, cls: type[T]) -> None:
        """Register a class under ``name``, in place of an earlier one."""
        self._classes[name] = cls

    def loaded(self, name: str) -> type[T] | None:
        """Return the class of a name if it is registered or has been loaded, without looking further."""
        return self._classes.get(name)

    def names(self) -> tuple[str, ...]:
        """Return all names, sorted, without importing any entry point."""
        return tuple(sorted(set(self._classes) | set(self._points())))

    def load(self, name: str) -> type[T]:
        """Return the class registered under ``name``.

        Raises
        ------
        UnknownNameError
            if there is none; the message names the nearest
        InputError
            if two installed packages give the same name to different objects, or the one that offers
            it cannot be imported
        """
        if name in self._classes:
            return self._classes[name]
        points = self._points()
        if name not in points:
            raise UnknownNameError(self.kind, name, self.names())
        try:
            loaded: type[T] = points[name].load()
        except (Exception, SystemExit) as error:  # whatever the code of that package does
            where = points[name].value
            why = f"{type(error).__name__}: {error}"
            raise InputError(
                f"{self.kind} {name!r} cannot be imported from {where}: {why}"
            ) from error
        self._classes[name] = loaded
        return loaded

    def _points(self) -> dict[str, EntryPoint]:
        found: dict[str, EntryPoint] = {}
        for point in _offered(self.group, _places()):
            other = found.get(point.name)
            if other is not None and other.value != point.value:
                raise InputError(
                    f"{self.kind} {point.name!r} is offered twice: {other.value} and {point.value}"
                )
            found[point.name] = point
        return found


def _places() -> tuple[tuple[str, int], ...]:
    """Return where packages are looked for, and when each place was last changed."""
    found = []
    for place in sys.path:
        with suppress(OSError):
            found.append((place, os.stat(place or os.curdir).st_mtime_ns))
    return tuple(found)


@lru_cache(maxsize=8)
def _offered(group: str, places: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:
    """Return the entry points of a group; every installed package is read for them, so only once."""
    return tuple(entry_points(group=group))
