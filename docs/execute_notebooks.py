"""Execute the notebooks at full settings and write them with their outputs: ``make notebooks-full``.

The source of a notebook is its percent script ``notebooks/NAME.py``. Cell ids count up and times are
left out, so that the same outputs make the same file. The figure of the cell that is tagged ``figure``
becomes ``docs/img/NAME.png``, which the page of notebooks shows.

    python docs/execute_notebooks.py 13_blip2_coco
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import jupytext
import nbformat
from nbclient import NotebookClient
from notebooks_page import HOME, figure_of

__all__ = ["execute"]

IMAGES = Path(__file__).parent / "img"


def execute(source: Path) -> None:
    """Execute one percent script in a fresh kernel and write the notebook and its figure."""
    notebook = jupytext.read(source)
    place = {"metadata": {"path": str(HOME)}}
    NotebookClient(notebook, kernel_name="python3", timeout=600, resources=place).execute()
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
        cell["metadata"].pop("execution", None)
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.validate(notebook)
    nbformat.write(notebook, source.with_suffix(".ipynb"))
    (IMAGES / f"{source.stem}.png").write_bytes(figure_of(notebook))


def main() -> None:
    os.environ.pop("SIMRAN_NOTEBOOKS", None)
    for name in sys.argv[1:] or sorted(it.stem for it in HOME.glob("*.py")):
        execute(HOME / f"{name}.py")
        print(f"{name} executed")


if __name__ == "__main__":
    main()
