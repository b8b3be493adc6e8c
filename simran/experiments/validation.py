"""Files that are sound or not, and what is doubtful about those that are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from simran.errors import Fault, InputError, ScenarioError

if TYPE_CHECKING:
    from simran.catalog import Document
    from simran.scenario import AllocatorPart, Scenario, Source

__all__ = ["Validation", "load_checked", "validate_files"]


@dataclass(frozen=True, slots=True)
class Validation:
    """What is wrong with some files, and what is legal but doubtful.

    Parameters
    ----------
    faults : by file; none for a sound one
    warnings : by sound file: budgets that no design meets, numbers that hardly mean what they say
    """

    faults: dict[str, tuple[Fault, ...]]
    warnings: dict[str, tuple[Fault, ...]]

    @property
    def valid(self) -> bool:
        """Whether every file is sound."""
        return not any(self.faults.values())

    def lines(self) -> Iterator[tuple[str, bool]]:
        """Yield lines for people, and whether each is a fault."""
        for file, faults in self.faults.items():
            yield from ((str(fault), True) for fault in faults)
            warned = self.warnings.get(file, ())
            yield from ((f"warning: {warning}", False) for warning in warned)
            if not faults:
                count = f", {len(warned)} warning{'s' * (len(warned) > 1)}" if warned else ""
                yield f"{file}: valid{count}", False

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data: of each fault and warning its place, key path, message, suggestion."""
        return {
            "valid": self.valid,
            "files": {
                name: [asdict(fault) for fault in faults] for name, faults in self.faults.items()
            },
            "warnings": {
                name: [asdict(warning) for warning in self.warnings.get(name, ())]
                for name in self.faults
            },
        }


def validate_files(files: Sequence[str], overrides: Sequence[str] = ()) -> Validation:
    """Read scenario and profile files and collect all their faults and warnings; nothing is run.

    Parameters
    ----------
    files : paths, or names of shipped scenarios
    overrides : ``path=value`` strings for each of the scenarios

    Raises
    ------
    InputError
        for overrides of a profile, which has no scenario around it
    """
    from simran.scenario import check_profile, profile_kind, read_source

    faults: dict[str, tuple[Fault, ...]] = {}
    warnings: dict[str, tuple[Fault, ...]] = {}
    for file in files:
        try:
            source = read_source(file)
            kind = profile_kind(source.document)
            if kind is None:
                warnings[file] = tuple(_doubts(*_checked(source, overrides)))
            elif overrides:
                raise InputError(f"{file}: is a profile, and --set changes a scenario")
            else:
                warnings[file] = check_profile(file, kind).doubts
            faults[file] = ()
        except ScenarioError as error:
            faults[file] = error.faults
        except InputError as error:
            faults[file] = (Fault(str(error), file),)
    return Validation(faults, warnings)


def load_checked(file: str, overrides: Sequence[str] = (), seed: int | None = None) -> Scenario:
    """Return a scenario as ``simran.load`` does, with the allocator's options looked at too.

    Raises
    ------
    ScenarioError
        with every fault and its place
    """
    from simran.scenario import profile_kind, read_source

    source = read_source(file)
    kind = profile_kind(source.document)
    if kind is not None:
        help_ = f"a scenario names it in {kind}: {{NAME: {{profile: PATH}}}}"
        message = f"is the profile of a {kind.removesuffix('s')}, expected a scenario"
        raise ScenarioError([Fault(message, file, suggestion=help_)])
    scenario, document = _checked(source, overrides, seed)
    if scenario.allocator.options:
        _shortfalls(scenario, document)  # an option that the models do not suit
    return scenario


def _checked(
    source: Source, overrides: Sequence[str] = (), seed: int | None = None
) -> tuple[Scenario, Document]:
    from simran.scenario import load_with_places

    return load_with_places(source, overrides, seed, check=_options)


def _options(part: AllocatorPart, document: Document) -> Iterator[Fault]:
    """Yield the faults that only the allocator can see, in the options of a scenario."""
    if not part.options:
        return
    from simran.allocation import ALLOCATORS

    if part.name not in ALLOCATORS.names():
        return
    allocator = ALLOCATORS.load(part.name)
    for key, value in part.options.items():
        try:
            allocator({key: value})
        except InputError as error:
            yield document.fault(("allocator", "options", key), str(error))


def _doubts(scenario: Scenario, document: Document) -> Iterator[Fault]:
    """Yield what is legal in a scenario, and can hardly be meant."""
    yield from scenario.doubts
    for group, why in _shortfalls(scenario, document).items():
        yield document.fault(("agents", group, "budget"), why)


def _shortfalls(scenario: Scenario, document: Document) -> dict[str, str]:
    """Return, by group, why no design meets its budgets; refuse what the allocator cannot do there."""
    from simran.engine import shortfalls

    try:
        return shortfalls(scenario)
    except InputError as error:
        raise ScenarioError([document.fault(("allocator",), str(error))]) from error
