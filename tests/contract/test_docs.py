"""The documentation runs, is up to date, and becomes a site that needs no network."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from simran.experiments.checks import Check
from simran.experiments.closed_forms import energy_checks, paper_checks
from simran.experiments.queueing import queue_cases
from simran.experiments.shared_band import band_cases
from simran.experiments.varying_rates import modulated_cases, rate_checks

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CHECKS: list[dict[str, Any]] = json.loads((ROOT / "benchmarks/results/verify.json").read_text())


def _blocks() -> Iterator[Any]:
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text()
        for found in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, found.start()) + 1
            yield pytest.param(found[1], id=f"{page.name}:{line}")


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("body", list(_blocks()))
def test_every_block_runs(body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(body, "block", "exec"), {"__name__": "block"})


def test_no_bracket_is_taken_for_a_tag() -> None:
    for page in sorted(DOCS.glob("*.md")):
        prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        assert re.findall(r"<[A-Za-z/][^>]*>", re.sub(r"`[^`]*`", "", prose)) == [], page.name


@pytest.mark.parametrize("page", list(_generator().PAGES))
def test_generated_pages_are_up_to_date(page: str) -> None:
    assert (DOCS / page).read_text() == _generator().PAGES[page](), "`make docs` writes it anew"


def test_the_figures_of_validation_are_of_todays_checks() -> None:
    """What was expected and why; what was got took a minute to sample and may be of an older day."""
    known = {check["name"]: check for check in CHECKS}
    loads = sorted({found[1] for name in known if (found := re.search(r"load ([\d.]+):", name))})
    now = [*paper_checks(), *energy_checks()]
    now += [
        Check(case.name, case.expected, case.expected, 0.0, case.source)
        for load in loads
        for case in queue_cases(float(load))
    ]
    sampled = [*modulated_cases(), *band_cases()]
    varying = [(case.name, case.expected, case.source) for case in sampled]
    varying += [(check.name, check.expected, check.source) for check in rate_checks()]
    now += [Check(name, expected, expected, 0.0, source) for name, expected, source in varying]
    assert loads
    for check in now:
        assert known[check.name]["source"] == check.source
        assert known[check.name]["expected"] == pytest.approx(check.expected, rel=1e-12)
    queues = [name for name in known if ", load " in name]
    assert sorted(queues) == sorted(check.name for check in now if ", load " in check.name)
    names = [name for name in known if name.startswith(("varying rates", "band: "))]
    assert sorted(names) == sorted(name for name, *_ in varying)
    assert {check["verdict"] for check in CHECKS} == {"passed"}


def test_the_site_builds_without_a_warning_and_needs_no_network(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    pages = {path.stem: path.read_text() for path in tmp_path.glob("*.html")}
    assert {"index", "theory", "columns", "validation", "changelog"} <= set(pages)
    for name, html in pages.items():
        loaded = re.findall(r"<(?:script|img|iframe)[^>]* src=\"?([^\" >]+)", html)
        loaded += re.findall(r"<link[^>]* href=\"?([^\" >]+)", html)
        assert [link for link in loaded if re.match(r"(https?:)?//", link)] == [], name
    styles = "".join(path.read_text() for path in tmp_path.rglob("*.css"))
    assert not re.search(r"url\(\W?https?:|@import\W+https?:", styles)
