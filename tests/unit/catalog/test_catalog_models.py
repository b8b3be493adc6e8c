"""The models of the catalogue are what their published architecture says, to the operation."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from simran.catalog import profile
from simran.scenario import load
from simran.scenario.resolved import Model

ROOT = Path(__file__).parents[3]


def _derive() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "derive_models", ROOT / "benchmarks" / "derive_models.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["derive_models"] = module  # its dataclasses look for it there
    spec.loader.exec_module(module)
    return module


DERIVE = _derive()


def _git(frames: int) -> Model:
    return load("paper_git_vatex", [f"models.captioner.frames={frames}"]).models["captioner"]


def _data(name: str) -> dict[str, Any]:
    return dict(profile("models", name, Path()).data)


def test_the_architecture_gives_every_count_made_from_the_configurations() -> None:
    assert DERIVE.derived() == DERIVE.GIVEN


@pytest.mark.parametrize(
    ("name", "rows"), [("blip2-opt-2.7b", DERIVE.blip2_rows()), ("git-base", DERIVE.git_rows())]
)
def test_the_blocks_are_those_of_the_architecture(name: str, rows: list[Any]) -> None:
    blocks = _data(name)["blocks"]
    assert [block["name"] for block in blocks] == [row.name for row in rows]
    assert [block["parameters"] for block in blocks] == [row.parameters for row in rows]
    for block, row in zip(blocks, rows, strict=True):
        flops = block["flops"]
        assert (tuple(flops.values()) if isinstance(flops, dict) else flops) == row.flops
        if row.elements is not None:
            assert block["output"] == {"elements": row.elements}


def test_the_parameters_of_the_parts_add_up() -> None:
    blip2, git = _data("blip2-opt-2.7b"), _data("git-base")
    queries = 32 * 768  # the query tokens belong to no block
    assert sum(block["parameters"] for block in blip2["blocks"]) + queries == blip2["parameters"]
    assert blip2["parameters"] == 3_744_679_936
    assert sum(block["parameters"] for block in git["blocks"]) == git["parameters"] == 176_619_066


def test_blip2_sums_to_the_counts_of_its_parts() -> None:
    blocks = _data("blip2-opt-2.7b")["blocks"]
    assert sum(block["flops"] for block in blocks[:39]) == 520_719_260_160
    assert {block["flops"] for block in blocks[1:39]} == {13_340_907_008}
    assert blocks[39]["flops"] == 12_747_866_112
    assert blocks[40]["flops"] == 2 * 32 * 768 * 2560
    # A prefill of 33 tokens is 174.9 GFLOP; 11 cached tokens of 5.29 GFLOP and their attention follow.
    linear = 2 * 12 * 2560**2 * 32 + 2 * 2560 * 50272
    cached = sum(linear + 4 * 2560 * 32 * keys for keys in range(34, 45))
    assert blocks[41]["flops"] == 174_945_239_040 + cached


def test_blip2_s_quality_is_the_published_table() -> None:
    quality = _data("blip2-opt-2.7b")["quality"]
    both = {"4": 0.0, "5": 0.0276, "6": 1.0171, "8": 1.2695, "16": 1.2852}
    assert quality["curves"] == {"vision-encoder": both}
    assert quality["reference"] == 1.2852
    assert quality["metric"] == "CIDEr"


def test_one_frame_is_the_image_model() -> None:
    model = _git(1)
    assert sum(block.flops for block in model.blocks[:12]) == 35_126_120_448
    # One start token after the image, as git.full_1 has it, and 11 cached tokens.
    cached = sum(6 * (14_155_776 + 4 * 768 * keys) + 2 * 768 * 30522 for keys in range(199, 210))
    assert model.blocks[12].flops == 62_180_775_936 - 35_126_120_448 + cached
    assert model.blocks[0].output_bits == 197 * 768 * 16
    assert model.input_bits == 150_528 * 8


def test_four_frames_run_the_encoder_four_times_and_lengthen_the_prefix() -> None:
    one, four = _git(1), _git(4)
    assert sum(block.flops for block in four.blocks[:12]) == 4 * 35_126_120_448
    assert four.blocks[11].output_bits == pytest.approx(9.68e6, rel=1e-3)
    assert four.input_bits == 4 * one.input_bits
    assert four.blocks[12].flops == DERIVE.git_caption_flops(4)
    assert DERIVE.VIT_B.tokens * 4 == 788
    assert DERIVE.git_forward(4, 1) == pytest.approx(116e9, rel=0.01)
    assert four.blocks[12].output_bits == one.blocks[12].output_bits
    assert four.parameters == one.parameters


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 6, 16, 100])
def test_the_decoder_s_polynomial_is_exact(frames: int) -> None:
    assert _git(frames).blocks[12].flops == DERIVE.git_caption_flops(frames)
