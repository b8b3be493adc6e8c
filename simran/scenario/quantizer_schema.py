"""The schema of quantizers and of the weights that they are used on."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from simran.distortion import KINDS, Scheme
from simran.errors import shown
from simran.scenario.fields import Count, PositiveNumber, Quantity, Schema, WholeNumber

__all__ = ["QuantizerSpec", "Quantizing", "WeightsSpec", "spelled"]


def _scale(value: Any) -> str | int:
    if isinstance(value, str) and value in {"tensor", "row"}:
        return value
    try:
        return WholeNumber(1)(value)
    except ValueError as error:
        wanted = "expected tensor, row, or the weights of a group such as 64"
        raise ValueError(f"{wanted}, found {shown(value)}") from error


class QuantizerSpec(Schema):
    """How the agent's weights are quantized."""

    kind: Literal["integer", "lloyd-max", "power-of-two", "rate-distortion", "uniform"]
    scale: Annotated[str | int, BeforeValidator(_scale)] = "tensor"
    clip: Literal["mae", "mse", "none"] = "mae"

    @property
    def scheme(self) -> Scheme:
        """Return the quantizer that is meant.

        Raises
        ------
        ValueError
            for a scale or clip that its kind does not have
        """
        return Scheme(self.kind, self.scale, self.clip)


def spelled(scheme: Scheme) -> str:
    """Return a quantizer as a scenario writes it.

    Parameters
    ----------
    scheme : the quantizer

    Examples
    --------
    >>> spelled(Scheme("uniform", "row", "none"))
    '{kind: uniform, scale: row, clip: none}'
    """
    return f"{{kind: {scheme.kind}, scale: {scheme.scale}, clip: {scheme.clip}}}"


def _named(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value not in KINDS:
        try:
            scheme = Scheme.of_label(value)
        except ValueError:
            return {"kind": value}
        raise ValueError(f"expected a kind or a mapping; {value!r} is {spelled(scheme)}")
    return {"kind": value}


#: A quantizer, or its kind alone.
Quantizing = Annotated[QuantizerSpec, BeforeValidator(_named)]


def _errors(value: Any) -> Any:
    if not isinstance(value, dict) or not value:
        raise ValueError(
            "expected bit-widths with mean absolute errors, such as {4: 0.02, 8: 1e-3}"
        )
    width, error = WholeNumber(1, 64), Quantity("number", least=0.0)
    points = sorted((width(bits), error(it)) for bits, it in value.items())
    if len({bits for bits, _ in points}) < len(points):
        raise ValueError("expected every bit-width once")
    return tuple(points)


def _label(value: Any) -> str:
    try:
        return Scheme.of_label(str(value)).label
    except ValueError:
        wanted = "expected a quantizer such as 'uniform per row' or 'integer per group of 64'"
        raise ValueError(f"{wanted}, found {shown(value)}") from None


#: What a quantizer is called.
Label = Annotated[str, BeforeValidator(_label)]
#: Mean absolute error per weight by bit-width [weight unit].
Errors = Annotated[tuple[tuple[int, float], ...], BeforeValidator(_errors)]


#: Of a generalised normal law; beyond these bounds its code books cannot be computed.
Shape = Annotated[float, BeforeValidator(Quantity("number", least=0.2, most=20.0, example="1.4"))]


class WeightsSpec(Schema):
    """Law of the weights, how many share a scale, and what quantizing them was measured to cost."""

    law: Literal["exponential", "generalised-normal"] = "exponential"
    rate: PositiveNumber | None = Field(default=None, description="λ, 1 over the mean magnitude")
    shape: Shape | None = None
    scale: PositiveNumber | None = None
    columns: Count | None = None
    measured: dict[Label, Errors] | None = None

    @property
    def says_law(self) -> bool:
        """Whether anything is said of the law; a block that says nothing has the model's."""
        said = self.model_fields_set & {"law", "rate", "shape", "scale"}
        return any(getattr(self, key) is not None for key in said)
