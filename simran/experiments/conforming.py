"""The conformance check of an allocator by name or place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from simran.errors import InputError, shown

__all__ = ["conformance"]


def conformance(spec: str, options: Sequence[str] = ()) -> dict[str, Any]:
    """Return the verdict of every conformance check on an allocator.

    Parameters
    ----------
    spec : registered name, ``package.module:Class`` or ``path.py:Class``, whose code is run
    options : ``key=value`` strings

    Returns
    -------
    mapping with ``allocator``, ``origin`` and ``checks``, each with ``name``, ``passed``, ``detail``

    Raises
    ------
    InputError
        if there is no such allocator, or an option is of no use

    Examples
    --------
    >>> all(check["passed"] for check in conformance("fixed-bits", ["bits=4"])["checks"])
    True
    """
    from simran.allocation import check_allocator, find_allocator
    from simran.allocation.lookup import origin
    from simran.catalog import parse_scalar

    cls = find_allocator(spec)
    given: dict[str, Any] = {}
    for text in options:
        key, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--option: expected KEY=VALUE, found {shown(text)}")
        given[key.strip()] = parse_scalar(value.strip())
    if given:
        cls(given)  # one that is of no use is not a fault of the allocator
    checks = [asdict(check) for check in check_allocator(cls, given)]
    return {"allocator": cls.name, "origin": origin(cls), "checks": checks}
