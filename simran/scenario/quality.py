"""Quality floors of agents: they need a curve that was measured with the quantizer in use."""

from __future__ import annotations

from collections.abc import Iterator

from simran.distortion import Scheme
from simran.errors import Fault
from simran.scenario.compose import Composed
from simran.scenario.model_schema import ModelSpec
from simran.scenario.quantizer_schema import spelled
from simran.scenario.schema import AgentsSpec
from simran.scenario.structure import Parts

__all__ = ["check_floor"]

Key = tuple[str | int, ...]


def check_floor(whole: Composed, parts: Parts, path: Key, group: AgentsSpec) -> Iterator[Fault]:
    """Yield a fault where an agent's model has no quality that a floor could be held against."""
    model = parts.models.get(group.model)
    if group.quality_floor is None or model is None:
        return
    place = (*path, "quality_floor")
    if model.quality is None:
        message = f"models.{group.model} has no quality curve to hold a floor against"
        mend = f"give models.{group.model}.quality, or leave quality_floor out"
        yield whole.fault(place, message, mend)
        return
    try:
        label = model.quantizer.scheme.label
    except ValueError:  # which is a fault of the model
        return
    if label != model.quality.quantizer:
        message = (
            f"the quality of models.{group.model} was measured with {model.quality.quantizer}, not"
            f" with its quantizer, {label}, so no floor can be held against it"
        )
        yield whole.fault(place, message, _mend(group.model, model))


def _mend(name: str, model: ModelSpec) -> str:
    assert model.quality is not None
    try:
        scheme = Scheme.of_label(model.quality.quantizer)
    except ValueError:
        return "leave quality_floor out"
    return f"set models.{name}.quantizer to {spelled(scheme)}, or leave quality_floor out"
