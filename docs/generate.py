"""The pages of the documentation that follow from the program and from measured figures.

``make docs`` writes them and builds the site; a test compares them with what would be written now. One
function for each page, in :data:`PAGES`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from decision_table import decision_table
from joint_tables import adaptive_tables, convention_tables, joint_tables, queue_table
from measured_tables import calibrate_page
from notebooks_page import notebooks_page

from simran.results import (
    ALLOCATION_COLUMNS,
    CAPACITY_COLUMNS,
    COMPARISON_COLUMNS,
    REQUEST_COLUMNS,
    TIMESERIES_COLUMNS,
)
from simran.scenario.later import LATER_KEYS, LATER_VALUES
from simran.scenario.reference import reference

__all__ = ["PAGES", "benchmarks", "columns", "scenario", "validation"]

DOCS = Path(__file__).parent
FIGURES = DOCS.parent / "benchmarks" / "results"

Rows = Sequence[Sequence[str]]


def columns() -> str:
    """Return the page of the columns of every result file."""
    files = (
        ("requests.parquet", REQUEST_COLUMNS, _REQUESTS),
        ("allocations.parquet", ALLOCATION_COLUMNS, _ALLOCATIONS),
        ("timeseries.parquet", TIMESERIES_COLUMNS, _TIMESERIES),
        ("comparison.parquet", COMPARISON_COLUMNS, _COMPARISON),
        ("capacity.parquet", CAPACITY_COLUMNS, _CAPACITY),
    )
    parts = ["# Result columns", _COLUMNS]
    for name, listed, text in files:
        rows = [[f"`{it.name}`", it.type, it.unit or "–", it.meaning] for it in listed]
        parts += [f"## {name}", text, _table(["column", "type", "unit", "meaning"], rows)]
    return _page(parts)


def scenario() -> str:
    """Return the page of every key of the scenario language."""
    parts = ["# Scenario language", _SCENARIO]
    entries = reference()
    for title, prefix, text in _PARTS:
        inner = prefix + "." if prefix else ""
        mine = [
            it for it in entries
            if it.path.startswith(inner) and (prefix or not re.search(r"[.*]", it.path))
        ]  # fmt: skip
        rows = [
            [f"`{it.path}`", it.kind, it.default or "–", it.meaning, f"`{it.example}`"]
            for it in mine
        ]
        header = ["key", "takes", "default", "meaning", "example"]
        parts += [f"## {title}", text, _table(header, rows)]
    parts += ["## Not in this version", _LATER, _later()]
    return _page(parts)


def _later() -> str:
    keys = [(".".join(path), f"only {_choices(defaults)}") for path, defaults in LATER_KEYS]
    values = [(".".join(path), f"not {_choices(values)}") for path, values in LATER_VALUES]
    return _table(["key", "takes"], [[f"`{path}`", text] for path, text in keys + values])


def _choices(values: Sequence[Any]) -> str:
    shown = ["{}" if it == {} else "false" if it is False else str(it) for it in values]
    return ", ".join(dict.fromkeys(shown)) or "to be left out"


def validation() -> str:
    """Return the page of what was compared with theory, from the figures in ``benchmarks/results``."""
    parts = ["# Validation", _VALIDATION]
    left = _figures("verify") or []
    for title, pattern, text in _FAMILIES:
        mine = [check for check in left if re.search(pattern, check["name"])]
        left = [check for check in left if check not in mine]
        parts += [f"## {title}", text, _checks(mine)]
    if left:
        raise ValueError(f"no family for {[check['name'] for check in left]}")
    parts += ["## Intervals and verdicts", _INTERVALS, *_coverage()]
    parts += ["## Speed", _SPEED, *_speed()]
    return _page(parts)


def benchmarks() -> str:
    """Return the page of the benchmarks, which stands beside them."""
    joint = json.loads((FIGURES / "joint.json").read_text())
    queues = json.loads((FIGURES / "queues.json").read_text())
    adaptive = json.loads((FIGURES / "adaptive.json").read_text())
    figures = [*_speed(), *joint_tables(joint), *convention_tables(joint)]
    figures += [*queue_table(queues), *adaptive_tables(adaptive)]
    figures += _real_weights()
    return _page(["# Benchmarks", _BENCHMARKS, "## Figures", *figures])


def _real_weights() -> list[str]:
    found = json.loads((FIGURES / "real_weights.json").read_text())
    here, reference_ = found["without_embeddings"], found["reference_without_embeddings"]
    names = {
        "rate": "λ̂",
        "ks_exponential": "KS distance to the exponential law",
        "ks_half_normal": "KS distance to the half-normal law",
        "largest_over_mean": "largest magnitude over the mean",
    }
    rows = [f"| {name} | {here[key]:.6f} | {reference_[key]:.6f} |" for key, name in names.items()]
    head = [
        f"| {here['count']} weights without embeddings | here | reference |",
        "| --- | --- | --- |",
    ]
    nearer, of = found["tensors_nearer_to_exponential"], found["tensors_quantized"]
    laws = found["tensor_laws"]
    return [
        "`python benchmarks/real_weights.py --out benchmarks/results/real_weights.json` calibrates on"
        f" MiniLM-L6 ({found['cpu_s']:g} s of CPU time, {found['peak_memory_mib']} MiB) and compares with a"
        " measurement that shares no code:",
        "\n".join([*head, *rows]),
        "Pooled, the weights are nearer to the exponential law than to the half-normal one; tensor by"
        f" tensor only {nearer} of {of} are. The generalised normal law has shape"
        f" {here['generalised_shape']:.3f} pooled, at a distance of {here['ks_generalised']:.4f}, and"
        f" {laws['shape_least']:.2f} to {laws['shape_most']:.2f} in single tensors; it is nearer than the"
        f" exponential law in {found['tensors_nearer_to_generalised']} of {of}.",
        _large_checkpoint(),
    ]


def _large_checkpoint() -> str:
    found = json.loads((FIGURES / "large_checkpoint.json").read_text())
    return (
        "`python benchmarks/large_checkpoint.py --out benchmarks/results/large_checkpoint.json`: a"
        f" checkpoint of {found['bytes'] / 1e9:.2f} GB, {found['weights']} weights, statistics and laws"
        f" with the quantizers {', '.join(found['quantizers'])} at all bit-widths: {found['cpu_s']:g} s of"
        f" CPU time ({found['cpu_s_per_million_weights']:g} s per million weights), peak memory"
        f" {found['peak_memory_mib']} MiB."
    )


#: Page -> what writes it; the build and the test take the pages from here.
PAGES: dict[str, Callable[[], str]] = {
    "calibrate.md": calibrate_page,
    "columns.md": columns,
    "notebooks.md": notebooks_page,
    "scenario.md": scenario,
    "validation.md": validation,
    "../benchmarks/README.md": benchmarks,
}


_SCENARIO = """
A scenario is one YAML file. This page lists every key; `*` stands for a name that you give, `[]` for an
entry of a list. `simran new` writes a commented file to start from, `simran schema` prints the same
language as JSON Schema for editors, `simran validate FILE` reports every fault with its line.

- **Quantities** are numbers in SI units (data in bits, memory in bytes) or text with a unit: `20 MHz`,
  `3.5 s`, `23 dBm`, `1 Gbit/s`, `512 KiB`, `120 GFLOP`. A unit of the wrong dimension is an error. NaN and
  infinity are errors; where no limit is meant, the word is `unlimited`, or the key is left out.
- **Text is not turned into something else**: `1:30`, `off` and `no` stay words, `1e-28` is a number.
- **`extends: other.yaml`** builds on another file of the same folder or below: mappings merge, lists and
  single values replace.
- **Profiles** work the same way: what a model or device says itself takes the place of what its profile
  says. A profile is a name of the catalogue or a file, which starts with the keys of a model or a device
  and gives the source of its numbers under `provenance`.
- **`--set path=value`** on the command line overrides one key, as in
  `--set agents.inspector.count=4 --set "network.links[0].delay=1 ms"`.
- **A model or a device of your own** is a file with the keys below, without `models.*.` or `devices.*.`:

  ```yaml
  # my_device.yaml, named by `devices: {edge: {profile: ./my_device.yaml}}`
  description: the server under my desk
  f_max: 3 GHz
  flops_per_cycle: 512
  power: {dynamic: 3.0e-27, exponent: 3, static: 20 W, idle: 20 W}
  provenance:
    f_max: {kind: published, source: "its data sheet"}
    flops_per_cycle: {kind: measured, source: "a matrix product of 4096 by 4096"}
    power: {kind: assumed, source: "no meter at hand"}
  ```

- **Unknown keys are errors**, and so is everything that this version does not build yet.
"""

_PARTS = (
    ("The file", "", "Exactly one of `duration` and `requests` says when the run ends."),
    (
        "Models",
        "models",
        "A model is a chain of blocks. Any end of a block is a point where the chain can be split: what"
        " comes before runs on the agent at the chosen bit-width, what comes after on the server at full"
        " precision. Bits scale the operations and the weight bytes of the agent's part, never what is"
        " sent.\n\n"
        "With `split: auto` the allocator looks at every split point. Since only the agent's weights are"
        " quantized, it then moves as little as possible to the agent, and `placement: auto` often moves"
        " nothing: pin the split to study quantization on board.",
    ),
    (
        "Devices",
        "devices",
        "A processor has a clock to choose. Its power follows a law of the clock or is given by measured"
        " states. A state's power above idle is what a request is charged; the rest belongs to the device.",
    ),
    (
        "Network",
        "network",
        "Agents send over a cell, and links lead from the cell to the server: the way with the fewest hops,"
        " then the least delay. Answers come back the same way. Links store and forward, first in first"
        " out.\n\n"
        "With `sharing: time` an agent's share is a share of airtime at its full rate: it takes longer, and"
        " costs no more energy. With `sharing: frequency` it is a part of the band of the given"
        " `bandwidth`, on which the agent sends at full power all the time: half the band carries more than"
        " half the rate, and energy is power times the time that the upload takes"
        " ([Theory](theory.md#shares-of-a-band)). Either way sharing is per flow, not per agent, unless the"
        " cell is `allocated`. The rate, whether fixed or varying, must be finite, and `bandwidth` is refused"
        " with `sharing: time`, where nothing would depend on it. Answers come down at the whole-cell rate.",
    ),
    (
        "Agents",
        "agents",
        "A closed loop starts with a request at time 0. Periodic agents start at a random phase unless one is"
        " given. Late requests complete and are flagged.",
    ),
    (
        "Allocator",
        "allocator",
        "Decisions made once or periodically see mean sizes, those made per request the request's own. The"
        " waits that it has observed are taken off the delay budget before it plans.",
    ),
    ("Outputs", "outputs", "`summary.json` and `manifest.json` are always written."),
)

_LATER = """
Refused with a clear message, never accepted and ignored.
"""


def _page(parts: Iterable[str]) -> str:
    note = "<!-- Written by docs/generate.py; a change here is lost with the next `make docs`. -->"
    return "\n\n".join([note, *(part.strip("\n") for part in parts if part)]) + "\n"


def _table(header: Sequence[str], rows: Rows) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    plain = text.replace("|", "\\|")
    return plain if "`" in plain else plain.replace("<", "&lt;")


def _figures(name: str) -> Any:
    path = FIGURES / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _number(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _checks(checks: Sequence[dict[str, Any]]) -> str:
    rows = [
        [
            check["name"],
            *(_number(check[key]) for key in ("expected", "got")),
            f"{check['tolerance']:.2g}".replace("-", "−"),
            check["verdict"],
            check["source"],
        ]
        for check in checks
    ]
    return _table(["check", "expected", "got", "tolerance", "verdict", "source"], rows)


def _coverage() -> Iterable[str]:
    found = _figures("coverage")
    if not found:
        return
    header = ["load", "requests", "runs", "called too short", "coverage of those given"]
    yield _table(
        [*header, "given and wrong, of all runs"],
        [
            [
                *(f"{row[key]:g}" for key in ("load", "requests", "runs")),
                *(_percent(row[key]) for key in ("too_short", "coverage_of_given")),
                _percent(row["given_and_wrong"]),
            ]
            for row in found["intervals"]
        ],
    )
    yield _VERDICTS
    verdicts = ["stable", "backlogged", "overloaded"]
    yield _table(
        ["load", "requests", "runs", *verdicts],
        [
            [
                *(f"{row[key]:g}" for key in ("load", "requests", "runs")),
                *(_percent(row[key]) for key in verdicts),
            ]
            for row in found["verdicts"]
        ],
    )


def _speed() -> Iterable[str]:
    speed, memory, allocation = (_figures(name) for name in ("speed", "memory", "allocation"))
    if not (speed or memory or allocation):
        yield "No figures are committed yet."
    if speed:
        yield f"Measured on {speed['machine']}."
        header = ["agents", "simran [µs per request]", "plain SimPy [µs per request]", "ratio"]
        keys = ("simran_us", "skeleton_us", "ratio")
        yield _table(
            header,
            [[str(row["agents"]), *(f"{row[key]:.3g}" for key in keys)] for row in speed["rows"]],
        )
    if memory:
        rows = [[str(requests), f"{peak:.0f}"] for requests, peak in _pairs(memory["peak_mb"])]
        yield _table(["requests", "peak memory [MB]"], rows)
    if allocation:
        rows = [[str(name), f"{value:.3g}"] for name, value in _pairs(allocation["us_per_agent"])]
        agents = allocation["agents"]
        yield _table([f"allocator, {agents} agents", "decision [µs per agent]"], rows)
    yield from decision_table(_figures("decision_time"))


def _pairs(found: Any) -> Iterable[tuple[Any, float]]:
    return found.items() if isinstance(found, dict) else found


_COLUMNS = """
What the Parquet files of a result folder hold, from the same table that writes them;
`simran list columns` prints it too. Times are seconds of the simulated clock, from 0. A stage that did not
happen is NaN (null of a bit-width), and so is a bound or a quality that does not apply. The symbols and the
meaning of the distortion columns are in [Theory](theory.md#columns).
"""

_REQUESTS = """
One row for each arrival, in the order in which they ended, ties by number; unfinished ones last, with the
energy that they had spent.
"""

_ALLOCATIONS = """
One row whenever the design of an agent changes: what was planned, term by term. `simran solve` prints the
same terms for empty queues.
"""

_TIMESERIES = "Written if the scenario asks for it with `outputs.timeseries`."

_COMPARISON = (
    "Written by `simran compare`; the metrics are listed in [Comparing](comparing.md#the-figures)."
)

_CAPACITY = "Written by `simran capacity`, one row for each allocator and value that was tried."

_VALIDATION = """
`simran verify` compares an installation with theory in about a minute and prints what stands here in
tables. The figures below were committed with the program; `make validation` measures them anew. A check
passes where the difference of *got* and *expected* is at most the tolerance. Tolerances were fixed by
reasoning before the comparison (rounding, the error of a grid, a 99.9 % interval), not by looking at it.

Passing shows that the program computes what it says. That the model is right for a robot and a network
is another question, which no comparison with theory can answer: see [Design](design.md#what-is-not-modelled).
"""

_FAMILIES = (
    (
        "The paper's closed forms",
        r"^paper: (delay|energy)",
        """
The paper's scenario is simulated and every request is compared with the formulas of
[Theory](theory.md#1-delay-and-energy-of-a-request), worked out separately from FLOP, bits and clocks; the
worst request is shown. With communication switched off and nobody waiting the simulator must give the
paper's numbers up to rounding: of the arithmetic, and of a clock that has run for 800 s. It shows that no
stage is lost or counted twice and that energy follows from it. It cannot show anything about queues, which
are empty here.
""",
    ),
    (
        "The best design by delay budget",
        r"^paper: bits",
        """
The bit-widths for a sweep of the paper's delay budget, by two allocators that find them in different ways:
`exact` looks at every bit-width with its best clocks, `sca` iterates convex subproblems over real-valued bits
(and solves the clocks of the whole number it ends at as `exact` does). Their agreement is the point. The
bit-widths themselves rest on dynamic power coefficients that the paper does not state and the catalogue
assumes, so they are no reproduction of a published figure; `simran solve --sensitivity` shows what moves with
them.
""",
    ),
    (
        "Energy by states",
        r"^energy by states",
        """
A processor with measured power states, worked out by hand: 10 s idle, a job of 1 s at the high clock, one of
5 s at the low clock, 4 s idle. One case, exact: it shows that power is integrated at changes of state and
that idle power is that of the last clock.
""",
    ),
    (
        "Distortion-rate function (row E)",
        r"^distortion-rate function",
        """
Blahut and Arimoto's iteration knows neither the atom nor the formula of
[row E](theory.md#row-e-the-magnitude-exactly); it is given a source cut into 1500 cells. What is left is the
error of that grid, which falls with its square; the tests show that too, and use finer grids. It confirms
the formula at four rates, and thereby that its optimality conditions were solved rightly.
""",
    ),
    (
        "Scalar quantizer (row S)",
        r"^scalar quantizer|^a million weights",
        """
Lloyd's iteration, run to its end from equally likely cells, reaches the error that
[row S](theory.md#row-s-the-best-scalar-code-book) has in closed form. An iteration can stop in a local
optimum; that this one is global follows from the recursion, not from the comparison. The last line rounds a
million drawn Laplace weights to the code book and compares the mean error, in 3.29 standard errors: levels,
signs and rounding as a user would apply them.
""",
    ),
    (
        "Power-of-two quantizer",
        r"^power-of-two",
        """
The least error over the scale of the code book, and the [floor](theory.md#power-of-two-and-its-floor) that
more bits do not get below. Expected values are rounded figures worked out before the program was written, so
the tolerance is half of their last digit. This guards against regressions more than it proves; the tests
compare the error with numerical integration and the scale with a fine search.
""",
    ),
    (
        "Queues, stamp by stamp",
        r": (start|end) of every job",
        """
The sharpest comparison of this page. The arrivals and services of a finished run are handed to a recursion
that has no events and no clock (Lindley's for one server, Kiefer and Wolfowitz' for several) or to a
processor-sharing station that takes every job forward at every event. Then the start or the end of *every*
job is compared, and the largest difference is shown. There is no sampling error: an error of one event in
3000 would be seen. It holds for the load and the laws that were run.
""",
    ),
    (
        "Queues, in the mean",
        r", load ",
        """
Mean values against queueing theory. Each line is the mean of 10 replications of 5000 requests after a tenth
of warm-up, in its 99.9 % Student interval; loads, lengths, seeds and their number were fixed beforehand.
All mean service times are 1 s.

- **The intervals are wide.** At a load of 0.8 and a coefficient of variation of 2 the tolerance is a third of
  the value. A forgotten factor is found, a bias of a few per cent is not; that is what the comparison stamp
  by stamp is for.
- **Lines that agree in every digit are one piece of evidence, not two.** Agent and server, server and cell,
  slices and shares are given the same random numbers. That they agree shows that the stations work alike.
- **One interval in a thousand misses a right mean.** The seeds are fixed, so an installation either always
  passes or never. Ten values of a skewed mean are not quite normal, so 99.9 % is nominal.
""",
    ),
    (
        "Rates that vary",
        r"^varying rates",
        """
Two queues whose rates follow two states in turn, against Neuts' matrix-geometric solution, which knows no
simulation: a cell whose rate varies, whose number of flows is that of an M/M/1 queue whose server does, and
requests that come in spells. Each is the mean of 10 replications of 5000 requests in its 99.9 % interval, as
above. The solution itself is tested at its limits (states that change very fast count by their mean, very
slow ones each by itself) and against balance equations.

The other lines have no sampling error. The integral of a schedule says when each of 800 periodic requests
comes, and which load they offer. The integral of a traced rate says when each of 1000 uploads ends, some of
which see their rate change on the way.
""",
    ),
    (
        "Parts of a band",
        r"^band: ",
        """
Cells with `sharing: frequency`, each the mean of 10 replications of 5000 requests in its 99.9 % interval, as
above. Flows that share a band equally are a symmetric queue that is faster the more are there, whose number
has a product form ([Theory](theory.md#shares-of-a-band)), here worked out by balance of one number with the
next: the same for three laws of sizes, and a mean also where 1.3 times as much is offered as one flow alone
could send. Two halves of the band are two M/M/1 queues, each at the rate of half the band.
""",
    ),
    (
        "Conservation",
        r"^(paper_blip2_coco|warehouse_contention): ",
        """
The invariants that every run checks on every row and that fail it if one does not hold, here for two
shipped scenarios; 1 stands for held. They compare accounts that are kept apart, such as the energy of
devices (meters) and that of requests (charges). An error that both accounts share would not be seen.
""",
    ),
)

_INTERVALS = """
Not part of `simran verify`, since it takes thousands of runs: `benchmarks/coverage.py`, on M/M/1 queues
whose mean is known. A summary gives a 95 % interval of a mean only if the run looks long enough
([Theory](theory.md#intervals)). *Called too short* counts the runs that were refused one. *Given and wrong*
is what a reader suffers from: an interval was printed and the true mean lies outside. Where most runs are
refused, those that pass are the quiet ones, and fewer of them cover. Published figures should rest on
replications, whose interval does not depend on this test.
"""

_VERDICTS = """
Verdicts of runs that start empty, of queues below and above a load of 1. A short run at a load of 0.95
cannot be told from one that grows, nor one at 1.02 from one that does not; the shares say how often it goes
wrong.
"""

_BENCHMARKS = """
`make bench` runs those of speed, memory, allocation, decision time and coverage. None of them is a test:
a busy machine must not turn a build red.

- `speed.py`: CPU time per request with all logs on, against `skeleton.py`, the plainest SimPy model of the
  same stations: one process per request, two resources, five timestamps; no allocator, no energy, no
  distortion, no log. Both run in turn, five times; what starting and ending cost is taken out by the
  difference of a long and a short run; the median ratio counts.
- `memory.py`: peak memory of runs of 100,000 and 1,000,000 requests, each in a process of its own.
- `allocation.py`: CPU time of a decision for 1000 agents. `decision_time.py`: the same against the number of
  agents, for every allocator, on agents that contend.
- `joint.py`: joint designs against the best ones and against a bound. `queues.py`: what designs that
  are aware of queues save, and cost. `adaptive.py`: what deciding anew gains over one design for good.
- `coverage.py`: how often the intervals and the verdicts of single runs are right, over many M/M/1 queues
  worked out by Lindley's recursion.
- `derive_models.py`: the FLOP and parameters of the catalogue's models, counted from their architecture.
- `large_checkpoint.py`: time and peak memory of `simran calibrate` on a checkpoint of two gigabytes.
- `train_fcdnn.py`: trains FCDNN-16 on the handwritten digits of scikit-learn; the weights are in `data/`.
- `output_distortion.py NAME`: what quantizing a model's agent part does to its features, outputs and task, on
  real inputs; `make realweights` brings the networks. Stopped, it goes on where it was.
  `measured_profiles.py NAME` writes the catalogue's profile from that record.
- `definitions.py`: how the dictionary that MiniLM-L6 looks up was chosen from WordNet 3.0.
- `make_speech.py`: speaks the sentences of the Whisper study, with Flite; the audio is in `data/speech`.
"""

_SPEED = """
`make bench` measures CPU time per request against the plainest SimPy model of the same system (one
process for each request, no accounting), peak memory against the number of requests, and the time of a
decision. These figures depend on the machine; the ratios less so.
"""


if __name__ == "__main__":
    for page, write in PAGES.items():
        (DOCS / page).write_text(write(), encoding="utf-8")
