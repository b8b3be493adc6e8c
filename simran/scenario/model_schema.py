"""The schema of models in the scenario language: a chain of blocks, bit-widths, quality."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from simran.errors import shown
from simran.scenario.choices_schema import FeatureBits, FeatureErrors, PruningSpec
from simran.scenario.fields import (
    Count,
    Data,
    Flag,
    Name,
    Number,
    NumberOrZero,
    PositiveNumber,
    Quantity,
    Schema,
    Text,
    Variation,
)
from simran.scenario.quantizer_schema import QuantizerSpec, Quantizing, WeightsSpec
from simran.units import parse

__all__ = [
    "BlockSpec",
    "Elements",
    "FramesFlops",
    "ModelSpec",
    "SizeSpec",
    "block_flops",
    "split_names",
]


class Elements(Schema):
    """An output given by its number of elements, sent at ``feature_bits`` each."""

    elements: PositiveNumber


def _output(value: Any) -> Any:
    if isinstance(value, dict):
        unknown = sorted(set(value) - {"elements"})
        if unknown or "elements" not in value:
            raise ValueError("expected an amount of data such as '350 KiB' or {elements: 180000}")
        return Elements(elements=Quantity("number", above=0.0)(value["elements"]))
    return Quantity("data", above=0.0)(value)


Output = Annotated[Elements | float, BeforeValidator(_output)]


class FramesFlops(Schema):
    """FLOP of a block that takes all frames at once: ``base + per_frame·F + per_frame_squared·F²``."""

    base: float = 0.0
    per_frame: float = 0.0
    per_frame_squared: float = 0.0


def _flops(value: Any) -> Any:
    if not isinstance(value, dict):
        return Quantity("flops", above=0.0)(value)
    read = Quantity("flops", least=0.0)
    terms = {key: read(value[key]) for key in FramesFlops.model_fields if key in value}
    if not sum(terms.values()) > 0:
        raise ValueError(
            "expected an amount such as '120 GFLOP' or {base: 1 GFLOP, per_frame: 26 GFLOP,"
            " per_frame_squared: 0.7 GFLOP}"
        )
    return FramesFlops(**terms)


BlockFlops = Annotated[FramesFlops | float, BeforeValidator(_flops)]


class BlockSpec(Schema):
    """One block of the chain; its end is a split point."""

    name: Name
    flops: BlockFlops
    parameters: NumberOrZero
    output: Output
    per_frame: Flag = Field(
        default=False, description="runs once for each frame: FLOP and output are those of one"
    )
    weights: WeightsSpec | None = None
    feature_distortion: FeatureErrors | None = None


def block_flops(block: BlockSpec, frames: int) -> float:
    """Return the FLOP of a block for a request of some frames."""
    flops = block.flops
    if isinstance(flops, FramesFlops):
        return flops.base + flops.per_frame * frames + flops.per_frame_squared * frames**2
    return flops * frames if block.per_frame else flops


def _bits(value: Any) -> Any:
    if isinstance(value, dict):
        if not set(value) <= {"min", "max"}:
            raise ValueError(f"expected {{min: 1, max: 16}} or a list, found {shown(value)}")
        ends = [parse(value.get(key, other), "number") for key, other in (("min", 1), ("max", 16))]
        if any(end != int(end) for end in ends) or not 1 <= ends[0] <= ends[1] <= 64:
            raise ValueError(f"expected whole numbers 1 <= min <= max <= 64, found {shown(value)}")
        return tuple(range(int(ends[0]), int(ends[1]) + 1))
    items = value if isinstance(value, list) else [value]
    widths = []
    for item in items:
        width = parse(item, "number")
        if width != int(width) or not 1 <= width <= 64:
            raise ValueError(f"expected whole bit-widths from 1 to 64, found {shown(item)}")
        widths.append(int(width))
    if not widths or widths != sorted(set(widths)):
        raise ValueError("expected bit-widths in ascending order, each once")
    return tuple(widths)


Bits = Annotated[tuple[int, ...], BeforeValidator(_bits)]


class SizeSpec(Schema):
    """Law of the per-request size factor."""

    law: Literal["constant", "exponential", "gamma", "trace"] = "constant"
    cv: Variation | None = None
    shared: Flag = True
    file: Name | None = None
    column: Name | None = None


def _curve(value: Any) -> Any:
    if not isinstance(value, dict) or not value:
        raise ValueError("expected bit-widths with values, such as {4: 0.0, 8: 1.27}")
    read = Quantity("number", least=1.0, most=64.0)
    points = sorted((read(bits), parse(score, "number")) for bits, score in value.items())
    if len({bits for bits, _ in points}) < len(points):
        raise ValueError("expected every bit-width once")
    return tuple(points)


Curve = Annotated[tuple[tuple[float, float], ...], BeforeValidator(_curve)]


class QualitySpec(Schema):
    """Measured task quality."""

    metric: Name
    quantizer: Name
    curves: Annotated[dict[Name, Curve], Field(min_length=1)]
    reference: Number | None = None


class ModelSpec(Schema):
    """A model: a chain of blocks."""

    profile: Name | None = None
    description: Text = ""
    parameters: PositiveNumber
    reference_bits: PositiveNumber = 32.0
    bits: Bits = tuple(range(1, 17))
    weights: WeightsSpec
    quantizer: Quantizing = QuantizerSpec(kind="lloyd-max")
    output_coefficient: PositiveNumber = 1.0
    split: Name = "auto"
    frames: Count = Field(default=1, description="images that one request holds")
    input: Data = Field(description="sent when nothing runs on the agent, of one frame")
    blocks: Annotated[tuple[BlockSpec, ...], Field(min_length=1)]
    feature_bits: FeatureBits = (16.0,)
    feature_distortion: FeatureErrors | None = None
    pruning: PruningSpec | None = None
    size: SizeSpec = SizeSpec()
    cost: Literal["linear-in-bits"] = "linear-in-bits"
    quality: QualitySpec | None = None
    provenance: dict[str, Any] | None = None


def split_names(blocks: list[str]) -> dict[str, str]:
    """Return every name of a split point and the block it means; a bare name means the last."""
    names = {}
    for block in blocks:
        head, slash, _ = block.rpartition("/")
        if slash:
            names[head] = block
    return names | {block: block for block in blocks}
