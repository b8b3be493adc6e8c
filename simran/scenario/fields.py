"""The kinds of values that a scenario holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from simran.errors import shown
from simran.units import DIMENSIONS, parse

__all__ = [
    "Arrival",
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
    "Quantity",
    "RadioPower",
    "Rate",
    "Schema",
    "Seconds",
    "SecondsOrZero",
    "Share",
    "Text",
    "Variation",
    "Whole",
    "WholeNumber",
]

_MOST_PIECES = 1_000_000_000


class Schema(BaseModel):
    """Base of all parts of the scenario language: frozen; structure reports unknown keys."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A reader of quantities of one dimension within bounds, of which messages speak.

    Parameters
    ----------
    dimension : key of :data:`simran.units.DIMENSIONS`
    above, least : lower bound, without and with itself
    most, below : upper bound, with and without itself
    example : how to write one, where that of the dimension is of another size
    """

    dimension: str
    above: float | None = None
    least: float | None = None
    most: float | None = None
    below: float | None = None
    example: str = ""

    @property
    def described(self) -> str:
        """What is expected, within which bounds, with an example."""
        kind = DIMENSIONS[self.dimension]
        within = " ".join(part for part in (kind.name, self.bounds) if part)
        return f"{within}, such as {self.example or kind.example}"

    @property
    def bounds(self) -> str:
        """The bounds in words."""
        bounds = {
            "above": self.above, "at least": self.least, "at most": self.most, "below": self.below
        }  # fmt: skip
        return " and ".join(
            f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None
        )

    def __call__(self, value: Any) -> float:
        """Return a value in SI units; raise ValueError where it is none or out of bounds."""
        number = parse(value, self.dimension, self.example)
        low = (self.above is None or number > self.above) and (
            self.least is None or number >= self.least
        )
        high = (self.most is None or number <= self.most) and (
            self.below is None or number < self.below
        )
        if not (low and high):
            raise ValueError(f"expected {self.bounds}, found {shown(value)}")
        return number


def _rate(value: Any) -> float:
    if value == "unlimited":
        return float("inf")
    return Quantity("rate", above=0.0)(value)


def _bandwidth(value: Any) -> float:
    if value == "unlimited":
        return float("inf")
    return Quantity("bandwidth", above=0.0)(value)


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """A reader of whole numbers within bounds.

    Parameters
    ----------
    least, most : bounds, with themselves
    """

    least: int
    most: int | None = None

    def __call__(self, value: Any) -> int:
        """Return the number; raise ValueError where it is none or out of bounds."""
        # Not by way of a float, which would round a long seed.
        exact = isinstance(value, Integral) and not isinstance(value, bool)
        try:
            number = int(value) if exact else parse(value, "number")
        except ValueError:
            number = math.nan
        if math.isnan(number) or number != int(number):
            raise ValueError(f"expected a whole number, found {shown(value)}")
        if number < self.least or (self.most is not None and number > self.most):
            bound = f"at least {self.least}" if number < self.least else f"at most {self.most}"
            raise ValueError(f"expected {bound}, found {shown(value)}")
        return int(number)


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
Whole = Annotated[int, BeforeValidator(WholeNumber(0))]
Count = Annotated[int, BeforeValidator(WholeNumber(1, _MOST_PIECES))]
Number = Annotated[float, BeforeValidator(Quantity("number"))]
NumberOrZero = Annotated[float, BeforeValidator(Quantity("number", least=0.0))]
PositiveNumber = Annotated[float, BeforeValidator(Quantity("number", above=0.0))]
#: From 0 to 1, without 1.
Share = Annotated[float, BeforeValidator(Quantity("number", least=0.0, below=1.0, example="0.2"))]
#: Of power as a law of the clock; with 1 or less the fastest clock would always be the cheapest.
Exponent = Annotated[float, BeforeValidator(Quantity("number", above=1.0, most=10.0))]
#: Above 0, at most 1.
Efficiency = Annotated[
    float, BeforeValidator(Quantity("number", above=0.0, most=1.0, example="0.3"))
]
#: Power usage effectiveness.
Overhead = Annotated[float, BeforeValidator(Quantity("number", least=1.0, example="1.2"))]
#: Coefficient of variation; beyond these bounds the gamma law cannot be drawn in floating point.
Variation = Annotated[float, BeforeValidator(Quantity("number", least=1e-3, most=1e2))]
Seconds = Annotated[float, BeforeValidator(Quantity("time", above=0.0))]
SecondsOrZero = Annotated[float, BeforeValidator(Quantity("time", least=0.0))]
Frequency = Annotated[float, BeforeValidator(Quantity("frequency", above=0.0))]
#: Of requests.
Arrival = Annotated[float, BeforeValidator(Quantity("frequency", above=0.0, example="0.05 Hz"))]
Power = Annotated[float, BeforeValidator(Quantity("power", least=0.0, example="15 W"))]
#: Of a radio.
RadioPower = Annotated[float, BeforeValidator(Quantity("power", least=0.0, example="23 dBm"))]
Energy = Annotated[float, BeforeValidator(Quantity("energy", above=0.0))]
Joules = Annotated[float, BeforeValidator(Quantity("energy", least=0.0))]
Data = Annotated[float, BeforeValidator(Quantity("data", above=0.0))]
Memory = Annotated[float, BeforeValidator(Quantity("memory", above=0.0))]
Flops = Annotated[float, BeforeValidator(Quantity("flops", above=0.0))]
Rate = Annotated[float, BeforeValidator(_rate)]
#: Of memory, in bytes.
Bandwidth = Annotated[float, BeforeValidator(_bandwidth)]
