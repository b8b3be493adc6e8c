"""Hostile checkpoints: refused in one line, within little memory and time, in a process of their own."""

from __future__ import annotations

import io
import json
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import (
    constant_node,
    message,
    onnx_model,
    packed_varints,
    raw_tensor,
    safetensors_bytes,
    safetensors_header,
    varint,
    weights,
)
from ctranslate2_files import model_bytes, number, tensor_bytes, text

SUPPORT = Path(__file__).parents[2] / "support"
W = weights(20.0, (8, 16))


def _entry(shape: Any = (2, 2), offsets: Any = (0, 16), dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def _safetensors() -> Iterator[tuple[str, bytes, str]]:
    sound = safetensors_bytes({"w": W})
    yield "empty", b"", "too short"
    yield "cut-in-length", sound[:5], "too short"
    yield "cut-in-header", sound[:30], "claims"
    yield "cut-in-data", sound[:-1], "tensors end at byte|outside the file"
    yield "longer", sound + b"\0", "tensors end at byte"
    yield "length-2-63", (2**63).to_bytes(8, "little") + sound[8:], "claims"
    yield "length-2-64", b"\xff" * 8 + sound[8:], "claims"
    yield "large-header", safetensors_header(b" " * (17 * 2**20)), "longer than"
    yield "not-json", safetensors_header(b"{'w': 1}"), "no sound JSON"
    yield "not-utf8", safetensors_header(b'{"\xff": 1}'), "no sound JSON"
    yield "nested", safetensors_header(b'{"w":' + b"[" * 200_000), "nested too deeply"
    yield "list", safetensors_header([1]), "no mapping"
    yield "nan", safetensors_header(b'{"w": NaN}'), "no sound JSON"
    yield "many-digits", safetensors_header(b'{"w": ' + b"9" * 9999 + b"}"), "no sound JSON"
    yield "twice", safetensors_header(b'{"w": 1, "w": 2}'), "given twice"
    yield "surrogate", safetensors_header({"\ud800": _entry()}, bytes(16)), "surrogate"
    entries: dict[str, tuple[Any, str]] = {
        "entry-list": ([], "expected dtype, shape"),
        "entry-lacks": ({"dtype": "F32", "shape": [2]}, "expected dtype, shape"),
        "entry-more": ({**_entry(), "x": 1}, "expected dtype, shape"),
        "dtype-unknown": (_entry(dtype="F33"), "'F33' is not read"),
        "dtype-list": (_entry(dtype=["F32"]), "is not read"),
        "shape-negative": (_entry(shape=[-2, -2]), "0 or more"),
        "shape-float": (_entry(shape=[2.0, 2]), "0 or more"),
        "shape-true": (_entry(shape=[True, 4]), "0 or more"),
        "shape-huge": (_entry(shape=[2**62, 2**62, 0]), "more elements"),
        "shape-wrong": (_entry(shape=[2, 3]), "its shape needs 24"),
        "shape-rank": (_entry(shape=[1] * 1000), "no list of whole numbers"),
        "offsets-swapped": (_entry(offsets=[16, 0]), "outside the file"),
        "offsets-negative": (_entry(offsets=[-16, 0]), "outside the file"),
        "offsets-2-63": (_entry(shape=[2**59], offsets=[0, 2**61]), "outside the file"),
        "offsets-three": (_entry(offsets=[0, 8, 16]), "no two whole numbers"),
        "offsets-text": (_entry(offsets=["0", "16"]), "no two whole numbers"),
    }
    for name, (entry, words) in entries.items():
        yield name, safetensors_header({"w": entry}, bytes(16)), words
    two = {"a": _entry(), "b": _entry(offsets=[8, 24])}
    yield "overlap", safetensors_header(two, bytes(24)), "overlaps another"
    same = {"a": _entry(), "b": _entry()}
    yield "same-bytes", safetensors_header(same, bytes(16)), "overlaps another"
    hole = {"a": _entry(), "b": _entry(offsets=[20, 36])}
    yield "hole", safetensors_header(hole, bytes(36)), "leaves a hole"


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("import pathlib; pathlib.Path('executed').touch()",)


def _npy(header: bytes, data: bytes = b"", version: bytes = b"\x01\0") -> bytes:
    width = 2 if version[0] == 1 else 4
    return b"\x93NUMPY" + version + len(header).to_bytes(width, "little") + header + data


def _zip(
    member: bytes, compression: int = zipfile.ZIP_STORED, names: tuple[str, ...] = ("w",)
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name in names:
            archive.writestr(f"{name}.npy", member)
    return out.getvalue()


def _npz() -> Iterator[tuple[str, bytes, str]]:
    good = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)}\n"
    sound = _zip(_npy(good, bytes(16)))
    yield "no-zip", b"PK\x03\x04 and no more", "no sound npz"
    yield "cut", sound[: len(sound) // 2], "no sound npz"
    yield "checksum", sound.replace(bytes(16), b"\1" * 16, 1), "Bad CRC"
    yield "not-npy", _zip(b"hello, world"), "does not begin as one"
    yield "short-npy", _zip(b"\x93NUM"), "ends within its header"
    yield "version", _zip(_npy(good, bytes(16), b"\x09\0")), "does not begin as one"
    objects = io.BytesIO()
    np.savez(objects, w=np.array([_Bomb(), 1], dtype=object), allow_pickle=True)
    yield "pickle", objects.getvalue(), "pickled objects"
    yield "plain-pickle", pickle.dumps(_Bomb()), "no sound npz"
    yield "pickle-inside", _zip(pickle.dumps(_Bomb())), "does not begin as one"
    code = b"__import__('pathlib').Path('executed').touch()"
    yield "code", _zip(_npy(code)), "no numpy array"
    yield "header-4g", _zip(b"\x93NUMPY\x02\0\xff\xff\xff\xff" + good), "longer than 10000"
    yield "header-deep", _zip(_npy(b"(" * 9000)), "no numpy array"
    for name, shape, words in (
        ("negative", "(-2, -2)", "0 or more"),
        ("huge", f"({2**62}, {2**62}, 0)", "more elements"),
        ("wrong", "(2, 3)", "its shape needs 24"),
        ("word", "('2', 2)", "no numpy array"),
        ("bool", "(True, 4)", "0 or more"),
    ):
        yield f"shape-{name}", _zip(_npy(good.replace(b"(2, 2)", shape.encode()), bytes(16))), words
    yield "descr", _zip(_npy(good.replace(b"<f4", b"<q9"), bytes(16))), "no numpy array"
    bomb = _npy(good.replace(b"(2, 2)", b"(4096, 8192)"), bytes(2**27))
    yield "bomb", _zip(bomb, zipfile.ZIP_DEFLATED), "looks like a bomb"
    many = tuple(f"w{number}" for number in range(3))
    small = _npy(good.replace(b"(2, 2)", b"(2048, 4096)"), bytes(2**25))
    yield "bombs", _zip(small, zipfile.ZIP_DEFLATED, many), "looks like a bomb"
    yield "lzma", _zip(_npy(good, bytes(16)), zipfile.ZIP_LZMA), "compression is not read"
    lying = sound.replace(
        (16 + 10 + len(good)).to_bytes(4, "little"), (2**31).to_bytes(4, "little")
    )
    yield "lying-size", lying, "looks like a bomb"
    encrypted = bytearray(sound)
    encrypted[sound.rindex(b"PK\x01\x02") + 8] |= 1
    yield "encrypted", bytes(encrypted), "no sound npz"


def _onnx() -> Iterator[tuple[str, bytes, str]]:
    sound = onnx_model(raw_tensor("w", W))
    yield "cut", sound[:-1], "longer than what holds it"
    yield "text", b"hello, world, this is no model", "no sound ONNX"
    yield "field-0", b"\x00\x00", "field of number 0"
    yield "group", b"\x3b", "field of kind 3"
    yield "endless", b"\xff" * 40, "without an end"
    yield "length-2-63", b"\x3a" + varint(2**63), "longer than what holds it"
    yield "length-2-64", b"\x3a" + varint(2**64 - 1), "longer than what holds it"
    cases: dict[str, tuple[bytes, str]] = {
        "negative": (
            message((1, packed_varints([-2, -2])), (2, 1), (8, "w"), (9, bytes(16))),
            "0 or",
        ),
        "huge": (message((1, 2**62), (1, 2**62), (1, 0), (2, 1), (8, "w")), "more elements"),
        "short": (message((1, 5), (2, 1), (8, "w"), (9, bytes(16))), "its shape needs 20"),
        "type": (message((1, 4), (2, 99), (8, "w"), (9, bytes(16))), "element type 99"),
        "no-type": (message((1, 4), (8, "w"), (9, bytes(16))), "element type 0"),
        "dims": (message((1, b"\1" * 1000), (2, 1), (8, "w")), "too many axes"),
        "dims-loose": (message(*((1, 1) for _ in range(1000)), (2, 1), (8, "w")), "too many axes"),
        "dims-end": (message((1, b"\xff"), (2, 1), (8, "w")), "without an end"),
        "name": (message((8, "w" * 5000), (2, 1)), "a name of more than"),
        "torn": (message((1, 1), (2, 1), (4, b"abc"), (4, b"d")), "its shape needs 4"),
        "spelt": (message((1, 2), (2, 10), (8, "w"), (5, b"\1\1\1")), "not those of its shape"),
        "spelt-end": (message((1, 2), (2, 10), (8, "w"), (5, b"\1\xff")), "not those of its shape"),
        "spelt-long": (message((1, 1), (2, 10), (8, "w"), (5, b"\xff\xff\xff\1")), "not those of"),
    }
    for name, (tensor, words) in cases.items():
        yield name, onnx_model(tensor), words
    yield "twice", onnx_model(raw_tensor("w", W), raw_tensor("w", W)), "given twice"
    yield "unnamed-twice", onnx_model(nodes=(constant_node("c", cases["type"][0]),)), "type 99"
    yield "fields", b"\x08\x01" * 600_000, "more than 500000 fields"
    deep = b""
    for _ in range(3000):
        deep = message((7, deep))
    yield "nested", deep, "read"


def _ctranslate2() -> Iterator[tuple[str, bytes, str]]:
    one = tensor_bytes("w", W)
    sound = model_bytes([one])
    yield "cut-in-data", sound[: len(sound) // 2], "claims 512 bytes"
    yield "cut-in-number", sound[:-2], "a number claims 4 bytes"
    yield "longer", sound + b"\0", "tensors end at byte"
    yield "many", model_bytes([one], count=2**32 - 1), "claims 4294967295 tensors"
    yield "fewer", model_bytes([one], count=90_000), "only zero"
    yield "twice", model_bytes([one, one]), "given twice"
    yield "alias", model_bytes([one], [("v", "u")]), "names a tensor 'u'"
    yield "type", model_bytes([tensor_bytes("w", W, code=9)]), "element type 9"
    yield "shape", model_bytes([tensor_bytes("w", W, code=4)]), "its shape needs 256"
    head = text("w") + number(2, 1)
    huge = head + number(2**31) * 2 + number(0, 1) + number(16)
    yield "huge", model_bytes([huge]), "more elements"
    long = head + number(2**15) * 2 + number(0, 1) + number(2**32 - 1)
    yield "long", model_bytes([long]), "its shape needs 4294967296"
    axes = text("w") + number(255, 1) + number(1) * 255 + number(0, 1) + number(4) + bytes(4)
    yield "rank", model_bytes([axes]), "no list of whole numbers"
    name = number(2, 2) + b"ww"
    yield "name", model_bytes([name + one[4:]]), "only zero"
    yield "name-text", model_bytes([text(b"\xff") + one[4:]]), "no text"
    yield "name-empty", model_bytes([number(0, 2) + one[4:]]), "only zero"


CASES = [
    pytest.param(f"{name}.{kind}", data, words, id=f"{kind}-{name}")
    for kind, cases in (
        ("safetensors", _safetensors),
        ("npz", _npz),
        ("onnx", _onnx),
        ("bin", _ctranslate2),
    )
    for name, data, words in cases()
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("hostile")
    folder = home / "files"
    folder.mkdir()
    for case in CASES:
        name, data, _ = case.values
        (folder / str(name)).write_bytes(data)  # type: ignore[arg-type]
    command = [sys.executable, str(SUPPORT / "read_hostile.py"), str(folder)]
    done = subprocess.run(
        command, cwd=home, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert not (home / "executed").exists()
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize(("name", "data", "words"), CASES)
def test_is_refused_in_one_line(report: dict[str, Any], name: str, data: bytes, words: str) -> None:
    import re

    outcome, seconds = report["outcomes"][name]
    if words == "read":  # odd, but nothing is wrong with it
        assert outcome.startswith("read: ")
    else:
        assert outcome.startswith("refused: ")
        assert re.search(words, outcome), outcome
        assert name in outcome
        assert ";" in outcome
        assert "\n" not in outcome
        assert len(outcome) < 500
    assert seconds < 10.0


def test_two_gigabytes_need_little_memory(tmp_path: Path) -> None:
    """The process may take 192 MiB more than it has after its imports; the system sees to that."""
    size = 2 * 2**30
    header = {
        "w": {"dtype": "F64", "shape": [size // 16, 2], "data_offsets": [0, size]},
    }
    with (tmp_path / "sparse.safetensors").open("wb") as file:
        file.write(safetensors_header(header))
        start = file.tell()
        file.truncate(start + size)
        file.seek(start + size - 8)
        file.write(np.array([3.0]).tobytes())
    command = [sys.executable, str(SUPPORT / "read_hostile.py"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    result = json.loads(done.stdout)
    assert result["outcomes"]["sparse.safetensors"][0] == "read: 1"
