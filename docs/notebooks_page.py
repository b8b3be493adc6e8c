"""The page of the notebooks: of each its title, its main figure and what it found."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

__all__ = ["figure_of", "finding_of", "notebooks_page"]

HOME = Path(__file__).parent.parent / "notebooks"

_INTRODUCTION = """
A first run, contention from 1 to 64 agents, an allocator of your own and a trained policy; and the figures of
*Quantization-Aware Collaborative Inference for Large Embodied AI Models*
([arXiv 2602.13052](https://arxiv.org/abs/2602.13052)) as this project computes them. One notebook each in
`notebooks/`. Those of the paper say what agrees with what it is known to state, what differs, and which
inputs are assumed. All are committed with their outputs; the source of `NAME.ipynb` is the percent script
`NAME.py` beside it.

```console
$ make notebooks        # runs all of them on small settings, writes nothing
$ make notebooks-full   # executes them anew at full settings, figures of this page included
```
"""


def notebooks_page() -> str:
    """Return the page, from the outputs that the notebooks are committed with."""
    parts = ["# Notebooks", _INTRODUCTION.strip()]
    for path in sorted(HOME.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        title = _text(notebook["cells"][0]["source"]).splitlines()[0].removeprefix("# ")
        picture = f"![{title}](img/{path.stem}.png)"
        found = "\n".join(f"- {line}" for line in finding_of(notebook))
        parts += [f"## {title}", f"`notebooks/{path.name}` found:", found, picture]
    return "\n\n".join(parts) + "\n"


def figure_of(notebook: Any) -> bytes:
    """Return the picture that the cell tagged ``figure`` put out."""
    (picture,) = [it["data"]["image/png"] for it in _outputs(notebook, "figure") if "data" in it]
    return base64.b64decode(picture)


def finding_of(notebook: Any) -> list[str]:
    """Return the lines that the cell tagged ``finding`` printed."""
    (printed,) = [it["text"] for it in _outputs(notebook, "finding")]
    return _text(printed).strip().splitlines()


def _outputs(notebook: Any, tag: str) -> Any:
    (cell,) = [it for it in notebook["cells"] if tag in it["metadata"].get("tags", ())]
    return cell["outputs"]


def _text(source: str | list[str]) -> str:
    """Return text that a file holds as one string or as a list of lines."""
    return source if isinstance(source, str) else "".join(source)
