"""How the values of allocator options are read."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from simran.units import parse

__all__ = [
    "read_between",
    "read_choice",
    "read_count",
    "read_energy_j",
    "read_flag",
    "read_frequency_hz",
    "read_integer",
    "read_positive",
    "read_share",
    "read_time_s",
]

_SCALES = {"": 1.0, "hz": 1.0, "khz": 1e3, "mhz": 1e6, "ghz": 1e9}
_QUANTITY = re.compile(r"([-+0-9.eE]+)\s*([A-Za-z]*)")


def read_choice(*names: str) -> Callable[[Any], str]:
    """Return what reads one of some names.

    Examples
    --------
    >>> read_choice("left", "right")("left")
    'left'
    """

    def read(value: Any) -> str:
        if value not in names:
            raise ValueError(f"{value!r} is none of {', '.join(names)}")
        return str(value)

    return read


def read_count(most: int) -> Callable[[Any], int]:
    """Return what reads an integer from 0 to ``most``.

    Examples
    --------
    >>> read_count(6)(0)
    0
    """
    return read_between(0, most)


def read_between(least: int, most: int) -> Callable[[Any], int]:
    """Return what reads an integer from ``least`` to ``most``.

    Examples
    --------
    >>> read_between(1, 50)(5)
    5
    """

    def read(value: Any) -> int:
        if isinstance(value, bool) or value != int(value) or not least <= value <= most:
            raise ValueError(f"{value!r} is not an integer from {least} to {most}")
        return int(value)

    return read


def read_flag(value: Any) -> bool:
    """Return true or false.

    Raises
    ------
    ValueError
        if it is neither
    """
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def read_share(value: Any) -> float:
    """Return a share in (0, 1].

    Raises
    ------
    ValueError
        if it is outside
    """
    share = float(value)
    if isinstance(value, bool) or not 0 < share <= 1:
        raise ValueError(f"{value!r} is not in (0, 1]")
    return share


def read_integer(value: Any) -> int:
    """Return a positive integer.

    Raises
    ------
    ValueError
        if it is none
    """
    number = float(value)
    if isinstance(value, bool) or number != math.floor(number) or number < 1:
        raise ValueError(f"{value!r} is not a positive integer")
    return int(number)


def read_positive(value: Any) -> float:
    """Return a positive, finite number.

    Raises
    ------
    ValueError
        if it is none
    """
    if isinstance(value, bool) or not 0 < float(value) < math.inf:
        raise ValueError(f"{value!r} is not a positive number")
    return float(value)


def read_energy_j(value: Any) -> float | None:
    """Return a positive energy [J] from a number or a string such as ``"2 J"``; None stays None.

    Raises
    ------
    ValueError
        if it is none

    Examples
    --------
    >>> read_energy_j("500 mJ")
    0.5
    """
    return None if value is None else read_positive(parse(value, "energy"))


def read_time_s(value: Any) -> float | None:
    """Return a positive time [s] from a number or a string such as ``"2 s"``; None stays None.

    Raises
    ------
    ValueError
        if it is none
    """
    return None if value is None else read_positive(parse(value, "time"))


def read_frequency_hz(value: Any) -> float | None:
    """Return a frequency [Hz] from a number or a string such as ``"1.5 GHz"``; None stays None.

    Raises
    ------
    ValueError
        if it is not a positive, finite frequency

    Examples
    --------
    >>> read_frequency_hz("1.5 GHz")
    1500000000.0
    """
    if value is None:
        return None
    match = _QUANTITY.fullmatch(str(value).strip())
    if isinstance(value, bool) or match is None or match[2].lower() not in _SCALES:
        raise ValueError(f"{value!r} is not a frequency")
    frequency = float(match[1]) * _SCALES[match[2].lower()]
    if not 0 < frequency < math.inf:
        raise ValueError(f"{value!r} is not a positive, finite frequency")
    return frequency
