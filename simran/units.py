"""Quantities as people write them, read into SI."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from numbers import Real

from simran.errors import shown

__all__ = [
    "DIMENSIONS",
    "Dimension",
    "compared",
    "parse",
    "parse_power_law",
    "pattern",
    "written",
]

_PREFIXES = {
    "": 1.0, "p": 1e-12, "n": 1e-9, "u": 1e-6, "\u00b5": 1e-6, "\u03bc": 1e-6, "m": 1e-3,
    "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
}  # fmt: skip
_BINARY = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40}
_TEXT = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)\s*", re.ASCII)
_COMMA = re.compile(r"\s*([+-]?\d*),(\d.*?)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Dimension:
    """What a quantity is measured in.

    Parameters
    ----------
    name : for messages, such as ``a time``
    units : symbol -> factor to the SI unit; prefixes come on top
    example : how to write one
    counted : whether it comes in whole pieces, so that Ki, Mi, Gi are prefixes too and m, u, n are
        not: ``100 mbit/s`` is a slip, not a tenth of a bit per second
    """

    name: str
    units: dict[str, float]
    example: str
    counted: bool = False


#: What a scenario can ask for, by name. Data are counted in bits, memory in bytes.
DIMENSIONS = {
    "number": Dimension("a plain number", {}, "2.5"),
    "time": Dimension("a time", {"s": 1.0, "min": 60.0, "h": 3600.0}, "3.5 s"),
    "frequency": Dimension(
        "a frequency", {"Hz": 1.0, "/s": 1.0, "/min": 1.0 / 60.0, "/h": 1.0 / 3600.0}, "2 GHz"
    ),
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
    "bandwidth": Dimension(
        "a memory bandwidth",
        {"B/s": 1.0, "byte/s": 1.0, "bit/s": 0.125, "b/s": 0.125},
        "200 GB/s",
        True,
    ),
    "flops": Dimension(
        "a number of operations", {"FLOP": 1.0, "FLOPs": 1.0, "flop": 1.0}, "120 GFLOP", True
    ),
    "temperature": Dimension("a temperature", {"K": 1.0}, "290 K"),
}
_POWER_LAW = re.compile(
    r"(.*?)\s*([pnuµμmkKMGTP]?)W\s*/\s*([kMG]?)Hz\s*(?:\^|\*\*)\s*(\d+\.?\d*)", re.ASCII
)
_WORDS = {
    "sec": "s", "second": "s", "minute": "min", "hr": "h", "hour": "h", "hertz": "Hz", "watt": "W",
    "joule": "J", "millisecond": "ms", "microsecond": "us",
}  # fmt: skip
_UNPREFIXED = {"min", "h"}
_LARGE = [("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)]
_SMALL = [("", 1.0), ("m", 1e-3), ("u", 1e-6), ("n", 1e-9)]
_WHOLE = {"B", "B/s", "bit", "bit/s", "FLOP"}


def parse(value: object, dimension: str, example: str = "") -> float:
    """Return a quantity in SI units (data in bits, memory in bytes).

    Numbers are decimal digits with an optional point and exponent. What only some YAML readers take
    for a number, such as ``1_000``, ``0x10``, ``.inf`` and ``1:30``, is refused rather than guessed.

    Parameters
    ----------
    value : a number, which is in SI already, or a string with a unit
    dimension : key of :data:`DIMENSIONS`
    example : for messages, where one of its own fits better than that of the dimension

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
    kind = replace(kind, example=example) if example else kind
    if isinstance(value, bool) or not isinstance(value, (Real, str)):
        raise ValueError(f"expected {kind.name} such as {kind.example!r}, found {shown(value)}")
    try:
        number = _with_unit(value, kind) if isinstance(value, str) else float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"expected {kind.name} that is finite, found {shown(value)}")
    return number


def parse_power_law(value: object, exponent: float) -> float:
    """Return ψ [W/Hz^α]; a unit, where one is given, must have the exponent α.

    Raises
    ------
    ValueError
        if it is no finite number, or its unit has another exponent

    Examples
    --------
    >>> parse_power_law("1 W/GHz^3", 3.0)
    1e-27
    """
    match = _POWER_LAW.fullmatch(value.strip()) if isinstance(value, str) else None
    wanted = f"a number or one such as '2e-30 W/Hz^{exponent:g}'"
    try:
        if match is None:
            return parse(value, "number")
        number = parse(match[1], "number")
    except ValueError as error:
        raise ValueError(f"expected {wanted}, found {shown(value)}") from error
    if not math.isclose(float(match[4]), exponent):
        raise ValueError(f"expected W/Hz^{exponent:g} as the exponent says, found {shown(value)}")
    try:
        return float(number * _PREFIXES[match[2]] / _PREFIXES[match[3]] ** exponent)
    except OverflowError as error:
        raise ValueError(f"expected {wanted} that is finite, found {shown(value)}") from error


def pattern(dimension: str) -> str:
    """Return a regular expression, in the dialect of JSON Schema, of a quantity as text.

    Parameters
    ----------
    dimension : key of :data:`DIMENSIONS`

    Examples
    --------
    >>> bool(re.search(pattern("time"), "3.5 ms")), bool(re.search(pattern("time"), "3.5 GHz"))
    (True, False)
    """
    kind = DIMENSIONS[dimension]
    spelt = [prefix + unit for unit in kind.units for prefix in (*_PREFIXES, *_BINARY)]
    known = [it for it in spelt if _factor(it, kind) is not None]
    known += ["dBm", "dBW"] if "W" in kind.units else []
    number = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
    unit = rf"(\s*({'|'.join(dict.fromkeys(known))}))?" if known else ""
    return rf"^\s*{number}{unit}\s*$"


def written(value: float, unit: str, digits: int = 3) -> str:
    """Return a quantity as people write it, with the prefix that leaves one to three digits before the point.

    Parameters
    ----------
    value : in that unit
    unit : symbol; seconds and bare numbers take no prefix above one
    digits : significant ones

    Examples
    --------
    >>> written(0.048, "s"), written(5.4e9, "B"), written(3600.0, "s"), written(0.0, "J")
    ('48 ms', '5.4 GB', '3600 s', '0 J')
    """
    if value == 0.0 or not math.isfinite(value):
        return f"{value:g} {unit}".strip()
    steps = [] if unit in {"s", ""} else _LARGE
    steps = steps + (_SMALL[:1] if unit in _WHOLE or not unit else _SMALL)
    rounded = abs(float(f"{value:.{digits}g}"))
    prefix, scale = next((it for it in steps if rounded >= it[1]), steps[-1])
    places = max(digits, len(str(int(abs(value / scale)))))
    return f"{value / scale:.{places}g} {prefix}{unit}".strip()


def compared(value: float, bound: float, unit: str) -> tuple[str, str]:
    """Return two quantities as :func:`written` has them, with as many digits as tell them apart.

    Examples
    --------
    >>> compared(3.50002, 3.5, "s"), compared(2.0, 2.0, "J")
    (('3.50002 s', '3.5 s'), ('2 J', '2 J'))
    """
    digits = 3
    while (
        value != bound
        and digits < 17
        and written(value, unit, digits) == written(bound, unit, digits)
    ):
        digits += 1
    return written(value, unit, digits), written(bound, unit, digits)


def _with_unit(text: str, kind: Dimension) -> float:
    wanted = f"expected {kind.name} such as {kind.example!r}, found {shown(text)}"
    mend = _COMMA.fullmatch(text)
    if mend is not None and not re.match(r"\d{3}(?!\d)", mend[2]):  # three digits may be thousands
        raise ValueError(f"{wanted} (the decimal sign is a point: {mend[1]}.{mend[2]})")
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(wanted)
    number, unit = float(match[1]), match[2]
    if not unit:
        return number
    if unit == "dBm" and "W" in kind.units:
        return float(10.0 ** (number / 10.0) / 1000.0)
    if unit == "dBW" and "W" in kind.units:
        return float(10.0 ** (number / 10.0))
    factor = _factor(unit, kind)
    if factor is None:
        why = _what(unit, kind)
        raise ValueError(f"{wanted} ({why})" if why else wanted)
    return number * factor


def _factor(unit: str, kind: Dimension) -> float | None:
    if unit in kind.units:
        return kind.units[unit]
    for symbol, factor in kind.units.items():
        if not unit.endswith(symbol) or symbol.startswith("/") or symbol in _UNPREFIXED:
            continue
        prefix = unit[: -len(symbol)]
        scale = _PREFIXES.get(prefix)
        if scale is not None and (scale > 1.0 or not kind.counted):
            return scale * factor
        if kind.counted and prefix in _BINARY:
            return _BINARY[prefix] * factor
    return None


def _what(unit: str, wanted: Dimension) -> str:
    """Say what a unit that does not fit is, or which one was meant."""
    for kind in DIMENSIONS.values():
        if _factor(unit, kind) is not None:
            return f"{unit} is {kind.name}"
    if unit in {"dBm", "dBW"}:
        return f"{unit} is a power"
    if not wanted.units:
        return ""
    prefixes = [*_PREFIXES, *_BINARY]
    spelt = [prefix + symbol for symbol in wanted.units for prefix in prefixes]
    if unit.lower() in {"db", "dbm", "dbw"} and "W" in wanted.units:
        return f"unknown unit {shown(unit)}; did you mean dBm or dBW?"
    word = _WORDS.get(unit.lower().removesuffix("s"), "")
    if word and _factor(word, wanted) is not None:
        return f"unknown unit {shown(unit)}; did you mean {word}?"
    meant = [it for it in spelt if it.lower() == unit.lower() and _factor(it, wanted) is not None]
    hint = f"; did you mean {' or '.join(dict.fromkeys(meant))}?" if meant else ""
    return f"unknown unit {shown(unit)}{hint}"
