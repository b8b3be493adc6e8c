"""The kinds of values that a scenario holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from simran.units import parse

__all__ = [
    "Data",
    "Flops",
    "Frequency",
    "FrequencyOrZero",
    "Joules",
    "Memory",
    "Name",
    "Number",
    "PositiveNumber",
    "Power",
    "Rate",
    "Schema",
    "Seconds",
    "SecondsOrZero",
    "Whole",
]


class Schema(BaseModel):
    """Base of all parts of the scenario language: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)


def _quantity(dimension: str, least: float | None, strict: bool) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        number = parse(value, dimension)
        if least is not None and (number < least or (strict and number == least)):
            bound = f"above {least:g}" if strict else f"{least:g} or more"
            raise ValueError(f"expected {bound}, found {value!r}")
        return number

    return read


def _unlimited(value: Any) -> float:
    if value == "unlimited":
        return float("inf")
    return _quantity("rate", 0.0, True)(value)


def _whole(value: Any) -> int:
    number = parse(value, "number")
    if number != int(number):
        raise ValueError(f"expected a whole number, found {value!r}")
    return int(number)


def _name(value: Any) -> str:
    # A name such as `2024` reads as a number in YAML; it is still a name.
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"expected a word, found {value!r}")
    return str(value)


Name = Annotated[str, BeforeValidator(_name)]
Number = Annotated[float, BeforeValidator(_quantity("number", None, False))]
PositiveNumber = Annotated[float, BeforeValidator(_quantity("number", 0.0, True))]
Whole = Annotated[int, BeforeValidator(_whole)]
Seconds = Annotated[float, BeforeValidator(_quantity("time", 0.0, True))]
SecondsOrZero = Annotated[float, BeforeValidator(_quantity("time", 0.0, False))]
Frequency = Annotated[float, BeforeValidator(_quantity("frequency", 0.0, True))]
FrequencyOrZero = Annotated[float, BeforeValidator(_quantity("frequency", 0.0, False))]
Power = Annotated[float, BeforeValidator(_quantity("power", 0.0, False))]
Joules = Annotated[float, BeforeValidator(_quantity("energy", 0.0, False))]
Data = Annotated[float, BeforeValidator(_quantity("data", 0.0, True))]
Memory = Annotated[float, BeforeValidator(_quantity("memory", 0.0, True))]
Flops = Annotated[float, BeforeValidator(_quantity("flops", 0.0, True))]
Rate = Annotated[float, BeforeValidator(_unlimited)]
