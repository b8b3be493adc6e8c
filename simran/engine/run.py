"""A single run: build, wire, start, run, collect."""

from __future__ import annotations

import gc
import math
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from simran.allocation.guard import AllocatorFault, ask
from simran.allocation.lookup import in_use, origin
from simran.engine.allocation_log import AllocationLog
from simran.engine.asking import Asking
from simran.engine.collect import Ledger, summarise
from simran.engine.consulting import make_allocator
from simran.engine.controller import Controller
from simran.engine.interrupt import RunInterrupted, Stop, stop_signals
from simran.engine.links import LinkLoads
from simran.engine.observation import observe
from simran.engine.stations import Sampler, stations
from simran.engine.world import World, build
from simran.errors import InvariantError, RunError, StorageError
from simran.results import RecordContext, Recorder, Request, Result, ResultFolder
from simran.results.records import COMPLETED, UNFINISHED
from simran.scenario import Scenario
from simran.streams import Streams

__all__ = ["Session", "default_folder", "refuse_broken", "refuse_options", "run"]

Progress = Callable[[float], None]

_PORTION = 20_000
_FRUITLESS = 100  # portions without a single completion
_REFUSED = 50_000  # requests refused without one


def default_folder(scenario: Scenario, seed: int) -> Path:
    """Return ``results/<name>/<time>-<seed>``, with a number appended where it exists."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    base = Path("results") / scenario.name.replace("/", "-")
    path = base / f"{stamp}-{seed}"
    tries = 1
    while path.exists():
        tries += 1
        path = base / f"{stamp}-{seed}-{tries}"
    return path


def run(
    scenario: Scenario,
    seed: int | None = None,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    replication: int = 0,
    progress: Progress | None = None,
) -> Result:
    """Run a scenario and return its result.

    Parameters
    ----------
    scenario : what to run
    seed : instead of the scenario's
    out : result folder; None writes to a temporary one that lives as long as the result
    overwrite : replace an earlier result in ``out``
    replication : number of the replication; each has random numbers of its own
    progress : called with the done fraction, in [0, 1]

    Raises
    ------
    OutputError
        if the result folder cannot be used
    RunError
        if the run cannot go on
    RunInterrupted
        a KeyboardInterrupt, after Ctrl-C or SIGTERM; it carries the result so far
    InvariantError
        if a named invariant did not hold, so that no figure of it can be trusted
    InputError
        if the allocator does not know an option
    """
    used = scenario.seed if seed is None else seed
    refuse_options(scenario, overwrite)
    began = time.perf_counter()
    path = Path(tempfile.mkdtemp(prefix="simran-")) if out is None else Path(out)
    folder = ResultFolder(path, overwrite)
    session = Session(scenario, Streams(used, replication), path)
    try:
        with stop_signals(session.halt) as stop:
            session.start()
            with _no_collection():
                session.advance(stop, progress or (lambda fraction: None))
            summary = session.collect(used, replication, bool(stop.asked))
        folder.write("summary.json", summary)
        refuse_broken(summary)
    except BaseException as error:
        wall_s = time.perf_counter() - began
        _note(folder, session.manifest(used, replication, "failed", wall_s), error)
        if out is None:
            shutil.rmtree(path, ignore_errors=True)
        raise
    status = "truncated" if stop.asked else "complete"
    wall_s = time.perf_counter() - began
    folder.write("manifest.json", session.manifest(used, replication, status, wall_s))
    result = Result(path, temporary=out is None)
    if stop.asked:
        raise RunInterrupted(stop.asked, result)
    return result


def _note(folder: ResultFolder, manifest: Mapping[str, Any], error: BaseException) -> None:
    with suppress(StorageError):  # what went wrong first is what to tell
        folder.write("manifest.json", {**manifest, "error": f"{type(error).__name__}: {error}"})


def refuse_options(scenario: Scenario, overwrite: bool) -> None:
    """Let the allocator refuse its options before anything is written; before a loss, a design too.

    Raises
    ------
    InputError
        if it does
    """
    allocator = make_allocator(scenario, Streams(scenario.seed))
    if overwrite:
        with suppress(AllocatorFault):  # what it answers is for the run to judge
            ask(allocator, observe(scenario), scenario.allocator.time_limit_s)


class Session:
    """The parts of one run, and what each of its steps does.

    Parameters
    ----------
    scenario, streams : what to run, on which random numbers
    path : of the result folder, which exists; None writes no tables
    asking : who is asked for designs in the place of the scenario's allocator
    """

    def __init__(
        self,
        scenario: Scenario,
        streams: Streams,
        path: Path | None,
        asking: Asking | None = None,
    ) -> None:
        self.scenario = scenario
        self._asking = asking
        self.world: World = build(scenario, streams, self._ended)
        outputs = scenario.outputs
        self.recorder = Recorder(
            _context(scenario, self.world),
            path / "requests.parquet" if path and outputs.requests else None,
        )
        names = tuple(group.name for group in self.world.groups)
        self.log = AllocationLog(
            path / "allocations.parquet" if path and outputs.allocations else None,
            self.world.names,
            names,
        )
        if asking:
            asking.clock = self.world.clock
        self.controller = Controller(scenario, self.world, streams, self.log.add, asking)
        self.watched = stations(self.world)
        self.links = LinkLoads(scenario, self.world.directions)
        self.sampler = (
            Sampler(
                self.world,
                self.watched,
                outputs.timeseries_s,
                path / "timeseries.parquet",
            )
            if path and outputs.timeseries_s
            else None
        )
        self.warm = [(0.0, 0.0)] * len(self.watched)
        self.rows: dict[str, int] = {}
        self._completed = self._refused = 0
        self._target = scenario.requests or math.inf
        self._record = self.recorder.record
        self._observe: Callable[[Request], None] | None = None
        self._closed = any(it.arrivals.process == "closed-loop" for it in scenario.groups.values())

    def halt(self) -> None:
        """End the run after the present event."""
        self.world.clock.halted = True

    def start(self) -> None:
        """Make the first decisions and set off what runs on its own."""
        self.controller.start()
        self._observe = self.controller.observes
        if self.sampler:
            self.sampler.start()
        if self.scenario.warmup_s:
            self.world.clock.call_at(self.scenario.warmup_s, lambda event: self._warmed(), None)

    def tap(self, take: Callable[[Request], None]) -> None:
        """Show every request that ends to ``take``, before it is recorded."""
        record = self._record

        def both(request: Request) -> None:
            take(request)
            record(request)

        self._record = both

    def advance(self, stop: Stop, progress: Progress) -> bool:
        """Process events in portions, so that signals are answered; say whether the run has ended.

        It has not where it stands still before a decision.
        """
        clock = self.world.clock
        until_s = self.scenario.duration_s or math.inf
        fruitless, before = 0, (0, 0)
        while clock.advance(until_s, _PORTION) and not stop.asked:
            self.links.settle(clock.now)
            progress(self._fraction(until_s))
            if self._completed > before[0]:
                fruitless, before = 0, (self._completed, self._refused)
            fruitless += 1
            refused = self._refused - before[1]
            if until_s == math.inf and (fruitless > _FRUITLESS or refused > _REFUSED):
                raise RunError(
                    f"no request has completed in {fruitless * _PORTION} events, and {refused}"
                    f" were refused, so requests: {self.scenario.requests} will not be reached;"
                    " use duration"
                )
        if self._asking and self._asking.question:
            return False
        if not stop.asked and until_s < math.inf:
            clock.close(until_s)
        return True

    def collect(self, seed: int, replication: int, truncated: bool) -> dict[str, Any]:
        """Settle what is unfinished, close the files and return the summary."""
        world, end_s = self.world, self.world.clock.now
        if end_s < self.scenario.warmup_s:
            self._warmed()
        if self.sampler:
            self.rows["timeseries"] = self.sampler.close(end_s)
        left, by_station = _left(world, end_s)
        self.links.close(end_s)
        world.close(end_s)
        self.recorder.close(end_s, world.present.values(), left)
        self.rows["requests"] = self.recorder.rows
        self.rows["allocations"] = self.log.close()
        ledger = Ledger(
            self.scenario,
            seed,
            replication,
            world,
            self.recorder,
            self.recorder.stations.loads | self.links.loads,
            self.controller,
            self.log.as_dict(),
            self.watched,
            self.warm,
            by_station,
            end_s,
            truncated,
            world.arrivals(),
        )
        return summarise(ledger)

    def manifest(self, seed: int, replication: int, status: str, wall_s: float) -> dict[str, Any]:
        """Return how this result was made."""
        return {
            "status": status,
            "simran": version("simran"),
            "seed": seed,
            "replication": replication,
            "wall_s": wall_s,
            "decision_wall_s": self.controller.asked.wall_s,
            "reproducible": self.controller.asked.reproducible,
            "written": datetime.now().astimezone().isoformat(timespec="seconds"),
            "python": sys.version.split()[0],
            "platform": platform.platform(),
            "packages": _versions(),
            "rows": self.rows,
            "allocator": origin(in_use(self.scenario.allocator.name)),
            "assumed": list(self.scenario.assumed),
            "scenario": self.scenario.document,
        }

    def _ended(self, request: Request) -> None:
        clock = self.world.clock
        if request.status == COMPLETED:
            if (
                self._completed >= self._target
            ):  # the last one that was asked for has completed already
                request.status = UNFINISHED
                return
            request.finish = clock.now
            self._completed += 1
            if self._completed >= self._target:
                clock.halted = True
            if self._observe is not None:
                self._observe(request)
        else:
            self._refused += 1
        request.end = clock.now
        del self.world.present[request.id]
        self._record(request)
        if self._closed:
            self.world.agents[request.agent].answered(request.status)

    def _warmed(self) -> None:
        now = self.world.clock.now
        self.warm = [station.integrals(now) for station in self.watched]

    def _fraction(self, until_s: float) -> float:
        by_time = self.world.clock.now / until_s
        return min(1.0, max(by_time, self._completed / self._target))


def refuse_broken(summary: Mapping[str, Any]) -> None:
    """Raise InvariantError if a named invariant did not hold."""
    for it in summary["invariants"]:
        if not it["held"]:
            raise InvariantError(f"invariant broken: {it['name']} ({it['detail']})")


@cache
def _versions() -> dict[str, str]:
    """Return what this process has loaded; each is a file to read, and a study has many runs."""
    packages = ("numpy", "scipy", "simpy", "networkx", "pyarrow", "pydantic")
    return {name: version(name) for name in packages}


@contextmanager
def _no_collection() -> Iterator[None]:
    """Leave requests to their count: they form no cycles.

    What earlier runs have left is collected when Python finds it worth while, between runs: looking through
    all that a process has loaded would cost more than many a run of a study.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _left(world: World, now: float) -> tuple[dict[int, float], dict[str, float]]:
    """Return the service that unfinished requests still need, by request and by station [s]."""
    found: dict[str, dict[int, float]] = {}
    for agent, group in zip(world.agents, world.groups, strict=True):
        found.setdefault(f"agents/{group.name}", {}).update(agent.left_s(now))
    for name, cell in world.cells.items():
        found[name] = cell.left_s()
    for name, server in world.servers.items():
        found[name] = server.left_s(now)
    sums = {name: math.fsum(values.values()) for name, values in found.items()}
    for name, direction in world.directions.items():
        sums[name] = direction.busy_s - direction.busy_until(now)
    return {key: left for values in found.values() for key, left in values.items()}, sums


def _context(scenario: Scenario, world: World) -> RecordContext:
    groups = world.groups
    quality = [scenario.models[group.model].quality for group in groups]
    return RecordContext(
        agents=world.names,
        groups=tuple(group.name for group in groups),
        cells=tuple(group.cell for group in groups),
        servers=tuple(group.server for group in groups),
        models=tuple(group.model for group in groups),
        delay_budget_s=tuple(group.delay_budget_s for group in groups),
        workers={name: server.capacity for name, server in world.servers.items()},
        warmup_s=scenario.warmup_s,
        metrics=frozenset(it.metric for it in quality if it is not None),
        airtimes=frozenset(name for name, cell in world.cells.items() if cell.notes_airtime),
        elastic=frozenset(name for name, cell in world.cells.items() if cell.elastic),
    )
