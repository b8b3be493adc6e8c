"""Pages of the site that are other files of the repository: the README and the changelog.

A hook of mkdocs. They are read when the site is built, so no copy can grow old.
"""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

__all__ = ["on_files", "page_of"]

ROOT = Path(__file__).parent.parent

#: Page of the site -> file of the repository.
COPIES = {"index.md": "README.md", "changelog.md": "CHANGELOG.md"}

_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the copies to what the site is built from."""
    for page, source in COPIES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=_LINK.sub(_link, text)))
    return files


def page_of(target: str) -> str | None:
    """Return where a local link of a file at the root leads on the site; None where nowhere."""
    path, hash_, anchor = target.partition("#")
    pages = {source: page for page, source in COPIES.items()}
    if path in pages:
        return pages[path] + hash_ + anchor
    if path.startswith("docs/"):
        return path.removeprefix("docs/") + hash_ + anchor
    if path == "benchmarks/README.md":
        return "validation.md#speed"
    return None


def _link(found: re.Match[str]) -> str:
    text, target = found.groups()
    if target.startswith(("http", "#")):
        return found[0]
    page = page_of(target)
    # What is no page stays a word: the repository has it, and nobody knows where that will be.
    return f"[{text}]({page})" if page else text
