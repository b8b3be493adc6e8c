# ---
# jupyter:
#   jupytext:
#     formats: "ipynb,py:percent"
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Write your own allocator
#
# An allocator is a class with a name and one method: a `Problem` in, an `Allocation` out, both plain arrays with one
# row for each agent. This notebook writes one into a file, checks it, uses it on the command line, compares it with
# `exact` on the same random numbers, and shows what happens to a run whose allocator fails.

# %%
import importlib.util
import os
from pathlib import Path

if not all(map(importlib.util.find_spec, ("simran", "matplotlib"))):
    source = ".." if Path("../pyproject.toml").is_file() else "simran"
    # %pip install --quiet "{source}[plots]"

SMALL = os.environ.get("SIMRAN_NOTEBOOKS") == "small"  # fewer and shorter runs, for a quick check

# %%
import subprocess
import sys
import tempfile

import matplotlib.pyplot as plt
import pandas as pd

import simran
from simran.allocation import find_allocator

FOLDER = Path(tempfile.mkdtemp())


def command(line, first, last=None):
    """Run simran as on a command line, in the folder of our files, and show some of the lines."""
    run = subprocess.run([sys.executable, "-m", "simran", *line.split()], cwd=FOLDER, capture_output=True, text=True)
    print("\n".join([f"$ simran {line}", *run.stdout.splitlines()[first:last]]))
    return run.returncode


# %% [markdown]
# ## A few lines
#
# `exact` picks the most bits that both budgets allow, and then the clocks that need the least energy. So the server runs no
# faster than one request alone requires, although others wait behind it. Ours takes the bits of `exact` and
# runs the server at full clock wherever the energy budget still allows that. `evaluate` says what a design takes.

# %%
OWN = '''
from dataclasses import replace

import numpy as np

from simran.allocation import Allocation, Allocator, Problem, evaluate, find_allocator


class FullServer(Allocator):
    """The design of exact, with the server at full clock where the energy budget allows it."""

    name = "full-server"

    def allocate(self, problem: Problem) -> Allocation:
        best = find_allocator("exact")().allocate(problem)
        clock = best.server_frequency_hz  # NaN where nothing runs at the server
        full = np.where(np.isnan(clock), np.nan, problem.server_clock.f_max_hz)
        faster = replace(best, allocator=self.name, server_frequency_hz=full)
        affordable = evaluate(problem, faster).energy_ok
        return replace(faster, server_frequency_hz=np.where(affordable, full, clock))
'''
(FOLDER / "full_server.py").write_text(OWN)
assert command("check-allocator full_server.py:FullServer", 1) == 0

# %% [markdown]
# The check tries sample problems, with and without feasible designs, with continuous and stepped clocks. Now one design of
# the warehouse, as on a command line: `simran solve warehouse_contention --allocator full_server.py:FullServer`.

# %%
assert command("solve warehouse_contention --allocator full_server.py:FullServer --agent inspector/0", 0, 16) == 0

# %% [markdown]
# ## Compare it
#
# `simran.compare` does what `simran compare` does: every allocator has the same arrivals, so that runs are compared in pairs. Beside
# `exact` stands what may do the same without any code: `select: min-delay`, which takes the fastest among the designs with
# the least distortion.

# %%
scenario = simran.load("warehouse_contention", [f"duration={400 if SMALL else 1800} s", "warmup=100 s"])
VARIANTS = ["exact", f"full-server={FOLDER / 'full_server.py'}:FullServer", "fastest=exact:select=min-delay"]
comparison = simran.compare(scenario, VARIANTS, 2 if SMALL else 10)
found = comparison.summary()["allocators"]
UNITS = {
    "violation_rate": ("violations [%]", 100),
    "delay_mean_s": ("mean delay [s]", 1),
    "delay_p99_s": ("99 % of delays within [s]", 1),
    "energy_mean_j": ("mean energy [J]", 1),
    "distortion_mean": ("mean distortion", 1),
}
figures = {name: found[name]["figures"]["total"] for name in comparison.labels}
pd.DataFrame(
    {text: {name: factor * it[key]["mean"] for name, it in figures.items()} for key, (text, factor) in UNITS.items()}
).round(6)

# %% [markdown]
# Differences to `exact`, with 95 % intervals over replications and p values that are corrected for the number of tests:

# %%
differences = pd.DataFrame(comparison.summary()["differences"]).set_index(["allocator", "metric"])
differences[["mean", "interval95", "p_holm", "significant"]].dropna(subset="p_holm")

# %% tags=["figure"]
figure, axes = plt.subplots(1, 3, figsize=(12, 3.8), constrained_layout=True)
for axis, key in zip(axes, ("violation_rate", "delay_mean_s", "energy_mean_j"), strict=True):
    text, factor = UNITS[key]
    for row, (name, it) in enumerate(figures.items()):
        low, high = (factor * end for end in it[key]["interval95"])
        middle = factor * it[key]["mean"]
        axis.errorbar(middle, row, xerr=[[max(0.0, middle - low)], [max(0.0, high - middle)]], fmt="o", capsize=4, color="#0072B2")
    axis.set(xlabel=text, yticks=range(len(figures)), yticklabels=list(figures), ylim=(-0.5, len(figures) - 0.5))
    axis.grid(alpha=0.3)
plt.show()

# %% [markdown]
# ## One that fails
#
# This one slows down the robots that have spent much. It divides by the number of requests that were completed since the
# last decision, which may be none, and hides the warning.

# %%
WRONG = '''
from dataclasses import replace

import numpy as np

from simran.allocation import Allocation, Allocator, Problem, find_allocator


class Thrifty(Allocator):
    """The design of exact, with slower robots where much was spent."""

    name = "thrifty"

    def allocate(self, problem: Problem) -> Allocation:
        best = find_allocator("exact")().allocate(problem)
        with np.errstate(invalid="ignore"):
            spent_j = problem.state.spent_j / problem.state.completed
        pace = np.minimum(1.0, problem.energy_budget_j / spent_j)
        return replace(best, allocator=self.name, agent_frequency_hz=pace * best.agent_frequency_hz)
'''
(FOLDER / "thrifty.py").write_text(WRONG)
assert command("check-allocator thrifty.py:Thrifty", 1) == 1

# %% [markdown]
# The check finds it, and a run survives it: what is impossible is refused, counted and quoted, the design before stays in force, and
# where there is none yet, every agent's `on_violation` is carried out.

# %%
place = f"{(FOLDER / 'thrifty.py').resolve()}:Thrifty"
find_allocator(place)  # a scenario names code only after a program has asked for it
wrong = simran.load(
    "warehouse_contention",
    [f"allocator.name='{place}'", "allocator.every=5 s", f"duration={300 if SMALL else 600} s", "warmup=60 s"],
)
result = simran.run(wrong)
decisions = result.summary["decisions"]
assert decisions["failures"]["impossible"] == decisions["refused"] > 0
assert all(it["held"] for it in result.summary["invariants"])
print(f"{decisions['refused']} of {decisions['count']} decisions refused: {decisions['failures']}")
print("\n".join(decisions["refusals"][:3]))

# %% tags=["finding"]
ours = differences.loc["full-server"]
rates, joules = ({name: it[key]["mean"] for name, it in figures.items()} for key in ("violation_rate", "energy_mean_j"))
sure = "significant" if ours.loc["violation_rate", "significant"] else "not significant"
assert abs(ours.loc["distortion_mean", "mean"]) == 0
print(
    f"A few lines of one's own, full clock at the server where energy allows, take the violations of exact from"
    f" {100 * rates['exact']:.2f} to {100 * rates['full-server']:.2f} % of the requests ({sure}) at the same distortion, for"
    f" {joules['full-server'] - joules['exact']:.2f} J more per request; exact with select: min-delay, which is no code,"
    f" to {100 * rates['fastest']:.2f} % for {joules['fastest'] - joules['exact']:.2f} J.\n"
    f"Of an allocator that divides by zero now and then, {decisions['refused']} of {decisions['count']} decisions were refused and"
    " counted; the run ended with all invariants held."
)
