"""The page on calibration is executed in its order: its files, its commands, its library."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd

from simran.calibration import CALIBRATED

PAGE = (Path(__file__).parents[2] / "docs" / "calibrate.md").read_text()


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
