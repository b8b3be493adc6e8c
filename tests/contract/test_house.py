"""The house rules that no linter checks."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import inspect
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

import simran

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    it.name for it in pkgutil.walk_packages(simran.__path__, "simran.") if "__main__" not in it.name
)


def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


@pytest.mark.parametrize("name", ["simran", *MODULES])
def test_all_is_what_is_visible(name: str) -> None:
    module = importlib.import_module(name)
    names = list(module.__all__)  # ruff sees to their order
    assert len(names) == len(set(names))
    assert [it for it in names if not hasattr(module, it)] == []
    if not hasattr(module, "__path__"):
        return
    visible = {it for it in dir(module) if not it.startswith("_")}
    inner = {it.name for it in pkgutil.iter_modules(module.__path__)}
    plumbing = {"annotations", "import_module", "TYPE_CHECKING", "Any"}
    assert visible - inner - plumbing <= set(names)


@pytest.mark.parametrize("name", MODULES)
def test_modules_and_functions_are_short(name: str) -> None:
    module = importlib.import_module(name)
    assert inspect.getsource(module).count("\n") < 400
    for node in ast.walk(_tree(module)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = (node.end_lineno or 0) - node.lineno + 1
            code = lines - len((ast.get_docstring(node, clean=False) or "").splitlines())
            assert code <= 60, node.name


def test_the_version_stands_in_one_place() -> None:
    cited = re.search(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert cited is not None
    assert cited[1] == simran.__version__
    assert importlib.metadata.version("simran") == simran.__version__


def test_the_package_is_typed() -> None:
    assert (Path(simran.__path__[0]) / "py.typed").is_file()
