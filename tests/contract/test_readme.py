"""What the README shows is executed, word by word and in its order."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def _commands(text: str) -> list[str]:
    return [line[2:].split("  #")[0].strip() for line in text.splitlines() if line.startswith("$ ")]


COMMANDS = [line for kind, body in BLOCKS if kind == "console" for line in _commands(body)]


def test_make_targets_exist() -> None:
    asked = [shlex.split(line)[1] for line in COMMANDS if line.startswith("make ")]
    assert asked[:2] == ["run", "test"]
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert set(asked) <= set(targets)
    assert all(line.startswith(("make ", "simran ")) for line in COMMANDS)


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    local = [link for link in links if not link.startswith("http")]
    assert local
    assert [link for link in local if not (ROOT / link.partition("#")[0]).exists()] == []
    for page, _, place in (link.partition("#") for link in local if "#" in link):
        titles = re.findall(r"^#+ (.*)$", (ROOT / page).read_text(), flags=re.MULTILINE)
        assert place in {re.sub(r"[^\w -]", "", it).lower().replace(" ", "-") for it in titles}


def test_every_block_runs(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    outputs = {}
    for kind, body in BLOCKS:
        if kind == "yaml":
            (tmp_path / f"{yaml.safe_load(body)['name']}.yaml").write_text(body)
        elif kind == "python" and (named := re.match(r"# (\w+\.py)\n", body)):
            (tmp_path / named[1]).write_text(body)
        elif kind == "python":
            assert _run([sys.executable, "-c", body], tmp_path)
        elif kind == "console":
            for line in _commands(body):
                # make has a test above, verify one of its own
                if line.startswith("simran ") and line != "simran verify":
                    outputs[line] = _run([sys.executable, "-m", *shlex.split(line)], tmp_path)
                    assert outputs[line], line
    (shown,) = [body for kind, body in BLOCKS if kind == "console" and body.startswith("STABLE")]
    assert shown in outputs["simran run warehouse_contention --out results/warehouse"]
    assert (tmp_path / "results/five-times/summary.json").is_file()
    checked = outputs["simran check-allocator two_fewer.py:TwoFewer"]
    assert "6 of 6 passed" in checked
    ran = outputs[
        "simran run warehouse_contention --allocator two_fewer.py:TwoFewer --out results/two-fewer"
    ]
    assert ran.startswith("STABLE")


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout
