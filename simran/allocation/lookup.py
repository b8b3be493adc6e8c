"""From what a user writes to an allocator class: a name, ``package.module:Class``, or ``path.py:Class``."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from types import ModuleType
from typing import Any

from simran.allocation.base import ALLOCATORS, Allocator
from simran.allocation.guard import said
from simran.errors import InputError, shown

__all__ = ["find_allocator", "full_name", "in_use", "origin"]


def find_allocator(spec: str) -> type[Allocator]:
    """Return the allocator class that a name or a place stands for; a place is imported, so its code runs.

    What is imported is registered under :func:`full_name`, and scenarios of this process may then name it so.
    A file that has changed since is imported anew.

    Parameters
    ----------
    spec : registered name, ``package.module:Class`` or ``path.py:Class``; the class may be left out where
        there is only one

    Raises
    ------
    InputError
        if there is none, it cannot be imported, or it is no allocator

    Examples
    --------
    >>> find_allocator("simran.allocation.exact:Exact").name
    'exact'
    """
    if not _is_place(spec):
        return _vetted(ALLOCATORS.load(spec), spec)
    place, name = _parted(spec)
    module = _file(Path(place)) if place.endswith(".py") else _package(place)
    cls = _class(module, name, spec)
    ALLOCATORS.offer(full_name(spec), cls)
    origin(cls)  # now, while the file is the one that was read
    return cls


def in_use(name: str) -> type[Allocator]:
    """Return the class that this process knows by a full name, and look it up only where it knows none.

    A run keeps to the code that it began with, whatever becomes of the file meanwhile.

    Parameters
    ----------
    name : as :func:`full_name` tells it

    Raises
    ------
    InputError
        as :func:`find_allocator` does
    """
    return ALLOCATORS.loaded(name) or find_allocator(name)


def full_name(spec: str) -> str:
    """Return the name by which scenarios know an allocator: a file's path in full, all else as it is.

    Examples
    --------
    >>> full_name("exact")
    'exact'
    """
    if not _is_place(spec):
        return spec
    place, name = _parted(spec)
    return f"{Path(place).resolve()}:{name}" if place.endswith(".py") else spec


@cache
def origin(cls: type[Allocator]) -> dict[str, Any]:
    """Return where a class comes from: class, file with its SHA-256, and package with its version.

    Parameters
    ----------
    cls : the class; of one of simran's own the file is left out, since the version tells it
    """
    own = cls.__module__.partition(".")[0]
    found: dict[str, Any] = {"class": f"{cls.__module__}.{cls.__qualname__}"}
    for package in {"simran": ["simran"]}.get(own) or packages_distributions().get(own, ())[:1]:
        with suppress(PackageNotFoundError):
            found["package"] = f"{package} {version(package)}"
    if own != "simran":
        with suppress(OSError, TypeError):
            path = Path(inspect.getfile(cls))
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found |= {"file": str(path), "sha256": digest}
    return found


def _is_place(spec: str) -> bool:
    return ":" in spec or spec.endswith(".py")


def _parted(spec: str) -> tuple[str, str]:
    """Return the file or module, and the name of the class or ``""``."""
    if spec.endswith(".py"):
        return spec, ""
    place, _, name = spec.rpartition(":")
    return place, name


def _package(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise InputError(f"allocator: {shown(name)} cannot be imported: {said(error)}") from error


def _file(path: Path) -> ModuleType:
    """Return a file as a module whose name tells its content, so that processes agree on it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"allocator: {path} cannot be read: {error.strerror}") from error
    digest = hashlib.sha256(str(path.resolve()).encode() + content).hexdigest()
    name = f"simran_own_{digest[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise InputError(f"allocator: {path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    folder = str(path.resolve().parent)
    if folder not in sys.path:  # as for a script: what lies beside it can be imported
        sys.path.append(folder)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise InputError(f"allocator: {path} cannot be imported: {said(error)}") from error
    return module


def _class(module: ModuleType, name: str, spec: str) -> type[Allocator]:
    own = {
        key: it
        for key, it in vars(module).items()
        if inspect.isclass(it) and issubclass(it, Allocator) and it.__module__ == module.__name__
    }
    names = ", ".join(own) or "none"
    if not name:
        if len(own) != 1:
            raise InputError(f"allocator: write {spec}:CLASS; allocators there: {names}")
        (name,) = own
    found = getattr(module, name, None)
    if found is None:
        raise InputError(f"allocator {shown(spec)}: {name} is not there; allocators there: {names}")
    return _vetted(found, spec, names)


def _vetted(found: Any, spec: str, others: str = "") -> type[Allocator]:
    """Return what was found if it is an allocator that can be made."""
    name = getattr(found, "__name__", type(found).__name__)
    there = f"; allocators there: {others}" if others else ""
    if not (inspect.isclass(found) and issubclass(found, Allocator)):
        what = f"{name} is no simran.allocation.Allocator"
        raise InputError(f"allocator {shown(spec)}: {what}{there}")
    if inspect.isabstract(found):
        raise InputError(f"allocator {shown(spec)}: {name} has no method allocate")
    if not isinstance(getattr(found, "name", None), str):
        raise InputError(f"allocator {shown(spec)}: {name} needs a name, such as name = 'mine'")
    cls: type[Allocator] = found
    return cls
