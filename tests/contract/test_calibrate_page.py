"""The page on calibration is executed in its order: its files, its commands, its library."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from simran.calibration import CALIBRATED

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "calibrate.md").read_text()


def test_the_page_from_top_to_bottom(tmp_path: Path) -> None:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    # What runs a model of the reader's own is shown as `sh`; its options are tested elsewhere.
    assert [kind for kind, _ in blocks] == ["python", "console", "python", "sh"]
    blocks = [it for it in blocks if it[0] != "sh"]
    for kind, body in blocks:
        lines = [line[2:] for line in body.splitlines() if line.startswith("$ ")]
        commands = [["-m", *shlex.split(line)] for line in lines] if lines else [["-c", body]]
        for command in commands:
            done = subprocess.run(
                [sys.executable, *command],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert kind == "python" or done.stdout
    named = re.findall(r"^\| `([\w.]+)` \|", PAGE, flags=re.MULTILINE)
    assert sorted(it.name for it in (tmp_path / "captioner").iterdir()) == sorted(named)
    layers = pd.read_parquet(tmp_path / "captioner" / "layers.parquet").set_index("name")
    assert abs(layers.loc["encoder.weight", "rate"] - 20.0) < 0.5
    assert not layers.loc["encoder.bias", "quantized"]
    points = pd.read_parquet(tmp_path / "captioner" / "distortion.parquet")
    # Two tensors and the pool; 24 quantizers, six of them without 1 bit.
    assert len(points) == 3 * (24 * 16 - 6)
    assert set(points["quantizer"]) == {it.label for it in CALIBRATED}


def test_slopes_across_whispers_cliff_are_those_of_the_record() -> None:
    text = (ROOT / "benchmarks" / "results" / "output_whisper-tiny.en.json").read_text()
    rows = json.loads(text)["splits"]["block/4"]["quantizers"]
    found = []
    for label in ("uniform", "uniform per row"):
        points = [it for it in rows[label]["points"] if it["bits"] >= 4]
        x = np.array([it["parameter_distortion"] for it in points])
        y = np.array([it["end_error"] for it in points])
        slope = float(x @ y / (x @ x))
        missed = float(np.sqrt(np.mean(np.square(slope * x / y - 1.0))))
        found.append((round(slope), round(missed)))
    said = re.search(
        r"slope of the collapse: (\d+) with one uniform scale per tensor, (\d+)\s+"
        r"per row, missing typical points (\d+) and (\d+) times over",
        PAGE,
    )
    assert said is not None
    tensor, row, tensor_missed, row_missed = map(int, said.groups())
    assert found == [(tensor, tensor_missed), (row, row_missed)]
