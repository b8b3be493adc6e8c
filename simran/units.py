"""Quantities as people write them, read into SI."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

__all__ = ["DIMENSIONS", "Dimension", "parse", "parse_power_law"]

_PREFIXES = {
    "": 1.0, "p": 1e-12, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "m": 1e-3, "k": 1e3, "K": 1e3,
    "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
}  # fmt: skip
_BINARY = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40}
_TEXT = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)\s*$")


@dataclass(frozen=True, slots=True)
class Dimension:
    """What a quantity is measured in.

    Parameters
    ----------
    name : for messages, such as ``a time``
    units : symbol -> factor to the SI unit; prefixes come on top
    example : how to write one
    binary : whether Ki, Mi, Gi are prefixes too
    """

    name: str
    units: dict[str, float]
    example: str
    binary: bool = False


#: What a scenario can ask for, by name. Data are counted in bits, memory in bytes.
DIMENSIONS = {
    "number": Dimension("a plain number", {}, "2.5"),
    "time": Dimension("a time", {"s": 1.0, "min": 60.0, "h": 3600.0}, "3.5 s"),
    "frequency": Dimension("a frequency", {"Hz": 1.0, "/s": 1.0}, "2 GHz"),
    "power": Dimension("a power", {"W": 1.0}, "23 dBm"),
    "energy": Dimension("an energy", {"J": 1.0, "Wh": 3600.0}, "2 J"),
    "data": Dimension(
        "an amount of data", {"bit": 1.0, "b": 1.0, "B": 8.0, "byte": 8.0}, "512 KiB", True
    ),
    "memory": Dimension(
        "an amount of memory", {"B": 1.0, "byte": 1.0, "bit": 0.125, "b": 0.125}, "48 GB", True
    ),
    "rate": Dimension(
        "a data rate",
        {"bit/s": 1.0, "b/s": 1.0, "bps": 1.0, "B/s": 8.0, "byte/s": 8.0},
        "100 Mbit/s",
        True,
    ),
    "flops": Dimension(
        "a number of operations", {"FLOP": 1.0, "FLOPs": 1.0, "flop": 1.0}, "120 GFLOP"
    ),
    "temperature": Dimension("a temperature", {"K": 1.0}, "290 K"),
}
_POWER_LAW = re.compile(r"^(.*?)\s*([pnuµmkKMGTP]?)W\s*/\s*([kMG]?)Hz\s*(?:\^|\*\*)\s*([0-9.]+)$")


def parse(value: object, dimension: str) -> float:
    """Return a quantity in SI units (data in bits, memory in bytes).

    Parameters
    ----------
    value : a number, which is in SI already, or a string with a unit
    dimension : key of :data:`DIMENSIONS`

    Raises
    ------
    ValueError
        if it is none, is not finite, or has another dimension; the message says what was expected

    Examples
    --------
    >>> parse("20 MHz", "frequency"), parse("512 KiB", "data"), parse("1e-28", "number")
    (20000000.0, 4194304.0, 1e-28)
    """
    kind = DIMENSIONS[dimension]
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"expected {kind.name} such as {kind.example!r}, found {value!r}")
    number = float(value) if not isinstance(value, str) else _with_unit(value, kind)
    if not math.isfinite(number):
        raise ValueError(f"expected {kind.name} that is finite, found {value!r}")
    return number


def parse_power_law(value: object, exponent: float) -> float:
    """Return ψ [W/Hz^α]; a unit, where one is given, must have the exponent α.

    Raises
    ------
    ValueError
        if it is no number, or its unit has another exponent

    Examples
    --------
    >>> parse_power_law("0.1 W/GHz^3", 3.0)
    1e-28
    """
    match = _POWER_LAW.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        try:
            return parse(value, "number")
        except ValueError as error:
            raise ValueError(
                f"expected a number or one such as '2e-30 W/Hz^3', found {value!r}"
            ) from error
    text, prefix, hertz, power = match.groups()
    if not math.isclose(float(power), exponent):
        raise ValueError(f"expected W/Hz^{exponent:g} as the exponent says, found {value!r}")
    scale = _PREFIXES[prefix] / _PREFIXES[hertz] ** exponent
    return float(parse(text, "number") * scale)


def _with_unit(text: str, kind: Dimension) -> float:
    match = _TEXT.match(text)
    if match is None:
        raise ValueError(f"expected {kind.name} such as {kind.example!r}, found {text!r}")
    number, unit = float(match[1]), match[2]
    if not unit:
        return number
    if unit == "dBm" and "W" in kind.units:
        return float(10.0 ** (number / 10.0) / 1000.0)
    if unit == "dBW" and "W" in kind.units:
        return float(10.0 ** (number / 10.0))
    factor = _factor(unit, kind)
    if factor is None:
        raise ValueError(
            f"expected {kind.name} such as {kind.example!r}, found {text!r} ({_what(unit)})"
        )
    return number * factor


def _factor(unit: str, kind: Dimension) -> float | None:
    if unit in kind.units:
        return kind.units[unit]
    for symbol, factor in kind.units.items():
        if not unit.endswith(symbol) or symbol.startswith("/"):
            continue
        prefix = unit[: -len(symbol)]
        if prefix in _PREFIXES and symbol not in {"min", "h"}:
            return _PREFIXES[prefix] * factor
        if kind.binary and prefix in _BINARY:
            return _BINARY[prefix] * factor
    return None


def _what(unit: str) -> str:
    for kind in DIMENSIONS.values():
        if _factor(unit, kind) is not None:
            return f"{unit} is {kind.name}"
    if unit in {"dBm", "dBW"}:
        return f"{unit} is a power"
    return f"unknown unit {unit}"
