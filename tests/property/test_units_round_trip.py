"""Quantities: what is written in any unit is read back, and nothing but quantities is."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from simran.units import DIMENSIONS, parse, parse_power_law

NUMBERS = st.floats(-1e15, 1e15, allow_nan=False)
UNITS = st.sampled_from(
    [(name, unit, factor) for name, it in DIMENSIONS.items() for unit, factor in it.units.items()]
)
PREFIXES = st.sampled_from([("", 1.0), ("k", 1e3), ("K", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12)])


@given(NUMBERS, st.sampled_from(sorted(DIMENSIONS)))
def test_numbers_are_in_si_already(number: float, dimension: str) -> None:
    assert parse(number, dimension) == number
    assert parse(repr(number), dimension) == number
    assert parse(f"  {number!r}  ", dimension) == number


@given(NUMBERS, UNITS, PREFIXES, st.sampled_from(["", " ", "   "]))
def test_units_multiply(
    number: float, unit: tuple[str, str, float], prefix: tuple[str, float], space: str
) -> None:
    dimension, symbol, factor = unit
    letter, scale = ("", 1.0) if symbol in {"min", "h", "/s", "/min", "/h"} else prefix
    got = parse(f"{number!r}{space}{letter}{symbol}", dimension)
    assert math.isclose(got, number * scale * factor, rel_tol=1e-15)


@given(st.floats(-200, 200), st.sampled_from([("dBm", 1e-3), ("dBW", 1.0)]))
def test_decibels(number: float, unit: tuple[str, float]) -> None:
    name, reference = unit
    watts = parse(f"{number!r} {name}", "power")
    assert math.isclose(10 * math.log10(watts / reference), number, rel_tol=1e-12, abs_tol=1e-10)


@given(st.one_of(st.text(), st.from_regex(r"[-+0-9.eE_xmkMG ]{1,6}[A-Za-z/^µ]{0,6}")))
def test_any_text_is_a_finite_quantity_or_refused_in_words(text: str) -> None:
    for name, dimension in DIMENSIONS.items():
        try:
            value, words = parse(text, name), ""
        except ValueError as error:
            value, words = 0.0, str(error)
        assert math.isfinite(value)
        assert not words or words.startswith(f"expected {dimension.name}")
        assert not words or words.isprintable()


@given(
    st.floats(0, 1e3), st.floats(1.01, 9.9), st.sampled_from([("", 1.0), ("k", 1e3), ("G", 1e9)])
)
def test_power_laws(number: float, exponent: float, prefix: tuple[str, float]) -> None:
    power = f"{exponent:.3f}"
    text = f"{number!r} W/{prefix[0]}Hz^{power}"
    expected = number / prefix[1] ** float(power)
    assert math.isclose(parse_power_law(text, float(power)), expected, rel_tol=1e-12)
    assert parse_power_law(number, float(power)) == number
