"""Real inputs of an ONNX model, and what they tell of its quantized weights."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simran.calibration.blocks import Blocks, assign
from simran.calibration.features import measure_feature_bits
from simran.calibration.files import CheckpointFile
from simran.calibration.network import Metric, Outputs
from simran.calibration.npz import read_npz
from simran.calibration.onnx_graph import OnnxGraph, read_graph
from simran.calibration.onnx_network import OnnxNetwork
from simran.calibration.output_distortion import measure_output_distortion
from simran.calibration.setting import Setting, settings_of
from simran.calibration.study import study_record
from simran.calibration.tensors import Tensor
from simran.errors import InputError

__all__ = ["CURVE_OF", "RealInputs", "measure_model", "read_arrays"]

Floats = NDArray[np.float64]

#: The quantizer whose curve and coefficient a profile carries.
CURVE_OF = Setting("uniform", "row")

_MOST_BYTES = 2**32


@dataclass(frozen=True, slots=True)
class RealInputs:
    """What an ONNX model is fed with, and how it is judged.

    Parameters
    ----------
    inputs : npz file with an array for each of the model's inputs, the first axis counting the items
    labels : npz file with the class of each item; without it, classes are compared with those that
        full precision gives
    split : tensor of the graph that is sent; the model's output if left out, all being on the agent
    tolerance : loss of quality that the knee allows
    settings : quantizers to try
    """

    inputs: Path
    labels: Path | None = None
    split: str | None = None
    tolerance: float = 0.01
    settings: Sequence[Setting] = settings_of(clips=("none",))


def measure_model(
    path: Path,
    given: RealInputs,
    blocks: Blocks,
    tensors: Sequence[Tensor],
    progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Return the study of an ONNX model on real inputs, as plain data.

    Beside what a study holds: ``split``, the block at whose end the model is cut, ``cut_at``, the
    tensor that is sent, and ``judged_by``, in words.

    Parameters
    ----------
    path : of the ``.onnx`` file
    given : inputs and labels
    blocks, tensors : of the profile; those of the agent's part must end where a block ends
    progress : called with the share that is done

    Raises
    ------
    InputError
        if the files cannot be used or the model cannot be run
    """
    if path.suffix.lower() != ".onnx":
        raise InputError(f"{path}: only ONNX models can be run on inputs; export it to ONNX")
    graph = read_graph(path, given.split)
    split = _block(graph, blocks, tensors)
    network = OnnxNetwork(graph, read_arrays(given.inputs), path.stem, split)
    full = network.forward(network.weights)
    judged = _judge(network, full, given)
    study = measure_output_distortion(network, given.settings, progress=progress)
    record = study_record(study, measure_feature_bits(network), given.tolerance)
    return {"split": split, "cut_at": graph.split, "judged_by": judged, **record}


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an npz file, checked as a checkpoint is before any is unpacked.

    Raises
    ------
    InputError
        if the file is damaged, too large, or holds pickled objects
    """
    file = CheckpointFile.open(path)
    read_npz(file)
    with zipfile.ZipFile(path) as archive:
        total = sum(it.file_size for it in archive.infolist())
    if total > _MOST_BYTES:
        file.refuse(f"holds {total} bytes, more than {_MOST_BYTES}", "give fewer items")
    with np.load(path, allow_pickle=False) as held:
        return {name: held[name] for name in held.files}


def _block(graph: OnnxGraph, blocks: Blocks, tensors: Sequence[Tensor]) -> str:
    """Return the last block that the features depend on; all before it must be of the agent."""
    order: list[tuple[str, bool]] = []  # blocks with weights, and whether the agent holds them
    for block, held in zip(blocks.blocks, assign(tensors, blocks), strict=True):
        names = {it.name for it in held}
        agent, server = names & set(graph.weights), names & set(graph.others)
        if agent and server:
            mend = (
                "end a block there" if blocks.file else "pass --blocks with a block that ends there"
            )
            raise InputError(
                f"{graph.path}: the tensor {graph.split!r} cuts block {block.name!r} in two:"
                f" {min(agent)!r} lies before it and {min(server)!r} does not ({mend})"
            )
        if agent or server:
            order.append((block.name, bool(agent)))
    last = max(place for place, (_, within) in enumerate(order) if within)
    for name, within in order[:last]:
        if not within:
            message = f"the tensor {graph.split!r} does not depend on block {name!r}"
            raise InputError(f"{graph.path}: {message}, which comes before {order[last][0]!r}")
    return order[last][0]


def _judge(network: OnnxNetwork, full: Outputs, given: RealInputs) -> str:
    """Give the network a metric where its outputs are scores of classes; return it in words."""
    outputs = full.outputs
    if outputs.ndim != 2 or outputs.shape[1] < 2 or len(outputs) < 2:
        if given.labels is not None:
            raise InputError(
                f"{given.labels}: labels need a model that gives the scores of two classes or more"
                f" for each of two items or more; its outputs have the shape {outputs.shape}"
            )
        return "not judged: the outputs are no scores of classes"
    if given.labels is None:
        network.metric = Metric("top-1 agreement with full precision")
        truth: NDArray[Any] = outputs.argmax(axis=1)
    else:
        network.metric = Metric("top-1 accuracy")
        truth = _labels(given.labels, *outputs.shape)

    def figures(found: Outputs) -> Floats:
        hit = found.outputs.argmax(axis=1) == truth
        result: Floats = hit.astype(np.float64)[:, None]
        return result

    network.judge = figures
    return f"{network.metric.name}, {'labels given' if given.labels else 'no labels given'}"


def _labels(path: Path, items: int, classes: int) -> NDArray[Any]:
    arrays = list(read_arrays(path).values())
    if len(arrays) != 1 or arrays[0].shape != (items,) or arrays[0].dtype.kind not in "iu":
        raise InputError(f"{path}: expected one array of {items} whole numbers, the class of each")
    if arrays[0].min() < 0 or arrays[0].max() >= classes:
        raise InputError(f"{path}: classes must be 0 to {classes - 1}")
    return arrays[0]
