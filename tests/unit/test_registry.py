"""Names to classes, by decorator and by entry point."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from simran import registry as module
from simran.errors import InputError, UnknownNameError
from simran.registry import Registry


class Plain:
    """Something to register."""


class Other:
    """Something else."""


@pytest.fixture
def group(request: pytest.FixtureRequest) -> str:
    """Return a group of this test alone: what is registered stays for the whole process."""
    return f"simran.{request.node.name}"


def _points(monkeypatch: pytest.MonkeyPatch, *points: EntryPoint) -> None:
    monkeypatch.setattr(
        module, "entry_points", lambda group: [it for it in points if it.group == group]
    )
    module._offered.cache_clear()


def test_a_registered_class_is_found(group: str) -> None:
    known: Registry[object] = Registry("thing", group)
    assert known.register("plain")(Plain) is Plain
    assert known.load("plain") is Plain
    assert known.names() == ("plain",)
    again: Registry[object] = Registry("thing", group)
    assert again.load("plain") is Plain, "whoever asks for a group sees what was registered in it"
    assert known.register("plain")(Plain) is Plain, "registering the same class again is harmless"


def test_a_duplicate_is_an_error(group: str) -> None:
    known: Registry[object] = Registry("thing", group)
    known.register("plain")(Plain)
    with pytest.raises(InputError, match="thing 'plain' is already registered"):
        known.register("plain")(Other)
    assert known.load("plain") is Plain


def test_an_unknown_name_suggests_the_nearest(group: str) -> None:
    known: Registry[object] = Registry("thing", group)
    known.register("plain")(Plain)
    with pytest.raises(UnknownNameError, match=r"unknown thing 'plian'; did you mean 'plain'\?"):
        known.load("plian")


def test_entry_points_are_names_too(monkeypatch: pytest.MonkeyPatch, group: str) -> None:
    counter = EntryPoint("counter", "collections:Counter", group)
    _points(monkeypatch, counter, EntryPoint("away", "no.such:Thing", "simran.others"))
    known: Registry[object] = Registry("thing", group)
    known.register("plain")(Plain)
    assert known.names() == ("counter", "plain")
    assert known.load("counter").__name__ == "Counter"


def test_names_import_nothing(monkeypatch: pytest.MonkeyPatch, group: str) -> None:
    _points(monkeypatch, EntryPoint("broken", "no.such.module:Thing", group))
    known: Registry[object] = Registry("thing", group)
    assert known.names() == ("broken",)


def test_two_packages_with_one_name(monkeypatch: pytest.MonkeyPatch, group: str) -> None:
    first = EntryPoint("counter", "collections:Counter", group)
    second = EntryPoint("counter", "collections:OrderedDict", group)
    _points(monkeypatch, first, second)
    with pytest.raises(InputError, match="'counter' is offered twice"):
        Registry[object]("thing", group).names()
    _points(monkeypatch, first, first)
    assert Registry[object]("thing", group).names() == ("counter",)


@pytest.mark.parametrize("value", ["no.such.module:Thing", "collections:NoSuchName"])
def test_an_entry_point_that_cannot_be_imported(
    monkeypatch: pytest.MonkeyPatch, group: str, value: str
) -> None:
    _points(monkeypatch, EntryPoint("broken", value, group))
    with pytest.raises(InputError, match="thing 'broken' cannot be imported from"):
        Registry[object]("thing", group).load("broken")
