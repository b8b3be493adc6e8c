"""The figures of the documentation, from real runs; ``make figures`` draws them anew."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

import simran

IMAGES = Path(__file__).parent / "img"
HEADROOMS = (0.0, 0.1, 0.2, 0.3)
STAGES = {
    "agent_wait_s": "wait for the robot",
    "agent_compute_s": "on the robot",
    "uplink_s": "uplink",
    "server_wait_s": "wait for the server",
    "server_compute_s": "on the server",
}


def warehouse() -> None:
    """Draw what headroom buys and costs: delays on the left, where the time goes on the right."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), constrained_layout=True)
    shades = mpl.colormaps["viridis"](np.linspace(0.0, 0.85, len(HEADROOMS)))
    rows, ticks = [], []
    for headroom, shade in zip(HEADROOMS, shades, strict=True):
        scenario = simran.load("warehouse_contention", [f"allocator.headroom={headroom}"])
        result = simran.run(scenario)
        frame = result.requests
        done = frame[(frame["status"] == "completed") & ~frame["in_warmup"]]
        delay = np.sort(done["delay_s"].to_numpy())
        late = 100 * result.summary["total"]["violation_rate"]
        bits = int(done["weight_bits"].iloc[0])
        label = f"headroom {headroom:g}: {bits} bit, {late:.1f} % late"
        ticks.append(f"{headroom:g}\n{bits} bit\nD = {done['distortion'].iloc[0]:.1e}")
        share = np.arange(1, len(delay) + 1) / len(delay)
        left.plot(delay, share, color=shade, label=label)
        rows.append([float(done[stage].mean()) for stage in STAGES])
    left.axvline(3.5, color="black", linestyle=":", linewidth=1)
    left.text(3.52, 1.015, "budget", fontsize=8)
    left.set(xlabel="delay of a request [s]", ylabel="share of requests", xlim=(2.2, 5.0))
    left.legend(fontsize=8, loc="lower right")
    _bars(right, np.array(rows).T, ticks)
    for axes, letter in ((left, "a"), (right, "b")):
        axes.set_title(letter, loc="left", fontweight="bold")
    figure.savefig(IMAGES / "warehouse.png", dpi=130)


def _bars(axes: Axes, times: np.ndarray, ticks: list[str]) -> None:
    bottom = np.zeros(len(HEADROOMS))
    colours = ("#bbbbbb", "#4477aa", "#66ccee", "#dddddd", "#cc6677")
    for label, values, colour in zip(STAGES.values(), times, colours, strict=True):
        name = f"{label} ({1000 * values.mean():.0f} ms)" if label == "uplink" else label
        axes.bar(ticks, values, bottom=bottom, label=name, color=colour, edgecolor="white")
        bottom += values
    axes.set(xlabel="headroom, bits and distortion D", ylabel="mean time [s]", ylim=(0, 4.6))
    axes.legend(fontsize=8, ncols=3, loc="upper center")


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    warehouse()
