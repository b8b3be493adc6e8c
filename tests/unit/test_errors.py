"""Faults as people read them, and the error tree that exit codes rest on."""

from __future__ import annotations

import pytest

from simran import errors
from simran.errors import (
    AllocationError,
    Fault,
    InputError,
    InvariantError,
    OutputError,
    RunError,
    ScenarioError,
    SimranError,
    UnknownNameError,
    hint,
    nearest,
    shown,
)


def test_a_fault_reads_place_path_message_and_mend() -> None:
    fault = Fault("expected a time", "a.yaml", 3, 7, "agents.a.budget", "write 3 s")
    assert str(fault) == "a.yaml:3:7: agents.a.budget: expected a time (write 3 s)"
    assert str(Fault("is empty", "a.yaml")) == "a.yaml: is empty"
    assert str(Fault("is empty")) == "is empty"
    assert str(Fault("wrong", path="seed")) == "seed: wrong"
    assert str(Fault("wrong", "two\nlines\udcff", 1, 2)) == r"two\nlines\udcff:1:2: wrong"


def test_an_error_lists_all_its_faults() -> None:
    error = ScenarioError(Fault(f"fault {number}", "a.yaml", number, 1) for number in (1, 2))
    assert [fault.line for fault in error.faults] == [1, 2]
    assert str(error) == "a.yaml:1:1: fault 1\na.yaml:2:1: fault 2"


@pytest.mark.parametrize(
    ("kind", "parent"),
    [
        (InputError, SimranError),
        (ScenarioError, InputError),
        (UnknownNameError, InputError),
        (OutputError, InputError),
        (AllocationError, SimranError),
        (RunError, SimranError),
        (InvariantError, RunError),
    ],
)
def test_the_tree(kind: type[Exception], parent: type[Exception]) -> None:
    assert kind.__base__ is parent
    assert kind.__name__ in str(errors.__doc__)


def test_nearest() -> None:
    assert nearest("blip2-opt-2.7", ["git-base", "blip2-opt-2.7b"]) == "blip2-opt-2.7b"
    assert nearest("zzz", ["git-base"]) is None
    assert nearest("PS", ["fifo", "ps"]) == "ps"
    assert nearest("a" * 100_000, ["a" * 100_001]) is None, "a book is no slip of a key"


def test_hint_names_the_nearest_or_a_few() -> None:
    assert hint("exakt", ["sca", "exact"]) == "did you mean 'exact'?"
    assert hint("zzz", ["sca", "exact"]) == "known: exact, sca"
    assert hint("zzz", []) == "known: none"
    many = hint("zzz", [f"name-{number:03}" for number in range(50)])
    assert many.endswith("name-019, … 30 more")


def test_unknown_names() -> None:
    with pytest.raises(
        UnknownNameError, match=r"unknown allocator 'exakt'; did you mean 'exact'\?"
    ):
        raise UnknownNameError("allocator", "exakt", ["exact", "sca"])
    of_one = UnknownNameError("option", "bit", ["bits"], "allocator 'fixed-bits'")
    assert str(of_one) == "unknown option 'bit' of allocator 'fixed-bits'; did you mean 'bits'?"
    kind, arguments = of_one.__reduce__()
    assert str(kind(*arguments)) == str(of_one)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\nb", r"'a\nb'"),
        ("a" * 100, repr("a" * 60 + "…")),
        ({}, "an empty mapping"),
        ({"a": 1, "b": 2, "c": 3, "d": 4}, "a mapping {a: …, b: …, c: …}"),
        ({"a\nb": 1}, r"a mapping {'a\nb': …}"),
        ([], "an empty list"),
        ([1, [2]], "a list of 2"),
        (None, "nothing"),
        (False, "false"),
        (2.5, "2.5"),
        pytest.param(10**5000, "a number of very many digits", id="too many digits"),
    ],
)
def test_shown_is_one_short_line(value: object, text: str) -> None:
    assert shown(value) == text
