"""Quantities: every unit against an independent table, and what is refused."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pint
import pytest

from simran.units import DIMENSIONS, parse, parse_power_law

#: What our symbols are called in pint, where they differ.
PINT = {
    "B": "byte", "b": "bit", "FLOP": "count", "FLOPs": "count", "flop": "count",
    "/s": "1/s", "/min": "1/minute", "/h": "1/hour",
    "bps": "bit/s", "B/s": "byte/s", "b/s": "bit/s", "h": "hour", "min": "minute",
}  # fmt: skip
SI = {
    "time": "s", "frequency": "1/s", "power": "W", "energy": "J", "data": "bit", "memory": "byte",
    "rate": "bit/s", "flops": "count", "temperature": "K",
}  # fmt: skip
PREFIXES = ["", "p", "n", "u", "µ", "m", "k", "M", "G", "T", "P"]
BINARY = ["Ki", "Mi", "Gi", "Ti"]
COUNTED = {"data", "memory", "rate", "flops"}


def _spellings() -> list[tuple[str, str, str]]:
    found = []
    for dimension in SI:
        for symbol in DIMENSIONS[dimension].units:
            fixed = symbol in {"min", "h", "/s", "/min", "/h"}
            small = [] if dimension in COUNTED else PREFIXES[1:6]
            large = [*PREFIXES[6:], *(BINARY if dimension in COUNTED else [])]
            for prefix in [""] if fixed else ["", *small, *large]:
                found.append((dimension, prefix, symbol))
    return found


def test_every_unit_agrees_with_pint() -> None:
    registry = pint.UnitRegistry()
    for dimension, prefix, symbol in _spellings():
        name = PINT.get(symbol, symbol)
        unit = f"{prefix}{name}" if not name.startswith("1/") else name
        expected = registry.Quantity(3.7, unit).to(SI[dimension]).magnitude
        got = parse(f"3.7 {prefix}{symbol}", dimension)
        assert got == pytest.approx(expected, rel=1e-12), f"{prefix}{symbol}"


@pytest.mark.parametrize("text", ["23 dBm", "0 dBm", "-7.5 dBm", "3 dBW"])
def test_decibels_agree_with_pint(text: str) -> None:
    registry = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    registry.define("decibelwatt = 1 watt; logbase: 10; logfactor: 10 = dBW")
    number, unit = text.split()
    assert parse(text, "power") == pytest.approx(
        registry.Quantity(float(number), unit).to("W").magnitude, rel=1e-12
    )


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("1e-28", "number", 1e-28),
        ("  2.5  ", "number", 2.5),
        (".5", "number", 0.5),
        ("+3.", "number", 3.0),
        ("-4", "number", -4.0),
        ("010", "number", 10.0),
        ("20MHz", "frequency", 20e6),
        ("5 \u03bcs", "time", 5 * 1e-6),
        (np.int64(3), "number", 3.0),
        (np.float32(0.5), "time", 0.5),
        (Fraction(1, 4), "time", 0.25),
        (7, "data", 7.0),
    ],
)
def test_what_is_a_quantity(text: object, dimension: str, value: float) -> None:
    assert parse(text, dimension) == value


@pytest.mark.parametrize(
    ("value", "dimension", "words"),
    [
        ("5 W", "time", "expected a time such as '3.5 s', found '5 W' (W is a power)"),
        ("5 dBm", "time", "dBm is a power"),
        ("5 Gbit", "rate", "Gbit is an amount of data"),
        ("5 parsec", "time", "unknown unit 'parsec'"),
        ("3 ghz", "frequency", "did you mean GHz?"),
        ("5 mw", "power", "did you mean mW or MW?"),
        ("100 mbit/s", "rate", "did you mean Mbit/s?"),
        ("10 minutes", "time", "did you mean min?"),
        ("3 seconds", "time", "did you mean s?"),
        ("2 Watts", "power", "did you mean W?"),
        ("0,2 s", "time", "(the decimal sign is a point: 0.2 s)"),
        ("1,000 Hz", "frequency", "found '1,000 Hz'"),
        ("0,25ms", "time", "(the decimal sign is a point: 0.25ms)"),
        ("1,5", "number", "(the decimal sign is a point: 1.5)"),
        ("64 kib", "memory", "did you mean KiB or Kib?"),
        ("1 mB", "memory", "unknown unit 'mB'"),
        ("5 s", "number", "expected a plain number such as '2.5', found '5 s' (s is a time)"),
        ("1_000", "number", "found '1_000'"),
        ("0x10", "number", "found '0x10'"),
        ("1:30", "time", "found '1:30'"),
        ("1,5 s", "time", "found '1,5 s'"),
        ("5 s s", "time", "found '5 s s'"),
        ("5 s\n", "number", "s is a time"),
        ("\u0661\u0662 s", "time", "expected a time"),
        (".inf", "number", "expected a plain number"),
        (".nan", "number", "expected a plain number"),
        ("inf", "time", "expected a time"),
        ("nan", "time", "expected a time"),
        ("", "time", "found ''"),
        ("off", "time", "found 'off'"),
        (math.inf, "time", "finite, found inf"),
        (math.nan, "time", "finite, found nan"),
        ("1e400", "time", "that is finite"),
        ("1e308 PHz", "frequency", "that is finite"),
        ("99999 dBm", "power", "that is finite"),
        (10**400, "number", "that is finite"),
        pytest.param(10**5000, "number", "that is finite", id="too many digits"),
        (True, "time", "found true"),
        (None, "time", "found nothing"),
        ([1, 2], "time", "found a list of 2"),
        ({"a": 1}, "time", "found a mapping {a: …}"),
        (3j, "time", "found 3j"),
    ],
)
def test_what_is_none(value: object, dimension: str, words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are compared in full
        parse(value, dimension)
    assert words in str(caught.value)
    assert "expected" in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("value", "exponent", "expected"),
    [
        (1e-28, 3.0, 1e-28),
        ("1e-28", 3.0, 1e-28),
        ("2e-30 W/Hz^3", 3.0, 2e-30),
        ("0.1 W/GHz^3", 3.0, 1e-28),
        ("100 mW / GHz**3", 3.0, 1e-28),
        ("4 W/GHz^2.5", 2.5, 4 / 1e9**2.5),
        ("3 kW/MHz^2", 2.0, 3e-9),
    ],
)
def test_power_laws(value: object, exponent: float, expected: float) -> None:
    assert parse_power_law(value, exponent) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("value", "exponent", "words"),
    [
        ("2e-30 W/Hz^2", 3.0, "expected W/Hz^3 as the exponent says, found '2e-30 W/Hz^2'"),
        ("2e-30 J/Hz^3", 3.0, "expected a number or one such as '2e-30 W/Hz^3'"),
        ("2e-30 W/Hz^1.2.3", 3.0, "expected a number"),
        ("W/Hz^3", 3.0, "expected a number"),
        ("1 W/GHz^300", 300.0, "finite"),
        (math.inf, 3.0, "expected a number"),
        (None, 3.0, "found nothing"),
    ],
)
def test_what_is_no_power_law(value: object, exponent: float, words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are compared in full
        parse_power_law(value, exponent)
    assert words in str(caught.value)
