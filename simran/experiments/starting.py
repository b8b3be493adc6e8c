"""A scenario file to start from."""

from __future__ import annotations

import re
from pathlib import Path

from simran.errors import InputError, OutputError

__all__ = ["new_scenario"]


def new_scenario(name: str = "scenario") -> Path:
    """Write the commented template, with every key of the language, as ``name.yaml``.

    Parameters
    ----------
    name : of the scenario and, with ``.yaml``, of its file; may lead into an existing folder

    Raises
    ------
    InputError
        if the name has no letter or digit
    OutputError
        if the file exists or cannot be written; nothing is ever overwritten
    """
    from simran.catalog import scenario_path

    stem = name.removesuffix(".yaml").removesuffix(".yml")
    path = Path(stem + ".yaml")
    if not re.search(r"\w", Path(stem).name):
        raise InputError(f"expected a name for the scenario, found {name!r}")
    text = scenario_path("template").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^name: template *", f"name: {_quoted(path.stem)}  ", text, count=1)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise OutputError(f"{path} exists; choose another name or remove it") from error
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error
    return path


def _quoted(stem: str) -> str:
    """Return a name as YAML has it, quoted where it could be taken for anything else."""
    from simran.catalog import parse_scalar

    if re.fullmatch(r"[A-Za-z][\w-]*", stem) and parse_scalar(stem) == stem:
        return stem
    return "'" + stem.replace("'", "''") + "'"
