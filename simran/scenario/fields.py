"""The kinds of values that a scenario holds."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Integral
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from simran.errors import shown
from simran.units import parse

__all__ = [
    "Count",
    "Data",
    "Efficiency",
    "Energy",
    "Exponent",
    "Flag",
    "Flops",
    "Frequency",
    "Joules",
    "Memory",
    "Name",
    "Number",
    "NumberOrZero",
    "Overhead",
    "PositiveNumber",
    "Power",
    "Rate",
    "Schema",
    "Seconds",
    "SecondsOrZero",
    "Share",
    "Text",
    "Variation",
    "Whole",
    "quantity",
]

_MOST_PIECES = 1_000_000_000


class Schema(BaseModel):
    """Base of all parts of the scenario language: frozen; structure reports unknown keys."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)


def quantity(
    dimension: str,
    above: float | None = None,
    least: float | None = None,
    most: float | None = None,
    below: float | None = None,
) -> Callable[[Any], float]:
    """Return a reader of quantities of one dimension within bounds, of which messages speak.

    Parameters
    ----------
    dimension : key of :data:`simran.units.DIMENSIONS`
    above, least : lower bound, without and with itself
    most, below : upper bound, with and without itself
    """
    bounds = {"above": above, "at least": least, "at most": most, "below": below}
    words = " and ".join(f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None)

    def read(value: Any) -> float:
        number = parse(value, dimension)
        low = (above is None or number > above) and (least is None or number >= least)
        high = (most is None or number <= most) and (below is None or number < below)
        if not (low and high):
            raise ValueError(f"expected {words}, found {shown(value)}")
        return number

    return read


def _rate(value: Any) -> float:
    if value == "unlimited":
        return float("inf")
    return quantity("rate", above=0.0)(value)


def _whole(least: int, most: int | None = None) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        # Not by way of a float, which would round a long seed.
        exact = isinstance(value, Integral) and not isinstance(value, bool)
        try:
            number = int(value) if exact else parse(value, "number")
        except ValueError:
            number = math.nan
        if math.isnan(number) or number != int(number):
            raise ValueError(f"expected a whole number, found {shown(value)}")
        if number < least or (most is not None and number > most):
            bounds = f"at least {least}" if number < least else f"at most {most}"
            raise ValueError(f"expected {bounds}, found {shown(value)}")
        return int(number)

    return read


def _text(value: Any) -> str:
    # What reads as a number in YAML, such as `2024`, is still a word where a word is expected.
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"expected a text, found {shown(value)}")
    return str(value)


def _name(value: Any) -> str:
    text = _text(value)
    if not text.strip() or text != text.strip() or not text.isprintable():
        raise ValueError(
            f"expected a name, on one line and without spaces around, found {shown(text)}"
        )
    return text


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, found {shown(value)}")
    return value


Name = Annotated[str, BeforeValidator(_name)]
Text = Annotated[str, BeforeValidator(_text)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Whole = Annotated[int, BeforeValidator(_whole(0))]
Count = Annotated[int, BeforeValidator(_whole(1, _MOST_PIECES))]
Number = Annotated[float, BeforeValidator(quantity("number"))]
NumberOrZero = Annotated[float, BeforeValidator(quantity("number", least=0.0))]
PositiveNumber = Annotated[float, BeforeValidator(quantity("number", above=0.0))]
#: From 0 to 1, without 1.
Share = Annotated[float, BeforeValidator(quantity("number", least=0.0, below=1.0))]
#: Of power as a law of the clock; with 1 or less the fastest clock would always be the cheapest.
Exponent = Annotated[float, BeforeValidator(quantity("number", above=1.0, most=10.0))]
#: Above 0, at most 1.
Efficiency = Annotated[float, BeforeValidator(quantity("number", above=0.0, most=1.0))]
#: Power usage effectiveness.
Overhead = Annotated[float, BeforeValidator(quantity("number", least=1.0))]
#: Coefficient of variation; beyond these bounds the gamma law cannot be drawn in floating point.
Variation = Annotated[float, BeforeValidator(quantity("number", least=1e-3, most=1e2))]
Seconds = Annotated[float, BeforeValidator(quantity("time", above=0.0))]
SecondsOrZero = Annotated[float, BeforeValidator(quantity("time", least=0.0))]
Frequency = Annotated[float, BeforeValidator(quantity("frequency", above=0.0))]
Power = Annotated[float, BeforeValidator(quantity("power", least=0.0))]
Energy = Annotated[float, BeforeValidator(quantity("energy", above=0.0))]
Joules = Annotated[float, BeforeValidator(quantity("energy", least=0.0))]
Data = Annotated[float, BeforeValidator(quantity("data", above=0.0))]
Memory = Annotated[float, BeforeValidator(quantity("memory", above=0.0))]
Flops = Annotated[float, BeforeValidator(quantity("flops", above=0.0))]
Rate = Annotated[float, BeforeValidator(_rate)]
