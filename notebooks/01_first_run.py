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
# # A first run: twelve robots, one cell, one server
#
# Load a scenario, look at the design before anything is simulated, run it, and read what came out. The
# scenario is the shipped `warehouse_contention`: twelve inspection robots caption images with BLIP-2, run
# its first blocks on board with quantized weights, and share a radio cell and an edge server.

# %%
import importlib.util
import os
from pathlib import Path

if not all(map(importlib.util.find_spec, ("simran", "matplotlib"))):
    source = ".." if Path("../pyproject.toml").is_file() else "simran"
    # %pip install --quiet "{source}[plots]"

SMALL = os.environ.get("SIMRAN_NOTEBOOKS") == "small"  # a shorter run, for a quick check

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import simran

DURATION_S = 600 if SMALL else 3600
scenario = simran.load("warehouse_contention", [f"duration={DURATION_S} s"])
inspector = scenario.groups["inspector"]
print(scenario.description)
print(f"{inspector.count} robots, T0 = {inspector.delay_budget_s:g} s, E0 = {inspector.energy_budget_j:g} J each")
print(f"allocator {scenario.allocator.name}, {100 * scenario.allocator.headroom:.0f} % of T0 kept for queues")

# %% [markdown]
# ## Look before you run
#
# `simran.solve` gives the allocator's design for empty queues, with every term of delay and energy that it
# counts, and says what stops a better one. All twelve robots are alike, so one is shown.

# %%
design = simran.solve(scenario, "inspector/0")["agents"][0]
shown = ["split", "weight_bits", "agent_frequency_hz", "server_frequency_hz", "agent_s", "uplink_s", "server_s",
         "delay_s", "delay_budget_s", "energy_j", "energy_budget_j", "distortion", "reason"]
pd.Series({name: design[name] for name in shown}, name="design of inspector/0").to_frame()

# %% [markdown]
# ## Run it
#
# The same seed gives the same figures. The verdict comes first: averages of a run whose queues grow mean
# nothing.

# %%
result = simran.run(scenario, seed=7)
total = result.summary["total"]
print("verdict:", result.summary["verdict"])
print("arrivals judged late, over energy or lost:", f"{100 * total['violation_rate']:.2f} %")
invariants = result.summary["invariants"]
print(f"{len(invariants)} invariants checked, all held:", all(it["held"] for it in invariants))

# %% [markdown]
# ## Read the requests
#
# `Result.requests` is a pandas frame with one row for each request. Statistics leave the warm-up out, and
# violations are counted over the arrivals whose deadline fell into the run, not over the lucky ones that
# completed.

# %%
requests = result.requests
kept = requests[~requests["in_warmup"]]
judged = kept[kept["arrival_s"] + kept["delay_budget_s"] < result.summary["end_s"]]
missed = judged[~(judged["delay_ok"] & judged["energy_ok"])]
assert np.isclose(len(missed) / len(judged), total["violation_rate"])
done = kept[kept["status"] == "completed"]
assert np.isclose(done["delay_s"].mean(), total["delay_s"]["mean"])
STAGES = {
    "agent_wait_s": "wait for the robot",
    "agent_compute_s": "on the robot",
    "uplink_s": "uplink",
    "backhaul_s": "link to the server",
    "server_wait_s": "wait for the server",
    "server_compute_s": "on the server",
    "downlink_s": "answer",
}
stages = done[list(STAGES)].rename(columns=STAGES)
assert np.allclose(stages.sum(axis=1), done["delay_s"])  # the stages are the delay
pd.DataFrame({"mean [s]": stages.mean(), "95th percentile [s]": stages.quantile(0.95)}).round(4)

# %% tags=["figure"]
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), constrained_layout=True)
delay = np.sort(done["delay_s"])
left.plot(delay, np.arange(1, len(delay) + 1) / len(delay), color="#0072B2")
left.axvline(inspector.delay_budget_s, color="black", linestyle=":", label="budget T0")
left.axvline(design["delay_s"], color="#D55E00", linestyle="--", label="planned, for empty queues")
left.set(xlabel="delay of a request [s]", ylabel="share of completed requests")
left.legend()
causes = missed["miss_cause"].value_counts(ascending=True)
right.barh(causes.index, 100 * causes / len(judged), color="#0072B2")
right.set(xlabel="arrivals that missed a budget, by cause [%]")
for axes in (left, right):
    axes.grid(alpha=0.3)
plt.show()

# %% [markdown]
# ## What headroom buys
#
# A design that uses the whole of T0 misses it at the first queue. Headroom keeps a part of T0 for waits, and
# costs bits: each bit less doubles the distortion.

# %%
rows = {}
for headroom in (0.0, 0.1, 0.2, 0.3):
    other = simran.load(
        "warehouse_contention", [f"duration={DURATION_S} s", f"allocator.headroom={headroom}"]
    )
    summary = simran.run(other, seed=7).summary
    rows[headroom] = {
        "weight bits": simran.solve(other, "inspector/0")["agents"][0]["weight_bits"],
        "violations [%]": round(100 * summary["total"]["violation_rate"], 2),
        "mean delay [s]": round(summary["total"]["delay_s"]["mean"], 3),
        "mean distortion": f"{summary['total']['distortion']['mean']:.3g}",
        "verdict": summary["verdict"],
    }
headrooms = pd.DataFrame(rows).T.rename_axis(index="headroom")
headrooms

# %% tags=["finding"]
none, some = headrooms.loc[0.0], headrooms.loc[0.2]
print(
    f"With {some['weight bits']} bits and a fifth of the delay budget kept for queues"
    f" {some['violations [%]']:.1f} % of the requests miss a budget; with {none['weight bits']} bits and nothing"
    f" kept {none['violations [%]']:.0f} % do, although each design meets both budgets when queues are empty."
)

# %% [markdown]
# ## What the figures rest on
#
# Numbers that are assumed, with the catalogue's reason. Results of your own should name them.

# %%
pd.set_option("display.max_colwidth", None)
pd.DataFrame([{"assumed": it.path, "why": it.source} for it in scenario.assumptions])
