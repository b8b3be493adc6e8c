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
# # Contention: from 1 to 64 agents
#
# What happens to delay, energy, distortion and violations as more and more robots share one radio cell and one
# edge server? First a case in which queueing theory knows the answer exactly, so that simulation and theory can
# be held against each other. Then the robots of `warehouse_contention`, where theory is an approximation: the
# notebook shows where it holds, where it does not, and why.

# %%
import importlib.util
import os
from pathlib import Path

if not all(map(importlib.util.find_spec, ("simran", "matplotlib"))):
    source = ".." if Path("../pyproject.toml").is_file() else "simran"
    # %pip install --quiet "{source}[plots]"

SMALL = os.environ.get("SIMRAN_NOTEBOOKS") == "small"  # fewer and shorter runs, for a quick check

# %%
from decimal import Decimal, localcontext

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import simran
from simran.allocation import find_allocator
from simran.allocation.queues import LARGEST_LOAD, expected_waits
from simran.engine.observation import observe
from simran.experiments.replications import interval

AGENTS = [1, 32, 40] if SMALL else [1, 2, 4, 8, 16, 24, 32, 40, 48, 64]
REPLICATIONS = 2 if SMALL else 10
WAITS = {"agent": "agent_wait_s", "uplink": "uplink_s", "server": "server_wait_s"}


def scenario_of(agents, changes):
    """Return the warehouse with so many robots, in a cell of 5 Mbit/s, where sending takes its time too."""
    common = [
        f"agents.inspector.count={agents}",
        "network.cells.gnb-1.channel.rate=5 Mbit/s",
        "outputs.allocations=false",
        "outputs.timeseries=0 s",
    ]
    return simran.load("warehouse_contention", [*common, *changes])


def one_run(scenario, replication):
    """Return the figures of one run, and the mean times of its stages."""
    result = simran.run(scenario, replication=replication)
    total, requests = result.summary["total"], result.requests
    done = requests[(requests["status"] == "completed") & ~requests["in_warmup"]]
    return {
        "agents": scenario.groups["inspector"].count,
        "verdict": result.summary["verdict"],
        "delay": total["delay_s"]["mean"],
        "violations": total["violation_rate"],
        "energy": total["energy_j"]["mean"],
        "all energy": result.summary["energy"]["total_per_completed_j"],
        "distortion": total["distortion"]["mean"],
        "throughput": total["throughput_hz"],
        **{name: done[column].mean() for name, column in WAITS.items()},
    }


def runs(changes):
    """Return one row for each number of agents and replication."""
    scenarios = [scenario_of(agents, changes) for agents in AGENTS]
    return pd.DataFrame([one_run(it, number) for it in scenarios for number in range(REPLICATIONS)])


def estimate(frame, name, error=0.05):
    """Return the mean over replications for each number of agents, and the ends of its interval."""
    values = frame.groupby("agents")[name]
    ends = [interval(list(it), error) for _, it in values]
    return pd.DataFrame(ends, columns=["low", "high"], index=AGENTS).assign(mean=values.mean())


# %% [markdown]
# ## A case that theory knows
#
# Let nothing run on the robots: they send their image, and the server captions it at full clock. Each robot
# sends one every 33 s, at random (Poisson). Every request then needs the same time S in the cell, where those
# present share the rate alike, and the same time d at the server, which serves one after the other.
#
# - **The cell** is a queue M/D/1 with processor sharing: sending takes S/(1 − ρ) on average, ρ = KλS.
# - What leaves such a station is again a Poisson process, so **the server** is M/D/1 with first come, first
#   served, and the mean wait is ρd/(2(1 − ρ)), with its own ρ = Kλd.
# - **A request is late** if it waits longer than the rest of its budget. The distribution of the wait in M/D/1
#   is Erlang's: P(W ≤ t) = (1 − ρ) Σ (λ(jd − t))^j/j! · exp(−λ(jd − t)), summed over j = 0, …, ⌊t/d⌋, with λ the rate
#   of all robots. Its terms cancel, so it is worked out with 50 digits.

# %%
SIMPLE = [
    "agents.inspector.placement=on-server",
    "agents.inspector.arrivals={process: poisson, rate: 0.03 Hz}",
    "allocator.name=max-frequency",
    f"duration={900 if SMALL else 7200} s",
    f"warmup={300 if SMALL else 600} s",
]
design = simran.solve(scenario_of(1, SIMPLE), "inspector/0")["agents"][0]
S, d = design["uplink_s"], design["server_s"]
rest = design["delay_s"] - S - d  # links and the answer
print(f"S = {S:.4f} s, d = {d:.4f} s, links and answer {1000 * rest:.2f} ms, T0 = {design['delay_budget_s']:g} s")


def shared(service_s, rate_hz):
    """Return the mean time in M/G/1 with processor sharing."""
    load = rate_hz * service_s
    return service_s / (1 - load) if load < 1 else np.nan


def queued(service_s, rate_hz):
    """Return the mean wait in M/D/1, first come, first served."""
    load = rate_hz * service_s
    return load * service_s / (2 * (1 - load)) if load < 1 else np.nan


def waits_longer(t, service_s, rate_hz):
    """Return P(W > t) of M/D/1."""
    if t < 0 or rate_hz * service_s >= 1:
        return 1.0
    with localcontext() as context:
        context.prec = 50
        time, service, rate = Decimal(t), Decimal(service_s), Decimal(rate_hz)
        term, terms = Decimal(1), []
        for j in range(int(time / service) + 1):
            x = rate * (j * service - time)
            term = Decimal(1) if j == 0 else x**j / np.prod([Decimal(i) for i in range(1, j + 1)])
            terms.append(term * (-x).exp())
        return float(1 - (1 - rate * service) * sum(terms))


rates = {k: 0.03 * k for k in AGENTS}
theory = pd.DataFrame(
    {
        "load": {k: rate * d for k, rate in rates.items()},
        "uplink": {k: shared(S, rate) for k, rate in rates.items()},
        "server": {k: queued(d, rate) for k, rate in rates.items()},
    }
)
theory["delay"] = theory["uplink"] + theory["server"] + d + rest
left_s = design["delay_budget_s"] - d - rest
theory["violations"] = [waits_longer(left_s - theory["uplink"][k], d, rates[k]) if theory["load"][k] < 1 else 1.0 for k in AGENTS]

# %%
simple = runs(SIMPLE)
table = {}
for name in ("uplink", "server", "delay", "violations"):
    found = estimate(simple, name)
    table[name, "simulated"] = found["mean"]
    table[name, "±"] = (found["high"] - found["low"]) / 2
    table[name, "theory"] = theory[name]
pd.DataFrame(table).rename_axis("agents").round(4)

# %% [markdown]
# Beyond ρ = 1 there is no mean: the queue grows as long as the run lasts, and the figure belongs to the
# run's length. Elsewhere mean times must agree with theory. Twenty or so 95 % intervals of means can be expected to
# miss about one true value; all 99.9 % intervals must hold it.

# %%
stable = [k for k in AGENTS if theory["load"][k] < 1]
inside = {}
for name in ("uplink", "server", "delay"):
    wide, usual = estimate(simple, name, 0.001), estimate(simple, name)
    for k in stable:
        assert wide["low"][k] <= theory[name][k] <= wide["high"][k], (name, k)
        inside[name, k] = usual["low"][k] <= theory[name][k] <= usual["high"][k]
over = [k for k in AGENTS if theory["load"][k] >= 1]
assert all(simple.query("agents == @over")["verdict"] == "overloaded")
print(f"{sum(inside.values())} of {len(inside)} theoretical means lie in the 95 % interval, all in that of 99.9 %")

# %% [markdown]
# ## The warehouse: work on board, sending, the server
#
# Now the robots run BLIP-2 up to the Q-Former on board, each for a request every 10 s on average, with the design of
# `exact` that keeps a fifth of T0 for waits. The design knows nothing of the others, so it is the same for any number
# of robots.
#
# The queue at a robot's own processor is M/D/1, whatever the others do. What it sends on is no longer Poisson: two
# requests of one robot are at least one computation apart. Prediction counts it as Poisson all the same, as `queue_aware`
# designs do (`expected_waits`), and a second line leaves out the robot's own load, as a request hardly ever meets another
# one of its own robot: ρ(K − 1)/K in the place of ρ.
#
# Three variants: Poisson requests; requests almost in time, `gamma` with a coefficient of variation of 0.3 as in the
# shipped scenario; and Poisson ones with `queue_aware` designs.

# %%
RATE_HZ = 0.1
COMMON = [f"duration={600 if SMALL else 2100} s", "warmup=300 s"]
POISSON = [*COMMON, f"agents.inspector.arrivals={{process: poisson, rate: {RATE_HZ} Hz}}"]
REGULAR = [*COMMON, f"agents.inspector.arrivals={{process: gamma, rate: {RATE_HZ} Hz, cv: 0.3}}"]
AWARE = [*POISSON, "allocator.options.queue_aware=true"]

plan = simran.solve(scenario_of(1, POISSON), "inspector/0")["agents"][0]
a, S, d = plan["agent_s"], plan["uplink_s"], plan["server_s"]
print(f"{plan['weight_bits']} bits; on board {a:.3f} s, sending {S:.3f} s, at the server {d:.3f} s")


def predicted(agents, meets):
    """Return mean waits, with the load of ``meets`` robots in cell and server."""
    rate = RATE_HZ * meets
    found = {"load": RATE_HZ * agents * d, "agent": queued(a, RATE_HZ), "uplink": shared(S, rate), "server": queued(d, rate)}
    return {**found, "delay": plan["delay_s"] - S + sum(found[name] for name in WAITS)}


all_ = pd.DataFrame({k: predicted(k, k) for k in AGENTS}).T
others = pd.DataFrame({k: predicted(k, k - 1) for k in AGENTS}).T

# The same from the program's own formulas, which `queue_aware` uses.
for k in AGENTS:
    problem = observe(scenario_of(k, POISSON))
    own = expected_waits(problem, find_allocator("exact")().allocate(problem))
    assert np.isclose(own.agent[0], all_["agent"][k])
    if all_["load"][k] <= LARGEST_LOAD:
        assert np.isclose(own.server[0], all_["server"][k])
        assert np.isclose(own.uplink[0], all_["uplink"][k] - S)

# %%
regular = runs(REGULAR)

# %%
aware = runs(AWARE)

# %%
fixed = runs(POISSON)
table = {}
for name in (*WAITS, "delay"):
    found = estimate(fixed, name)
    table[name, "simulated"] = found["mean"]
    table[name, "±"] = (found["high"] - found["low"]) / 2
    table[name, "all"] = all_[name]
    table[name, "others"] = others[name]
pd.DataFrame(table).rename_axis("agents").round(4)

# %% [markdown]
# Three things to see:
#
# - **A robot's own wait** is what Pollaczek and Khinchine say, whoever else is there.
# - **A robot alone never waits for the cell or the server**, since sending and the server are faster than its own
#   board. The prediction with the load of all has it wait; the one with the load of the others does not, and for a few
#   robots it is right.
# - **Near ρ = 1** the load of all counts: departures of a queue vary as its arrivals do in the long run, however evenly they are
#   spaced in the short run, and long queues are made in the long run.
#
# That is also why requests that come almost in time wait less there: the sum of many of them looks Poisson for a moment,
# but not over the minutes in which a long queue builds up.

# %%
busy = [k for k in AGENTS if 0 < all_["load"][k] < 1]
for k in busy:
    wide = estimate(fixed, "agent", 0.001).loc[k]
    assert wide["low"] <= all_["agent"][k] <= wide["high"], k
assert estimate(fixed, "server")["mean"][1] == 0 and all_["server"][1] > 0
waited, in_time = estimate(fixed, "server"), estimate(regular, "server")
last = busy[-1]
for k in (k for k in busy if 1 < k <= 8):
    wide = estimate(fixed, "server", 0.001).loc[k]
    assert wide["low"] <= others["server"][k] <= wide["high"] < all_["server"][k], k
assert in_time["mean"][last] < waited["mean"][last]
pd.DataFrame(
    {
        "load": all_["load"],
        "Poisson, simulated": waited["mean"],
        "of the prediction, all": waited["mean"] / all_["server"],
        "of the prediction, others": waited["mean"] / others["server"],
        "in time, simulated": in_time["mean"],
        "in time, of the prediction, all": in_time["mean"] / all_["server"],
    }
).loc[busy].rename_axis("agents").round(3)

# %% [markdown]
# ## Who is late, and what it costs
#
# A request of the fixed design is late when its waits exceed the headroom. Predicted is the probability that the robot's wait and
# the server's, as if independent and both M/D/1, exceed what is left of T0. The budgeted energy of a request depends on
# its design alone. All energy per request does not: robots and server draw 2 W and 15 W at work or idle, and
# the server's share falls as 1/K while the load lasts: e + (15 W + K · 2 W)/(Kλ).

# %%
POINTS = 41 if SMALL else 201


def late(agents):
    """Return the predicted violation rate of the fixed design."""
    if all_["load"][agents] >= 1:
        return 1.0
    slack_s = plan["delay_budget_s"] - plan["delay_s"] + S - all_["uplink"][agents]
    grid = np.linspace(0.0, slack_s, POINTS)
    own = 1 - np.array([waits_longer(t, a, RATE_HZ) for t in grid])
    there = 1 - np.array([waits_longer(slack_s - t, d, RATE_HZ * agents) for t in grid])
    return 1 - (own[0] * there[0] + np.sum(np.diff(own) * (there[1:] + there[:-1]) / 2))


all_["violations"] = [late(k) for k in AGENTS]
idle_w = 15.0 + 2.0 * np.array(AGENTS)
all_["all energy"] = np.where(all_["load"] < 1, plan["energy_j"] + idle_w / (RATE_HZ * np.array(AGENTS)), np.nan)
shown = {}
for label, frame in (("fixed", fixed), ("in time", regular), ("queue-aware", aware)):
    found = estimate(frame, "violations")
    shown[label, "violations [%]"] = 100 * found["mean"]
    shown[label, "±"] = 100 * (found["high"] - found["low"]) / 2
    if label == "fixed":
        shown[label, "predicted"] = 100 * all_["violations"]
    for name in ("energy", "all energy", "distortion"):
        shown[label, name] = estimate(frame, name)["mean"]
pd.DataFrame(shown).rename_axis("agents").round(6)

# %%
assert np.allclose(fixed["energy"], plan["energy_j"]) and np.allclose(fixed["distortion"], plan["distortion"])
drawn, missed = (estimate(fixed, name, 0.001) for name in ("all energy", "violations"))
for k in busy:
    assert drawn["low"][k] <= all_["all energy"][k] <= drawn["high"][k], k
for k in stable:
    wide = estimate(simple, "violations", 0.001).loc[k]
    # Where nobody was late, the interval has no width, and few late requests were to be expected.
    assert wide["low"] <= theory["violations"][k] <= wide["high"] or theory["violations"][k] < 1e-3, k

# %% tags=["figure"]
figure, axes = plt.subplots(2, 3, figsize=(14, 7.6), constrained_layout=True)
BLUE, RED, GREEN, BLACK = "#0072B2", "#D55E00", "#009E73", "black"
SIZES = {"o": 8, "s": 5, "^": 5, "D": 5}
CASES = (("fixed design", fixed, BLUE, "o"), ("fixed, almost in time", regular, GREEN, "s"), ("queue-aware", aware, RED, "^"))


def draw(place, frame, name, color, marker, label, factor=1.0):
    """Draw means with 95 % intervals; hollow where a run was overloaded."""
    found = factor * estimate(frame, name)
    if name != "violations":  # on a logarithmic axis
        found = found[found["mean"] > 0]
    full = [not (frame.query("agents == @k")["verdict"] == "overloaded").any() for k in found.index]
    reach = np.maximum(0, [found["mean"] - found["low"].clip(lower=0), found["high"] - found["mean"]])
    place.errorbar(found.index, found["mean"], reach, color=color, fmt="none", capsize=3)
    style = {"color": color, "marker": marker, "linestyle": "none", "markersize": SIZES[marker]}
    place.plot(found.index, found["mean"], markerfacecolor="none", label=label, **style)
    place.plot(found.index[full], found["mean"][full], **style)


(first, second, third), (fourth, fifth, sixth) = axes
draw(first, simple, "delay", BLUE, "o", "simulated")
first.plot(stable, theory["delay"][stable], color=BLACK, label="theory")
first.set(title="nothing on board: M/D/1", ylabel="mean delay [s]", yscale="log")
for label, frame, color, marker in CASES[:2]:
    draw(second, frame, "server", color, marker, label)
second.plot(busy, all_["server"][busy], color=BLACK, label="predicted, load of all")
second.plot(busy[1:], others["server"][busy[1:]], color=BLACK, linestyle="--", label="predicted, load of the others")
second.set(title="warehouse: wait at the server", ylabel="mean wait [s]", yscale="log")
for label, frame, color, marker in CASES:
    draw(third, frame, "delay", color, marker, label)
    draw(fourth, frame, "violations", color, marker, label, 100)
    draw(fifth, frame, "all energy", color, marker, label)
    draw(sixth, frame, "distortion", color, marker, label)
draw(fourth, simple, "violations", "gray", "D", "nothing on board", 100)
third.plot(busy, all_["delay"][busy], color=BLACK, label="predicted")
third.axhline(plan["delay_budget_s"], color=BLACK, linestyle=":", label="T0")
third.set(title="warehouse: delay", ylabel="mean delay [s]", yscale="log")
fourth.plot(AGENTS, 100 * all_["violations"], color=BLACK, label="predicted, fixed")
fourth.plot(AGENTS, 100 * theory["violations"], color="gray", label="theory, nothing on board")
fourth.set(title="violations", ylabel="requests that missed a budget [%]")
fifth.plot(busy, all_["all energy"][busy], color=BLACK, label="predicted, fixed")
fifth.axhline(plan["energy_j"], color=BLUE, linestyle=":", label="budgeted, fixed")
fifth.set(title="all energy per completed request", ylabel="energy [J]", yscale="log")
sixth.set(title="distortion", ylabel="mean distortion", yscale="log")
for place in axes.flat:
    place.set(xlabel="agents")
    place.grid(alpha=0.3)
    place.legend(fontsize=8)
plt.show()

# %% [markdown]
# Hollow marks: at least one run was overloaded, and its mean delay says more of its length than of the system.
#
# With more robots a `queue_aware` design first runs the server faster, and then takes fewer bits, so that there is time to
# wait. It pays in distortion, which doubles with every bit. It cannot help where even a server at full clock has less
# than the robots ask for: bits make work on board, not at the server. A station with a load above 0.95 is planned with as
# one of 0.95, so its plan promises too much there, and `solve` should be believed less than a run.

# %%
crowd = min(k for k in AGENTS if all_["load"][k] >= 1)
assert set(fixed.query("agents == @crowd")["verdict"]) == {"overloaded"}
bits = simran.solve(scenario_of(crowd, AWARE), "inspector/0")["agents"][0]["weight_bits"]
print(f"{crowd} robots, queue-aware: {bits} bits")

# %% tags=["finding"]
late_fixed, late_aware = (100 * estimate(it, "violations")["mean"] for it in (fixed, aware))
coarser = estimate(aware, "distortion")["mean"][last] / plan["distortion"]
print(
    f"Without work on board, {sum(inside.values())} of {len(inside)} theoretical means of delay, sending and wait lie in the"
    f" 95 % interval of {REPLICATIONS} replications, all in that of 99.9 %, up to a load of {theory['load'][stable[-1]]:.2f}.\n"
    f"In the warehouse, {last} robots load the server by {all_['load'][last]:.2f} and wait for it"
    f" {waited['mean'][last]:.2f} s, predicted {all_['server'][last]:.2f} s if what they send were Poisson; with requests almost in"
    f" time {in_time['mean'][last]:.2f} s. A robot alone never waits for it, where the prediction says"
    f" {1000 * all_['server'][1]:.1f} ms.\n"
    f"At {last} robots {late_fixed[last]:.0f} % of the requests with the fixed design are late (predicted"
    f" {100 * all_['violations'][last]:.0f} %) and {late_aware[last]:.0f} % with the queue-aware one, at {coarser:.1f} times the"
    f" distortion; alone {late_fixed[1]:.0f} % and {late_aware[1]:.0f} %, because a robot's own requests queue on board. All"
    f" energy per request falls from {drawn['mean'][1]:.0f} J alone to {drawn['mean'][last]:.0f} J, and the budgeted"
    f" {plan['energy_j']:.2f} J stay what they are.\n"
    f"At {crowd} robots the fixed design overloads the server. The queue-aware one runs it faster, keeps {bits} bits of"
    f" {plan['weight_bits']}, and {late_aware[crowd]:.0f} % of the requests are late."
)
