"""The schema of what an allocator may choose besides bit-widths: pruning ratios, bits of features."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from simran.errors import shown
from simran.scenario.fields import Quantity, Schema

__all__ = ["FeatureBits", "FeatureErrors", "PruningSpec"]

_MOST_CHOICES = 64


def _ascending(value: Any, read: Quantity, what: str) -> tuple[float, ...]:
    items = value if isinstance(value, list) else [value]
    found = tuple(read(item) for item in items)
    if not found or list(found) != sorted(set(found)) or len(found) > _MOST_CHOICES:
        raise ValueError(
            f"expected {what} in ascending order, each once, at most {_MOST_CHOICES}, found {shown(value)}"
        )
    return found


def _feature_bits(value: Any) -> tuple[float, ...]:
    return _ascending(value, Quantity("number", above=0.0), "bits of an element")


def _ratios(value: Any) -> tuple[float, ...]:
    return _ascending(value, Quantity("number", least=0.0, below=1.0, example="0.3"), "ratios")


def _feature_errors(value: Any) -> tuple[tuple[float, float], ...]:
    if not isinstance(value, dict) or not value:
        raise ValueError("expected bits of an element with what they add, such as {4: 0.02, 8: 0}")
    width, error = Quantity("number", above=0.0), Quantity("number", least=0.0)
    points = tuple(sorted((width(bits), error(it)) for bits, it in value.items()))
    if len({bits for bits, _ in points}) < len(points):
        raise ValueError("expected every number of bits once")
    return points


#: Bits of each element of a feature tensor: one number, or the candidates.
FeatureBits = Annotated[tuple[float, ...], BeforeValidator(_feature_bits)]
#: What they add to the distortion, by bits.
FeatureErrors = Annotated[tuple[tuple[float, float], ...], BeforeValidator(_feature_errors)]
#: Shares of the weights that may be set to 0.
Ratios = Annotated[tuple[float, ...], BeforeValidator(_ratios)]


class PruningSpec(Schema):
    """Which shares of the agent's weights may be pruned before they are quantized."""

    ratios: Ratios
    by: Literal["magnitude", "row"] = Field(
        default="magnitude", description="single weights, or whole rows"
    )
