"""Every number of the catalogue has a kind and a source; every shipped scenario holds up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from simran.catalog import (
    KINDS,
    LATER,
    covering,
    device_names,
    dotted,
    is_number,
    key_path,
    leaves,
    model_names,
    profile,
    provenance,
    scenario_names,
    scenario_path,
    with_mode,
)
from simran.engine import run
from simran.scenario import ScenarioSpec, load

#: Each profile, and each mode of a device that has some.
PROFILES = [("models", name, None) for name in model_names()] + [
    ("devices", name, mode)
    for name in device_names()
    for mode in profile("devices", name, Path()).data.get("modes") or [None]
]


def test_the_catalogue_holds_what_it_promises() -> None:
    measured = {"fcdnn-16", "minilm-l6", "whisper-tiny.en"}
    assert set(model_names()) | set(LATER["models"]) == {"blip2-opt-2.7b", "git-base"} | measured
    promised = {"paper-agent", "paper-server", "jetson-agx-orin-64gb", "rtx-3090", "xeon-6246r"}
    assert set(device_names()) == promised
    assert not set(LATER["models"]) & set(model_names())
    assert {"paper_blip2_coco", "paper_git_vatex", "warehouse_contention", "template"} <= set(
        scenario_names()
    )


@pytest.mark.parametrize(("kind", "name", "mode"), PROFILES)
def test_every_number_has_a_kind_and_a_source(kind: str, name: str, mode: str | None) -> None:
    document = with_mode(profile(kind, name, Path()), mode)
    sources = provenance(document)
    numbers = [path for path, value in leaves(document.data) if is_number(value)]
    assert numbers
    bare = [dotted(path) for path in numbers if covering(sources, path) is None]
    assert bare == []
    assert {source.kind for source in sources} <= set(KINDS)
    assert all(len(source.source.split()) > 1 for source in sources)


@pytest.mark.parametrize("kind", ["models", "devices"])
def test_no_source_speaks_of_nothing(kind: str) -> None:
    for name in model_names() if kind == "models" else device_names():
        plain = profile(kind, name, Path())
        modes = plain.data.get("modes") or [None]
        used, known = set(), set()
        for mode in modes:
            document = with_mode(plain, mode)
            sources = provenance(document)
            known |= {source.key for source in sources}
            used |= {it.key for path, _ in leaves(document.data) if (it := covering(sources, path))}
        words = {key for key in known if len(key_path(key)) == 1 and key == "mode"}
        assert known - used - words == set(), name


@pytest.mark.parametrize("name", scenario_names())
def test_results_name_exactly_the_assumed_inputs_in_use(name: str) -> None:
    """Counted anew from the profiles themselves and what the file says."""
    from simran.catalog import Document, read_document

    data = read_document(scenario_path(name)).data
    expected = set()
    used = {("models", group["model"]) for group in data["agents"].values()}
    used |= {("devices", group["device"]) for group in data["agents"].values()}
    used |= {("devices", server["device"]) for server in data["network"]["servers"].values()}
    for kind, key in used:
        own = data[kind][key]
        if "profile" not in own:
            continue
        document = with_mode(profile(kind, own["profile"], Path()), own.get("mode"))
        said = {path[:length] for path, _ in leaves(own) for length in range(1, len(path) + 1)}
        over = Document(own)
        for path, _ in leaves(document.data):
            source = covering(provenance(document), path)
            if source and source.kind == "assumed" and path not in said:
                expected.add(f"{kind}.{key}.{source.key}: {source.source}")
        for path, _ in leaves(own):
            source = covering(provenance(over), path)
            if source and source.kind == "assumed":
                expected.add(f"{kind}.{key}.{source.key}: {source.source}")
    assert set(load(name).assumed) == expected


@pytest.mark.parametrize("name", scenario_names())
def test_shipped_scenarios_are_stable_and_keep_their_invariants(name: str, tmp_path: Path) -> None:
    scenario = load(name)
    changes = ["requests=1500"] if scenario.requests else []
    result = run(load(name, changes), out=tmp_path / "out")
    assert result.summary["verdict"] == "stable"
    assert all(invariant["held"] for invariant in result.summary["invariants"])
    assert result.summary["total"]["violation_rate"] < 0.2
    assert result.manifest["assumed"] == list(scenario.assumed)


def _keys(schema: Any) -> Iterator[str]:
    """Yield every key of the language."""
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        for key, field in schema.model_fields.items():
            yield key
            yield from _keys(field.annotation)
    else:
        for argument in get_args(schema):
            yield from _keys(argument)


def test_the_template_shows_every_key_of_the_language() -> None:
    text = scenario_path("template").read_text()
    missing = {key for key in _keys(ScenarioSpec) if not re.search(rf"\b{key}\b:?", text)}
    assert missing == set()


@pytest.mark.parametrize(
    "word",
    [
        "pathloss", "shadowing", "fading", "position", "carrier", "clouds",
        "proportional-fair", "max-rate", "earliest-deadline", "batch", "baseband", "roofline",
        "mobility", "battery", "actuation", "start", "stop",
        "trace",
    ],
)  # fmt: skip
def test_the_template_marks_what_a_later_version_builds(word: str) -> None:
    lines = scenario_path("template").read_text().splitlines()
    near = [
        " ".join(lines[max(0, place - 1) : place + 2])
        for place, line in enumerate(lines)
        if re.search(rf"\b{word}\b", line.partition("#")[2])
    ]
    assert any("not in this version" in it for it in near)
