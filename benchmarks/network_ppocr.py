"""The PP-OCRv4 recogniser as a study measures it: lines of text rendered from real sentences.

``make realweights`` brings the network (rapidocr-onnxruntime, Apache-2.0) without its dependencies;
the font DejaVu Sans comes with matplotlib. The agent holds the convolutional backbone, the server the
rest: two transformer blocks over the columns of the line, and the scores of 6625 characters.
"""

from __future__ import annotations

import hashlib
import importlib.util
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from study_plan import Plan

from simran.calibration import Metric, Outputs, ratio_of_sums, settings_of
from simran.calibration.onnx_graph import read_graph
from simran.calibration.onnx_network import OnnxNetwork

PACKAGE, MODEL = "rapidocr_onnxruntime", "models/ch_PP-OCRv4_rec_infer.onnx"
SENTENCES = Path(__file__).parent / "data" / "speech" / "sentences.txt"
SPLIT = "backbone"
HEIGHT, WIDTH, SIZE, LETTERS, LINES = 48, 448, 30, 26, 96
METRIC = Metric("character accuracy", "higher", lambda it: 1.0 - ratio_of_sums(it))


def model_path() -> Path:
    """Return the file of the recogniser.

    Raises
    ------
    ModuleNotFoundError
        if the package is not installed
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed: make realweights")
    return Path(found.submodule_search_locations[0]) / MODEL


def lines() -> list[str]:
    """Return lines of at most 26 characters, cut between words from the sentences."""
    text = SENTENCES.read_text(encoding="utf-8").splitlines()
    sentences = [it.split(" ", 1)[1] for it in text]
    return [line for it in sentences for line in textwrap.wrap(it, LETTERS)][:LINES]


def rendered(text: str) -> NDArray[np.float32]:
    """Return (3, 48, 448) a line in black on white, between −1 and 1, padded with 0 at its right."""
    from matplotlib import font_manager
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), SIZE)
    image = Image.new("L", (WIDTH, HEIGHT), 255)
    ImageDraw.Draw(image).text((8, 6), text, font=font, fill=0)
    used = int(8 + font.getlength(text) + 8)
    if used > WIDTH:
        raise ValueError(f"text must fit {WIDTH} pixels, got {used}: {text!r}")
    values = np.asarray(image, dtype=np.float32) / 127.5 - 1.0
    values[:, used:] = 0.0
    return np.broadcast_to(values, (3, HEIGHT, WIDTH)).copy()


@cache
def characters() -> tuple[str, ...]:
    """Return the character of each class: a blank, those that the model names, a space."""
    import onnx

    model = onnx.load(str(model_path()))
    named = {it.key: it.value for it in model.metadata_props}["character"]
    return ("", *named.split("\n"), " ")


def read(scores: NDArray[np.floating]) -> str:
    """Return the text of (columns, classes) scores: the best path, repeats merged, blanks out."""
    best = scores.argmax(axis=1)
    first = np.concatenate(([True], best[1:] != best[:-1]))
    return "".join(characters()[k] for k in best[first])


def edits(found: Sequence[str], truth: Sequence[str]) -> int:
    """Return the fewest insertions, deletions and substitutions between two sequences.

    Examples
    --------
    >>> edits("kitten", "sitting")
    3
    """
    row = list(range(len(truth) + 1))
    for k, one in enumerate(found, start=1):
        before, row[0] = row[0], k
        for j, other in enumerate(truth, start=1):
            change = before + (one != other)
            before = row[j]
            row[j] = min(change, row[j] + 1, row[j - 1] + 1)
    return row[-1]


@dataclass(frozen=True)
class Judge:
    """Counts the wrong characters of each line, and all of it; spaces count."""

    truth: tuple[str, ...]

    def __call__(self, outputs: Outputs) -> NDArray[np.float64]:
        rows = zip(outputs.outputs, self.truth, strict=True)
        return np.array([(edits(read(it), true), len(true)) for it, true in rows], dtype=float)


def split_tensor() -> str:
    """Return the tensor that the neck takes: what the backbone's average over two rows makes."""
    import onnx

    graph = onnx.load(str(model_path())).graph
    (pooled,) = [str(it.output[0]) for it in graph.node if it.op_type == "AveragePool"]
    return pooled


def network() -> OnnxNetwork:
    """Return the recogniser with its inputs, cut after the backbone."""
    graph = read_graph(model_path(), split_tensor())
    text = lines()
    images = np.stack([rendered(it) for it in text])
    judge = Judge(tuple(text))
    return OnnxNetwork(graph, {graph.inputs[0]: images}, "ppocr-rec", SPLIT, METRIC, judge)


def plan() -> Plan:
    """Return what is measured."""
    cut, text = network(), lines()
    images = next(iter(cut.inputs.values()))
    agent = [it.rows() for it in cut.graph.weights.values()]
    server = [it.rows() for it in cut.graph.others.values()]
    tried = settings_of(clips=("none",)) + settings_of(("integer", "uniform"), clips=("mse",))
    return Plan(
        networks=[(cut, tried)],
        block_weights={SPLIT: agent, "neck and head": server},
        inputs={
            "source": f"{len(images)} lines of text from benchmarks/data/speech/sentences.txt in DejaVu"
            " Sans, 30 pixels",
            "items": len(images),
            "characters": sum(len(it) for it in text),
            "sha256": hashlib.sha256(images.tobytes()).hexdigest(),
        },
        checkpoint={
            "source": "PP-OCRv4 recogniser of rapidocr-onnxruntime 1.4.4 (Apache-2.0)",
            "file": MODEL,
            "sha256": hashlib.sha256(model_path().read_bytes()).hexdigest(),
        },
        features=[SPLIT],
    )
