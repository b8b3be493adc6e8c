"""The notebooks: committed with outputs of their present source, free of errors and of any machine."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NAMES = sorted({it.stem for it in (ROOT / "notebooks").glob("[0-9]*")})
#: The paper's figures (a) to (e).
FIGURES = [
    "10_weights_exponential",
    "11_parameter_vs_output_distortion",
    "12_bounds_and_quantizers",
    "13_blip2_coco",
    "14_git_vatex",
]

sys.path.insert(0, str(ROOT / "docs"))

from notebooks_page import figure_of, finding_of  # noqa: E402


def _notebook(name: str) -> Any:
    return nbformat.read(ROOT / f"notebooks/{name}.ipynb", as_version=4)


def _outputs(name: str) -> list[Any]:
    return [it for cell in _notebook(name).cells for it in cell.get("outputs", [])]


def test_every_figure_of_the_paper_has_its_notebook() -> None:
    assert set(FIGURES) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_notebook_is_its_script(name: str) -> None:
    script = jupytext.read(ROOT / f"notebooks/{name}.py")
    notebook = _notebook(name)
    nbformat.validate(notebook)
    kept = [(it.cell_type, it.source, it.metadata.get("tags")) for it in notebook.cells]
    assert kept == [(it.cell_type, it.source, it.metadata.get("tags")) for it in script.cells]
    assert script.metadata["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_was_executed_once_and_in_order(name: str) -> None:
    counts = [it.execution_count for it in _notebook(name).cells if it.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("name", NAMES)
def test_no_output_is_an_error_or_a_warning(name: str) -> None:
    outputs = _outputs(name)
    assert len(outputs) >= 3
    assert {it.output_type for it in outputs} <= {"stream", "display_data", "execute_result"}
    assert [it.text for it in outputs if it.get("name") == "stderr"] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_machine_shows(name: str) -> None:
    words = json.loads((ROOT / f"notebooks/{name}.ipynb").read_text())
    for cell in words["cells"]:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("image/png", None)
    found = re.findall(r"/(?:home|root|tmp|usr|opt|Users|var|work)/[\w./-]*", json.dumps(words))
    assert found == []


@pytest.mark.parametrize("name", NAMES)
def test_the_settings_are_full_and_can_be_small(name: str) -> None:
    notebook = _notebook(name)
    setup = next(it.source for it in notebook.cells if it.cell_type == "code")
    assert "SIMRAN_NOTEBOOKS" in setup
    assert "%pip install" in setup
    assert all("SMALL = True" not in it.source for it in notebook.cells)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_shows_the_notebooks_own_figure_and_finding(name: str) -> None:
    notebook = _notebook(name)
    assert (ROOT / f"docs/img/{name}.png").read_bytes() == figure_of(notebook)
    page = (ROOT / "docs/notebooks.md").read_text()
    assert [line for line in finding_of(notebook) if f"- {line}\n" not in page] == []


def test_every_record_of_output_distortion_is_in_its_notebook() -> None:
    names = [
        it.stem.removeprefix("output_") for it in (ROOT / "benchmarks/results").glob("output_*")
    ]
    found = finding_of(_notebook("11_parameter_vs_output_distortion"))
    left_out = [it for it in names if not any(line.startswith(f"{it}:") for line in found)]
    assert left_out == [], "`make notebooks-full` takes them in"
