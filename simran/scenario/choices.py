"""What pruning and coarser features cost at each choice that a model offers to the allocator."""

from __future__ import annotations

import math
from collections.abc import Iterator

from simran.distortion import pruned_errors, pruning_loss
from simran.errors import Fault
from simran.scenario.compose import Composed
from simran.scenario.model_schema import BlockSpec, Elements, ModelSpec
from simran.scenario.offered import FeatureChoice, PrunedErrors, Pruning
from simran.scenario.weight_errors import candidate_bits, law_of, measured, shared_scales

__all__ = ["check_choices", "choice_notes", "feature_choices", "pruned_rows", "pruning_of"]

Key = tuple[str | int, ...]


def pruning_of(model: ModelSpec) -> Pruning:
    """Return the ratios that a model may be pruned by; nothing is pruned where none are given."""
    spec = model.pruning
    return Pruning() if spec is None else Pruning(spec.ratios, spec.by)


def pruned_rows(model: ModelSpec, block: BlockSpec) -> tuple[PrunedErrors, ...]:
    """Return what each ratio above 0 does to a block, in the order of the ratios.

    Raises
    ------
    ValueError
        where that is not to be had from the law of the weights
    """
    pruning = pruning_of(model)
    return tuple(_pruned(model, block, ratio) for ratio in pruning.ratios if ratio > 0.0)


def _pruned(model: ModelSpec, block: BlockSpec, ratio: float) -> PrunedErrors:
    bits = candidate_bits(model)
    if not block.parameters:
        zeros = (0.0,) * len(bits)
        return PrunedErrors(ratio, 0.0, zeros, zeros, zeros)
    scheme, law, by = model.quantizer.scheme, law_of(model, block), pruning_of(model).by
    if measured(model, block):
        raise ValueError(
            f"the errors of {scheme.label} were measured of weights that are not pruned"
        )
    loss = pruning_loss(ratio, law, by)
    coded = [b for b in bits if b != model.reference_bits]
    sharing = shared_scales(model, block, 1.0 - ratio)
    found = pruned_errors(scheme, coded, law, sharing, ratio=ratio, by=by)
    rows = []
    for values in (found.mean, found.lower, found.upper):
        # One NaN for all, so that equal models compare as equal.
        known = [math.nan if math.isnan(it) else it for it in values.tolist()]
        by_bits = dict(zip(coded, known, strict=True))
        rows.append(tuple(by_bits.get(b, loss) for b in bits))
    return PrunedErrors(ratio, loss, rows[0], rows[1], rows[2])


def feature_choices(model: ModelSpec, block: BlockSpec) -> tuple[FeatureChoice, ...]:
    """Return how a block's output may be sent, fewest bits first; one way for an amount of data.

    Where nothing says what coarser features of a block cost, the finest are its one way.
    """
    frames = model.frames if block.per_frame else 1
    output = block.output
    if not isinstance(output, Elements):
        return (FeatureChoice(None, output * frames, 0.0),)
    added = dict(block.feature_distortion or model.feature_distortion or ())
    return tuple(
        FeatureChoice(bits, output.elements * bits * frames, added.get(bits, 0.0))
        for bits in (model.feature_bits if added else model.feature_bits[-1:])
    )


def check_choices(whole: Composed, path: Key, model: ModelSpec) -> Iterator[Fault]:
    """Yield what is wrong with the ratios and the bits of the features of a sound model."""
    yield from _features(whole, path, model)
    try:
        for block in model.blocks:
            pruned_rows(model, block)
    except ValueError as error:
        mend = "by: row leaves the law of the weights as it is"
        if "measured" in str(error):
            mend = "take weights.measured away, so that the law of the weights counts"
        elif model.pruning and model.pruning.by == "row":
            mend = "use a quantizer whose error follows from the law of the weights"
        yield whole.fault((*path, "pruning"), str(error), mend)


def _features(whole: Composed, path: Key, model: ModelSpec) -> Iterator[Fault]:
    tensors = [(i, it) for i, it in enumerate(model.blocks) if isinstance(it.output, Elements)]
    for index, block in enumerate(model.blocks):
        if block.feature_distortion is not None and not isinstance(block.output, Elements):
            where = (*path, "blocks", index, "feature_distortion")
            mend = "give output: {elements: …}"
            yield whole.fault(where, "the output is an amount of data, which has no elements", mend)
    if len(model.feature_bits) == 1:
        return
    if not tensors:
        message = "there is nothing to choose: the output of no block is given by its elements"
        yield whole.fault((*path, "feature_bits"), message, "give output: {elements: …}")
    needed = set(model.feature_bits[:-1])
    for index, block in tensors:
        own = block.feature_distortion is not None
        if _told(model) and not own and model.feature_distortion is None:
            continue  # another block says; this one keeps to the finest
        missing = sorted(
            needed - set(dict(block.feature_distortion or model.feature_distortion or ()))
        )
        if missing:
            said = (
                (*path, "blocks", index, "feature_distortion") if own else (*path, "feature_bits")
            )
            listed = ", ".join(f"{it:g}" for it in missing)
            message = f"feature_distortion does not say what {listed} bits add to the distortion"
            mend = "give it; only the largest of feature_bits adds nothing unasked"
            yield whole.fault(said, message, mend)
            return


def _told(model: ModelSpec) -> bool:
    """Return whether anything says what features add to the distortion."""
    return bool(model.feature_distortion) or any(it.feature_distortion for it in model.blocks)


def choice_notes(name: str, model: ModelSpec) -> Iterator[str]:
    """Yield what a reader of the results must know of the choices of a model."""
    pruning = pruning_of(model)
    if any(pruning.ratios):
        mask = " (a mask of one bit per weight is stored)" if pruning.by == "magnitude" else ""
        yield (
            f"models.{name}: pruning is taken to save its share of the agent's operations and weight bytes"
            f"{mask}, which hardware has to bear out"
        )
    if len(model.feature_bits) > 1 or _told(model):
        yield (
            f"models.{name}: feature_distortion is added to that of the weights; by the triangle inequality"
            " their common effect is about that at most"
        )
    if model.quality is not None and (any(pruning_of(model).ratios) or len(model.feature_bits) > 1):
        yield (
            f"models.{name}: quality was measured without pruning and is given at the largest of feature_bits"
            " alone"
        )
